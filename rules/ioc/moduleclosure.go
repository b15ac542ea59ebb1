package ioc

import (
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/resolve"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// checkClosure says whether the module and all that it stands on can be loaded into one IOC: two versions of a module that exclude each
// other are a problem that shows the way to both.
func checkClosure(c *rule.Context, s *moduleSpec) bool {
	self := Module{Label: c.Label(), Name: s.Name, Version: s.Version, Deps: append(s.Deps[:len(s.Deps):len(s.Deps)], s.Runtime...)}
	if len(self.Deps) == 0 || slices.ContainsFunc(closure(self.Deps), func(m Module) bool { return m.Version == "" }) {
		return true // what is on this machine is known to actions only
	}
	known := knownModules([]Module{self})
	asked := []resolve.Request{{Module: s.Name, Version: s.Version, By: c.Label().String(), Range: c.Target.Range}}
	_, said := resolve.Resolve(asked, known, resolve.Options{Arch: c.Platform().String()})
	for _, d := range said {
		if !d.Warning {
			c.Problem("deps", d.Code, upper(d.Summary), strings.TrimSpace(d.Detail+" "+d.Hint))
		}
	}
	return !said.HasErrors()
}

// knownModules are targets, and all that they stand on, as something installed.
func knownModules(ms []Module) *resolve.Known {
	k := &resolve.Known{}
	for _, m := range closure(ms) {
		f := dep.File{Name: m.Label.String()}
		for _, d := range m.Deps {
			f.Entries = append(f.Entries, dep.Entry{Module: d.Name, Version: d.Version})
		}
		k.Add(m.Name, version.Installed{Version: m.Version}, f, nil)
	}
	return k
}
