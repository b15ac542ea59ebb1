package site

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// content is what lies in a tree: by path with slashes. Folders count where they are empty.
type content map[string]fs.FileMode

// contentOf gives what lies in dir. What is neither a file, a folder nor a link is an error.
func contentOf(dir string) (content, error) {
	c := content{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		fi, err := e.Info()
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch mode := fi.Mode(); {
		case mode.IsDir():
			c[rel] = fs.ModeDir
		case mode.IsRegular():
			c[rel] = mode & 0o111
			if c[rel] != 0 {
				c[rel] = 0o111
			}
		case mode&fs.ModeSymlink != 0:
			c[rel] = fs.ModeSymlink
		default:
			return &fs.PathError{Op: "read", Path: p, Err: errors.New("it is neither a file nor a folder")}
		}
		delete(c, path.Dir(rel)) // not empty
		return nil
	})
	return c, err
}

// archOf gives the architecture that a path of a tree is about, "" for what all share.
func archOf(rel string, archs []string) string {
	parts := strings.SplitN(rel, "/", 3)
	if len(parts) > 1 && (parts[0] == "lib" || parts[0] == "bin") && slices.Contains(archs, parts[1]) {
		return parts[1]
	}
	return ""
}

// difference gives the paths that are not the same in two trees, sorted: those that keep accepts.
func difference(a, b string, keep func(rel string) bool) ([]string, error) {
	inA, err := contentOf(a)
	if err != nil {
		return nil, err
	}
	inB, err := contentOf(b)
	if err != nil {
		return nil, err
	}
	var out []string
	all := maps.Clone(inA)
	maps.Copy(all, inB)
	for _, rel := range slices.Sorted(maps.Keys(all)) {
		if !keep(rel) {
			continue
		}
		modeA, hasA := inA[rel]
		modeB, hasB := inB[rel]
		same := hasA && hasB && modeA == modeB
		if same {
			if same, err = sameAt(filepath.Join(a, rel), filepath.Join(b, rel), modeA); err != nil {
				return nil, err
			}
		}
		if !same {
			out = append(out, rel)
		}
	}
	return out, nil
}

func sameAt(a, b string, mode fs.FileMode) (bool, error) {
	switch {
	case mode.IsDir():
		return true, nil
	case mode&fs.ModeSymlink != 0:
		toA, err := os.Readlink(a)
		if err != nil {
			return false, err
		}
		toB, err := os.Readlink(b)
		return toA == toB, err
	}
	return sameBytes(a, b)
}

func sameBytes(a, b string) (bool, error) {
	fa, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer fa.Close()
	fb, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer fb.Close()
	bufA, bufB := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, errA := io.ReadFull(fa, bufA)
		m, errB := io.ReadFull(fb, bufB)
		if !bytes.Equal(bufA[:n], bufB[:m]) {
			return false, nil
		}
		endA, endB := errA == io.EOF || errA == io.ErrUnexpectedEOF, errB == io.EOF || errB == io.ErrUnexpectedEOF
		switch {
		case endA && endB:
			return true, nil
		case errA != nil && !endA:
			return false, errA
		case errB != nil && !endB:
			return false, errB
		case endA != endB:
			return false, nil
		}
	}
}
