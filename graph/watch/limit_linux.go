package watch

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

func watchesLimit() error {
	return &LimitError{"inotify's limit of " + value("max_user_watches") + " watches", "sudo sysctl fs.inotify.max_user_watches=524288"}
}

func instancesLimit() error {
	return &LimitError{"inotify's limit of " + value("max_user_instances") + " instances, or that of open files,", "sudo sysctl fs.inotify.max_user_instances=1024"}
}

// value reads one of inotify's settings.
func value(name string) string {
	b, err := os.ReadFile("/proc/sys/fs/inotify/" + name)
	if err != nil {
		return "an unknown number"
	}
	return strings.TrimSpace(string(b))
}

// Remote names the kind of file system that path lies on, where other machines can write to it without an event here;
// else it gives "".
func Remote(path string) string {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return ""
	}
	switch uint32(st.Type) {
	case unix.NFS_SUPER_MAGIC:
		return "NFS"
	case unix.SMB_SUPER_MAGIC, 0xff534d42, 0xfe534d42: // smbfs, cifs, smb2
		return "SMB"
	case unix.V9FS_MAGIC:
		return "9P"
	case unix.FUSE_SUPER_MAGIC:
		return "FUSE"
	case unix.CEPH_SUPER_MAGIC:
		return "Ceph"
	case unix.AFS_SUPER_MAGIC:
		return "AFS"
	}
	return ""
}
