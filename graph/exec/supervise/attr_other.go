//go:build !linux

package supervise

import "syscall"

// attr makes the program lead a group of its own, in the foreground where there is a terminal.
func attr(t *terminal) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	if t != nil {
		a.Foreground, a.Ctty = true, t.fd
	}
	return a
}
