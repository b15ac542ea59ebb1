package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cairn-build/cairn/graph/load"
)

// adhocKept is how long the workspace of an ad-hoc run stays after its last use. What it built stays in the cache by the
// cache's own rules.
const adhocKept = 30 * 24 * time.Hour

// adhocTop is the folder of the cache's that the workspaces of ad-hoc runs lie in.
const adhocTop = "adhoc"

// adhocDir is the workspace of an ad-hoc run. As long as it is open nobody removes it.
type adhocDir struct {
	dir  string
	lock *os.File
}

// openAdhoc gives the workspace below top that holds just this BUILD.hcl, and makes it where it is not there. Making one
// removes those that were not used for long.
//
// A workspace is the folder <first 16 bytes of the SHA-256 of BUILD.hcl> and, beside it, a file of that name with .lock at its
// end: held shared by those that use the folder, exclusively by the one that removes both; its time of change is that of the
// last use.
func openAdhoc(top, text string, now time.Time) (*adhocDir, error) {
	if err := os.MkdirAll(top, 0o755); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(text))
	p := &adhocDir{dir: filepath.Join(top, hex.EncodeToString(sum[:16]))}
	var err error
	if p.lock, err = lockAdhoc(p.dir+".lock", syscall.LOCK_SH); err != nil {
		return nil, err
	}
	if err = os.Chtimes(p.lock.Name(), now, now); err == nil {
		err = p.fill(text, now)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// fill writes BUILD.hcl, unless it is there already.
func (p *adhocDir) fill(text string, now time.Time) error {
	file := filepath.Join(p.dir, load.BuildFile)
	if b, err := os.ReadFile(file); err == nil && string(b) == text {
		return nil
	}
	sweepAdhoc(filepath.Dir(p.dir), p.dir, now)
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(p.dir, ".new-")
	if err != nil {
		return err
	}
	_, err = tmp.WriteString(text)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

// close lets the folder be removed.
func (p *adhocDir) close() { _ = p.lock.Close() }

// lockAdhoc opens a lock file and takes it. It waits for one that removes the folder, and then makes the file anew.
func lockAdhoc(name string, how int) (*os.File, error) {
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		for {
			if err = syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
				break
			}
		}
		if err != nil {
			_ = f.Close()
			return nil, &fs.PathError{Op: "lock", Path: name, Err: err}
		}
		here, err1 := f.Stat()
		there, err2 := os.Stat(name)
		if err1 == nil && err2 == nil && os.SameFile(here, there) {
			return f, nil
		}
		_ = f.Close() // it was removed meanwhile
		if err := errors.Join(err1, err2); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
}

// sweepAdhoc removes workspaces that nobody has used for long, but for the one that is being made. What cannot be removed
// stays for the next time.
func sweepAdhoc(top, but string, now time.Time) {
	locks, _ := filepath.Glob(filepath.Join(top, "*.lock")) // a bad pattern is none
	for _, name := range locks {
		dir := name[:len(name)-len(".lock")]
		fi, err := os.Stat(name)
		if err != nil || dir == but || now.Sub(fi.ModTime()) < adhocKept {
			continue
		}
		f, err := lockAdhoc(name, syscall.LOCK_EX|syscall.LOCK_NB)
		if err != nil {
			continue // it is in use
		}
		if emptyReadOnly(dir) == nil {
			_ = os.Remove(name)
		}
		_ = f.Close()
	}
}

// emptyReadOnly removes a folder with all that is in it, read-only folders too.
func emptyReadOnly(dir string) error {
	_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(p, 0o755)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
