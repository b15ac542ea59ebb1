package wrapper

import (
	"io/fs"
	"path"
	"strings"
)

// maxWalk bounds how many files are looked at.
const maxWalk = 50000

// walk calls do for what is in a folder, down to depth folders below it; what is hidden is left out.
func (f files) walk(dir string, depth int, do func(p string, isDir bool)) {
	left := maxWalk
	f.step(dir, depth, &left, do)
}

func (f files) step(dir string, depth int, left *int, do func(p string, isDir bool)) {
	es, err := fs.ReadDir(f.fs, dir)
	if err != nil || depth == 0 {
		return
	}
	for _, e := range es {
		if strings.HasPrefix(e.Name(), ".") || *left == 0 {
			continue
		}
		*left--
		p := path.Join(dir, e.Name())
		do(p, e.IsDir())
		if e.IsDir() {
			f.step(p, depth-1, left, do)
		}
	}
}
