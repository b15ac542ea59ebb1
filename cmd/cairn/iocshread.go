package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cmd/internal/site"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/resolve"
	"github.com/cairn-build/cairn/rules/ioc/startup"
	iocversion "github.com/cairn-build/cairn/rules/ioc/version"
)

// read reads the startup script, resolves all modules, and notes which are to be required. Problems are shown; errors end it.
func (x *iocsh) read(start *startup.Start, p *iocPlace) (*startup.Script, error) {
	asked, requests := x.asked(p)
	find := site.NewSearch(p.Arch, p.all(), p.dirs)
	var (
		script   *startup.Script
		found    *resolve.Closure
		problems diag.List
		all      []resolve.Request
	)
	// Scripts of modules can be read as soon as it is known where those lie. They may ask for further ones.
	for dirs := map[string]string{}; ; {
		var err error
		if script, problems, err = x.readScript(start, p, dirs); err != nil {
			return nil, err
		}
		all = slices.Clone(requests)
		for _, q := range script.Requires {
			all = append(all, resolve.Request{Module: q.Module, Version: q.Version, By: q.Range.String(), Range: q.Range})
		}
		all = withoutRequire(all, p.Version)
		var more diag.List
		found, more = resolve.Resolve(all, find, find.Options(false))
		problems = append(problems, more...)
		known := len(dirs)
		if found != nil {
			for _, m := range found.Modules {
				dir := find.Dir(m.Name, iocversion.Installed{Version: m.Version, Pool: m.Pool})
				dirs[m.Name+"_DIR"], dirs[m.Name+"_DB"], dirs[m.Name+"_VERSION"] = dir+"/", dir+"/db/", m.Version
			}
		}
		if problems.HasErrors() || len(dirs) == known {
			break
		}
	}
	problems = append(problems, tooLong(start.IOC, found)...)
	if x.siteProblems(problems); problems.HasErrors() {
		return nil, exitError(exitFailed)
	}
	start.Modules = asked
	if inOrder, _ := resolve.Resolve(all, find, find.Options(true)); !sameModules(found, inOrder) {
		start.Modules = nil
		for _, m := range found.Modules {
			start.Modules = append(start.Modules, startup.Module{Name: m.Name, Version: m.Version})
		}
	}
	return script, nil
}

// asked gives what -r asks for, as it is written and with targets' names.
func (x *iocsh) asked(p *iocPlace) ([]startup.Module, []resolve.Request) {
	var asked []startup.Module
	var requests []resolve.Request
	for _, m := range x.modules {
		if !isLabel(m) {
			mod := startup.ParseModule(m)
			asked = append(asked, mod)
			requests = append(requests, resolve.Request{Module: mod.Name, Version: mod.Version, By: "-r " + m})
			continue
		}
		for _, t := range p.trees { // in the order of the graph, not of the command line
			if x.isOf(t, m) {
				asked = append(asked, startup.Module{Name: t.Module, Version: t.Version})
				requests = append(requests, resolve.Request{Module: t.Module, Version: t.Version, By: "-r " + m})
			}
		}
	}
	return asked, requests
}

// tooLong warns of what does not fit into the names of the IOC's own records, and is cut there.
func tooLong(ioc string, found *resolve.Closure) diag.List {
	problems := startup.CheckName(ioc, diag.Range{})
	if found != nil {
		var modules []startup.Module
		for _, m := range found.Modules {
			modules = append(modules, startup.Module{Name: m.Name, Version: m.Version})
		}
		problems = append(problems, startup.CheckLimits(ioc, "", modules, func(startup.Module) diag.Range { return diag.Range{} })...)
	}
	for i := range problems {
		problems[i].Warning = true
	}
	return problems
}

// isOf says whether a tree is what a label on the command line means.
func (x *iocsh) isOf(t site.Tree, text string) bool {
	_, pkg, err := findWorkspace()
	if err != nil {
		return false
	}
	return labelIs(t.Label, text, pkg)
}

// sameModules says whether require itself, loading one module after another, comes to what was resolved. Then the script can ask for
// what it was asked for; otherwise it names all modules at their versions, dependencies first.
func sameModules(found, inOrder *resolve.Closure) bool {
	if inOrder == nil || len(found.Modules) != len(inOrder.Modules) {
		return false
	}
	for _, m := range found.Modules {
		if o, ok := inOrder.Find(m.Name); !ok || o.Version != m.Version || o.Pool != m.Pool {
			return false
		}
	}
	return true
}

// withoutRequire leaves out requests for module require, which is there before all others.
func withoutRequire(requests []resolve.Request, have string) []resolve.Request {
	var out []resolve.Request
	for _, q := range requests {
		if q.Module != "require" || q.Version != "" && !iocversion.Loaded(have, q.Version) {
			out = append(out, q)
		}
	}
	return out
}

// readScript reads the startup script and the commands; dirs are variables that modules set.
func (x *iocsh) readScript(start *startup.Start, p *iocPlace, dirs map[string]string) (*startup.Script, diag.List, error) {
	set := map[string]string{"E3_CMD_TOP": p.CmdTop}
	for _, v := range startup.Environ(p.Place) {
		set[v.Name] = v.Value
	}
	o := startup.Options{Env: func(name string) (string, bool) {
		for _, m := range []map[string]string{set, dirs} {
			if v, ok := m[name]; ok {
				return v, true
			}
		}
		return x.getenv(name)
	}, Look: lookHere}
	script := &startup.Script{}
	var problems diag.List
	if start.File != "" {
		text, err := os.ReadFile(start.File)
		if err != nil {
			return nil, nil, &environmentError{err}
		}
		script, problems = startup.Read(start.File, text, o)
	}
	commands, more := startup.Read("-c", []byte(strings.Join(x.commands, "\n")+"\n"), o)
	for i := range more {
		more[i].Range = diag.Range{}
	}
	problems = append(problems, more...)
	for _, d := range start.Databases {
		if _, _, f := lookHere(startup.DbFile, d.File); f == startup.Missing {
			problems = append(problems, diag.Diag{Warning: true, Code: "missing-file", Summary: fmt.Sprintf("There is no file %s", d.File), Detail: "The IOC's shell will say so, and go on."})
		}
	}
	script.Requires = append(script.Requires, commands.Requires...)
	start.NoInit = start.NoInit || script.Init || commands.Init
	return script, problems, nil
}

// lookHere finds a file that a startup script names. Databases are looked for in the folders of modules as well.
func lookHere(k startup.Kind, path string) (string, []byte, startup.Found) {
	if k != startup.ShellFile {
		_, err := os.Stat(path)
		switch {
		case err == nil:
			return path, nil, startup.There
		case filepath.IsAbs(path) && errors.Is(err, fs.ErrNotExist):
			return "", nil, startup.Missing
		}
		return "", nil, startup.Unknown
	}
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		return path, text, startup.There
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, startup.Missing
	}
	return "", nil, startup.Unknown
}
