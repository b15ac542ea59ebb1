package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/exec/local"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// Launch is a program that is ready to start. What it uses in the cache stays there until Release.
type Launch struct {
	Label string
	Argv  []string // Argv[0] is an absolute path
	Env   []string // what is set on top of the caller's environment, NAME=value
	Dir   string   // where it starts: the workspace, to which paths in Argv are relative; "" for what starts where cairn was called
	// Script is set for a program that cairn stays with. Its paths are absolute.
	Script  *rule.Script
	PassEnv []string

	path    []string // leads PATH, of one that is no script
	release func()
}

// OnRelease has Release do f, and nothing else.
func (l *Launch) OnRelease(f func()) { l.release = f }

// Release lets go of what the program uses in the cache. It may be called more than once.
func (l *Launch) Release() {
	if l.release != nil {
		l.release()
		l.release = nil
	}
}

// Program gives what `cairn run` starts for a target that has been built. It is what the last Build built: the snapshot may be
// another process's meanwhile, for whom a source that follows was something else, and who has not made all of it.
func (e *Engine) Program(ctx context.Context, target, pkg string) (*Launch, error) {
	g := e.built
	if g == nil {
		var err error
		if g, err = e.current(ctx, save); err != nil {
			return nil, err
		}
	}
	t, err := e.target(g, target, pkg)
	if err != nil {
		return nil, err
	}
	p, err := programOf(g, t)
	if err != nil {
		return nil, err
	}
	return e.launch(ctx, g, t, p)
}

// programOf gives what a target starts.
func programOf(g *state.Graph, t state.TargetID) (rule.Program, error) {
	b := g.Run(t)
	if b == nil {
		return rule.Program{}, fmt.Errorf("%s is of kind %s: there is nothing to run; kinds such as program can be run", g.LabelText(t), g.TargetKind(t))
	}
	p, ok := action.DecodeProgram(b)
	if !ok || len(p.Argv) == 0 {
		return p, &EnvError{Err: fmt.Errorf("internal error: damaged program of %s", g.LabelText(t))}
	}
	return p, nil
}

func (e *Engine) launch(ctx context.Context, g *state.Graph, t state.TargetID, p rule.Program) (*Launch, error) {
	paths := map[string]string{}
	for _, name := range p.Tools {
		tool, err := e.resolveTool(ctx, g, name)
		if err != nil {
			return nil, &EnvError{Err: err}
		}
		paths[tool.Name] = tool.Path
	}
	l := &Launch{Label: strings.Clone(g.LabelText(t)), Dir: e.o.Root}
	expand := func(s string) string { return rule.ExpandHostTools(s, func(n string) string { return paths[n] }) }
	where, err := e.lying(ctx, g, t, p, func(n string) string { return paths[n] }, l)
	if err != nil {
		return nil, err
	}
	inEnv := where
	switch {
	case p.Script != nil:
		inEnv = e.asScript(l, p, &where)
	case p.Here:
		l.Dir = ""
		inEnv = e.modules(p, &where)
		for _, d := range p.Path {
			l.path = append(l.path, where.at(d))
		}
	}
	for _, a := range p.Argv {
		l.Argv = append(l.Argv, where.at(expand(a)))
	}
	if !filepath.IsAbs(l.Argv[0]) {
		l.Argv[0] = filepath.Join(e.o.Root, filepath.FromSlash(l.Argv[0]))
	}
	for _, v := range p.Env {
		value := inEnv.list(expand(v.Value))
		if p.Here && slices.Contains(p.Paths, v.Name) {
			value = e.absolute(value)
		}
		l.Env = append(l.Env, v.Name+"="+value)
	}
	return l, nil
}

// absolute makes the elements of a list of paths absolute; they are those of the workspace.
func (e *Engine) absolute(list string) string {
	parts := strings.Split(list, ":")
	for i, p := range parts {
		if p != "" && !filepath.IsAbs(p) {
			parts[i] = filepath.Join(e.o.Root, filepath.FromSlash(p))
		}
	}
	return strings.Join(parts, ":")
}

// ExecIn runs one command in exactly the environment of a target's last action, or of the test that id names, or, with failed, in the kept
// folder of its failed one, where no argv means the command that failed. It gives the command's own exit code.
func (e *Engine) ExecIn(ctx context.Context, id TestID, argv []string, failed bool, stdin *os.File, stdout, stderr *os.File) (int, error) {
	g, err := e.current(ctx, save)
	if err != nil {
		return 0, err
	}
	tid, err := e.target(g, id.Label, "")
	if err != nil {
		return 0, err
	}
	r, err := e.run()
	if err != nil {
		return 0, err
	}
	lr, ok := r.(*local.Runner)
	if !ok {
		return 0, errors.New("only the local runner can be entered")
	}
	label := g.LabelText(tid)
	if failed {
		return lr.Enter(ctx, e.keptDir(action.Called(label, id.Case)), argv, stdin, stdout, stderr)
	}
	s, err := e.newSession(g, Request{}, state.Wanted{})
	if err != nil {
		return 0, err
	}
	acts := g.TargetActions(tid)
	var cases []string
	for i := len(acts) - 1; i >= 0; i-- {
		t := &turn{id: acts[i], label: label}
		if t.act, err = s.declared(acts[i]); err != nil {
			return 0, err
		}
		if t.act.Spawn == nil || id.Case != "" && t.act.Case != id.Case {
			cases = append(cases, t.act.Case)
			continue
		}
		if err := s.prepare(ctx, t); err != nil {
			return 0, err
		}
		sp, err := s.x.SpawnOf(t.job, r)
		if err != nil {
			return 0, err
		}
		sp.Argv, sp.Timeout = argv, 0 // a person is not to be hurried
		return lr.RunInteractive(ctx, sp, stdin, stdout, stderr)
	}
	if id.Case != "" {
		text := fmt.Sprintf("%s has no test %q", label, id.Case)
		if near := diag.DidYouMean(id.Case, cases); near != "" {
			text += ". " + near
		}
		return 0, errors.New(text)
	}
	if p, ok := entersProgram(g, tid); ok {
		return e.inProgram(ctx, g, tid, p, argv, stdin, stdout, stderr)
	}
	return 0, fmt.Errorf("%s starts no command, so there is no environment to enter", label)
}

// Clean removes outputs and state of this workspace and nothing else.
func (e *Engine) Clean(context.Context) error {
	root, err := os.OpenRoot(e.o.Root)
	if err != nil {
		return &EnvError{Err: err}
	}
	defer root.Close()
	dir := filepath.Join(e.o.Root, rule.OutDir)
	fi, err := os.Lstat(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return &EnvError{Err: err}
	}
	if !fi.IsDir() {
		return &EnvError{Err: fmt.Errorf("%s is not a folder: it is not cairn's, and stays", rule.OutDir)}
	}
	writable(dir)
	if err := root.RemoveAll(rule.OutDir); err != nil {
		return &EnvError{Err: err}
	}
	return nil
}

// writable lets folders of read-only trees be emptied.
func writable(dir string) {
	_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(p, 0o755)
		}
		return nil
	})
}
