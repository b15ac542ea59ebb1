package sweep

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Folder empties dir but for one entry and for mounts, the folders on the way to which stay too, and sets its mode. It gives
// what it could not remove, "" where all is gone.
func Folder(dir string, mode os.FileMode, keep string, mounts []string) string {
	const bits = os.ModePerm | os.ModeSticky | os.ModeSetgid
	if fi, err := os.Stat(dir); err != nil || fi.Mode()&bits != mode && os.Chmod(dir, mode) != nil {
		return "cannot sweep " + dir
	}
	why := ""
	names, err := Names(dir)
	if err != nil {
		why = "cannot sweep " + dir
	}
	for _, n := range names {
		p := filepath.Join(dir, n)
		switch {
		case n == keep:
		case isMount(p, mounts):
		case holdsMount(p, mounts):
			why += Folder(p, 0o755, "", mounts)
		case unix.Rmdir(p) == nil: // HOME, which most commands leave empty
		case Tree(p) != nil:
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

// Names gives the names in a folder. It is os.ReadDir without the calls that a file of the runtime's poller takes, as it runs
// four times for each command, mostly on empty folders.
func Names(dir string) ([]string, error) {
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
