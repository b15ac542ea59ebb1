package tree

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

// Filler is a store that can put a blob into a file in a better way than by reading it, such as sharing its blocks. f is
// new, empty and open for writing. What it writes has been verified.
type Filler interface {
	Fill(d digest.Digest, f *os.File) error
}

// Materialize makes the folder dst of a tree. It is built beside dst under a name that begins with a dot and put in place by
// one rename; what was at dst is exchanged with it and then removed. Modes are 0755 and 0644 less the umask. On an error dst
// is as it was. The error is a *RefusedError for a tree that is not allowed, or wraps cache.ErrMissing.
func Materialize(store cache.Blobs, root digest.Digest, dst string) (Totals, error) {
	parent, base := filepath.Split(filepath.Clean(dst))
	if parent == "" {
		parent = "."
	}
	r, err := os.OpenRoot(parent)
	if err != nil {
		return Totals{}, err
	}
	defer r.Close()
	tmp := "." + base + ".cairn-" + suffix()
	if len(tmp) > 255 {
		tmp = ".cairn-" + suffix()
	}
	if err := r.Mkdir(tmp, 0o755); err != nil {
		return Totals{}, err
	}
	m := &materializer{store: store}
	m.filler, _ = store.(Filler)
	err = m.folder(r, tmp, root, "", 0)
	if err == nil {
		err = swap(r, tmp, base)
	}
	if err != nil {
		RemoveAll(r, tmp)
		return Totals{}, err
	}
	return m.totals, nil
}

type materializer struct {
	store  cache.Blobs
	filler Filler
	totals Totals
	n      budget
}

// folder fills the empty folder name of parent. Each name is used in a Root that ends at the folder itself, so that no
// path is ever put together from names.
func (m *materializer) folder(parent *os.Root, name string, d digest.Digest, at string, depth int) error {
	dir, err := load(m.store, d, at)
	if err != nil {
		return err
	}
	r, err := parent.OpenRoot(name)
	if err != nil {
		return err
	}
	defer r.Close()
	for i := range dir.Files {
		f := &dir.Files[i]
		if err := m.n.take(join(at, f.Name), depth); err != nil {
			return err
		}
		if err := m.file(r, f.Name, f.Digest, f.Exec); err != nil {
			return err
		}
	}
	for _, l := range dir.Symlinks {
		if err := m.n.take(join(at, l.Name), depth); err != nil {
			return err
		}
		if err := r.Symlink(l.Target, l.Name); err != nil {
			return err
		}
		m.totals.Links++
	}
	for _, s := range dir.Directories {
		path := join(at, s.Name)
		if err := m.n.take(path, depth); err != nil {
			return err
		}
		if err := r.Mkdir(s.Name, 0o755); err != nil {
			return err
		}
		if err := m.folder(r, s.Name, s.Digest, path, depth+1); err != nil {
			return err
		}
		m.totals.Dirs++
	}
	return nil
}

func (m *materializer) file(r *os.Root, name string, d digest.Digest, exec bool) error {
	mode := fs.FileMode(0o644)
	if exec {
		mode = 0o755
	}
	f, err := r.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if m.filler != nil {
		err = m.filler.Fill(d, f)
	} else {
		err = m.copy(d, f)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	m.totals.Files++
	m.totals.Bytes += d.Size
	return err
}

func (m *materializer) copy(d digest.Digest, f *os.File) error {
	src, err := m.store.Open(d)
	if err != nil {
		return err
	}
	defer src.Close()
	_, err = io.Copy(f, src)
	return err
}

// swap puts tmp in base's place and removes what was there. Where the system cannot exchange two names there is a moment
// without base.
func swap(r *os.Root, tmp, base string) error {
	if _, err := r.Lstat(base); errors.Is(err, fs.ErrNotExist) {
		if err = r.Rename(tmp, base); err == nil {
			return nil
		}
	}
	err := exchange(r, tmp, base)
	if errors.Is(err, errors.ErrUnsupported) {
		old := ".cairn-old-" + suffix()
		if err := r.Rename(base, old); err != nil {
			return err
		}
		if err := r.Rename(tmp, base); err != nil {
			return errors.Join(err, r.Rename(old, base))
		}
		tmp = old
	} else if err != nil {
		return err
	}
	RemoveAll(r, tmp) // out of the way already; what cannot be removed is litter, not a failure
	return nil
}

// RemoveAll removes name and what is below it, folders without write permission too. It never follows a link.
func RemoveAll(r *os.Root, name string) error {
	err := r.RemoveAll(name)
	if err == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	chmodFolders(r, name)
	return r.RemoveAll(name)
}

func chmodFolders(r *os.Root, name string) {
	if fi, err := r.Lstat(name); err != nil || !fi.IsDir() {
		return
	}
	r.Chmod(name, 0o700)
	sub, err := r.OpenRoot(name)
	if err != nil {
		return
	}
	defer sub.Close()
	f, err := sub.Open(".")
	if err != nil {
		return
	}
	entries, _ := f.ReadDir(-1)
	f.Close()
	for _, e := range entries {
		if e.IsDir() {
			chmodFolders(sub, e.Name())
		}
	}
}

func suffix() string {
	var b [6]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
