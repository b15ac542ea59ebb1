package local

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
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
		for _, c := range children(os.Getpid()) {
			killed = syscall.Kill(c, syscall.SIGKILL) == nil || killed
		}
		if killed { // otherwise one became ours behind the scan's back, and waiting for it could take for ever
			_, _ = syscall.Wait4(-1, nil, 0, nil)
		}
	}
}

// children gives the processes whose parent is pid, from the fourth field of each /proc/<n>/stat.
func children(pid int) []int {
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

// killStrays ends all processes whose environment names a file below dir, which is a slot's or a stage's: those that commands
// without a sandbox started, when the worker that was to end them was killed itself. The folder's name is random, so that nothing
// else can be meant. A command that cleared its children's environment hides them.
func killStrays(dir string) {
	mark := []byte("=" + dir + "/")
	for range 100 {
		names, err := list("/proc")
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

// sweep empties dir but for one entry and for mounts, the folders on the way to which stay too, and sets its mode. It gives
// what it could not remove, "" where all is gone.
func sweep(dir string, mode os.FileMode, keep string, mounts []string) string {
	const bits = os.ModePerm | os.ModeSticky | os.ModeSetgid
	if fi, err := os.Stat(dir); err != nil || fi.Mode()&bits != mode && os.Chmod(dir, mode) != nil {
		return "cannot sweep " + dir
	}
	why := ""
	names, err := list(dir)
	if err != nil {
		why = "cannot sweep " + dir
	}
	for _, n := range names {
		p := filepath.Join(dir, n)
		switch {
		case n == keep:
		case isMount(p, mounts):
		case holdsMount(p, mounts):
			why += sweep(p, 0o755, "", mounts)
		case unix.Rmdir(p) == nil: // HOME, which most commands leave empty
		case removeTree(p) != nil:
			why = "cannot remove " + p
		}
	}
	return why
}

func isMount(p string, mounts []string) bool {
	for _, m := range mounts {
		if m == p {
			return true
		}
	}
	return false
}

func holdsMount(p string, mounts []string) bool {
	for _, m := range mounts {
		if strings.HasPrefix(m, p+"/") {
			return true
		}
	}
	return false
}

// list gives the names in a folder. It is os.ReadDir without the calls that a file of the runtime's poller takes, as it runs
// four times for each command, mostly on empty folders.
func list(dir string) ([]string, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var names []string
	var buf [4096]byte
	for {
		n, err := unix.ReadDirent(fd, buf[:])
		if err != nil || n <= 0 {
			return names, err
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
}
