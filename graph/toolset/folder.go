package toolset

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cairn-build/cairn/cache/digest"
)

// folderPrefix begins the name of a folder of the host; after it come its path and, where not all of it counts, the paths below it that
// do, all kept apart by folderSep. rule.HostFolder writes it.
const (
	folderSep    = "::"
	folderPrefix = "folder" + folderSep
)

// maxFolder is how many files and folders a folder of the host may have: all are looked at in each build.
const maxFolder = 200_000

// IsFolder says whether a name among a command's programs is that of a folder, which no PATH leads to.
func IsFolder(name string) bool { return strings.HasPrefix(name, folderPrefix) }

// FolderError says why a folder of the host cannot be used. Test with errors.As.
type FolderError struct {
	Path   string
	Detail string
}

// Error implements error.
func (e *FolderError) Error() string { return e.Path + ": " + e.Detail }

// folder identifies a folder of the host by what is in it.
func (r *Resolver) folder(ctx context.Context, name string) (Tool, error) {
	parts := strings.Split(strings.TrimPrefix(name, folderPrefix), folderSep)
	root, only := parts[0], parts[1:]
	key := r.recordKey(name, root, "content")
	if t, ok := r.remembered(key, name); ok {
		return t, nil
	}
	for range 3 {
		f := &folderWalk{ctx: ctx, p: newParts(r, name), sum: sha256.New(), root: root, limit: maxFolder}
		if err := f.all(only); err != nil {
			return Tool{}, err
		}
		f.p.lines["folder "+digest.Hash(f.sum.Sum(nil)).String()] = true
		f.p.programs[name] = root
		t := f.p.tool(root)
		if r.remember(key, &t, f.p.facts) {
			return t, nil
		}
	}
	return Tool{}, &FolderError{root, "it changes while it is looked at"}
}

// Holds says whether a folder is still what Resolve said that it was, for a look after it was used; of programs it is true. Its facts are looked at,
// and what they do not vouch for is read again. A folder that cannot be read any more, or that keeps changing, is not what it was.
func (r *Resolver) Holds(ctx context.Context, t Tool) bool {
	if !IsFolder(t.Name) {
		return true
	}
	o := r.o
	o.Seen = nil // that was before
	now, err := (&Resolver{o: o, memory: r.memory}).folder(ctx, t.Name)
	return err == nil && now.Identity == t.Identity
}

// folderWalk takes the identity of a folder: a line for each entry, in the order of their names.
type folderWalk struct {
	ctx   context.Context
	p     *parts
	sum   hash.Hash
	root  string
	seen  int
	limit int
	// within are the folders that are being walked through, without links in their paths, so that a link that leads back ends.
	within []string
	// part: not all of the folder counts, so that a link may lead to what is not walked through otherwise.
	part bool
}

func (f *folderWalk) all(only []string) error {
	f.p.watch(f.root)
	fi, err := os.Stat(f.root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.line("absent", "", "")
		return nil
	case err != nil:
		return f.failed(f.root, err)
	case !fi.IsDir():
		return &FolderError{f.root, "it is no folder"}
	}
	links, err := chain(f.root)
	if err != nil {
		return f.failed(f.root, err)
	}
	f.p.watch(links...)
	var patterns [][]string
	for _, o := range only {
		patterns = append(patterns, strings.Split(o, "/"))
	}
	f.p.roots = addRoots(f.p.roots, f.root)
	f.part = patterns != nil
	return f.dir("", patterns)
}

// line adds an entry.
func (f *folderWalk) line(kind, rel, text string) {
	fmt.Fprintf(f.sum, "%s\x00%s\x00%s\n", kind, rel, text)
}

func (f *folderWalk) failed(at string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if at == f.root {
		return &FolderError{f.root, "it cannot be read: " + err.Error()}
	}
	return &FolderError{f.root, strings.TrimPrefix(at, f.root+"/") + " in it cannot be read: " + err.Error()}
}

