// Package supervise starts a program that a person runs, and stays with it: signals are passed on, a program that was asked
// to end and does not is killed, and nothing that it started outlives it. It knows neither targets nor sandboxes.
package supervise

import (
	"errors"
	"os"
	"os/signal"
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
	Extra                 []*os.File // further descriptors, from 3 on
	// Mark is an entry of Env that no other program has. Who carries it when the program has ended is killed, whatever group it is
	// in (on Linux). "" is none.
	Mark string
}

// Asked are the signals that ask a program to end.
var Asked = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// Run starts the program like Start, passes on the signals that ask for its end, and gives its exit code, or 128+n where signal
// n ended it. When Run returns, the program's group is gone. An error means that the program could not be started.
func Run(p Program) (int, error) {
	sigs := make(chan os.Signal, 8)
	signal.Notify(sigs, Asked...)
	defer signal.Stop(sigs)
	proc, err := Start(p)
	if err != nil {
		return 0, err
	}
	var kill <-chan time.Time
	for first := true; ; {
		select {
		case <-proc.done:
			return proc.Wait()
		case s := <-sigs:
			if !first {
				proc.Signal(syscall.SIGKILL)
				continue
			}
			first = false
			proc.Signal(s.(syscall.Signal))
			kill = time.After(p.Grace)
		case <-kill:
			proc.Signal(syscall.SIGKILL)
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
