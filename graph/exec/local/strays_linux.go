package local

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/cairn-build/cairn/graph/exec/local/sweep"
)

// killStrays ends all processes whose environment names a file below dir, which is a slot's or a stage's: those that commands
// without a sandbox started, when the worker that was to end them was killed itself. The folder's name is random, so that nothing
// else can be meant. A command that cleared its children's environment hides them.
func killStrays(dir string) {
	mark := []byte("=" + dir + "/")
	for range 100 {
		names, err := sweep.Names("/proc")
		if err != nil {
			return
		}
		found := false
		for _, n := range names {
			pid, err := strconv.Atoi(n)
			if err != nil || pid == os.Getpid() {
				continue
			}
			if env, err := os.ReadFile("/proc/" + n + "/environ"); err == nil && bytes.Contains(env, mark) {
				found = syscall.Kill(pid, syscall.SIGKILL) == nil || found
			}
		}
		if !found { // those that have ended have no environment
			return
		}
		time.Sleep(time.Millisecond)
	}
}
