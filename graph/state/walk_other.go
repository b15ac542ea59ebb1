//go:build !linux

package state

import "os"

// walker looks at files by their whole path; see walk_linux.go for the one that counts.
type walker struct {
	st     Stat
	paths  []byte
	recs   []pathRec
	tree   []byte
	inject injected
}

func newWalker(root string, s Stater) (*walker, error) {
	if s == nil {
		if _, err := os.Stat(root); err != nil {
			return nil, err
		}
		s = osStater{}
	}
	return &walker{inject: injected{root, s}}, nil
}

func (w *walker) close()                             {}
func (w *walker) begin(paths []byte, recs []pathRec) { w.paths, w.recs = paths, recs }
func (w *walker) enter(tree []byte) bool             { w.tree = tree; return true }
func (w *walker) leave()                             { w.tree = nil }

func (w *walker) look(i int, follow bool) {
	w.st = w.inject.look(w.tree, pathOf(w.paths, w.recs[i]), follow)
}

type osStater struct{}

// Source implements Stater.
func (osStater) Source(path string) Stat {
	s, _ := StatSource(path)
	return s
}

// Placed implements Stater.
func (osStater) Placed(path string) Stat {
	s, _ := StatPlaced(path)
	return s
}
