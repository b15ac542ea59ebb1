package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/load"
	"github.com/cairn-build/cairn/graph/procedure"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/toolset"
	"github.com/cairn-build/cairn/rules/python"
)

// scriptRun is one script that is to be run: a target, a file of this machine, or a script of a repository.
type scriptRun struct {
	target string // as it was written; "" for the others
	file   string // absolute
	git    *adhoc

	python  string   // of a file; "" for the default
	passEnv []string // of a file

	calls      bool            // the functions init and main are called
	init, main *procedure.Call // nil: what the target says, else nothing
	args       []string        // more arguments of the command line
}

// errNoScript is what Prepare gives for a target that starts another program.
var errNoScript = errors.New("it is no script")

// hooks are what a run wants to know of its preparation; all may be nil.
type hooks struct {
	peek   func(build.Runnable)
	launch func(*build.Launch) // a program that is no script
	done   func(*session)      // before a session ends
}

// prepare gives what prepares the script.
func (a *app) prepareScript(r *scriptRun, h hooks) procedure.Prepare {
	return func(ctx context.Context, say func(procedure.Prep)) (procedure.Program, error) {
		t := newTracker(say, a.now)
		l, err := a.launchScript(ctx, r, h, t)
		if err != nil {
			return procedure.Program{}, t.because(err)
		}
		if l.Script == nil {
			h.launch(l)
			return procedure.Program{}, errNoScript
		}
		p, err := a.programOf(r, l)
		if err != nil {
			l.Release()
			return p, err
		}
		p.Cached = t.cached()
		if l.Script.Env != "" && (l.Script.Chosen || !t.cached()) {
			t.ready(l.Argv[0])
		}
		return p, nil
	}
}

// launchScript builds what the script needs.
func (a *app) launchScript(ctx context.Context, r *scriptRun, h hooks, t *tracker) (*build.Launch, error) {
	if r.target != "" {
		return a.launchIn(ctx, h, t, func(s *session) (label.Label, error) { return s.target(r.target) })
	}
	var env *build.Launch
	if r.file != "" && r.python == "" || r.git != nil && !r.git.createEnv && r.git.python == "" {
		var err error
		if env, err = a.defaultEnv(ctx, h, t); err != nil {
			return nil, err
		}
	}
	l, err := a.launchLoose(ctx, r, h, t, env != nil)
	if env == nil {
		return l, err
	}
	if err != nil {
		env.Release()
		return nil, err
	}
	return within(env, l), nil
}

// launchLoose brings a script that is no target's; without an interpreter where it gets that of an environment.
func (a *app) launchLoose(ctx context.Context, r *scriptRun, h hooks, t *tracker, inEnv bool) (*build.Launch, error) {
	if r.git != nil {
		return a.launchAdhoc(ctx, r.git, h, t)
	}
	return a.launchFile(r, inEnv)
}

// launchIn builds a target of the workspace around the current folder.
func (a *app) launchIn(ctx context.Context, h hooks, t *tracker, which func(*session) (label.Label, error)) (*build.Launch, error) {
	s, err := a.openTapped(t.event)
	if err != nil {
		return nil, err
	}
	l, err := which(s)
	var launch *build.Launch
	if err == nil {
		launch, err = s.launch(ctx, l, func(p build.Runnable) {
			if p.Script != nil {
				t.keyed(p.Script.Key)
			}
			if h.peek != nil {
				h.peek(p)
			}
		})
	}
	if h.done != nil {
		h.done(s)
	}
	if err = s.close(err); err != nil && launch != nil {
		launch.Release()
	}
	return launch, err
}

