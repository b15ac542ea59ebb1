package resolve

import (
	"maps"
	"slices"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// Known is a Finder over what it was told. The zero Known knows nothing. Tell it in the order of the search path.
type Known struct {
	versions map[string][]version.Installed
	deps     map[module]read
	others   map[string]bool
}

type module struct {
	name string
	v    version.Installed
}

type read struct {
	file     dep.File
	problems diag.List
}

// Add tells it of a version of a module. f is its .dep, the zero File where it has none. The first of equal ones counts.
func (k *Known) Add(name string, v version.Installed, f dep.File, problems diag.List) {
	if k.deps == nil {
		k.versions, k.deps = map[string][]version.Installed{}, map[module]read{}
	}
	at := module{name, v}
	if _, again := k.deps[at]; !again {
		k.versions[name] = append(k.versions[name], v)
		k.deps[at] = read{f, problems}
	}
}

// AddElsewhere tells it that there is something of a module for other architectures.
func (k *Known) AddElsewhere(name string) {
	if k.others == nil {
		k.others = map[string]bool{}
	}
	k.others[name] = true
}

// Versions implements Finder.
func (k *Known) Versions(name string) []version.Installed { return k.versions[name] }

// Deps implements Finder.
func (k *Known) Deps(name string, v version.Installed) (dep.File, diag.List) {
	r := k.deps[module{name, v}]
	return r.file, r.problems
}

// Elsewhere implements Finder.
func (k *Known) Elsewhere(name string) bool { return k.others[name] }

// Modules implements Finder.
func (k *Known) Modules() []string { return slices.Sorted(maps.Keys(k.versions)) }
