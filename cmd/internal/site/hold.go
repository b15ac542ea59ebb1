package site

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// workName is the folder in a pool in which trees are made ready, and to which they are taken away.
const workName = ".cairn-install"

// oldMark ends the name, in the work folder, of a version that was moved out of the way of its successor.
const oldMark = ".old"

// Passing says whether a path, which an error may name, lies in a work folder: it means nothing to anybody.
func Passing(path string) bool { return slices.Contains(strings.Split(path, "/"), workName) }

// Hold is the right to change a pool. Only one process has it.
type Hold struct {
	pool string
	work string
	lock *os.File
	swap func(a, b string) error // exchange
}

// Open waits for the right to change a pool, which is made where it is not there. waiting is called once where somebody else has it.
// What a process left behind that was killed is removed, and a version that it had moved away only is put back. The errors are
// those of the file system.
func Open(ctx context.Context, pool string, waiting func()) (*Hold, error) {
	if err := makeFolders(pool); err != nil {
		return nil, err
	}
	h := &Hold{pool: pool, work: filepath.Join(pool, workName), swap: exchange}
	for {
		if err := os.Mkdir(h.work, 0o755); err == nil {
			_ = os.Chmod(h.work, 0o755) // who cannot see that it is locked is told by the next step
		} else if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		f, err := os.Open(h.work)
		if errors.Is(err, fs.ErrNotExist) {
			continue // its holder was done with it
		}
		if err != nil {
			return nil, err
		}
		if err := lock(ctx, f, &waiting); err != nil {
			f.Close()
			return nil, err
		}
		// The one who had it may have removed the folder: then the lock is on nothing.
		if here, err := os.Stat(h.work); err == nil {
			if mine, err := f.Stat(); err == nil && os.SameFile(here, mine) {
				h.lock = f
				return h, h.recover()
			}
		}
		f.Close()
	}
}

// lock locks an open folder.
func lock(ctx context.Context, f *os.File, waiting *func()) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
			continue
		case !errors.Is(err, unix.EWOULDBLOCK):
			return &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
		if *waiting != nil {
			(*waiting)()
			*waiting = nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// recover puts back what was moved out of the way of something that then did not come, and removes all else that lies about.
func (h *Hold) recover() error {
	es, err := os.ReadDir(h.work)
	if err != nil {
		return errors.Join(err, h.lock.Close())
	}
	for _, e := range es {
		at := filepath.Join(h.work, e.Name())
		if name, ok := strings.CutSuffix(e.Name(), oldMark); ok {
			module, version, _ := strings.Cut(name, "@")
			to := filepath.Join(h.pool, module, version)
			if _, err := os.Lstat(to); isFolderName(module) && isFolderName(version) && errors.Is(err, fs.ErrNotExist) {
				if err := move(at, to); err != nil {
					return errors.Join(err, h.lock.Close())
				}
				continue
			}
		}
		if err := removeTree(at); err != nil {
			return errors.Join(err, h.lock.Close())
		}
	}
	return nil
}

// isFolderName says that a name is that of something in a folder.
func isFolderName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.Contains(name, "/")
}

// makeFolder makes a folder where there is none. Whatever the umask says, its owner can write in it and all can read: what is installed
// is for all who can reach the pool.
func makeFolder(dir string) error {
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	fi, err := os.Stat(dir)
	if err != nil {
		return err
	}
	return os.Chmod(dir, fi.Mode().Perm()|0o755)
}

// makeFolders is makeFolder for a folder and those above it.
func makeFolders(dir string) error {
	if fi, err := os.Stat(dir); err == nil && fi.IsDir() {
		return nil
	}
	if up := filepath.Dir(dir); up != dir {
		if err := makeFolders(up); err != nil {
			return err
		}
	}
	if err := makeFolder(dir); err != nil {
		return err
	}
	if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: unix.ENOTDIR}
	}
	return nil
}

// Close gives the right back. Nothing of it stays in the pool.
func (h *Hold) Close() error {
	err := os.Remove(h.work)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTEMPTY) {
		err = nil // the next one cleans up
	}
	return errors.Join(err, h.lock.Close())
}

// place gives a new name in the work folder.
func (h *Hold) place(t Tree) string {
	return filepath.Join(h.work, fmt.Sprintf("%s@%s", t.Module, t.Version))
}

// move renames a version's folder, which for that must be writable, and makes it read-only again.
func move(from, to string) error {
	if err := os.Chmod(from, 0o755); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if err := os.Chmod(to, folderMode); err != nil {
		return err
	}
	return errors.Join(settle(filepath.Dir(to)), settle(filepath.Dir(from)))
}

func isInvalid(err error) bool { return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) }
