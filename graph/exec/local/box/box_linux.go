package box

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/graph/exec/local/sweep"
)

// box is what a sandbox shows. Its root is a small file system in memory that holds mount points and little else:
//
//	/usr /bin /sbin /lib*    the host's, read-only
//	/etc                     written here; of the host's only what loading a program and checking a certificate takes
//	/dev /proc               null, zero, full, random, urandom, tty, a pty and the sandbox's own processes
//	/cairn/bin               links to the declared programs
//	/cairn/scratch/<NAME>    scratch folders
//	/build                   the slot's area: work, home
//	/tmp /dev/shm            private, swept after each command
//	<roots of tools>         read-only, where the host has them
//
// The host's mounts are not there at all, not even covered: a second thread of the worker stays in a mount namespace of its
// own that sees the host, and hands over detached copies of single mounts.
type box struct {
	host    chan hostCall
	profile []shown
	now     []shown // of the running command
	targets []string
	foreign bool // the area is a kept folder
}

// shown is a mount that can be taken away.
type shown struct {
	Mount
	fd int // its root
}

type hostCall struct {
	m     Mount
	reply chan<- hostReply
}

type hostReply struct {
	fd  int
	err error
}

// makeBox turns this process, which has namespaces of its own, into one that sees the sandbox only. The calling thread
// must be locked, and starts the commands.
func makeBox(set *Setup) (*box, error) {
	b := &box{host: make(chan hostCall), foreign: set.Foreign}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, fmt.Errorf("this user may not mount in a namespace of its own: %w", err)
	}
	ready := make(chan struct{})
	go b.serveHost(ready)
	<-ready
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return nil, fmt.Errorf("cannot make a mount namespace: %w", err)
	}
	root := filepath.Join(set.Slot, "root")
	if err := unix.Mount("cairn", root, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=16m,mode=755"); err != nil {
		return nil, fmt.Errorf("cannot mount a tmpfs: %w", err)
	}
	if err := b.fill(root, set); err != nil {
		return nil, err
	}
	if err := unix.Chdir(root); err != nil {
		return nil, fmt.Errorf("cannot enter the sandbox: %w", err)
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return nil, fmt.Errorf("cannot pivot into the sandbox: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return nil, fmt.Errorf("cannot take the host's files away: %w", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return nil, fmt.Errorf("cannot enter the sandbox: %w", err)
	}
	if err := b.seal(true); err != nil {
		return nil, err
	}
	return b, confine(set.Network)
}

// serveHost answers calls for detached copies of the host's mounts.
func (b *box) serveHost(ready chan<- struct{}) {
	runtime.LockOSThread()
	// Until now all threads share one notion of the root; this one keeps the host's.
	err := unix.Unshare(unix.CLONE_FS)
	close(ready)
	for c := range b.host {
		if err != nil {
			c.reply <- hostReply{err: os.NewSyscallError("unshare", err)}
			continue
		}
		fd, err := detach(c.m)
		c.reply <- hostReply{fd, err}
	}
}

func detach(m Mount) (int, error) {
	flags := uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)
	if !m.File {
		flags |= unix.AT_RECURSIVE // a copy without what is mounted below would show what that covers
	}
	fd, err := unix.OpenTree(unix.AT_FDCWD, m.Source, flags)
	if err != nil {
		return -1, fmt.Errorf("cannot show %s: %w", m.Source, err)
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_NOSUID}
	if !m.Write {
		attr.Attr_set |= unix.MOUNT_ATTR_RDONLY
	}
	if !strings.HasPrefix(m.Source, "/dev/") || strings.HasPrefix(m.Source, "/dev/shm/") {
		attr.Attr_set |= unix.MOUNT_ATTR_NODEV
	}
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &attr); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("cannot protect %s: %w", m.Source, err)
	}
	return fd, nil
}

// attach shows m at target, which exists and is reached without links.
func (b *box) attach(m Mount, dirfd int, target string) (int, error) {
	reply := make(chan hostReply)
	b.host <- hostCall{m, reply}
	r := <-reply
	if r.err != nil {
		return -1, r.err
	}
	at, err := unix.Openat2(dirfd, target, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | unix.O_NOFOLLOW,
		Resolve: unix.RESOLVE_NO_SYMLINKS})
	if err == nil {
		err = unix.MoveMount(r.fd, "", at, "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH)
		unix.Close(at)
	}
	if err != nil {
		unix.Close(r.fd)
		return -1, fmt.Errorf("cannot show %s at %s: %w", m.Source, target, err)
	}
	return r.fd, nil
}