// dir walks through a folder; patterns are those of which something may lie in it, nil for all.
func (f *folderWalk) dir(rel string, patterns [][]string) error {
	at := filepath.Join(f.root, rel)
	real, err := filepath.EvalSymlinks(at)
	if err != nil {
		return f.failed(at, err)
	}
	for _, w := range f.within {
		if w == real {
			f.line("again", rel, "")
			return nil
		}
	}
	f.within = append(f.within, real)
	defer func() { f.within = f.within[:len(f.within)-1] }()
	f.p.watch(at, real)
	entries, err := os.ReadDir(at)
	if err != nil {
		return f.failed(at, err)
	}
	for _, e := range entries {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		below, ok := match(e.Name(), patterns)
		if !ok {
			continue
		}
		if f.seen++; f.seen > f.limit {
			return &FolderError{f.root, fmt.Sprintf("it holds more than %d files, too many to look at in each build; name a folder with less in it", f.limit)}
		}
		if err := f.entry(path.Join(rel, e.Name()), e.Type(), below); err != nil {
			return err
		}
	}
	return nil
}

// match gives what of the patterns is left for what lies below a folder of that name, nil where all below it counts; false where
// none is about it.
func match(name string, patterns [][]string) (below [][]string, ok bool) {
	if patterns == nil {
		return nil, true
	}
	whole := false
	for _, p := range patterns {
		if m, err := path.Match(p[0], name); err == nil && m {
			ok = true
			if len(p) == 1 {
				whole = true
			}
			below = append(below, p[1:])
		}
	}
	if whole {
		below = nil
	}
	return below, ok
}

// entry adds one entry. Where patterns are left, files do not count: only what lies below a folder can.
func (f *folderWalk) entry(rel string, kind fs.FileMode, patterns [][]string) error {
	at := filepath.Join(f.root, rel)
	if kind&fs.ModeSymlink != 0 {
		return f.link(rel, patterns)
	}
	switch {
	case kind.IsDir():
		f.line("dir", rel, "")
		return f.dir(rel, patterns)
	case patterns != nil:
		return nil
	case kind.IsRegular():
		return f.file(rel, at)
	}
	f.line("special", rel, kind.Type().String()) // a socket, say: nothing that is read
	f.p.watch(at)
	return nil
}

func (f *folderWalk) file(rel, at string) error {
	f.p.watch(at)
	fi, err := os.Stat(at)
	if err != nil {
		return f.failed(filepath.Join(f.root, rel), err)
	}
	d, err := f.p.m.hash(at)
	if err != nil {
		return f.failed(filepath.Join(f.root, rel), err)
	}
	kind := "file"
	if fi.Mode()&0o111 != 0 {
		kind = "program"
	}
	f.line(kind, rel, d.String())
	return nil
}

// link adds a link: one that stays in the folder is where it leads to; of one that leaves it, or is absolute, what it leads to counts, and is
// shown to sandboxes.
func (f *folderWalk) link(rel string, patterns [][]string) error {
	at := filepath.Join(f.root, rel)
	f.p.watch(at)
	to, err := os.Readlink(at)
	if err != nil {
		return f.failed(at, err)
	}
	f.line("link", rel, to)
	lexical := to
	if !filepath.IsAbs(to) {
		lexical = filepath.Join(filepath.Dir(at), to)
	}
	real, err := filepath.EvalSymlinks(at)
	if err != nil {
		_, err = os.Stat(at) // which tells a circle of links from other errors
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ELOOP) {
		f.p.watch(lexical)
		f.line("nowhere", rel, "")
		return nil
	}
	if err != nil {
		return f.failed(at, err)
	}
	fi, err := os.Stat(real)
	if err != nil {
		return f.failed(at, err)
	}
	inside := below(f.within[0], real) && below(f.root, lexical) && !filepath.IsAbs(to)
	if !inside {
		links, err := chain(at)
		if err != nil {
			return f.failed(at, err)
		}
		f.p.watch(links...)
		f.p.roots = addRoots(f.p.roots, lexical, real)
	}
	switch {
	case fi.IsDir() && (!inside || f.part):
		return f.dir(rel, patterns)
	case fi.IsDir() || patterns != nil:
		return nil
	case fi.Mode().IsRegular():
		return f.file(rel, real)
	}
	f.line("special", rel, fi.Mode().Type().String())
	return nil
}
