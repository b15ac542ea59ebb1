// Package supervise starts a program that a person runs, and stays with it: signals are passed on, a program that was asked
// to end and does not is killed, and nothing that it started outlives it. It knows neither targets nor sandboxes.
package supervise

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// Program is what to start.
type Program struct {
	Argv []string // Argv[0] is an absolute path
	Env  []string
	Dir  string // "" for the current one
	// Grace is how long the program has between the first signal that asks it to end and being killed. A second such signal
	// kills it at once.
	Grace                 time.Duration
	Stdin, Stdout, Stderr *os.File
}

// asked are the signals that ask a program to end.
var asked = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// Run starts the program in a process group of its own and gives its exit code, or 128+n where signal n ended it. Standard
// files are handed over as they are. Where Stdin is the terminal that this process may read, the program is put into its
// foreground, and stopping it (^Z) stops this process too. When Run returns, the program's group is gone. An error means
// that the program could not be started.
func Run(p Program) (int, error) {
	// The kernel ends the program when the thread that started it ends (on Linux), so this one stays with it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	sigs := make(chan os.Signal, 8)
	signal.Notify(sigs, asked...)
	defer signal.Stop(sigs)
	t := openTerminal(p.Stdin)
	defer t.restore()
	proc, err := os.StartProcess(p.Argv[0], p.Argv, &os.ProcAttr{Dir: p.Dir, Env: p.Env, Files: []*os.File{p.Stdin, p.Stdout, p.Stderr}, Sys: attr(t)})
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return 0, fmt.Errorf("cannot start %s: %w", p.Argv[0], err)
	}
	pid := proc.Pid
	_ = proc.Release() // it is waited for by its number: os.Process knows nothing of stopped programs
	ended, passed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(passed)
		pass(pid, sigs, p.Grace, ended)
	}()
	status, err := wait(pid, t)
	close(ended)
	<-passed
	_ = syscall.Kill(-pid, syscall.SIGKILL) // what it left behind; an error says that nothing was
	switch {
	case err != nil:
		return 0, fmt.Errorf("cannot wait for %s: %w", p.Argv[0], err)
	case status.Signaled():
		return 128 + int(status.Signal()), nil
	}
	return status.ExitStatus(), nil
}

// pass hands signals on until the program has ended.
func pass(pid int, sigs <-chan os.Signal, grace time.Duration, ended <-chan struct{}) {
	var kill <-chan time.Time
	for first := true; ; {
		select {
		case <-ended:
			return
		case s := <-sigs:
			if !first {
				_ = syscall.Kill(-pid, syscall.SIGKILL)
				continue
			}
			first = false
			_ = syscall.Kill(-pid, s.(syscall.Signal))
			kill = time.After(grace)
		case <-kill:
			_ = syscall.Kill(-pid, syscall.SIGKILL)
		}
	}
}

// wait waits for the program's end. Where it stops, this process stops as well, and goes on with it.
func wait(pid int, t *terminal) (syscall.WaitStatus, error) {
	for {
		var st syscall.WaitStatus
		_, err := syscall.Wait4(pid, &st, syscall.WUNTRACED, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return st, err
		case st.Stopped():
			if !t.ours() {
				continue // it was stopped by somebody, who will continue it
			}
			t.restore()
			_ = syscall.Kill(0, syscall.SIGSTOP) // our own group: the shell sees that its job has stopped
			t.give(pid)
			_ = syscall.Kill(-pid, syscall.SIGCONT)
		default:
			return st, nil
		}
	}
}
