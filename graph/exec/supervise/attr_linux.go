package supervise

import "syscall"

// attr makes the program lead a group of its own, in the foreground where there is a terminal, and end with this process.
func attr(t *terminal) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if t != nil {
		a.Foreground, a.Ctty = true, t.fd
	}
	return a
}
