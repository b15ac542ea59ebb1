package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/graph/exec/local/box"
)

// process is a helper that is a process of its own. Two sockets lead to it: requests and replies go over conn, signals for
// the running command over ctl, as 4 bytes of sequence number and 4 of signal. The end of ctl ends the worker.
type process struct {
	proc *os.Process
	conn *os.File
	ctl  *os.File
	in   box.Frames
	buf  []byte
	seq  int64
	log  string // what the worker says when it panics
	slot string // of a worker without a sandbox, "" for others
}

// foreign is the caller's terminal, for a worker that runs commands on it.
type foreign struct {
	area  string
	stdio [3]*os.File
}

// startTimeout bounds how long a worker may take to make its namespaces.
const startTimeout = 20 * time.Second

func startHelper(w *worker, set *box.Setup, f *foreign) (helper, error) {
	if os.Args[0] == box.Name {
		return nil, errors.New("internal error: a worker starts a worker; please report it")
	}
	conn, connTheirs, err := socketpair("conn")
	if err != nil {
		return nil, err
	}
	defer connTheirs.Close()
	ctl, ctlTheirs, err := socketpair("ctl")
	if err != nil {
		conn.Close()
		return nil, err
	}
	defer ctlTheirs.Close()
	p := &process{conn: conn, ctl: ctl, log: filepath.Join(set.Slot, "log")}
	p.in.Read = conn.Read
	sys := &syscall.SysProcAttr{}
	if !set.Sandbox {
		p.slot = set.Slot
	}
	if set.Sandbox {
		sys = namespaces(set.Network)
		// What a sandbox runs dies with its first process, so that the kernel can end it with us. A worker without one must
		// live to end its commands; the end of ctl tells it.
		sys.Pdeathsig = syscall.SIGKILL
	}
	var stdio [3]*os.File
	if f != nil {
		stdio = f.stdio
	} else {
		sys.Setsid = true // ^C is for cairn to hear
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			p.close()
			return nil, err
		}
		defer null.Close()
		log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			p.close()
			return nil, err
		}
		defer log.Close()
		stdio = [3]*os.File{null, log, log}
	}
	p.proc, err = os.StartProcess("/proc/self/exe", []string{box.Name}, &os.ProcAttr{Dir: "/", Sys: sys,
		Env:   []string{"GOTRACEBACK=single", "GOMAXPROCS=2"},
		Files: []*os.File{stdio[0], stdio[1], stdio[2], connTheirs, ctlTheirs, w.stdout, w.stderr}})
	if err != nil {
		p.close()
		return nil, fmt.Errorf("cannot make namespaces: %w", err)
	}
	connTheirs.Close() // so that reading ends when the worker does
	ctlTheirs.Close()
	_ = conn.SetReadDeadline(time.Now().Add(startTimeout))
	rep, err := p.exchange(set.Encode(nil))
	_ = conn.SetReadDeadline(time.Time{})
	if err == nil && rep.Err != "" {
		err = errors.New(rep.Err)
	}
	if err != nil {
		_ = p.proc.Kill()
		p.close()
		return nil, err
	}
	return p, nil
}

// namespaces asks for new ones of each kind. The one user in them is cairn's own, under a number that is no machine's root.
func namespaces(network bool) *syscall.SysProcAttr {
	flags := uintptr(syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC |
		syscall.CLONE_NEWUTS | syscall.CLONE_NEWCGROUP)
	if !network {
		flags |= syscall.CLONE_NEWNET
	}
	return &syscall.SysProcAttr{
		Cloneflags:  flags,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: box.UID, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: box.UID, HostID: os.Getegid(), Size: 1}},
		// Without these, a user who is not root loses all rights in the new namespaces at execve. The worker keeps them
		// from its commands.
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_SETPCAP, unix.CAP_SYS_RESOURCE},
	}
}

func socketpair(name string) (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil { // so that os.NewFile gives it to the poller
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), name), os.NewFile(uintptr(fds[1]), name), nil
}

func (p *process) exchange(frame []byte) (*box.Reply, error) {
	p.buf = frame
	_, err := p.conn.Write(frame)
	var b []byte
	if err == nil {
		b, err = p.in.Next()
	}
	if err != nil {
		return nil, p.died(err)
	}
	rep := &box.Reply{}
	return rep, rep.Decode(b)
}

// died says what is known of a worker that no longer answers.
func (p *process) died(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("cairn's worker does not answer")
	}
	why := ""
	if b, _ := os.ReadFile(p.log); len(b) > 0 {
		why = ": " + strings.TrimSpace(string(b[:min(len(b), 2000)]))
	}
	return fmt.Errorf("cairn's worker ended unexpectedly (killed, perhaps for want of memory)%s", why)
}

func (p *process) do(req *box.Request, st *stopper) (*box.Reply, error) {
	p.seq++
	seq := p.seq
	req.Seq = seq
	st.watch(func(sig syscall.Signal) {
		var b [8]byte
		binary.LittleEndian.PutUint32(b[:], uint32(seq))
		binary.LittleEndian.PutUint32(b[4:], uint32(sig))
		_, _ = p.ctl.Write(b[:])
	})
	rep, err := p.exchange(req.Encode(p.buf))
	if err == nil && rep.Seq != seq {
		err = box.ErrFrame
	}
	if err != nil {
		_ = p.proc.Kill()
		if p.slot != "" {
			killStrays(p.slot)
		}
	}
	return rep, err
}

func (p *process) close() {
	p.conn.Close()
	p.ctl.Close()
	if p.proc == nil {
		return
	}
	// It ends by itself at once, for ctl has ended; where it hangs, it is killed.
	end := func() {
		t := time.AfterFunc(5*time.Second, func() { _ = p.proc.Kill() })
		_, _ = p.proc.Wait()
		t.Stop()
	}
	if p.slot != "" {
		go end() // it has no mounts that keep anything busy, and no command: to wait for its last millisecond is of no use
		return
	}
	end()
}

// memoryStage gives the folder of this machine that lies in memory, "" where there is none with room, or where files in it
// cannot be executed.
func memoryStage() string {
	const dir = "/dev/shm"
	var fs unix.Statfs_t
	if unix.Statfs(dir, &fs) != nil || fs.Type != unix.TMPFS_MAGIC || fs.Flags&(unix.ST_NOEXEC|unix.ST_RDONLY) != 0 ||
		unix.Access(dir, unix.W_OK) != nil || int64(fs.Bavail)*fs.Bsize < 512<<20 {
		return ""
	}
	return dir
}

// nearlyFull says whether the file system of path has hardly any room left.
func nearlyFull(path string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(path, &fs) == nil && int64(fs.Bavail)*fs.Bsize < 16<<20
}
