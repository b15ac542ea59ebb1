package ioc

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc/dep"
)

const depCall = "ioc_dep/1"

// depArgs is what ioc_dep/1 is told: modules at their exact versions.
type depArgs struct {
	To      string      `json:"to"`
	Modules []depModule `json:"modules"`
}

// depModule is one of them. Where only a file knows the version, File is that.
type depModule struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	File    string `json:"file,omitempty"`
}

// writeDep declares the action that makes the .dep file. The .dep files of the modules that it names are among its inputs: what
// loading the module comes to hangs on all of them.
func (m *moduleBuild) writeDep() {
	m.dep = m.file("lib/" + m.s.Name + ".dep")
	args := depArgs{To: m.dep.Path}
	var in []rule.Artifact
	for _, d := range append(m.s.Deps[:len(m.s.Deps):len(m.s.Deps)], m.s.Runtime...) {
		args.Modules = append(args.Modules, depModule{d.Name, d.Version, d.VersionFile.Path})
		in = append(in, d.Dep, d.VersionFile)
	}
	m.call("Dep", depCall, args, places(m.s.Places), in, m.dep)
	if !m.s.Conda {
		m.add("lib/"+m.cc.arch+"/"+m.s.Name+".dep", item{In: m.dep, At: m.dep.Path}, false)
	}
}

func depFunc(_ context.Context, c rule.CallContext) error {
	var a depArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	var es []dep.Entry
	for _, m := range a.Modules {
		if m.File != "" {
			b, err := inputBytes(c, m.File)
			if err != nil {
				return err
			}
			m.Version = strings.TrimSpace(string(b))
		}
		es = append(es, dep.Entry{Module: m.Name, Version: m.Version})
	}
	text, ds := dep.Write(es)
	if ds.HasErrors() {
		for i := range ds {
			if ds[i].Range.IsZero() {
				ds[i].Range = readPlaces(c)["deps"]
			}
		}
		return ds
	}
	return c.Write(a.To, text, false)
}
