package site

import (
	"path/filepath"
	"slices"

	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// Dependant is an installed version whose .dep is about another one.
type Dependant struct {
	Entry
	Arch string
	Line dep.Entry
	Now  string // the version that it gets
	Then string // the version that it would get if that one went; "" for none
}

// Dependants gives who gets a version of a module now, of all that is installed in some pools in the order of the search path.
// What a .dep that cannot be read would want is not known; List tells of those.
func Dependants(t Tree, pools []string, all []Entry) []Dependant {
	var out []Dependant
	for _, e := range all {
		if filepath.Clean(e.Dir) == filepath.Clean(t.Dir) {
			continue
		}
		for _, arch := range e.Archs {
			for _, line := range e.Deps[arch].Entries {
				if line.Module != t.Module || !slices.Contains(t.Archs, arch) {
					continue
				}
				with, without := NewSearch(arch, nil, pools), NewSearch(arch, nil, pools)
				without.without = t.Dir
				if have, ok := with.pick(line); !ok || filepath.Clean(have.dir) != filepath.Clean(t.Dir) {
					continue
				}
				then, _ := without.pick(line)
				out = append(out, Dependant{Entry: e, Arch: arch, Line: line, Now: t.Version, Then: then.Version})
			}
		}
	}
	return out
}

// pick gives what a line of a .dep means.
func (s *Search) pick(line dep.Entry) (found, bool) {
	all := s.look(line.Module)
	i, _, err := version.Select(line.Version, s.Versions(line.Module), false)
	if err != nil || i < 0 {
		return found{}, false
	}
	return all[i], true
}

// Needs says whether the other one must stay: it would have nothing then, or other than what a line with a version means now.
func (d Dependant) Needs() bool {
	return d.Then == "" || d.Line.Version != "" && d.Then != d.Now
}
