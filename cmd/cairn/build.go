package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/cmd/internal/ui"
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/rule"
)

func buildCommand(a *app) *cobra.Command {
	var (
		rev   string
		write bool
	)
	c := prints(&cobra.Command{
		Use:   "build [PATTERN...]",
		Short: "Builds targets and puts their outputs below cairn-out.",
		Long: "Builds targets and puts what they make below cairn-out/<package>/<name>/. Without a pattern: everything below the\n" +
			"current directory. Only what is new runs; `cairn plan` says beforehand what that is, `cairn why` afterwards why.\n" +
			"--write renews what targets keep in the source tree besides, such as a workflow's package; `cairn check` says where that\n" +
			"is due.",
		Example: "  cairn build\n  cairn build //docs:table //src/...\n  cairn build //... -//slow/...\n  cairn build --write //flows/...",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(func(s *session) error {
				ps, err := s.patterns(args)
				if err != nil {
					return err
				}
				r := build.Request{Patterns: ps}
				if some, err := s.keepTo(c.Context(), &r, rev); err != nil || !some {
					return err
				}
				if write {
					r.Kept = rule.OnWrite
					return s.buildAndWrite(c.Context(), r)
				}
				return s.build(c.Context(), r)
			})
		},
	})
	sinceFlag(c, &rev)
	c.Flags().BoolVar(&write, "write", false, "write what targets keep in the source tree, where that is not up to date")
	return c
}

// build does one request and shows what it came to. It fails with an exitError where something failed to build or pass.
func (s *session) build(ctx context.Context, r build.Request) error {
	sum, err := s.engine.Build(ctx, r)
	return s.show(sum, err)
}

// show shows what a build came to, and gives the error that the command ends with.
func (s *session) show(sum *build.Summary, err error) error {
	s.last = sum
	if sum != nil && showsSummary(err) {
		s.ui.Tests(sum.Tests)
		s.ui.Summary(sum)
		if s.flags.json {
			j := ui.SummaryOf(sum)
			j.Exit = summaryCode(sum)
			if err := s.ui.JSON(j); err != nil {
				return err
			}
		}
	}
	if err != nil {
		return err
	}
	if code := summaryCode(sum); code != exitOK {
		return exitError(code)
	}
	return nil
}

// showsSummary says whether a build that ended with err did enough to be summed up.
func showsSummary(err error) bool {
	return err == nil || errors.Is(err, context.Canceled)
}

// summaryCode gives the exit code of a build: 3 where the environment alone is to blame, 1 where something failed.
func summaryCode(s *build.Summary) int {
	if s.Failed == 0 {
		return exitOK
	}
	for _, f := range s.Failures {
		if !f.Env {
			return exitFailed
		}
	}
	if len(s.Failures) == 0 {
		return exitFailed
	}
	return exitEnvironment
}
