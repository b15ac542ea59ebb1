package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/exec/supervise"
	"github.com/cairn-build/cairn/graph/label"
)

func runCommand(a *app) *cobra.Command {
	var ask adhocFlags
	c := &cobra.Command{
		Use:   "run TARGET | --git URL git://PATH [-- ARG...]",
		Short: "Builds a target, then runs it; or a script of a git repository.",
		Long: "Builds a target that is a program and runs it in place of cairn's own process: it gets the terminal, the signals and\n" +
			"the arguments after --, its exit code is what the caller sees, and cairn holds nothing while it runs.\n" +
			"With a script, cairn stays: it passes signals and the exit code on, and ends all that the script has started.\n\n" +
			"With --git it runs a script of a repository, without any workspace: git://PATH is its path from the repository's root. A branch or\n" +
			"tag is asked for anew in each run (with --offline it is what it was when last asked for), and cairn says which commit\n" +
			"it is. By default the script has the host's interpreter and what is installed for it. With --create-env it has an environment of\n" +
			"its own, of the packages that the commit's pylock.toml, uv.lock or requirements.txt names, and modules are also imported\n" +
			"from the repository's folder src and its root; a commit that leaves the lock as it is makes no environment anew.",
		Example: "  cairn run //:demo\n  cairn run //tools:report -- --year 2026\n" +
			"  cairn run --git https://git.example.org/oso/scripting.git --branch main --create-env git://scripts/observe.py -- --dish 4",
		Args: func(c *cobra.Command, args []string) error {
			what := "one target; arguments for the program come after --"
			if ask.git != "" {
				what = "one script with --git, git://PATH; arguments for it come after --"
			}
			return exactly(1, what)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			adhoc, err := ask.request(c, args[0])
			if err != nil {
				return err
			}
			var launch *build.Launch
			if adhoc != nil {
				launch, err = a.launchAdhoc(c.Context(), adhoc)
			} else {
				err = a.with(func(s *session) error {
					l, err := s.target(args[0])
					if err != nil {
						return err
					}
					launch, err = s.launch(c.Context(), l)
					return err
				})
			}
			if err != nil {
				return err
			}
			if err := a.ui.Close(); err != nil {
				return err
			}
			if launch.Script != nil {
				return a.supervise(launch, args[1:])
			}
			return a.replace(launch, args[1:])
		},
	}
	ask.add(c)
	return c
}

// launch builds a target and makes it ready to start.
func (s *session) launch(ctx context.Context, l label.Label) (*build.Launch, error) {
	if err := s.build(ctx, build.Request{Patterns: []label.Pattern{{Target: l}}}); err != nil {
		return nil, err
	}
	return s.engine.Program(ctx, l.String(), "")
}

// replace turns this process into the program; it returns only where that fails.
func (a *app) replace(l *build.Launch, args []string) error {
	if err := os.Chdir(l.Dir); err != nil {
		return &environmentError{err}
	}
	argv := append(slices.Clone(l.Argv), args...)
	err := syscall.Exec(argv[0], argv, a.environ(l))
	return &environmentError{fmt.Errorf("cannot start %s: %w", argv[0], err)}
}

// environ gives a program's environment. Like make and cargo, cairn tells what it runs where it is itself, and its cache, so that
// it can be asked things. What the target sets under these names wins.
func (a *app) environ(l *build.Launch) []string {
	var ours []string
	if exe, err := os.Executable(); err == nil {
		ours = append(ours, "CAIRN="+exe)
	}
	if dir, err := a.cacheDir(); err == nil {
		ours = append(ours, "CAIRN_CACHE="+dir)
	}
	own := slices.DeleteFunc(slices.Clone(l.Env), func(v string) bool { return !strings.HasPrefix(v, "CAIRN") })
	return overlay(overlay(l.Environ(os.Environ()), ours), own)
}

// supervise stays with a script until it has ended, and passes its exit code on. The cache keeps what it uses meanwhile.
func (a *app) supervise(l *build.Launch, args []string) error {
	defer l.Release()
	signal.Stop(interrupts) // they are the script's now
	code, err := supervise.Run(supervise.Program{Argv: append(slices.Clone(l.Argv), args...), Env: a.environ(l), Dir: l.Dir,
		Grace: l.Script.Grace, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
	if err != nil {
		return &environmentError{err}
	}
	if code != 0 {
		return exitError(code)
	}
	return nil
}

// overlay lays variables over an environment.
func overlay(env, over []string) []string {
	set := map[string]bool{}
	for _, v := range over {
		name, _, _ := strings.Cut(v, "=")
		set[name] = true
	}
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return set[name]
	})
	return append(env, over...)
}
