package module

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/dep"
)

const depCall = "ioc_dep/1"

// depArgs is what ioc_dep/1 is told: modules at their exact versions.
type depArgs struct {
	To      string      `json:"to"`
	Modules []depModule `json:"modules"`
	// Where some versions are known here only, the closure is looked at here: All are the modules that these stand on, themselves too, and
	// Pools the indexes of folders of this machine.
	Self  depModule   `json:"self"`
	All   []depModule `json:"all,omitempty"`
	Pools []string    `json:"pools,omitempty"`
	Arch  string      `json:"arch,omitempty"`
}

// depModule is one of them. Where only a file knows the version, File is that.
type depModule struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	File    string `json:"file,omitempty"`
	Dep     string `json:"dep,omitempty"`   // its .dep file
	Label   string `json:"label,omitempty"` // for messages
}

// exact gives the version.
func (m depModule) exact(c rule.CallContext) (string, error) {
	if m.File == "" {
		return m.Version, nil
	}
	b, err := ioc.InputBytes(c, m.File)
	return strings.TrimSpace(string(b)), err
}

// writeDep declares the action that makes the .dep file. The .dep files of the modules that it names are among its inputs: what
// loading the module comes to hangs on all of them.
func (m *moduleBuild) writeDep() {
	m.dep = m.file("lib/" + m.s.Name + ".dep")
	args := depArgs{To: m.dep.Path}
	var in []rule.Artifact
	for _, d := range m.s.before() {
		args.Modules = append(args.Modules, depModule{Name: d.Name, Version: d.Version, File: d.VersionFile.Path})
		in = append(in, d.Dep, d.VersionFile)
	}
	if !knownNow(m.s) {
		args.Self, args.Arch = depModule{Name: m.s.Name, Version: m.s.Version, Label: m.c.Label().String()}, m.cc.arch
		for _, d := range ioc.Closure(m.s.before()) {
			args.All = append(args.All, depModule{d.Name, d.Version, d.VersionFile.Path, d.Dep.Path, d.Label.String()})
			in = append(in, d.Dep, d.VersionFile)
		}
		for _, p := range m.s.Pools {
			if p.Path != "" {
				args.Pools = append(args.Pools, p.Index.Path)
				in = append(in, p.Index)
			}
		}
	}
	m.call("Dep", depCall, args, ioc.Places(m.s.Places), in, m.dep)
	if !m.s.Conda {
		m.add("lib/"+m.cc.arch+"/"+m.s.Name+".dep", Item{In: m.dep, At: m.dep.Path}, false)
	}
}

func depFunc(_ context.Context, c rule.CallContext) error {
	var a depArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	var es []dep.Entry
	for _, m := range a.Modules {
		v, err := m.exact(c)
		if err != nil {
			return err
		}
		es = append(es, dep.Entry{Module: m.Name, Version: v})
	}
	if len(a.All) > 0 {
		if err := resolveHere(c, &a, es); err != nil {
			return err
		}
	}
	text, ds := dep.Write(es)
	if ds.HasErrors() {
		for i := range ds {
			if ds[i].Range.IsZero() {
				ds[i].Range = ioc.ReadPlaces(c)["deps"]
			}
		}
		return ds
	}
	return c.Write(a.To, text, false)
}
