package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
)

// grace is how long a program has between SIGTERM and SIGKILL, where its target does not say.
const grace = 5 * time.Second

// supervised is a program that `watch run` has started, in a process group of its own.
type supervised struct {
	label  string
	stamp  digest.Hash // of what it stands on
	began  time.Time
	cmd    *exec.Cmd
	ended  chan struct{} // closed when it is over, and err is set
	err    error
	quiet  chan struct{}   // closed when it is to end, so that its end is no news
	killed <-chan struct{} // closed when it is to end at once
	grace  time.Duration
	free   func() // lets go of what it uses in the cache
}

// startProgram starts the program, or starts it anew where what it stands on is not what it was.
func (x *watching) startProgram(ctx context.Context) error {
	l, stamp, sources, err := x.round.Program(ctx, x.target)
	if err != nil {
		return err
	}
	if !slices.Equal(sources, x.extra) {
		x.extra = sources
		x.watchRound()
		// What these sources were is part of the stamp, taken before they were watched: take it again.
		l.Release()
		if l, stamp, _, err = x.round.Program(ctx, x.target); err != nil {
			return err
		}
	}
	if x.prog != nil && x.prog.stamp == stamp {
		l.Release()
		return nil
	}
	again := x.prog != nil
	x.prog.stop()
	p := &supervised{label: l.Label, stamp: stamp, ended: make(chan struct{}), quiet: make(chan struct{}), grace: grace, free: l.Release, killed: x.killed}
	if l.Script != nil && l.Script.Grace > 0 {
		p.grace = l.Script.Grace
	}
	argv := append(slices.Clone(l.Argv), x.args...)
	p.cmd = exec.Command(argv[0], argv[1:]...)
	p.cmd.Dir, p.cmd.Env = l.Dir, x.environ(l)
	p.cmd.Stdout, p.cmd.Stderr = os.Stdout, os.Stderr
	p.cmd.SysProcAttr = programAttr()
	if startsIoc(l) {
		if err := startable(l); err != nil {
			l.Release()
			return err
		}
		if len(x.args) > 0 {
			l.Release()
			return usagef("watch run takes no options for an IOC: say them in %s", l.Label)
		}
		// Its shell ends with its input, and the IOC with that: so this one stays open, and empty.
		if _, err := p.cmd.StdinPipe(); err != nil {
			l.Release()
			return &environmentError{err}
		}
	}
	if again {
		x.ui.Say("starting %s again", l.Label)
	} else {
		x.ui.Say("starting %s", l.Label)
	}
	started := make(chan error)
	go func() {
		// The kernel ends the program when the thread that started it ends, so this one stays with it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = p.cmd.Wait()
		p.killGroup(syscall.SIGKILL) // what it left behind
		select {
		case <-p.quiet:
		default:
			x.ui.Say("%s has ended (%s); waiting for a change", p.label, endOf(p.err))
		}
		close(p.ended)
	}()
	p.began = x.now()
	if err := <-started; err != nil {
		l.Release()
		x.ui.Error(fmt.Errorf("cannot start %s: %w", argv[0], err), "")
		x.prog = nil
		return nil
	}
	x.prog = p
	return nil
}

func endOf(err error) string {
	var e *exec.ExitError
	switch {
	case err == nil:
		return "exit code 0"
	case errors.As(err, &e) && e.ExitCode() >= 0:
		return fmt.Sprintf("exit code %d", e.ExitCode())
	}
	return err.Error()
}

// stop ends the program with all that it has started, and waits for that.
func (p *supervised) stop() {
	if p == nil {
		return
	}
	close(p.quiet)
	defer p.free()
	p.killGroup(syscall.SIGTERM)
	t := time.NewTimer(p.grace)
	defer t.Stop()
	select {
	case <-p.ended:
	case <-p.killed:
		p.killGroup(syscall.SIGKILL)
		<-p.ended
	case <-t.C:
		p.killGroup(syscall.SIGKILL)
		<-p.ended
	}
}

// killGroup signals the program's process group; it does not mind if there is none any more.
func (p *supervised) killGroup(s syscall.Signal) { _ = syscall.Kill(-p.cmd.Process.Pid, s) }
