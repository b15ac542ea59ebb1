package build_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/disk"
)

// edits are the ways in which a workspace, its outputs, its tools or its cache change between two builds. Each says what it did.
var edits = []func(w *world, step int) string{
	func(w *world, _ int) string { return w.editSource() },
	func(w *world, _ int) string { return w.editSource() },
	func(w *world, _ int) string { return w.editSource() + ", " + w.editSource() },
	saveUnchanged, addTarget, changeTarget, deleteTarget, addSource, renameSource, changeMode, changeMarker, renamePackage,
	removeOutput, overwriteOutput, overwriteOutput, damageState, loseState, damageCache, evict, evict, loseCache,
}

func (w *world) edit(step int) string { return edits[w.rnd.IntN(len(edits))](w, step) }

// editSource gives a source one of few contents of equal size, so that old ones come back.
func (w *world) editSource() string {
	s := w.pick(w.sourceNames())
	w.sources[s] = source{data: fmt.Sprintf("%c%d", 'a'+rune(w.rnd.IntN(3)), w.rnd.IntN(4)), exec: w.sources[s].exec}
	return "edit " + s + " to " + w.sources[s].data
}

func saveUnchanged(w *world, _ int) string {
	at := filepath.Join(w.root, w.pick(w.sourceNames()))
	fi, err := os.Stat(at)
	b, rerr := os.ReadFile(at)
	if err == nil && rerr == nil {
		os.Remove(at)
		os.WriteFile(at, b, fi.Mode())
	}
	return "save " + filepath.Base(at) + " without a change"
}

func addTarget(w *world, step int) string {
	name := fmt.Sprintf("t%d", 100+step)
	w.targets[name] = w.newNode(name)
	return "add " + name
}

func changeTarget(w *world, _ int) string {
	name := w.pick(w.names())
	w.targets[name] = w.newNode(name)
	return "change " + name
}

func deleteTarget(w *world, _ int) string {
	last := w.names()[len(w.targets)-1]
	if len(w.targets) > 3 {
		delete(w.targets, last)
	}
	return "delete " + last
}

func addSource(w *world, step int) string {
	name := fmt.Sprintf("%c%d.txt", "dg"[w.rnd.IntN(2)], 100+step)
	w.sources[name] = source{data: "b1"}
	return "add " + name
}

func renameSource(w *world, _ int) string {
	from := w.pick(w.sourceNames())
	if from == "g0.txt" {
		return "nothing"
	}
	w.renamed++
	to := fmt.Sprintf("%sr%d.txt", from[:1], w.renamed)
	os.Rename(filepath.Join(w.root, from), filepath.Join(w.root, to))
	w.sources[to] = w.sources[from]
	delete(w.sources, from)
	for _, n := range w.targets {
		n.srcs = slices.Clone(n.srcs)
		if i := slices.Index(n.srcs, from); i >= 0 {
			n.srcs[i] = to
		}
	}
	return "rename " + from + " to " + to
}

func changeMode(w *world, _ int) string {
	s := w.pick(w.sourceNames())
	w.sources[s] = source{w.sources[s].data, !w.sources[s].exec}
	return "change the mode of " + s
}

func changeMarker(w *world, _ int) string {
	w.marker = fmt.Sprintf("m%d", w.rnd.IntN(4))
	return "the tool is " + w.marker
}

// renamePackage moves the workspace, and another into its place and back: nothing may hang on inodes of folders.
func renamePackage(w *world, _ int) string {
	aside := w.root + ".aside"
	if os.Rename(w.root, aside) == nil && os.Mkdir(w.root, 0o755) == nil && os.Remove(w.root) == nil {
		os.Rename(aside, w.root)
	}
	return "move the workspace away and back"
}

func removeOutput(w *world, _ int) string {
	out := filepath.Dir(w.out(w.pick(w.names())))
	os.RemoveAll(out)
	return "remove " + filepath.Base(out) + "'s outputs"
}

// overwriteOutput puts other bytes at an output's place: into the file itself, or in a new one.
func overwriteOutput(w *world, _ int) string {
	name := w.pick(w.names())
	at := w.out(name)
	fi, err := os.Lstat(at)
	if err != nil {
		return "nothing"
	}
	wrong := strings.Repeat("w", int(fi.Size()))
	how := "in place"
	if w.rnd.IntN(2) == 0 {
		os.Remove(at)
		how = "by a new file"
	} else {
		os.Chmod(at, 0o644)
	}
	os.WriteFile(at, []byte(wrong), 0o644)
	return "overwrite " + name + "'s output " + how
}

func (w *world) files(dir string, suffixes ...string) []string {
	var out []string
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && (len(suffixes) == 0 || slices.Contains(suffixes, filepath.Ext(p))) {
			out = append(out, p)
		}
		return nil
	})
	return out
}

// damage flips a bit of a file, or cuts it, or removes it.
func (w *world) damage(files []string) string {
	if len(files) == 0 {
		return "nothing"
	}
	f := w.pick(files)
	b, err := os.ReadFile(f)
	if err != nil || len(b) == 0 {
		return "nothing"
	}
	fi, err := os.Stat(f)
	if err != nil {
		return "nothing"
	}
	at := w.rnd.IntN(len(b))
	os.Chmod(f, 0o644)
	how := "flip a bit of"
	switch w.rnd.IntN(3) {
	case 0:
		b[at] ^= 1 << w.rnd.IntN(8)
		os.WriteFile(f, b, 0o644)
		if w.rnd.IntN(2) == 0 {
			os.Chtimes(f, fi.ModTime(), fi.ModTime())
		}
	case 1:
		how = "cut"
		os.Truncate(f, int64(at))
	default:
		how = "remove"
		os.Remove(f)
	}
	os.Chmod(f, fi.Mode().Perm())
	return fmt.Sprintf("%s %s at %d", how, f, at)
}

func damageState(w *world, _ int) string {
	return w.damage(w.files(filepath.Join(w.root, "cairn-out", ".state"), ".graph", ".journal"))
}

func loseState(w *world, _ int) string {
	os.RemoveAll(filepath.Join(w.root, "cairn-out", ".state"))
	return "lose the state"
}

func damageCache(w *world, _ int) string {
	w.lost()
	return w.damage(w.files(w.cache))
}

// evict takes outputs from the cache.
func evict(w *world, _ int) string {
	c, err := disk.Open(w.cache, disk.Options{})
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	w.lost()
	var said []string
	memo := map[string]string{}
	for range 1 + w.rnd.IntN(3) {
		name := w.pick(w.names())
		n, err := c.Evict(digest.Of([]byte(w.want(name, memo))))
		said = append(said, fmt.Sprintf("evict %s's output (%d, %v)", name, n, err))
	}
	return strings.Join(said, ", ")
}

func loseCache(w *world, _ int) string {
	w.lost()
	os.RemoveAll(w.cache)
	return "lose the cache"
}
