package figures

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Write writes a file, and makes its folder where there is none.
func Write(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// Replace changes a file's text in one place; where that changes nothing, it fails.
func Replace(file, old, new string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	after := strings.Replace(string(text), old, new, 1)
	if after == string(text) {
		return fmt.Errorf("%s has no %q", file, old)
	}
	return os.WriteFile(file, []byte(after), 0o644)
}

// RemoveAll removes a folder, with the read-only ones of a cache in it.
func RemoveAll(dir string) error {
	_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(p, 0o755)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
