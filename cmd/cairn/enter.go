package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/label"
)

// enterTarget runs a command where a target's action runs, or the test of it that is called of, after what the action reads has been
// built; or, with failed, where its last failure was. The command's exit code is passed on as an exitError.
func (s *session) enterTarget(ctx context.Context, target, of string, argv []string, failed bool) error {
	l, err := s.target(target)
	if err != nil {
		return err
	}
	if !failed {
		if err := s.buildDeps(ctx, l); err != nil {
			return err
		}
	}
	code, err := s.engine.ExecIn(ctx, build.TestID{Label: l.String(), Case: of}, argv, failed, os.Stdin, os.Stdout, os.Stderr)
	var gone *action.MissingInputError
	switch {
	case failed && errors.Is(err, fs.ErrNotExist):
		return usagef("no failed action of %s is kept: the last one succeeded, or there was none", build.TestID{Label: l.String(), Case: of})
	case errors.As(err, &gone):
		return &usageError{err.Error(), "cairn build " + l.String() + " makes them."}
	case err == nil && code != 0:
		return exitError(code)
	}
	return err
}

// buildDeps builds what a target depends on, and the target where it is the program itself that is entered. Where there is nothing to
// do it says nothing.
func (s *session) buildDeps(ctx context.Context, l label.Label) error {
	g, err := s.engine.Graph(ctx)
	if err != nil {
		return err
	}
	t, ok := g.FindTarget(l, build.HostPlatform().String())
	if s.flags.platform != "" {
		t, ok = g.FindTarget(l, s.flags.platform)
	}
	if !ok {
		return nil // ExecIn says what is wrong with the name
	}
	var r build.Request
	if s.engine.EntersProgram(g, t) {
		r.Patterns = []label.Pattern{{Target: g.Label(t)}}
	}
	for _, d := range g.Deps(t) {
		p := label.Pattern{Target: g.Label(d)}
		if !slices.Contains(r.Patterns, p) {
			r.Patterns = append(r.Patterns, p)
		}
	}
	if len(r.Patterns) == 0 {
		return nil
	}
	sum, err := s.engine.Build(ctx, r)
	if err == nil && sum.Failed == 0 && sum.Run == 0 {
		s.ui.Restart()
		return nil
	}
	return s.show(sum, err)
}