// defaultEnv builds the environment that the workspace around the current folder has for scripts that name none; nil where there
// is none.
func (a *app) defaultEnv(ctx context.Context, h hooks, t *tracker) (*build.Launch, error) {
	root, _, err := findWorkspace()
	if err != nil {
		return nil, nil // there need not be a workspace
	}
	env := load.DefaultEnv(root)
	if env.IsZero() {
		return nil, nil
	}
	h.peek = nil
	l, err := a.launchIn(ctx, h, t, func(*session) (label.Label, error) { return env, nil })
	if err != nil {
		return nil, err
	}
	if l.Script == nil || len(l.Argv) != 1 {
		l.Release()
		return nil, usagef("default_env of the workspace is %s, which is no environment", env)
	}
	l.Script.Env = env.String()
	if l.Script.List == "" {
		l.Script.List = filepath.Join(root, rule.OutDir, filepath.FromSlash(env.Pkg), env.Name, "packages.json")
	}
	return l, nil
}

// within gives the script of l in the environment env.
func within(env, l *build.Launch) *build.Launch {
	out := *l
	s := *l.Script
	out.Script = &s
	out.Argv = append([]string{env.Argv[0]}, l.Argv[1:]...)
	out.Env = overlay(env.Env, l.Env)
	s.Path, s.Env, s.List, s.Chosen = env.Script.Path, env.Script.Env, env.Script.List, false
	out.OnRelease(func() {
		l.Release()
		env.Release()
	})
	return &out
}

// launchFile makes a script of this machine ready to start. Nothing is built, and no process is started.
func (a *app) launchFile(r *scriptRun, inEnv bool) (*build.Launch, error) {
	l := &build.Launch{Label: r.file, PassEnv: r.passEnv, Script: &rule.Script{Grace: defaultGrace, Chosen: r.python != ""}}
	py := ""
	if !inEnv {
		name := r.python
		if name == "" {
			name = "python3"
		} else if strings.Trim(name, "0123456789.") == "" {
			name = "python" + name
		}
		var err error
		if py, err = toolset.New(toolset.Options{Getenv: a.getenv}).Where(name); err != nil {
			return nil, &environmentError{err}
		}
	}
	l.Argv = []string{py, "-I", "-B", "-u", r.file}
	l.Env = []string{"PYTHONDONTWRITEBYTECODE=1", "PYTHONNOUSERSITE=1", "PYTHONSAFEPATH=1", "PYTHONUNBUFFERED=1"}
	return l, nil
}

// defaultGrace is that of the kind script.
const defaultGrace = 10 * time.Second

// programOf gives what a procedure starts for a launch.
func (a *app) programOf(r *scriptRun, l *build.Launch) (procedure.Program, error) {
	s := l.Script
	p := procedure.Program{Argv: append(slices.Clone(l.Argv), r.args...), Env: a.environ(l), Dir: l.Dir, Plain: !r.calls && !s.Calls,
		NoEnv: s.Env == "" || !s.Chosen, Grace: s.Grace, About: a.about(l), Release: l.Release}
	if p.Plain {
		return p, nil
	}
	p.Env = append(p.Env, "CAIRN_RUNNER=1") // it talks over descriptors of its own
	for _, f := range []struct {
		to   **procedure.Call
		over *procedure.Call
		text string
	}{{&p.Init, r.init, s.Init}, {&p.Main, r.main, s.Main}} {
		if *f.to = f.over; f.over == nil && f.text != "" {
			*f.to = &procedure.Call{}
			if err := json.Unmarshal([]byte(f.text), *f.to); err != nil {
				return p, &environmentError{err} // a kind wrote it
			}
		}
	}
	if s.Calls {
		return p, nil
	}
	runner, err := a.runnerFile()
	if err != nil {
		return p, &environmentError{err}
	}
	at := 1 + slices.IndexFunc(l.Argv[1:], func(w string) bool { return !strings.HasPrefix(w, "-") })
	p.Argv = slices.Insert(p.Argv, at, runner)
	return p, nil
}

// runnerFile gives a file with runner.py, which lies in the cache under the digest of what it holds.
func (a *app) runnerFile() (string, error) {
	cache, err := a.cacheDir()
	if err != nil {
		return "", err
	}
	name, text := python.Runner()
	file := filepath.Join(cache, "runner", name)
	if b, err := os.ReadFile(file); err == nil && string(b) == text {
		return file, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	return file, replaceFile(file, []byte(text))
}
