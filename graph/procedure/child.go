package procedure

import (
	"io"
	"syscall"
)

// Child is a process group that was started.
type Child interface {
	// Signal sends a signal to all of the group. One that is gone is no error.
	Signal(sig syscall.Signal) error
	// Wait returns when the process has ended, with its exit code or 128+n where signal n ended it. Then all of the group is
	// killed. It is called once.
	Wait() (int, error)
	// Commands and Events are the two directions of the runner's protocol; nil for a plain program. Closing Commands tells the
	// runner that nothing more comes; Events ends when the process and all that holds its descriptor have ended.
	Commands() io.WriteCloser
	Events() io.ReadCloser
}

// Spawn starts a program. The output of a program goes to the writers, as files where they are *os.File.
type Spawn func(p Program, stdin io.Reader, stdout, stderr io.Writer) (Child, error)
