package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/disk"
	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/state"
)

// wantedFile is a file as it belongs into the source tree; path is "" where the place is a file itself.
type wantedFile struct {
	path   string
	digest digest.Digest
	exec   bool
}

// wantedFiles lists the files of an output.
func wantedFiles(c *disk.Cache, f state.OutputFact) ([]wantedFile, error) {
	if !f.Tree {
		return []wantedFile{{digest: f.Digest, exec: f.Exec}}, nil
	}
	entries, err := tree.Flatten(c, f.Digest)
	if err != nil {
		return nil, err
	}
	var out []wantedFile
	for _, e := range entries {
		switch {
		case e.Link != "":
			return nil, fmt.Errorf("%s is a link", e.Path)
		case !e.Dir:
			out = append(out, wantedFile{e.Path, e.Digest, e.Exec})
		}
	}
	return out, nil
}

// tempPrefix begins the names of files that are on their way. Those of a process that died are removed by the next that writes there.
const tempPrefix = ".cairn-writes-"

// headerIn is how far into a file its header is looked for.
const headerIn = 1 << 10

// keptPlace is one place of the source tree at work. All goes through os.Root: a link that leads out of the workspace is an error.
type keptPlace struct {
	e     *Engine
	k     *Keeping
	store *disk.Cache
	there map[string]foundFile // by path below the place
	temps []string             // of processes that died
}

// foundFile is what lies at a path.
type foundFile struct {
	digest digest.Hash
	exec   bool
	plain  bool // a file and not a link or a device
	header bool
}

// lock has other processes wait that write to the same place.
func (p *keptPlace) lock(ctx context.Context) (func(), error) {
	return p.e.waitLock(ctx, "kept "+filepath.Join(p.e.o.Root, filepath.FromSlash(p.k.To)))
}

// compare fills in what differs.
func (p *keptPlace) compare() error {
	k := p.k
	k.Files, k.Refused = nil, ""
	root, err := os.OpenRoot(p.e.o.Root)
	if err != nil {
		return err
	}
	defer root.Close()
	k.write = p.lastWritten()
	isTree := len(k.want) != 1 || k.want[0].path != ""
	if err := p.look(root, isTree); err != nil || k.Refused != "" {
		return err
	}
	wanted := map[string]bool{}
	for _, w := range k.want {
		wanted[w.path] = true
		at := path.Join(k.To, w.path)
		switch got, ok := p.there[w.path]; {
		case !ok:
			k.Files = append(k.Files, KeptFile{Path: at, How: Missing})
		case !got.plain || got.digest != w.digest.Hash || got.exec != w.exec:
			was, known := k.write[w.path]
			k.Files = append(k.Files, KeptFile{Path: at, How: Changed, Edited: known && was != got.digest.String()})
		}
	}
	for rel, got := range p.there {
		if wanted[rel] {
			continue
		}
		was, ours := k.write[rel]
		switch {
		case ours && got.plain, got.header:
			k.Files = append(k.Files, KeptFile{Path: path.Join(k.To, rel), How: Stale, Edited: ours && was != got.digest.String()})
		case k.kept.Mark != "":
			k.Files = append(k.Files, KeptFile{Path: path.Join(k.To, rel), How: Foreign})
		}
	}
	slices.SortFunc(k.Files, func(a, b KeptFile) int { return strings.Compare(a.Path, b.Path) })
	if isTree && k.kept.Mark != "" && len(p.there) > 0 {
		if _, marked := p.there[k.kept.Mark]; !marked {
			k.Refused = fmt.Sprintf("the folder holds files and no %s, so it is not one that cairn wrote", k.kept.Mark)
		}
	}
	return nil
}

// look finds out what lies at the place.
func (p *keptPlace) look(root *os.Root, isTree bool) error {
	k := p.k
	p.there, p.temps = map[string]foundFile{}, nil
	for dir := path.Dir(k.To); dir != "."; dir = path.Dir(dir) {
		if fi, err := root.Lstat(filepath.FromSlash(dir)); err == nil && !fi.IsDir() {
			k.Refused = dir + " is no folder"
			return nil
		}
	}
	fi, err := root.Lstat(filepath.FromSlash(k.To))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !isTree && fi.IsDir():
		k.Refused = "a folder lies there, and a file is to be written"
		return nil
	case isTree && !fi.IsDir():
		k.Refused = "it is a file or a link, and a folder is to be written"
		return nil
	case !isTree:
		p.there[""], err = p.file(root, k.To, fi)
		return err
	}
	return fs.WalkDir(root.FS(), k.To, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(at, k.To), "/")
		switch {
		case rel == "":
			return nil
		case p.leaves(rel):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case strings.HasPrefix(d.Name(), tempPrefix):
			p.temps = append(p.temps, at)
			return nil
		}
		fi, err := d.Info()
		if err == nil {
			p.there[rel], err = p.file(root, at, fi)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it went away meanwhile
		}
		return err
	})
}

// file reads what one file holds.
func (p *keptPlace) file(root *os.Root, at string, fi fs.FileInfo) (foundFile, error) {
	if !fi.Mode().IsRegular() {
		return foundFile{}, nil
	}
	b, err := root.ReadFile(filepath.FromSlash(at))
	if err != nil {
		return foundFile{}, err
	}
	return foundFile{digest: digest.Of(b).Hash, exec: fi.Mode()&0o111 != 0, plain: true,
		header: p.k.kept.Header != "" && bytes.Contains(b[:min(len(b), headerIn)], []byte(p.k.kept.Header))}, nil
}