// place makes the mount point below root and shows m there for good.
func (b *box) place(root string, m Mount) error {
	if err := mountPoint(root+m.Target, m.File); err != nil {
		return err
	}
	fd, err := b.attach(m, unix.AT_FDCWD, root+m.Target)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func mountPoint(p string, file bool) error {
	if !file {
		return os.MkdirAll(p, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		return err
	}
	if _, err := os.Lstat(p); err == nil {
		return nil
	}
	f, err := os.OpenFile(p, os.O_CREATE|os.O_WRONLY, 0o444)
	if err != nil {
		return err
	}
	return f.Close()
}

// seal makes the root read-only, or lets mount points be made in it.
func (b *box) seal(on bool) error {
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if !on {
		attr = unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY}
	}
	if err := unix.MountSetattr(unix.AT_FDCWD, "/", 0, &attr); err != nil {
		return fmt.Errorf("cannot make the sandbox's root read-only: %w", err)
	}
	return nil
}

// show makes what req wants seen: its profile, if that is new, and its own mounts.
func (b *box) show(req *Request) error {
	if req.NewProfile {
		if err := b.reprofile(req.Profile); err != nil {
			return err
		}
	}
	if len(req.Mounts) == 0 {
		return nil
	}
	dir, err := unix.Open(req.Dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: req.Dir, Err: err}
	}
	defer unix.Close(dir)
	for _, m := range req.Mounts {
		fd, err := b.attach(m, dir, m.Target)
		if err != nil {
			return err
		}
		b.now = append(b.now, shown{m, fd})
	}
	return nil
}

func (b *box) reprofile(want []Mount) error {
	if err := b.seal(false); err != nil {
		return err
	}
	var keep []shown
	for _, s := range slices.Backward(b.profile) {
		if slices.Contains(want, s.Mount) {
			keep = append(keep, s)
			continue
		}
		if err := s.remove(); err != nil {
			return err
		}
		_ = os.Remove(s.Target) // and the folders that were made for it, as far as they are empty
		for p := filepath.Dir(s.Target); p != "/" && os.Remove(p) == nil; p = filepath.Dir(p) {
		}
	}
	slices.Reverse(keep)
	b.profile = keep
	for _, m := range want {
		if slices.ContainsFunc(b.profile, func(s shown) bool { return s.Mount == m }) {
			continue
		}
		if err := mountPoint(m.Target, m.File); err != nil {
			return err
		}
		fd, err := b.attach(m, unix.AT_FDCWD, m.Target)
		if err != nil {
			return err
		}
		b.profile = append(b.profile, shown{m, fd})
	}
	b.targets = b.targets[:0]
	for _, s := range b.profile {
		b.targets = append(b.targets, s.Target)
	}
	return b.seal(true)
}

// remove takes the mount away wherever it is by now: a command can move the folder that it lies in.
func (s shown) remove() error {
	err := unix.Unmount("/proc/self/fd/"+strconv.Itoa(s.fd), unix.MNT_DETACH)
	unix.Close(s.fd)
	if err != nil {
		return fmt.Errorf("cannot take %s away: %w", s.Target, err)
	}
	return nil
}

// hide takes away the command's mounts, and all that it left where the next command would see it. It gives a reason not to
// use the sandbox again, or "".
func (b *box) hide() string {
	why := ""
	for _, s := range slices.Backward(b.now) {
		if err := s.remove(); err != nil {
			why = err.Error()
		}
	}
	b.now = b.now[:0]
	if ipcLeft() {
		why = "the command left System V or POSIX message queues, semaphores or memory"
	}
	if !b.foreign {
		why += sweep.Folder("/build", AreaMode, "work", b.targets)
	}
	return why + sweep.Folder(Tmp, TmpMode, "", b.targets) + sweep.Folder("/dev/shm", TmpMode, "", nil)
}
