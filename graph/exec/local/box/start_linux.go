package box

import (
	"os"
	"syscall"
)

// A process that was started as a worker serves here, and exits. Go initialises packages in the order of their paths as far
// as imports allow, so that this happens before most of what else is linked (HCL, git, TLS) has had its turn: a worker is
// ready in a third of the time that main would take to begin, and the first command of a build waits for that.
func init() {
	if os.Args[0] != Name {
		return
	}
	if len(os.Args) == 2 && os.Args[1] == Probe {
		syscall.Exit(0)
	}
	syscall.Exit(serve()) // nothing is to be flushed, and the race detector would think for a second
}

// Probe is the argument with which a worker exits at once: whether it can be started is the question.
const Probe = "probe"
