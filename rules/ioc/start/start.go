package start

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/resolve"
	"github.com/cairn-build/cairn/rules/ioc/startup"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

const startCall = "ioc_start/1"

// startName is the script that softIocPVA is given, in the tree Start.
const startName = "startup.cmd"

// startArgs is what ioc_start/1 is told. Paths are those of the action's tree.
type startArgs struct {
	Name      string            `json:"name"`  // what is written into the script; it may hold a macro
	Limit     string            `json:"limit"` // the name as far as it is known
	Compat    string            `json:"compat,omitempty"`
	Strict    bool              `json:"strict,omitempty"`
	Arch      string            `json:"arch"`
	Require   string            `json:"require"` // the version of module require
	Startup   string            `json:"startup,omitempty"`
	CmdTop    string            `json:"cmd_top,omitempty"`
	Macros    string            `json:"macros,omitempty"`
	Commands  []string          `json:"commands,omitempty"`
	Databases []string          `json:"databases,omitempty"`
	Files     []string          `json:"files,omitempty"` // files, and trees
	Env       map[string]string `json:"env,omitempty"`
	Requests  []iocRequest      `json:"requests,omitempty"`
	Pools     []startPool       `json:"pools"`
	Start     string            `json:"start"`
	Resolved  string            `json:"resolved"`
}

// startPool is where modules are looked for.
type startPool struct {
	Name    string        `json:"name"`
	Index   string        `json:"index,omitempty"` // of a folder of the host
	Modules []startModule `json:"modules,omitempty"`
}

// startModule is a module that is a target.
type startModule struct {
	Module  string `json:"module"`
	Version string `json:"version"`
	Label   string `json:"label"`
	Dep     string `json:"dep,omitempty"`  // its .dep file, "" where nobody asks for it
	Tree    string `json:"tree,omitempty"` // of module require: ""
}

// resolved is modules.json: the modules in load order, and the closure for people.
type resolved struct {
	Modules []resolvedModule `json:"modules"`
	Tree    string           `json:"tree"`
}

// resolvedModule is one of them. Tree is "" for what lies in a pool of the host.
type resolvedModule struct {
	Module  string `json:"module"`
	Version string `json:"version"`
	Pool    string `json:"pool"`
	Tree    string `json:"tree,omitempty"`

	Asked bool     `json:"asked,omitempty"` // by the IOC itself
	Deps  []needed `json:"deps,omitempty"`
}

// needed is what a module's .dep file asks for, and which version that comes to.
type needed struct {
	Module string `json:"module"`
	Wanted string `json:"wanted"` // "" for any
	Gets   string `json:"gets"`
}

// declareStart declares what resolves the modules and writes the script.
func (s *iocSpec) declareStart(out Ioc, targets []candidate) {
	c := s.c
	a := startArgs{Name: s.name, Limit: s.name, Compat: s.compat, Strict: c.Bool("strict_order"), Arch: s.base.Require.Arch, Require: s.base.Require.Version,
		Startup: s.startup.Path, CmdTop: s.cmdTop(), Macros: macroList(c), Commands: c.Strings("commands"), Requests: s.requests,
		Env: c.Target.Common.Env, Start: out.Start.Path, Resolved: out.Resolved.Path}
	if !s.given {
		a.Name = "$(IOCNAME=" + s.name + ")"
	}
	for _, f := range out.Files {
		a.Files = append(a.Files, f.Path)
	}
	for _, f := range s.databases {
		a.Databases = append(a.Databases, f.Path)
	}
	in := append([]rule.Artifact{}, out.Files...)
	for i, p := range s.pools {
		sp := startPool{Name: p.name}
		for _, t := range targets {
			if t.pool != i {
				continue
			}
			m := startModule{Module: t.Name, Version: t.Version, Label: t.Label.String()}
			if t.wanted {
				m.Dep, m.Tree = t.Dep.Path, t.Tree.Path
				in = append(in, t.Dep)
			}
			sp.Modules = append(sp.Modules, m)
		}
		if p.path != "" {
			sp.Index = p.index.Path
			in = append(in, p.index)
		}
		a.Pools = append(a.Pools, sp)
	}
	ioc.DeclareCall(c, rule.Action{Mnemonic: "Resolve", Inputs: in, Outputs: []rule.Artifact{out.Start, out.Resolved}}, startCall, a, s.places())
}

// starting is one run of ioc_start/1.
type starting struct {
	c     rule.CallContext
	a     startArgs
	where ioc.Places
	said  diag.List
	trees map[module2]startModule

	unseen map[string]bool // files that scripts use and that are not among data
}

