package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// processes runs a command to its end and says how many processes it and those that it starts have started. The kernel tells: each is
// traced from its first instruction on. Threads do not count.
func processes(c figures.Command) (int, error) {
	runtime.LockOSThread() // only the thread that traces may ask
	defer runtime.UnlockOSThread()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Dir, cmd.Env = c.Dir, append(os.Environ(), c.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = null, null, null // files, so that no goroutine waits
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	pid := cmd.Process.Pid
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, syscall.WALL, nil); err != nil {
		return 0, err
	}
	const exitKill = 0x100000 // PTRACE_O_EXITKILL
	if err := syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACEFORK|syscall.PTRACE_O_TRACEVFORK|syscall.PTRACE_O_TRACECLONE|exitKill); err != nil {
		return 0, err
	}
	started, signal := 0, 0
	at := pid
	for {
		if err := syscall.PtraceCont(at, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return 0, err
		}
		var err error
		if at, err = syscall.Wait4(-1, &status, syscall.WALL, nil); err != nil {
			return 0, err
		}
		signal = 0
		switch {
		case status.Exited() && at == pid:
			if status.ExitStatus() != 0 {
				return 0, fmt.Errorf("%s ends with %d", c.Argv[0], status.ExitStatus())
			}
			return started, nil
		case status.Signaled() && at == pid:
			return 0, fmt.Errorf("%s is ended by %v", c.Argv[0], status.Signal())
		case !status.Stopped():
			// A thread or child that ended: nothing of it goes on.
		case status.StopSignal() == syscall.SIGTRAP:
			if cause := status.TrapCause(); cause == syscall.PTRACE_EVENT_FORK || cause == syscall.PTRACE_EVENT_VFORK {
				started++
			}
		case status.StopSignal() == syscall.SIGSTOP:
			// The first stop of what is new.
		default:
			signal = int(status.StopSignal())
		}
	}
}
