package load

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"syscall"
)

// Stat is what identifies a state of a file without reading it. The zero Stat stands for an absent file.
type Stat struct {
	Size    int64
	MtimeNS int64
	CtimeNS int64
	Inode   uint64
	Mode    uint32 // as the system gives it: type and permission bits
}

// EntryKind is what a name in a folder stands for.
type EntryKind uint8

const (
	Regular EntryKind = iota // a plain file
	Folder
	Link  // a symbolic link, wherever it points
	Other // a device, a socket, a pipe
)

// Entry is one name in a folder.
type Entry struct {
	Name string
	Kind EntryKind
}

// FS is where a workspace's files come from. Paths are relative to the workspace's root, slash-separated, "" for the
// root itself. It is safe for concurrent use. A missing file is an error that is fs.ErrNotExist.
type FS interface {
	// Lstat gives the state of a file or folder, not following a link.
	Lstat(path string) (Stat, error)
	// ReadDir gives a folder's entries in the order of their names' bytes.
	ReadDir(path string) ([]Entry, error)
	// ReadFile gives a plain file's bytes; a link is followed.
	ReadFile(path string) ([]byte, error)
	// IsFile says whether path, links followed, is a plain file.
	IsFile(path string) bool
}

// Disk gives the FS of a folder of this machine.
func Disk(root string) FS { return disk(root) }

type disk string

func (d disk) join(p string) string { return filepath.Join(string(d), filepath.FromSlash(p)) }

// Lstat implements FS.
func (d disk) Lstat(p string) (Stat, error) {
	fi, err := os.Lstat(d.join(p))
	if err != nil {
		return Stat{}, err
	}
	return statOf(fi), nil
}

// ReadDir implements FS.
func (d disk) ReadDir(p string) ([]Entry, error) {
	f, err := os.Open(d.join(p))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	es := make([]Entry, len(list))
	for i, e := range list {
		es[i] = Entry{Name: e.Name(), Kind: kindOf(e.Type())}
	}
	slices.SortFunc(es, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return es, nil
}

func kindOf(m fs.FileMode) EntryKind {
	switch {
	case m.IsRegular():
		return Regular
	case m.IsDir():
		return Folder
	case m&fs.ModeSymlink != 0:
		return Link
	}
	return Other
}

// ReadFile implements FS.
func (d disk) ReadFile(p string) ([]byte, error) { return readPlain(d.join(p)) }

var errNotPlain = errors.New("it is not a plain file")

// readPlain reads a plain file, links looked through. A named pipe, which would be waited for, and a device, which has no end,
// are errors.
func readPlain(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errNotPlain}
	}
	b := make([]byte, fi.Size()+1)
	n, err := io.ReadFull(f, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return b[:n], nil
	}
	rest, err := io.ReadAll(f) // it has grown
	return append(b, rest...), err
}

// IsFile implements FS.
func (d disk) IsFile(p string) bool {
	fi, err := os.Stat(d.join(p))
	return err == nil && fi.Mode().IsRegular()
}

// MapFS is a workspace in memory, for tests: path -> content. Folders are those that its paths name. It must not be
// changed while it is used.
type MapFS map[string]string

// Lstat implements FS.
func (m MapFS) Lstat(p string) (Stat, error) {
	if s, ok := m[p]; ok {
		return Stat{Size: int64(len(s)), MtimeNS: 1, Inode: 1, Mode: 0o100644}, nil
	}
	if m.isDir(p) {
		return Stat{MtimeNS: 1, Inode: 2, Mode: 0o040755}, nil
	}
	return Stat{}, &fs.PathError{Op: "lstat", Path: p, Err: fs.ErrNotExist}
}

func (m MapFS) isDir(p string) bool {
	if p == "" {
		return true
	}
	for k := range m {
		if strings.HasPrefix(k, p+"/") {
			return true
		}
	}
	return false
}

// ReadDir implements FS.
func (m MapFS) ReadDir(p string) ([]Entry, error) {
	if !m.isDir(p) {
		return nil, &fs.PathError{Op: "readdir", Path: p, Err: fs.ErrNotExist}
	}
	kinds := map[string]EntryKind{}
	for k := range m {
		rest := k
		if p != "" {
			var ok bool
			if rest, ok = strings.CutPrefix(k, p+"/"); !ok {
				continue
			}
		}
		name, _, deeper := strings.Cut(rest, "/")
		kinds[name] = Regular
		if deeper {
			kinds[name] = Folder
		}
	}
	es := make([]Entry, 0, len(kinds))
	for n, k := range kinds {
		es = append(es, Entry{n, k})
	}
	sort.Slice(es, func(i, j int) bool { return es[i].Name < es[j].Name })
	return es, nil
}

// ReadFile implements FS.
func (m MapFS) ReadFile(p string) ([]byte, error) {
	s, ok := m[p]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: p, Err: fs.ErrNotExist}
	}
	return []byte(s), nil
}

// IsFile implements FS.
func (m MapFS) IsFile(p string) bool { _, ok := m[p]; return ok }

// reason is an I/O error without the path, which the message gives anyway.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return err.Error()
}

func joinPath(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// parent is the folder that p lies in.
func parent(p string) string {
	if d := path.Dir(p); d != "." {
		return d
	}
	return ""
}
