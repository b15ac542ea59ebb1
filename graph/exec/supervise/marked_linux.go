package supervise

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// endMarked kills every process of this user whose environment has the entry mark: what a program has started and what has left its
// group since (setsid, double forks). It goes over all processes until a round finds none, since one may be forking just then.
func endMarked(mark string) {
	if mark == "" {
		return
	}
	for range 200 { // one that cannot be killed is no reason to stay for ever
		found := false
		dir, err := os.Open("/proc")
		if err != nil {
			return
		}
		names, _ := dir.Readdirnames(-1) // as far as it goes
		_ = dir.Close()
		for _, n := range names {
			if pid, err := strconv.Atoi(n); err == nil && pid != os.Getpid() && carries(n, mark) {
				found = true
				_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone by now
			}
		}
		if !found {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// carries says whether a process has an entry in its environment. One that has ended, or is another user's, has none.
func carries(pid, entry string) bool {
	b, err := os.ReadFile(filepath.Join("/proc", pid, "environ"))
	if err != nil || !bytes.Contains(b, []byte(entry)) {
		return false
	}
	for e := range bytes.SplitSeq(b, []byte{0}) {
		if string(e) == entry {
			return true
		}
	}
	return false
}
