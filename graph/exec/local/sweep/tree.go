// Package sweep removes what commands have left behind.
package sweep

import (
	"errors"
	"os"
	"path/filepath"
)

// Tree removes path and all that is below it, and follows no link. Folders that a command made unreadable are no
// obstacle.
func Tree(path string) error {
	err := os.RemoveAll(path)
	if err == nil || !errors.Is(err, os.ErrPermission) {
		return err
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer root.Close()
	Unlock(root, filepath.Base(path))
	return os.RemoveAll(path)
}

// Unlock gives the owner all rights on the folders from path on down.
func Unlock(root *os.Root, path string) {
	fi, err := root.Lstat(path)
	if err != nil || !fi.IsDir() {
		return
	}
	if fi.Mode().Perm()&0o700 != 0o700 {
		if root.Chmod(path, 0o700) != nil {
			return
		}
	}
	f, err := root.Open(path)
	if err != nil {
		return
	}
	entries, _ := f.ReadDir(-1)
	f.Close()
	for _, e := range entries {
		if e.IsDir() {
			Unlock(root, path+"/"+e.Name())
		}
	}
}
