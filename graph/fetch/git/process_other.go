//go:build !linux

package git

import (
	"os/exec"
	"syscall"
)

// ownGroup gives a command a session of its own.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
