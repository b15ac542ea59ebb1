package tree

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/reapi"
)

// Captured is what Capture found.
type Captured struct {
	Root digest.Digest
	Totals
}

// Capture stores the folder dir, with every file and folder in it, and gives its tree. Kept are names, bytes, the
// executable bit of files, links that stay inside, and empty folders; times, owners and other bits of the mode are not.
// The error is a *RefusedError for an entry that a tree cannot hold: a link that is absolute or leads out, a device, pipe or
// socket, a set-user-ID file, a name that is not UTF-8 or differs from its neighbour by case only. Nothing else may write
// below dir meanwhile.
func Capture(dir string, store cache.Blobs) (Captured, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return Captured{}, &RefusedError{Path: ".", Reason: "it is not a folder"}
	}
	if err != nil {
		return Captured{}, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	c := &capturer{store: store, dir: dir}
	root, err := c.folder(os.NewFile(uintptr(fd), dir), "", 0)
	if err != nil {
		return Captured{}, err
	}
	return Captured{root, c.totals}, nil
}

type capturer struct {
	store  cache.Blobs
	dir    string
	totals Totals
	n      budget
	buf    []byte
}

// folder captures and closes f.
func (c *capturer) folder(f *os.File, at string, depth int) (digest.Digest, error) {
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return digest.Digest{}, err
	}
	slices.Sort(names)
	var d reapi.Directory
	seen := make(caseSet, len(names))
	for _, name := range names {
		path := join(at, name)
		if err := c.n.take(path, depth); err != nil {
			return digest.Digest{}, err
		}
		if err := reapi.CheckName(name); err != nil {
			return digest.Digest{}, &RefusedError{Path: path, Reason: err.Error()}
		}
		if err := seen.add(at, name); err != nil {
			return digest.Digest{}, err
		}
		if err := c.entry(&d, int(f.Fd()), name, path, depth); err != nil {
			return digest.Digest{}, err
		}
	}
	c.buf = reapi.AppendDirectory(c.buf[:0], &d)
	return c.store.Put(slices.Clone(c.buf))
}

func (c *capturer) entry(d *reapi.Directory, parent int, name, path string, depth int) error {
	fail := func(op string, err error) error {
		return &os.PathError{Op: op, Path: filepath.Join(c.dir, filepath.FromSlash(path)), Err: err}
	}
	var st unix.Stat_t
	if err := unix.Fstatat(parent, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fail("lstat", err)
	}
	switch uint32(st.Mode) & unix.S_IFMT {
	case unix.S_IFREG:
		if uint32(st.Mode)&(unix.S_ISUID|unix.S_ISGID) != 0 {
			return &RefusedError{Path: path, Reason: "a program that runs as another user (set-ID bit)"}
		}
		dg, err := c.store.PutFile(filepath.Join(c.dir, filepath.FromSlash(path)))
		if err != nil {
			return err
		}
		d.Files = append(d.Files, reapi.FileNode{Name: name, Digest: dg, Exec: st.Mode&0o100 != 0})
		c.totals.Files++
		c.totals.Bytes += dg.Size
	case unix.S_IFDIR:
		fd, err := unix.Openat(parent, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			return fail("open", err)
		}
		dg, err := c.folder(os.NewFile(uintptr(fd), path), path, depth+1)
		if err != nil {
			return err
		}
		d.Directories = append(d.Directories, reapi.DirectoryNode{Name: name, Digest: dg})
		c.totals.Dirs++
	case unix.S_IFLNK:
		buf := make([]byte, 4096)
		n, err := unix.Readlinkat(parent, name, buf)
		if err != nil {
			return fail("readlink", err)
		}
		target := string(buf[:n])
		if err := CheckLink(path, target); err != nil {
			return err
		}
		d.Symlinks = append(d.Symlinks, reapi.SymlinkNode{Name: name, Target: target})
		c.totals.Links++
	default:
		return &RefusedError{Path: path, Reason: fmt.Sprintf("it is a %s", kindOf(uint32(st.Mode)))}
	}
	return nil
}

func kindOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFIFO:
		return "named pipe"
	case unix.S_IFSOCK:
		return "socket"
	}
	return "device"
}
