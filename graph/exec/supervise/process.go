package supervise

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
)

// Process is a program that was started. It is safe for concurrent use.
type Process struct {
	pid  int
	done chan struct{}
	code int
	err  error

	mu   sync.Mutex
	gone bool
}

// Start starts the program in a process group of its own and stays with it in a goroutine. Standard files are handed over as
// they are; Grace is not looked at. Where Stdin is the terminal that this process may read, the program is put into its
// foreground, and stopping it (^Z) stops this process too. An error means that it could not be started.
func Start(p Program) (*Process, error) {
	proc := &Process{done: make(chan struct{})}
	started := make(chan error, 1)
	go proc.live(p, started)
	if err := <-started; err != nil {
		return nil, err
	}
	return proc, nil
}

// live starts the program and waits for it.
func (proc *Process) live(p Program, started chan<- error) {
	// The kernel ends the program when the thread that started it ends (on Linux), so this one stays with it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	t := openTerminal(p.Stdin)
	defer t.restore()
	files := append([]*os.File{p.Stdin, p.Stdout, p.Stderr}, p.Extra...)
	child, err := os.StartProcess(p.Argv[0], p.Argv, &os.ProcAttr{Dir: p.Dir, Env: p.Env, Files: files, Sys: attr(t)})
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		started <- fmt.Errorf("cannot start %s: %w", p.Argv[0], err)
		return
	}
	proc.pid = child.Pid
	_ = child.Release() // it is waited for by its number: os.Process knows nothing of stopped programs
	started <- nil
	status, err := wait(proc.pid, t)
	proc.mu.Lock()
	_ = syscall.Kill(-proc.pid, syscall.SIGKILL) // what it left behind; an error says that nothing was
	proc.gone = true
	proc.mu.Unlock()
	endMarked(p.Mark)
	switch {
	case err != nil:
		proc.err = fmt.Errorf("cannot wait for %s: %w", p.Argv[0], err)
	case status.Signaled():
		proc.code = 128 + int(status.Signal())
	default:
		proc.code = status.ExitStatus()
	}
	close(proc.done)
}

// Signal sends a signal to all of the program's group; to one that is gone, nothing.
func (proc *Process) Signal(sig syscall.Signal) {
	proc.mu.Lock()
	defer proc.mu.Unlock()
	if !proc.gone {
		_ = syscall.Kill(-proc.pid, sig) // it may be gone by now
	}
}

// Wait returns when the program has ended and its group is gone, with its exit code, or 128+n where signal n ended it.
func (proc *Process) Wait() (int, error) {
	<-proc.done
	return proc.code, proc.err
}