// leaves says whether a path below the place is others'. A pattern that matches a folder covers all in it.
func (p *keptPlace) leaves(rel string) bool {
	names := strings.Split(rel, "/")
	return slices.ContainsFunc(p.k.kept.Leave, func(pattern string) bool { return matches(strings.Split(pattern, "/"), names) })
}

// matches compares a path with a pattern, name by name.
func matches(pattern, names []string) bool {
	switch {
	case len(pattern) == 0:
		return len(names) == 0
	case pattern[0] == "**":
		return matches(pattern[1:], names) || len(names) > 0 && matches(pattern, names[1:])
	case len(names) == 0:
		return false
	}
	ok, err := path.Match(pattern[0], names[0])
	return ok && err == nil && matches(pattern[1:], names[1:])
}

// write makes the place what it should be. Every new file is there under another name before the first old one is replaced, and the mark comes
// last, or first where there is none yet: a process that dies leaves a folder that the next one knows as ours, and finishes.
func (p *keptPlace) write(ctx context.Context) error {
	root, err := os.OpenRoot(p.e.o.Root)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, t := range p.temps {
		if err := root.Remove(filepath.FromSlash(t)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	k := p.k
	_, marked := p.there[k.kept.Mark]
	type move struct{ temp, to string }
	var moves []move
	done := 0
	defer func() {
		for _, m := range moves[done:] {
			_ = root.Remove(filepath.FromSlash(m.temp)) // litter that the next one removes
		}
	}()
	for _, w := range k.want {
		at := path.Join(k.To, w.path)
		if !slices.ContainsFunc(k.Files, func(f KeptFile) bool { return f.Path == at }) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		temp := path.Join(path.Dir(at), fmt.Sprintf("%s%d-%d", tempPrefix, os.Getpid(), len(moves)))
		if err := root.MkdirAll(filepath.FromSlash(path.Dir(at)), 0o777); err != nil {
			return err
		}
		moves = append(moves, move{temp, at})
		if err := p.put(root, temp, w); err != nil {
			return err
		}
		if n := len(moves) - 1; k.kept.Mark != "" && w.path == k.kept.Mark && !marked {
			moves[0], moves[n] = moves[n], moves[0]
		}
	}
	if i := slices.IndexFunc(moves, func(m move) bool { return m.to == path.Join(k.To, k.kept.Mark) }); i >= 0 && marked {
		moves = append(slices.Delete(slices.Clone(moves), i, i+1), moves[i])
	}
	for _, m := range moves {
		if err := p.replace(root, m.temp, m.to); err != nil {
			return err
		}
		done++
	}
	if err := p.removeStale(root); err != nil {
		return err
	}
	return p.noteWritten()
}

// put writes a file's bytes under another name.
func (p *keptPlace) put(root *os.Root, at string, w wantedFile) error {
	from, err := p.store.Open(w.digest)
	if err != nil {
		return err
	}
	defer from.Close()
	mode := fs.FileMode(0o666)
	if w.exec {
		mode = 0o777
	}
	to, err := root.OpenFile(filepath.FromSlash(at), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// replace puts a file that was written under another name into its place. A folder that stands there makes room if nothing is in it.
func (p *keptPlace) replace(root *os.Root, temp, at string) error {
	if fi, err := root.Lstat(filepath.FromSlash(at)); err == nil && fi.IsDir() {
		if err := root.Remove(filepath.FromSlash(at)); err != nil {
			return err
		}
	}
	return root.Rename(filepath.FromSlash(temp), filepath.FromSlash(at))
}

// removeStale removes files of ours that are no longer made, and the folders that are empty then.
func (p *keptPlace) removeStale(root *os.Root) error {
	for _, f := range p.k.Files {
		if f.How != Stale {
			continue
		}
		if err := root.Remove(filepath.FromSlash(f.Path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for dir := path.Dir(f.Path); within(dir, p.k.To) && dir != p.k.To; dir = path.Dir(dir) {
			if root.Remove(filepath.FromSlash(dir)) != nil {
				break // it is not empty
			}
		}
	}
	return nil
}

func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// What cairn has written to a place is remembered in cairn-out/.state/kept/<hash of the place>.json: the digest of each file, by path.
// It serves to tell an edited file from an old one; without it no file counts as edited.
type keptRecord struct {
	To    string            `json:"to"`
	Files map[string]string `json:"files"`
}

func (p *keptPlace) recordPath() string {
	return filepath.Join(p.e.stateDir(), "kept", digest.Of([]byte(p.k.To)).Hash.String()[:32]+".json")
}

func (p *keptPlace) lastWritten() map[string]string {
	b, err := os.ReadFile(p.recordPath())
	var r keptRecord
	if err != nil || json.Unmarshal(b, &r) != nil || r.To != p.k.To {
		return nil
	}
	return r.Files
}

func (p *keptPlace) noteWritten() error {
	r := keptRecord{To: p.k.To, Files: map[string]string{}}
	for _, w := range p.k.want {
		r.Files[w.path] = w.digest.Hash.String()
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	at := p.recordPath()
	if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
		return err
	}
	tmp := fmt.Sprintf("%s.%d", at, os.Getpid())
	if err := os.WriteFile(tmp, b, 0o666); err != nil {
		return err
	}
	return os.Rename(tmp, at)
}

// waitLock takes a lock that processes share, by its name, and waits for whoever has it.
func (e *Engine) waitLock(ctx context.Context, name string) (func(), error) {
	c, err := e.store()
	if err != nil {
		return nil, err
	}
	for {
		if l, _, ok := c.LockKey(digest.Of([]byte(name)).Hash); ok {
			return l.Unlock, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}
