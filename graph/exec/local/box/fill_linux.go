package box

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/graph/exec/local/sweep"
)

// fill makes all of the sandbox that stays.
func (b *box) fill(root string, set *Setup) error {
	for _, d := range set.System {
		fi, err := os.Lstat(d)
		if err != nil {
			continue
		}
		if fi.Mode()&fs.ModeSymlink != 0 {
			to, err := os.Readlink(d)
			if err == nil {
				err = os.Symlink(to, root+d)
			}
			if err != nil {
				return err
			}
			continue
		}
		if err := b.place(root, Mount{Target: d, Source: d}); err != nil {
			return err
		}
	}
	for _, d := range []string{"/proc", "/dev/shm", "/dev/pts", "/dev/mqueue", "/tmp", "/var", "/run", "/build", Bin, Scratch} {
		if err := os.MkdirAll(root+d, 0o755); err != nil {
			return err
		}
	}
	if err := b.fillDev(root); err != nil {
		return err
	}
	if err := b.fillEtc(root, set.Network); err != nil {
		return err
	}
	if err := unix.Mount("proc", root+"/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("cannot mount /proc (in a container that covers parts of it?): %w", err)
	}
	if err := os.Symlink("/tmp", root+"/var/tmp"); err != nil {
		return err
	}
	for _, m := range []Mount{{Target: "/build", Source: set.Area, Write: true}, {Target: Tmp, Source: set.Slot + "/tmp", Write: true}} {
		if err := b.place(root, m); err != nil {
			return err
		}
	}
	return nil
}

func (b *box) fillDev(root string) error {
	for _, d := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		if err := b.place(root, Mount{Target: "/dev/" + d, Source: "/dev/" + d, File: true, Write: true}); err != nil {
			return err
		}
	}
	for name, to := range map[string]string{"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
		"stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx"} {
		if err := os.Symlink(to, root+"/dev/"+name); err != nil {
			return err
		}
	}
	const flags = unix.MS_NOSUID | unix.MS_NODEV
	for _, m := range []struct {
		dir, kind, opt string
		flags          uintptr
	}{
		{"/dev/shm", "tmpfs", "mode=1777", flags},
		{"/dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=620", unix.MS_NOSUID | unix.MS_NOEXEC},
		{"/dev/mqueue", "mqueue", "", flags | unix.MS_NOEXEC},
	} {
		if err := unix.Mount("cairn", root+m.dir, m.kind, m.flags, m.opt); err != nil {
			return fmt.Errorf("cannot mount %s: %w", m.dir, err)
		}
	}
	return nil
}

// hostEtc is what of the host's /etc programs need in order to start, and to trust servers.
var hostEtc = []string{"ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "ssl", "pki", "ca-certificates"}

// networkEtc is what they need in order to find servers.
var networkEtc = []string{"resolv.conf", "hosts", "nsswitch.conf", "gai.conf", "host.conf", "services", "protocols"}

func (b *box) fillEtc(root string, network bool) error {
	etc := root + "/etc"
	if err := os.Mkdir(etc, 0o755); err != nil {
		return err
	}
	user := fmt.Sprintf("cairn:x:%d:%d:cairn:%s:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n", UID, UID, Home)
	group := fmt.Sprintf("cairn:x:%d:\nnogroup:x:65534:\n", UID)
	files := map[string]string{
		"passwd": user, "group": group, "hostname": "cairn\n",
		"hosts":         "127.0.0.1 localhost cairn\n::1 localhost cairn\n",
		"nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
	}
	show := hostEtc
	if network {
		for _, name := range networkEtc {
			if content, err := os.ReadFile("/etc/" + name); err == nil { // resolv.conf is often a link out of /etc
				files[name] = string(content)
			}
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(etc, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	java, _ := filepath.Glob("/etc/java*") // Debian keeps a JDK's own files there
	for _, p := range java {
		show = append(show[:len(show):len(show)], strings.TrimPrefix(p, "/etc/"))
	}
	for _, name := range show {
		fi, err := os.Stat("/etc/" + name)
		if err != nil {
			continue
		}
		if err := b.place(root, Mount{Target: "/etc/" + name, Source: "/etc/" + name, File: !fi.IsDir()}); err != nil {
			return err
		}
	}
	return nil
}

// confine takes from this thread, and so from the commands that it starts, all that they should not have.
func confine(network bool) error {
	if err := unix.Sethostname([]byte("cairn")); err != nil {
		return os.NewSyscallError("sethostname", err)
	}
	if err := unix.Setdomainname([]byte("")); err != nil {
		return os.NewSyscallError("setdomainname", err)
	}
	if !network {
		if err := loopbackUp(); err != nil {
			return fmt.Errorf("cannot bring the loopback interface up: %w", err)
		}
	}
	// Commands run as a user who is not root, and so get no rights at execve but these.
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var caps [2]unix.CapUserData
	if err := unix.Capget(&head, &caps[0]); err != nil {
		return os.NewSyscallError("capget", err)
	}
	for c := uintptr(0); ; c++ {
		if unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) != nil {
			break // the kernel knows no more
		}
	}
	caps[0].Inheritable, caps[1].Inheritable = 0, 0
	if err := unix.Capset(&head, &caps[0]); err != nil {
		return os.NewSyscallError("capset", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	return os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req)
}

// ipcLeft says whether the IPC namespace holds anything. Its objects outlive processes, and not the namespace.
func ipcLeft() bool {
	// SHM_INFO, SEM_INFO and MSG_INFO (<linux/shm.h>, <linux/sem.h>, <linux/msg.h>) tell how many there are: in the first
	// field of struct shm_info and of struct msginfo, in the last of struct seminfo. None has more than 48 bytes.
	var buf [16]int32
	const shmInfo, semInfo, msgInfo = 14, 19, 12
	if _, _, e := unix.Syscall(unix.SYS_SHMCTL, 0, shmInfo, uintptr(unsafe.Pointer(&buf))); e == 0 && buf[0] != 0 {
		return true
	}
	if _, _, e := unix.Syscall6(unix.SYS_SEMCTL, 0, 0, semInfo, uintptr(unsafe.Pointer(&buf)), 0, 0); e == 0 && buf[semUsed] != 0 {
		return true
	}
	if _, _, e := unix.Syscall(unix.SYS_MSGCTL, 0, msgInfo, uintptr(unsafe.Pointer(&buf))); e == 0 && buf[0] != 0 {
		return true
	}
	names, err := sweep.Names("/dev/mqueue")
	return err != nil || len(names) > 0
}

// semUsed is the index of semusz in struct seminfo: semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz.
const semUsed = 7
