package supervise

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// terminal is the one that standard input is, where this process is in its foreground. A nil terminal is none.
type terminal struct {
	fd    int
	group int // the process group that had the foreground
}

func openTerminal(stdin *os.File) *terminal {
	if stdin == nil {
		return nil
	}
	fd := int(stdin.Fd())
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	if err != nil || group != unix.Getpgrp() {
		return nil
	}
	return &terminal{fd, group}
}

func (t *terminal) ours() bool { return t != nil }

// give puts a process group into the foreground.
func (t *terminal) give(group int) {
	if t == nil {
		return
	}
	// A background process that sets the foreground is stopped unless it ignores this signal.
	signal.Ignore(syscall.SIGTTOU)
	defer signal.Reset(syscall.SIGTTOU)
	_ = unix.IoctlSetPointerInt(t.fd, unix.TIOCSPGRP, group)
}

// restore puts back what was in the foreground.
func (t *terminal) restore() {
	if t != nil {
		t.give(t.group)
	}
}
