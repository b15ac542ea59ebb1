package git

import (
	"errors"
	"os"
	"syscall"
)

// endGroup asks a process and all that it started to end; git removes its locks first.
func endGroup(pid int) error {
	if err := syscall.Kill(-pid, syscall.SIGTERM); err != nil {
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	return nil
}

// killGroup ends what is left of a group.
func killGroup(pid int) { syscall.Kill(-pid, syscall.SIGKILL) }
