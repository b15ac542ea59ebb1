package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/ui"
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/diag"
)

// The exit codes. `run` and `exec` pass the program's own code on.
const (
	exitOK          = 0
	exitFailed      = 1   // something failed to build, run or pass
	exitRequest     = 2   // the request or a BUILD file is wrong
	exitEnvironment = 3   // the environment failed: cache, network, toolchain
	exitInterrupted = 130 // ^C
)

// app is one invocation of cairn.
type app struct {
	ui     *ui.UI
	getenv func(string) (string, bool)
	now    func() time.Time
	flags  flags
	kills  kills
	events *ui.EventLog // of --events, for all sessions of a command that has several; nil: each has its own
}

func newApp() *app { return &app{getenv: os.LookupEnv, now: time.Now} }

// run does what the arguments say and gives the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	a.ui = ui.New(ui.Detect(os.Stdout, os.Stderr, a.getenv, "auto"))
	root := newRoot(a, wantedVerbs(args))
	root.SetArgs(hideMinus(iocshWords(args)))
	err := root.ExecuteContext(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errInterrupted) && !errors.As(err, new(exitError)) {
		err = errInterrupted
	}
	code := a.report(err)
	if err := a.ui.Close(); err != nil && code == exitOK && !errors.Is(err, os.ErrClosed) {
		code = a.report(&environmentError{fmt.Errorf("standard output: %w", err)})
	}
	return code
}

// exitError ends cairn with a code, after what went wrong has been shown or where there is nothing to show.
type exitError int

// Error is not shown.
func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usageError is a request that makes no sense.
type usageError struct {
	text, hint string
}

// Error gives the text without the hint.
func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{text: fmt.Sprintf(format, args...)} }

// environmentError is what the machine refused: a file that cannot be written, a cache that cannot be opened.
type environmentError struct{ err error }

// Error gives the cause's text.
func (e *environmentError) Error() string { return e.err.Error() }

// Unwrap gives the cause.
func (e *environmentError) Unwrap() error { return e.err }

// report shows an error, each kind in its own form, and gives the exit code that it means.
func (a *app) report(err error) int {
	var (
		code    exitError
		usage   *usageError
		list    diag.List
		problem diag.Diag
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &list):
		a.problems(list)
		return exitRequest
	case errors.As(err, &problem):
		a.problems(diag.List{problem})
		return exitRequest
	case errors.As(err, &usage):
		a.ui.Error(usage, usage.hint)
		return exitRequest
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		a.ui.Say("interrupted")
		return exitInterrupted
	}
	a.ui.Error(err, "")
	if isEnvironment(err) {
		return exitEnvironment
	}
	return exitRequest
}

// isEnvironment says whether an error is the machine's fault and not the request's.
func isEnvironment(err error) bool {
	var (
		ours   *environmentError
		engine *build.EnvError
		path   *fs.PathError
		link   *os.LinkError
		call   *os.SyscallError
	)
	return errors.As(err, &ours) || errors.As(err, &engine) || errors.As(err, &path) || errors.As(err, &link) || errors.As(err, &call)
}

// minusMark stands for the first `-` of a pattern that leaves something out while flags are parsed: `-//a/...` is no flag.
const minusMark = "\x00"

// hideMinus marks patterns that start with a minus; what follows `--` is left alone.
func hideMinus(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if a == "--" {
			copy(out[i:], args[i:])
			break
		}
		out[i] = a
		if strings.HasPrefix(a, "-//") || strings.HasPrefix(a, "-:") || strings.HasPrefix(a, "-...") {
			out[i] = minusMark + a[1:]
		}
	}
	return out
}

// showMinus undoes hideMinus.
func showMinus(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = a
		if rest, ok := strings.CutPrefix(a, minusMark); ok {
			out[i] = "-" + rest
		}
	}
	return out
}
