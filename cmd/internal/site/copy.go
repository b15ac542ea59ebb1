package site

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The modes of what is installed, whatever the umask says.
const (
	fileMode   = 0o444
	execMode   = 0o555
	folderMode = 0o555
)

// copyTree copies what lies in from to the new folder to: to disk, and read-only, but for to itself, which can still be renamed.
func copyTree(ctx context.Context, from, to string) error {
	if err := copyFolder(ctx, from, to); err != nil {
		return err
	}
	// After all is written, so that the file system can put it down together.
	return filepath.WalkDir(to, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case e.IsDir() || e.Type().IsRegular():
			return settle(p)
		}
		return nil
	})
}

func copyFolder(ctx context.Context, from, to string) error {
	if err := errors.Join(os.Mkdir(to, 0o755), os.Chmod(to, 0o755)); err != nil {
		return err
	}
	es, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range es {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		a, b := filepath.Join(from, e.Name()), filepath.Join(to, e.Name())
		fi, err := e.Info()
		if err != nil {
			return err
		}
		switch mode := fi.Mode(); {
		case mode.IsDir():
			if err = copyFolder(ctx, a, b); err == nil {
				err = os.Chmod(b, folderMode)
			}
		case mode.IsRegular():
			err = copyFile(a, b, mode&0o111 != 0)
		case mode&fs.ModeSymlink != 0:
			err = copyLink(a, b)
		default:
			err = &fs.PathError{Op: "install", Path: a, Err: errors.New("it is neither a file nor a folder")}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyLink(from, to string) error {
	target, err := os.Readlink(from)
	if err != nil {
		return err
	}
	if filepath.IsAbs(target) {
		return &fs.PathError{Op: "install", Path: from, Err: errors.New("it is a link to " + target + ", which is no part of the module")}
	}
	return os.Symlink(target, to)
}

func copyFile(from, to string, exec bool) (err error) {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	mode := fs.FileMode(fileMode)
	if exec {
		mode = execMode
	}
	return w.Chmod(mode)
}

// settle makes a file, or the names in a folder, last. A file system that cannot is as good as one that does.
func settle(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !isInvalid(err) {
		return err
	}
	return nil
}

// removeTree removes a folder of read-only folders.
func removeTree(dir string) error {
	_ = filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			return os.Chmod(p, 0o755)
		}
		return nil
	}) // what it could not do RemoveAll says
	return os.RemoveAll(dir)
}
