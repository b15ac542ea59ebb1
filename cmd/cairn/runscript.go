package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/cairn-build/cairn/cmd/internal/ui"
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/exec/supervise"
	"github.com/cairn-build/cairn/graph/procedure"
)

// running is one script's run in the foreground: it has the terminal and the caller's signals.
type running struct {
	*app
	p       *procedure.Procedure
	program *build.Launch  // where it is no script
	last    *build.Summary // of the last build
	sigs    chan os.Signal // of the script, once it is ready to start

	mu    sync.Mutex
	held  []procedure.Event // as long as nobody knows whether it is a script
	shown bool              // events are written as they come
	calls bool              // the functions are called: states are shown
}

// runScript runs a script, or the program that a target is, and passes its exit code on.
func (a *app) runScript(ctx context.Context, r *scriptRun) error {
	if err := a.openEvents(); err != nil {
		return err
	}
	x := &running{app: a}
	h := hooks{
		peek:   func(p build.Runnable) { x.found(p.Script != nil, r.calls || p.Script != nil && p.Script.Calls) },
		launch: func(l *build.Launch) { x.program = l },
		done: func(s *session) {
			if s.last != nil {
				x.last = s.last
			}
		},
	}
	if r.target == "" {
		x.found(true, r.calls)
	}
	prepare := a.prepareScript(r, h)
	x.p = procedure.New(procedure.Options{ID: os.Getpid(), CreateEnv: true, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: a.now, Emit: x.event,
		Prepare: func(ctx context.Context, say func(procedure.Prep)) (procedure.Program, error) {
			p, err := prepare(ctx, say)
			if err == nil {
				x.announce(r, &p)
				x.listen()
			}
			return p, err
		}})
	err := x.p.Start(ctx)
	if x.program == nil && err == nil {
		err = x.p.Run(context.WithoutCancel(ctx), nil)
	}
	if x.sigs != nil {
		signal.Stop(x.sigs)
	}
	if x.program != nil {
		return errors.Join(a.endEvents(x.last, exitOK), a.startProgram(r, x.program))
	}
	err = x.result(err)
	code := exitOK
	if e := exitError(0); errors.As(err, &e) {
		code = int(e)
	} else if err != nil {
		code = exitFailed
	}
	return errors.Join(err, a.endEvents(x.last, code))
}

// startProgram starts what is no script.
func (a *app) startProgram(r *scriptRun, l *build.Launch) error {
	if r.calls {
		return usagef("%s is no script, so it has no functions that could be called", l.Label)
	}
	if len(r.args) > 0 && startsIoc(l) {
		x, err := a.iocArgs(r.args)
		if err != nil {
			return err
		}
		defer l.Release()
		return x.launched(l)
	}
	if err := startable(l); err != nil {
		return err
	}
	if err := a.ui.Close(); err != nil {
		return err
	}
	return a.replace(l, r.args)
}

// result gives what the run comes to: the script's own exit code where it has one.
func (x *running) result(err error) error {
	state := x.p.State()
	if code, ok := x.p.Exit(); ok && state != procedure.Unknown {
		if code == 0 && state == procedure.Failed {
			code = exitFailed // it ended before it was run
		}
		if code == 0 {
			return nil
		}
		return exitError(code)
	}
	switch {
	case state == procedure.Stopped && x.sigs != nil:
		return exitError(exitInterrupted)
	case state == procedure.Unknown:
		return &environmentError{err}
	}
	return err
}

// listen has the script get the signals that are for it, in place of cairn.
func (x *running) listen() {
	x.sigs = make(chan os.Signal, 8)
	signal.Notify(x.sigs, supervise.Asked...)
	signal.Stop(interrupts)
	go func() {
		for s := range x.sigs {
			x.p.Signal(s.(syscall.Signal))
		}
	}()
}

// announce says what the script runs in, where nobody has said so, and gives it the terminal.
func (x *running) announce(r *scriptRun, p *procedure.Program) {
	x.mu.Lock()
	calls := x.calls
	x.mu.Unlock()
	if !calls && (r.target == "" || p.NoEnv) {
		x.ui.Say("in %s", p.About)
	}
	if p.Plain && r.target == "" && neverCalled(p.Argv) {
		x.ui.Say("the script has a function main and calls nothing; with --main-args '[]' cairn calls it")
	}
	_ = x.ui.Close() // what was held back is for standard output, and the end says what is wrong with that
}

// found notes whether it is a script, and lets the events be seen that there were so far.
func (x *running) found(script, calls bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	held := x.held
	x.held, x.shown, x.calls = nil, script, calls
	if !script {
		return
	}
	for _, e := range held {
		x.show(e)
	}
}

// event takes in what happens to the procedure.
func (x *running) event(e procedure.Event) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.shown {
		x.show(e)
	} else if len(x.held) < 1000 {
		x.held = append(x.held, e)
	}
}

func (x *running) show(e procedure.Event) {
	if x.events != nil {
		x.events.Procedure(e)
	}
	if !x.calls {
		return
	}
	switch {
	case e.Kind == procedure.KindState:
		text := string(e.State)
		if e.Cached != nil && *e.Cached {
			text += " (cached)"
		}
		switch {
		case e.State == procedure.Loading:
			text += " in " + e.Text
		case e.Text != "":
			text += ": " + e.Text
		}
		x.ui.Say("%s", text)
	case e.Kind == procedure.KindPrep && (e.Prep.Step == procedure.StepKey && e.Prep.Result == procedure.Miss || e.Prep.Step == procedure.StepReady && e.Prep.Path != ""):
		x.ui.Say("%s: %s", e.State, e.Prep)
	}
}

// openEvents opens the file of --events, for all that a command does.
func (a *app) openEvents() error {
	if a.flags.events == "" {
		return nil
	}
	f, err := os.Create(a.flags.events)
	if err != nil {
		return &environmentError{errors.New("--events " + a.flags.events + ": " + plainError(err))}
	}
	a.events = ui.NewEventLog(f, version, commandLine(), a.now)
	return nil
}

// endEvents writes the last line.
func (a *app) endEvents(last *build.Summary, code int) error {
	if a.events == nil {
		return nil
	}
	l := a.events
	a.events = nil
	if last == nil {
		last = &build.Summary{}
	}
	if err := l.Close(last, code); err != nil {
		return &environmentError{err}
	}
	return nil
}
