package local

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// lendTerminal prepares for a command that makes itself the terminal's foreground; the function it gives takes the terminal
// back.
func lendTerminal(stdin *os.File) func() {
	if stdin == nil {
		return func() {}
	}
	fd := int(stdin.Fd())
	was, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	if err != nil {
		return func() {}
	}
	return func() {
		// Whoever is in the background is stopped by this request, unless the signal is ignored.
		signal.Ignore(syscall.SIGTTOU)
		defer signal.Reset(syscall.SIGTTOU)
		_ = unix.IoctlSetPointerInt(fd, unix.TIOCSPGRP, was)
	}
}
