package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cmd/internal/site"
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/label"
	iocbase "github.com/cairn-build/cairn/rules/ioc/base"
	"github.com/cairn-build/cairn/rules/ioc/resolve"
	"github.com/cairn-build/cairn/rules/ioc/startup"
)

// labelIs says whether a target's label is what a text means in a package.
func labelIs(target, text, pkg string) bool {
	l, err := label.Parse(text, pkg)
	if err != nil {
		return false
	}
	if target == l.String() {
		return true
	}
	t, err := label.Parse(target, "")
	return err == nil && t.Pkg == l.Pkg && t.Base() == l.Name // an instance of a for_each
}

// iocRootVar is a variable that ioc targets start with, and no other programs.
const iocRootVar = "CAIRN_IOC_ROOT="

// startsIoc says whether what is launched is an ioc target.
func startsIoc(l *build.Launch) bool {
	return slices.ContainsFunc(l.Env, func(v string) bool { return strings.HasPrefix(v, iocRootVar) })
}

// iocPath says why the IOC's shell could not find what lies in a folder: in words it takes quotes and backslashes away and puts macros in, and
// lists of folders have colons between them.
func iocPath(dir string) error {
	for _, bad := range []string{"'", `"`, `\`, "$(", "${", ":"} {
		if strings.Contains(dir, bad) {
			return &usageError{fmt.Sprintf("an IOC cannot be started from %s", dir), fmt.Sprintf("The IOC's shell cannot read a path with %s in it: use a folder without.", bad)}
		}
	}
	return nil
}

// startable says why an ioc target cannot be started from where it lies.
func startable(l *build.Launch) error {
	for _, v := range l.Env {
		if root, ok := strings.CutPrefix(v, iocRootVar); ok {
			return iocPath(root)
		}
	}
	return nil
}

// runTarget starts the IOC that a target is, with what the options say on top.
func (x *iocsh) runTarget(ctx context.Context) error {
	if x.base != "" {
		return usagef("--base is the target's to say: %s has one", x.file)
	}
	s, err := x.open()
	if err != nil {
		return err
	}
	l, err := s.target(x.file)
	var launch *build.Launch
	if err == nil {
		launch, err = s.launch(ctx, l, nil)
	}
	if err = s.close(err); err != nil {
		return err
	}
	defer launch.Release()
	return x.launched(launch)
}

// launched starts an ioc target that has been built.
func (x *iocsh) launched(launch *build.Launch) error {
	if !startsIoc(launch) {
		return usagef("%s is no ioc", launch.Label)
	}
	if err := startable(launch); err != nil {
		return err
	}
	at := len(launch.Argv) - 1
	text, err := os.ReadFile(launch.Argv[at])
	if err != nil {
		return &environmentError{err}
	}
	env, dirs, err := x.pools(launch)
	if err != nil {
		return err
	}
	if err := x.fits(launch, text, dirs); err != nil {
		return err
	}
	dir, done, err := x.folder()
	if err != nil {
		return err
	}
	defer done()
	script, err := x.extended(text)
	if err != nil {
		return err
	}
	return x.supervise(script, launch.Argv[:at], env, dir)
}

// pools gives the target's environment with the folders of -l, behind its own pool, and all folders that modules come from.
func (x *iocsh) pools(launch *build.Launch) (env, dirs []string, err error) {
	env = x.environ(launch)
	const name = "EPICS_DRIVER_PATH="
	for _, v := range env {
		if list, ok := strings.CutPrefix(v, name); ok {
			dirs = site.DriverPath(list)
		}
	}
	more, err := x.searchPath(x.locate)
	if err != nil {
		return nil, nil, err
	}
	dirs = append(dirs, more[:min(len(more), len(x.locate))]...)
	return overlay(env, []string{name + strings.Join(dirs, ":")}), dirs, nil
}

// fits says whether what the options ask for goes with what the target loads.
func (x *iocsh) fits(launch *build.Launch, text []byte, dirs []string) error {
	var requests []resolve.Request
	ask := func(by string, lines []byte) {
		read, _ := startup.Read(by, lines, startup.Options{})
		for _, q := range read.Requires {
			requests = append(requests, resolve.Request{Module: q.Module, Version: q.Version, By: by})
		}
	}
	ask(launch.Label, text)
	ask("-c", []byte(strings.Join(x.commands, "\n")+"\n"))
	for _, m := range x.modules {
		mod := startup.ParseModule(m)
		requests = append(requests, resolve.Request{Module: mod.Name, Version: mod.Version, By: "-r " + m})
	}
	find := site.NewSearch(x.arch(), nil, dirs)
	_, problems := resolve.Resolve(withoutRequire(requests, iocbase.RequireVersion), find, find.Options(false))
	if x.siteProblems(problems); problems.HasErrors() {
		return exitError(exitFailed)
	}
	return nil
}

// extended lays the options over a script that is a target's: each kind behind its like.
func (x *iocsh) extended(text []byte) ([]byte, error) {
	lines := strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
	lines[len(lines)-1] += "\n"
	init := len(lines) > 0 && lines[len(lines)-1] == "iocInit\n"
	if init {
		lines = lines[:len(lines)-1]
	}
	add := startup.Start{Debug: x.debug, Commands: x.commands, NoInit: x.noInit || !init}
	for _, m := range x.modules {
		if isLabel(m) {
			return nil, &usageError{"an ioc says itself which targets are its modules", "Add " + m + " to its deps."}
		}
		add.Modules = append(add.Modules, startup.ParseModule(m))
	}
	for _, d := range x.databases {
		add.Databases = append(add.Databases, startup.ParseDatabase(d))
	}
	commands, _ := startup.Read("-c", []byte(strings.Join(x.commands, "\n")+"\n"), startup.Options{})
	add.NoInit = add.NoInit || commands.Init
	// Behind the last module, or what registers require, come further ones.
	at := 0
	for i, line := range lines {
		if strings.HasPrefix(line, "require ") || strings.HasPrefix(line, "require_registerRecordDeviceDriver") {
			at = i + 1
			continue
		}
		if at > 0 {
			break
		}
	}
	modules, rest := add.Parts()
	var b bytes.Buffer
	for i, line := range lines {
		if i == at {
			b.Write(modules)
		}
		if strings.HasPrefix(line, "epicsEnvSet \"REQUIRE_IOC\"") || strings.HasPrefix(line, "epicsEnvSet \"IOCSH_PS1\"") {
			line = x.renamed(line)
		}
		b.WriteString(line)
	}
	if at == len(lines) {
		b.Write(modules)
	}
	b.Write(rest)
	return b.Bytes(), nil
}

// renamed gives a line that names the IOC with the name that is asked for.
func (x *iocsh) renamed(line string) string {
	if x.name == "" {
		return line
	}
	named := startup.Start{IOC: x.name}
	for own := range strings.Lines(string(named.Script())) {
		if before, _, ok := strings.Cut(line, `" "`); ok && strings.HasPrefix(own, before) {
			return own
		}
	}
	return line
}

// iocArgs reads what stands behind -- of `cairn run` of an ioc: options of `cairn iocsh`.
func (a *app) iocArgs(args []string) (*iocsh, error) {
	x := &iocsh{app: a}
	c := iocshCommand(a)
	c.ResetFlags()
	x.addFlags(c)
	if err := c.ParseFlags(iocshWords(append([]string{"iocsh"}, args...))[1:]); err != nil {
		return nil, flagError(c, err)
	}
	if rest := c.Flags().Args(); len(rest) > 0 {
		return nil, &usageError{"an ioc has its startup script, and " + filepath.ToSlash(rest[0]) + " is another one", "Behind -- stand options of `cairn iocsh`: -r, -c, -d, -i, --gdb, ..."}
	}
	if err := x.debugging(); err != nil {
		return nil, err
	}
	return x, x.words()
}
