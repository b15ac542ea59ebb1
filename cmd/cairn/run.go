package main

import (
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
	return &cobra.Command{
		Use:   "run TARGET [-- ARG...]",
		Short: "Builds a target, then runs it.",
		Long: "Builds a target that is a program and runs it in place of cairn's own process: it gets the terminal, the signals and\n" +
			"the arguments after --, its exit code is what the caller sees, and cairn holds nothing while it runs.\n" +
			"With a script, cairn stays: it passes signals and the exit code on, and ends all that the script has started.",
		Example: "  cairn run //:demo\n  cairn run //tools:report -- --year 2026",
		Args:    exactly(1, "one target; arguments for the program come after --"),
		RunE: func(c *cobra.Command, args []string) error {
			var launch *build.Launch
			err := a.with(func(s *session) error {
				l, err := s.target(args[0])
				if err != nil {
					return err
				}
				if err := s.build(c.Context(), build.Request{Patterns: []label.Pattern{{Target: l}}}); err != nil {
					return err
				}
				launch, err = s.engine.Program(c.Context(), l.String(), "")
				return err
			})
			if err != nil {
				return err
			}
			if err := a.ui.Close(); err != nil {
				return err
			}
			if launch.Script != nil {
				return superviseScript(launch, args[1:])
			}
			return replace(launch, args[1:])
		},
	}
}

// replace turns this process into the program; it returns only where that fails.
func replace(l *build.Launch, args []string) error {
	if err := os.Chdir(l.Dir); err != nil {
		return &environmentError{err}
	}
	argv := append(slices.Clone(l.Argv), args...)
	err := syscall.Exec(argv[0], argv, l.Environ(os.Environ()))
	return &environmentError{fmt.Errorf("cannot start %s: %w", argv[0], err)}
}

// superviseScript stays with a script until it has ended, and passes its exit code on. The cache keeps what it uses meanwhile.
func superviseScript(l *build.Launch, args []string) error {
	defer l.Release()
	signal.Stop(interrupts) // they are the script's now
	code, err := supervise.Run(supervise.Program{Argv: append(slices.Clone(l.Argv), args...), Env: l.Environ(os.Environ()), Dir: l.Dir,
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
