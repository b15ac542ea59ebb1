package site

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// Entry is one version of a module in a pool.
type Entry struct {
	Tree
	Pool string              // the pool's folder
	Deps map[string]dep.File // by architecture; those that have a .dep file
}

// List gives what is installed in some pools: pool by pool, then by name, the highest version first. A pool that cannot be read, and
// a .dep that is damaged, is among the problems, and so is one that is missing.
func List(pools []string) ([]Entry, diag.List) {
	var out []Entry
	var problems diag.List
	for _, pool := range pools {
		modules, err := readFolders(pool)
		if err != nil {
			problems = append(problems, diag.Diag{Code: "unreadable", Summary: "a folder of modules cannot be read: " + plain(err), Range: diag.Range{File: pool}})
		}
		slices.Sort(modules)
		for _, m := range modules {
			versions := folders(filepath.Join(pool, m))
			slices.SortFunc(versions, func(a, b string) int {
				return cmp.Or(-version.Compare(version.Lenient(a), version.Lenient(b)), cmp.Compare(a, b))
			})
			for _, v := range versions {
				e := Entry{Tree: Tree{Module: m, Version: v, Dir: filepath.Join(pool, m, v)}, Pool: pool, Deps: map[string]dep.File{}}
				e.Archs = folders(filepath.Join(e.Dir, "lib"))
				slices.Sort(e.Archs)
				for _, arch := range e.Archs {
					f, l := e.Tree.Deps(arch)
					if f.Name == "" && len(l) == 0 {
						l = diag.List{{Warning: true, Code: "no-dep", Summary: "module " + e.Name() + " has no .dep file for " + arch,
							Detail: "What has to be loaded before it is not known.", Range: diag.Range{File: filepath.Dir(e.DepFile(arch))}}}
					}
					problems = append(problems, l...)
					if f.Name != "" {
						e.Deps[arch] = f
					}
				}
				if len(e.Archs) > 0 {
					out = append(out, e)
				}
			}
		}
	}
	return out, problems
}
