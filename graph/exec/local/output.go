package local

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cairn-build/cairn/graph/exec"
)

// maxDepFile bounds what a command can make cairn read as its depfile.
const maxDepFile = 64 << 20

// collect looks at what a command left in the tree at dir. All its processes have ended, so nothing changes meanwhile; links
// that lead out of the tree count as missing.
func collect(out *exec.Outcome, s *exec.Spawn, dir string) error {
	if len(s.Outputs) == 0 && s.DepFile == "" {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	out.Outputs = make([]string, len(s.Outputs))
	for i, o := range s.Outputs {
		fi, err := root.Lstat(filepath.FromSlash(o.Path))
		if err != nil {
			continue
		}
		if why := refuse(fi.Mode(), o.Tree); why != "" {
			if out.Refused == nil {
				out.Refused = make([]string, len(s.Outputs))
			}
			out.Refused[i] = why
			continue
		}
		out.Outputs[i] = filepath.Join(dir, filepath.FromSlash(o.Path))
	}
	if s.DepFile != "" {
		out.DepFile = readSmall(root, s.DepFile)
	}
	return nil
}

// refuse says what lies where an output should, "" where it is what was declared.
func refuse(m fs.FileMode, tree bool) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m.IsDir():
		if tree {
			return ""
		}
		return "a folder"
	case m.IsRegular():
		if tree {
			return "a file"
		}
		return ""
	}
	return "a special file"
}

// readSmall gives a regular file's content, nil where there is none or where it is far too large.
func readSmall(root *os.Root, path string) []byte {
	fi, err := root.Lstat(filepath.FromSlash(path))
	if err != nil || !fi.Mode().IsRegular() || fi.Size() > maxDepFile {
		return nil
	}
	b, err := root.ReadFile(filepath.FromSlash(path))
	if err != nil {
		return nil
	}
	if b == nil {
		b = []byte{}
	}
	return b
}

// readBack gives the first n bytes of f.
func readBack(f io.ReaderAt, n int64) ([]byte, error) {
	if n <= 0 {
		return nil, nil
	}
	b := make([]byte, n)
	m, err := f.ReadAt(b, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:m], err
}

// missing says whether one of the declared outputs is not there.
func missing(out *exec.Outcome) bool {
	for _, p := range out.Outputs {
		if p == "" {
			return true
		}
	}
	return false
}
