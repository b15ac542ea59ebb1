package git

import (
	"os/exec"
	"syscall"
)

// ownGroup gives a command a session of its own, and lets it end with cairn even where cairn is killed.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}
