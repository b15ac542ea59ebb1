package site

import (
	"path/filepath"
	"slices"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/resolve"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// Workspace is what messages call the trees of a Search that lie in no pool.
const Workspace = "this workspace"

// Search looks for modules for one architecture: among some trees, then in pools, in order. It reads what is asked for, once. It is
// not safe for concurrent use.
type Search struct {
	arch     string
	trees    []Tree
	dirs     []string
	without  string // a version's folder that is taken for gone
	versions map[string][]found
}

// found is one version of a module, with its folder.
type found struct {
	version.Installed
	dir string
}

var _ resolve.Finder = (*Search)(nil)

// NewSearch looks among trees, which are asked first, and in the pools dirs. A pool that is not there holds nothing.
func NewSearch(arch string, trees []Tree, dirs []string) *Search {
	return &Search{arch: arch, trees: trees, dirs: dirs, versions: map[string][]found{}}
}

// Pools gives what messages call the pools, by their numbers.
func (s *Search) Pools() []string {
	if len(s.trees) > 0 {
		return append([]string{Workspace}, s.dirs...)
	}
	return slices.Clone(s.dirs)
}

// Options gives options for resolve.Resolve on this search.
func (s *Search) Options(strictOrder bool) resolve.Options {
	return resolve.Options{Arch: s.arch, Pools: s.Pools(), StrictOrder: strictOrder}
}

func (s *Search) look(module string) []found {
	if fs, ok := s.versions[module]; ok {
		return fs
	}
	var out []found
	pool := 0
	if len(s.trees) > 0 {
		for _, t := range s.trees {
			if t.Module == module && slices.Contains(t.Archs, s.arch) {
				out = append(out, found{version.Installed{Version: t.Version, Pool: 0}, t.Dir})
			}
		}
		pool = 1
	}
	if filepath.IsLocal(module) && filepath.Base(module) == module {
		for i, d := range s.dirs {
			for _, v := range folders(filepath.Join(d, module)) {
				dir := filepath.Join(d, module, v)
				if dir != s.without && slices.Contains(folders(filepath.Join(dir, "lib")), s.arch) {
					out = append(out, found{version.Installed{Version: v, Pool: pool + i}, dir})
				}
			}
		}
	}
	s.versions[module] = out
	return out
}

// Versions implements resolve.Finder.
func (s *Search) Versions(module string) []version.Installed {
	var out []version.Installed
	for _, f := range s.look(module) {
		out = append(out, f.Installed)
	}
	return out
}

// Dir gives the folder of a version of a module, "" for one that is not there.
func (s *Search) Dir(module string, v version.Installed) string {
	for _, f := range s.look(module) {
		if f.Installed == v {
			return f.dir
		}
	}
	return ""
}

// Deps implements resolve.Finder.
func (s *Search) Deps(module string, v version.Installed) (dep.File, diag.List) {
	return Tree{Module: module, Version: v.Version, Dir: s.Dir(module, v)}.Deps(s.arch)
}

// Elsewhere implements resolve.Finder.
func (s *Search) Elsewhere(module string) bool {
	if slices.ContainsFunc(s.trees, func(t Tree) bool { return t.Module == module }) {
		return true
	}
	for _, d := range s.dirs {
		for _, v := range folders(filepath.Join(d, module)) {
			if len(folders(filepath.Join(d, module, v, "lib"))) > 0 {
				return true
			}
		}
	}
	return false
}

// Modules implements resolve.Finder.
func (s *Search) Modules() []string {
	var names []string
	for _, t := range s.trees {
		names = append(names, t.Module)
	}
	for _, d := range s.dirs {
		names = append(names, folders(d)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Versions gives the names of a module's folders in a pool, sorted, whatever they hold.
func Versions(pool, module string) []string {
	vs := folders(filepath.Join(pool, module))
	slices.Sort(vs)
	return vs
}
