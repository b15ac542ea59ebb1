package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// EntersProgram says whether the environment of a target, to ExecIn, is that of the program that it is: it starts no command itself. The
// target has to be built then, and not just what it depends on.
func (e *Engine) EntersProgram(g *state.Graph, t state.TargetID) bool {
	_, ok := entersProgram(g, t)
	return ok
}

func entersProgram(g *state.Graph, t state.TargetID) (rule.Program, bool) {
	for _, a := range g.TargetActions(t) {
		if act, err := action.DecodeSpec(g.Spec(a)); err == nil && act.Spawn != nil && !act.Test {
			return rule.Program{}, false
		}
	}
	p, err := programOf(g, t)
	return p, err == nil && p.Here
}

// inProgram runs a command where a program would, with its environment, and gives the command's exit code.
func (e *Engine) inProgram(ctx context.Context, g *state.Graph, t state.TargetID, p rule.Program, argv []string, stdin, stdout, stderr *os.File) (int, error) {
	l, err := e.launch(ctx, g, t, p)
	if err != nil {
		return 0, err
	}
	defer l.Release()
	env := l.Environ(os.Environ())
	name, err := lookIn(env, argv[0])
	if err != nil {
		return 0, err
	}
	c := exec.CommandContext(ctx, name, argv[1:]...)
	c.Args[0], c.Env, c.Stdin, c.Stdout, c.Stderr = argv[0], env, stdin, stdout, stderr
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	err = c.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case errors.As(err, &exit) && exit.ExitCode() < 0:
		return 0, &EnvError{Err: fmt.Errorf("%s: %w", argv[0], err)}
	case errors.As(err, &exit):
		return exit.ExitCode(), nil
	case err != nil:
		return 0, &EnvError{Err: err}
	}
	return 0, nil
}

// lookIn finds a program by the PATH of an environment.
func lookIn(env []string, name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, v := range env {
		list, ok := strings.CutPrefix(v, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(list) {
			at := filepath.Join(dir, name)
			if fi, err := os.Stat(at); err == nil && !fi.IsDir() && fi.Mode()&0o111 != 0 && filepath.IsAbs(at) {
				return at, nil
			}
		}
	}
	return "", fmt.Errorf("there is no program %s in the target's environment", name)
}