// module2 is a module at a version in a pool.
type module2 struct {
	name, version string
	pool          int
}

// startFunc is ioc_start/1.
func startFunc(_ context.Context, c rule.CallContext) error {
	s := &starting{c: c, where: ioc.ReadPlaces(c), trees: map[module2]startModule{}, unseen: map[string]bool{}}
	if err := json.Unmarshal(c.Args(), &s.a); err != nil {
		return err
	}
	script, err := s.read()
	if err != nil {
		return err
	}
	requests, inits := s.requests(script)
	find, err := s.finder()
	if err != nil {
		return err
	}
	o := resolve.Options{Arch: s.a.Arch, StrictOrder: s.a.Strict}
	for _, p := range s.a.Pools {
		o.Pools = append(o.Pools, p.Name)
	}
	found, problems := resolve.Resolve(requests, find, o)
	s.said = append(s.said, problems...)
	if s.said.HasErrors() {
		return s.said
	}
	modules := s.check(found)
	if s.said.HasErrors() {
		return s.said
	}
	if err := s.write(script, found, modules, inits); err != nil {
		return err
	}
	if len(s.said) > 0 {
		return s.said
	}
	return nil
}

// read reads the startup script and what it loads; nil where there is none.
func (s *starting) read() (*startup.Script, error) {
	if s.a.Startup == "" {
		return &startup.Script{}, nil
	}
	text, err := ioc.InputBytes(s.c, s.a.Startup)
	if err != nil {
		return nil, err
	}
	script, ds := startup.Read(s.a.Startup, text, startup.Options{Env: knownVars(s.a.CmdTop, s.a.Env), Look: s.look})
	s.said = append(s.said, ds...)
	return script, nil
}

// look finds a file that a script names among the inputs.
func (s *starting) look(k startup.Kind, at string) (string, []byte, startup.Found) {
	p, ok := treePath(at, s.a.CmdTop)
	if !ok {
		return "", nil, startup.Unknown
	}
	b, err := ioc.InputBytes(s.c, p)
	var not *rule.NotInputError
	switch {
	case err == nil:
		return p, b, startup.There
	case !errors.As(err, &not) || !strings.HasPrefix(at, treeRoot):
		return "", nil, startup.Unknown // it may lie where the IOC is started, or where databases are looked for
	}
	if s.unseen[p] {
		return "", nil, startup.Unknown
	}
	s.unseen[p] = true
	s.said = append(s.said, diag.Diag{Warning: true, Code: "not-in-data", Range: s.where.Of("startup"),
		Summary: fmt.Sprintf("The startup script uses %s, which is not among data", p),
		Detail:  "cairn cannot say whether it is there, and a test of the IOC will not see it."})
	return "", nil, startup.Unknown
}

// requests gives all that is asked for, in the order in which the IOC would; inits says that a script or a command calls iocInit.
func (s *starting) requests(script *startup.Script) (all []resolve.Request, inits bool) {
	asked := map[[2]string]bool{} // a script that asks for the same again gets nothing new
	for _, q := range s.a.Requests {
		by := q.Attr
		if q.Label != "" {
			by = "deps (" + q.Label + ")"
		}
		all = append(all, resolve.Request{Module: q.Module, Version: q.Version, By: by, Range: s.where.Of(q.Attr)})
	}
	add := func(qs []startup.Require, at *diag.Range) {
		for _, q := range qs {
			if q.Module == "require" && (q.Version == "" || version.Loaded(s.a.Require, q.Version)) {
				continue // it is there before all others
			}
			if again := [2]string{q.Module, q.Version}; asked[again] {
				continue
			} else {
				asked[again] = true
			}
			r := resolve.Request{Module: q.Module, Version: q.Version, By: q.Range.String(), Range: q.Range}
			if at != nil {
				r.By, r.Range = "commands", *at
			}
			all = append(all, r)
		}
	}
	add(script.Requires, nil)
	at := s.where.Of("commands")
	commands, ds := startup.Read("commands", []byte(strings.Join(s.a.Commands, "\n")+"\n"), startup.Options{Env: knownVars(s.a.CmdTop, s.a.Env), Look: s.look})
	for _, d := range ds {
		d.Range = at
		s.said = append(s.said, d)
	}
	add(commands.Requires, &at)
	return all, script.Init || commands.Init
}

