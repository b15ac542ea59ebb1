package module

import (
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/resolve"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// checkClosure says whether the module and all that it stands on can be loaded into one IOC: two versions of a module that exclude each
// other are a problem that shows the way to both.
func checkClosure(c *rule.Context, s *Spec) bool {
	self := ioc.Module{Label: c.Label(), Name: s.Name, Version: s.Version, Deps: s.before()}
	if len(self.Deps) == 0 || !knownNow(s) {
		return true // what is on this machine is known to actions only: resolveHere
	}
	known := knownModules([]ioc.Module{self})
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
func knownModules(ms []ioc.Module) *resolve.Known {
	k := &resolve.Known{}
	for _, m := range ioc.Closure(ms) {
		f := dep.File{Name: m.Label.String()}
		for _, d := range m.Deps {
			f.Entries = append(f.Entries, dep.Entry{Module: d.Name, Version: d.Version})
		}
		k.Add(m.Name, version.Installed{Version: m.Version}, f, nil)
	}
	return k
}

// knownNow says whether all versions that a module stands on are known before any action runs.
func knownNow(s *Spec) bool {
	all := ioc.Closure(s.before())
	return !slices.ContainsFunc(all, func(m ioc.Module) bool { return m.Version == "" })
}

// resolveHere is checkClosure in an action. What is in no pool that the target names is no mistake of its own: who starts an IOC says
// where all modules are.
func resolveHere(c rule.CallContext, a *depArgs, own []dep.Entry) error {
	k := &resolve.Known{}
	k.Add(a.Self.Name, version.Installed{Version: a.Self.Version}, dep.File{Name: a.Self.Label, Entries: own}, nil)
	for _, m := range a.All {
		v, err := m.exact(c)
		if err != nil {
			return err
		}
		b, err := ioc.InputBytes(c, m.Dep)
		if err != nil {
			return err
		}
		f, said := dep.Read(m.Label+" ("+m.Name+".dep)", b)
		k.Add(m.Name, version.Installed{Version: v}, f, said)
	}
	for i, p := range a.Pools {
		if err := ioc.AddHostPool(c, k, p, i, "pool", a.Arch); err != nil {
			return err
		}
	}
	_, said := resolve.Resolve([]resolve.Request{{Module: a.Self.Name, Version: a.Self.Version, By: a.Self.Label}}, k, resolve.Options{Arch: a.Arch})
	said = slices.DeleteFunc(said, func(d diag.Diag) bool { return d.Warning || d.Code == "ioc-missing" })
	for i := range said {
		said[i].Range, said[i].Related = ioc.ReadPlaces(c)["require"], nil
	}
	if len(said) > 0 {
		return said
	}
	return nil
}
