package main

import (
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
	return &cobra.Command{
		Use:   "run TARGET [-- ARG...]",
		Short: "Builds a target, then runs it.",
		Long: "Builds a target that is a program and runs it in place of cairn's own process: it gets the terminal, the signals and\n" +
			"the arguments after --, its exit code is what the caller sees, and cairn holds nothing while it runs.",
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
	err := syscall.Exec(argv[0], argv, overlay(os.Environ(), l.Env))
	return &environmentError{fmt.Errorf("cannot start %s: %w", argv[0], err)}
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