// finder tells the resolver what there is.
func (s *starting) finder() (*resolve.Known, error) {
	k := &resolve.Known{}
	k.Add("require", version.Installed{Version: s.a.Require}, dep.File{}, nil)
	for i, p := range s.a.Pools {
		for _, m := range p.Modules {
			f := dep.File{}
			var ds diag.List
			if m.Dep != "" {
				b, err := ioc.InputBytes(s.c, m.Dep)
				if err != nil {
					return nil, err
				}
				f, ds = dep.Read(m.Dep, b)
			}
			k.Add(m.Module, version.Installed{Version: m.Version, Pool: i}, f, ds)
			s.trees[module2{m.Module, m.Version, i}] = m
		}
		if p.Index == "" {
			continue
		}
		if err := ioc.AddHostPool(s.c, k, p.Index, i, p.Name, s.a.Arch); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// check looks at what was resolved: names that are too long, and targets in whose place something else would be loaded.
func (s *starting) check(found *resolve.Closure) []resolvedModule {
	var out []resolvedModule
	var names []startup.Module
	for _, m := range found.Modules {
		if m.Name == "require" {
			continue
		}
		names = append(names, startup.Module{Name: m.Name, Version: m.Version})
		r := resolvedModule{Module: m.Name, Version: m.Version, Pool: s.a.Pools[m.Pool].Name, Asked: slices.Contains(found.Roots, m.Name)}
		for _, e := range m.Deps {
			gets, _ := found.Find(e.Module)
			r.Deps = append(r.Deps, needed{e.Module, e.Version, gets.Version})
		}
		if t, ok := s.trees[module2{m.Name, m.Version, m.Pool}]; ok {
			if r.Tree = t.Tree; t.Tree == "" {
				s.said = append(s.said, diag.Diag{Code: "not-asked-for", Range: s.where.Of("pools"), Summary: fmt.Sprintf("%s %s is needed, and cairn could not know", m.Name, m.Version),
					Detail: fmt.Sprintf("Only what the IOC is known to ask for is built, and %s is not.", t.Label), Hint: fmt.Sprintf("Add %q to require.", m.Name+","+m.Version)})
			}
		}
		out = append(out, r)
	}
	for _, q := range s.a.Requests {
		if m, ok := found.Find(q.Module); ok && q.Label != "" && (m.Version != q.Version || s.trees[module2{m.Name, m.Version, m.Pool}].Label != q.Label) {
			s.said = append(s.said, diag.Diag{Code: "shadowed", Range: s.where.Of("deps"), Summary: fmt.Sprintf("%s is not what would be loaded", q.Label),
				Detail: fmt.Sprintf("It is %s %s, and %s has %s, which a request for %s means.", q.Module, q.Version, s.a.Pools[m.Pool].Name, m.Version, q.Version),
				Hint:   "Give the target a higher revision, or leave the pool out."})
		}
	}
	limits := startup.CheckLimits(s.a.Limit, s.a.Compat, names, func(m startup.Module) diag.Range {
		for _, q := range s.a.Requests {
			if q.Module == m.Name {
				return s.where.Of(q.Attr)
			}
		}
		return s.where.Of("")
	})
	s.said = append(s.said, limits...)
	return out
}

// write writes the outputs.
func (s *starting) write(script *startup.Script, found *resolve.Closure, modules []resolvedModule, inits bool) error {
	start := startup.Start{IOC: s.a.Name, Top: "$(PWD=.)", Macros: s.a.Macros, Commands: s.a.Commands, NoInit: inits}
	for _, m := range modules {
		start.Modules = append(start.Modules, startup.Module{Name: m.Module, Version: m.Version})
	}
	for _, f := range s.a.Databases {
		start.Databases = append(start.Databases, startup.Database{File: "$(" + rootVar + ")/" + f, Macros: s.a.Macros})
	}
	copied := startup.CopyNames(startName)
	at := func(name string) string { return "$(" + rootVar + ")/" + s.a.Start + "/" + copied(name) }
	mended := script.Mended(at)
	if s.a.Startup != "" {
		start.File = "$(" + rootVar + ")/" + s.a.Startup
		if _, ok := mended[s.a.Startup]; ok {
			start.File = at(s.a.Startup)
		}
	}
	for name, text := range mended {
		if err := s.c.Write(s.a.Start+"/"+copied(name), text, false); err != nil {
			return err
		}
	}
	if err := s.c.Write(s.a.Start+"/"+startName, start.Script(), false); err != nil {
		return err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", " ")
	if err := e.Encode(resolved{modules, found.Tree()}); err != nil {
		return err
	}
	return s.c.Write(s.a.Resolved, b.Bytes(), false)
}
