package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/label"
)

func runCommand(a *app) *cobra.Command {
	var ask adhocFlags
	c := &cobra.Command{
		Use:   "run TARGET | file:///PATH | --git URL git://PATH | --sbd FILE --activity NAME [-- ARG...]",
		Short: "Builds a target, then runs it; or a script that is no target's.",
		Long: "Builds a target that is a program and runs it in place of cairn's own process: it gets the terminal, the signals and\n" +
			"the arguments after --, its exit code is what the caller sees, and cairn holds nothing while it runs.\n" +
			"Of an ioc, what stands after -- are options of `cairn iocsh`. With a script, cairn stays: it passes signals and the exit code on, and ends all that the script has started.\n\n" +
			"file:///PATH, or filesystem:///PATH, is a script of this machine. It runs in the default environment of the workspace that cairn is\n" +
			"called in, else with the host's interpreter; cairn says which. Neither git nor a network is used for it.\n\n" +
			"With --git it runs a script of a repository, without any workspace: git://PATH is its path from the repository's root. A branch or\n" +
			"tag is asked for anew in each run (with --offline or --locked it is what it was when last asked for), and cairn says which commit\n" +
			"it is. By default the script runs in what a script of this machine runs in. With --create-env it has an environment of\n" +
			"its own: of the packages that the commit's lock names, and of the project itself. A commit that changes neither makes no\n" +
			"environment anew, unless --key commit asks for one for each.\n\n" +
			"With --init-args or --main-args the script is imported, its function init is called if it has one, and then its function main. With\n" +
			"--sbd both, the arguments and the script are those of an activity of a scheduling block definition; --init-args and\n" +
			"--main-args then come over its own. cairn shows the states that the script goes through, with --events as newline JSON.",
		Example: "  cairn run //:demo\n  cairn run //tools:report -- --year 2026\n" +
			"  cairn run file:///scripts/observe.py --init-args '{\"subarray_id\": 1}' --main-args '[\"sb.json\"]'\n" +
			"  cairn run --git https://git.example.org/oso/scripting.git --branch main --create-env git://scripts/observe.py -- --dish 4\n" +
			"  cairn run --sbd sbd.json --activity observe --create-env --init-args '{\"subarray_id\": 1}'",
		RunE: func(c *cobra.Command, args []string) error {
			r, err := ask.which(c, args)
			if err != nil {
				return err
			}
			return a.runScript(c.Context(), r)
		},
	}
	ask.add(c)
	return c
}

// launch builds a target and makes it ready to start. peek, where it is not nil, is told of the program before that.
func (s *session) launch(ctx context.Context, l label.Label, peek func(build.Runnable)) (*build.Launch, error) {
	if err := s.build(ctx, build.Request{Patterns: []label.Pattern{{Target: l}}, Follow: true, Peek: peek}); err != nil {
		return nil, err
	}
	return s.engine.Program(ctx, l.String(), "")
}

// replace turns this process into the program; it returns only where that fails.
func (a *app) replace(l *build.Launch, args []string) error {
	if l.Dir != "" {
		if err := os.Chdir(l.Dir); err != nil {
			return &environmentError{err}
		}
	}
	argv := append(slices.Clone(l.Argv), args...)
	env := a.environ(l)
	if wd, err := os.Getwd(); err == nil { // -C may have led away from what the shell has said
		env = overlay(env, []string{"PWD=" + wd})
	}
	err := syscall.Exec(argv[0], argv, env)
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
