package watch

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// Set is what a watcher looks out for: in some folders the files of certain names, in some that anything comes or goes.
// Paths are absolute. What lies in cairn-out is never in it. The zero Set is empty; it is for one goroutine.
type Set struct {
	root    string
	folders map[string]*folder
}

type folder struct {
	names   map[string]bool // what is written to these matters
	listing bool            // and so does any name that comes or goes
}

// NewSet gives an empty set for the workspace at root, an absolute path.
func NewSet(root string) *Set {
	return &Set{root: filepath.Clean(root), folders: map[string]*folder{}}
}

// Of gives the set of what a graph stands on: the wanted sources, and all that the evaluation has read.
func Of(root string, g *state.Graph, w state.Wanted) *Set {
	s := NewSet(root)
	for i := range w.Artifacts.Below(g.NumSources()) {
		a := state.ArtifactID(i)
		s.File(g.Path(a))
		if f, ok := g.SourceFact(a); ok && f.Stat.Mode&state.ViaLink != 0 {
			s.behind(g.Path(a))
		}
	}
	rows := make([]state.ReadRow, g.NumReads())
	for i := range rows {
		rows[i] = g.Read(state.ReadID(i))
	}
	s.Reads(rows)
	return s
}

// Reads adds what an evaluation has read.
func (s *Set) Reads(rows []state.ReadRow) {
	for _, r := range rows {
		switch r.Kind {
		case state.ReadFile:
			s.File(r.Path)
			if r.Stat.Mode&state.ViaLink != 0 {
				s.behind(r.Path)
			}
		case state.ReadDir:
			s.Folder(r.Path)
		case state.ReadAsk:
			s.history()
		}
	}
}

// File adds a file, which need not be there. A relative path starts at the workspace's root.
func (s *Set) File(path string) {
	path = s.abs(path)
	if f := s.at(filepath.Dir(path)); f != nil && !s.output(path) {
		f.names[strings.Clone(filepath.Base(path))] = true
	}
}

// Folder adds the names that a folder holds.
func (s *Set) Folder(path string) {
	if f := s.at(s.abs(path)); f != nil {
		f.listing = true
	}
}

// behind adds what a symbolic link leads to.
func (s *Set) behind(path string) {
	if real, err := filepath.EvalSymlinks(s.abs(path)); err == nil {
		s.File(real)
	}
}

// history adds the files of git that say which commit is checked out and which tags there are.
func (s *Set) history() {
	git := filepath.Join(s.root, ".git")
	for _, name := range []string{"HEAD", "packed-refs", "logs/HEAD"} {
		s.File(filepath.Join(git, name))
	}
	s.Folder(filepath.Join(git, "refs/tags"))
}

func (s *Set) abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(s.root, filepath.FromSlash(path))
}

func (s *Set) at(dir string) *folder {
	if s.output(dir) {
		return nil
	}
	f := s.folders[dir]
	if f == nil {
		f = &folder{names: map[string]bool{}}
		s.folders[strings.Clone(dir)] = f
	}
	return f
}

// output says whether path is or lies in the folder of outputs.
func (s *Set) output(path string) bool {
	out := filepath.Join(s.root, rule.OutDir)
	return path == out || strings.HasPrefix(path, out+string(filepath.Separator))
}

// matters says whether an event about path is of interest. naming: a name came or went; else something was written there.
func (s *Set) matters(path string, naming bool) bool {
	if s.output(path) {
		return false
	}
	f := s.folders[filepath.Dir(path)]
	return f != nil && (f.names[filepath.Base(path)] || naming && f.listing)
}

// named says whether path is one of the files of the set, and not just any name in a folder of it.
func (s *Set) named(path string) bool {
	f := s.folders[filepath.Dir(path)]
	return f != nil && f.names[filepath.Base(path)]
}

// Folders gives the folders of the set, sorted.
func (s *Set) Folders() []string { return slices.Sorted(maps.Keys(s.folders)) }

// above gives the set with the nearest folders that exist in place of those that do not: there the missing name matters.
func (s *Set) above() *Set {
	out := NewSet(s.root)
	for dir, f := range s.folders {
		missing := false
		for {
			if fi, err := os.Stat(dir); err == nil && fi.IsDir() {
				break
			}
			up := filepath.Dir(dir)
			if up == dir {
				break
			}
			out.File(dir)
			dir, missing = up, true
		}
		if missing {
			continue
		}
		if to := out.at(dir); to != nil {
			maps.Copy(to.names, f.names)
			to.listing = to.listing || f.listing
		}
	}
	for dir := range out.folders { // File above has added folders that are not there
		if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
			delete(out.folders, dir)
		}
	}
	return out
}
