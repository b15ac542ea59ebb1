package box

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// killDescendants ends and reaps every child of this process until there is none. As this process is the reaper of orphans,
// a child of one that ends becomes its own, so that daemons are found too, whatever session they moved to.
func killDescendants() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		switch {
		case err == syscall.EINTR || pid > 0:
			continue
		case err != nil: // ECHILD: none left
			return
		}
		killed := false
		for _, c := range Children(os.Getpid()) {
			killed = syscall.Kill(c, syscall.SIGKILL) == nil || killed
		}
		if killed { // otherwise one became ours behind the scan's back, and waiting for it could take for ever
			_, _ = syscall.Wait4(-1, nil, 0, nil)
		}
	}
}

// Children gives the processes whose parent is pid, from the fourth field of each /proc/<n>/stat.
func Children(pid int) []int {
	d, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	var out []int
	for _, n := range names {
		p, err := strconv.Atoi(n)
		if err != nil {
			continue
		}
		b, err := os.ReadFile(filepath.Join("/proc", n, "stat"))
		if err != nil {
			continue
		}
		s := string(b)
		f := strings.Fields(s[strings.LastIndexByte(s, ')')+1:]) // the name may hold anything
		if len(f) > 1 && f[1] == strconv.Itoa(pid) {
			out = append(out, p)
		}
	}
	return out
}
