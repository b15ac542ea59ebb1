package box

import (
	"encoding/binary"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/graph/exec/local/sweep"
)

// File descriptors that a worker starts with, besides the standard ones.
const (
	fdConn = 3 + iota
	fdCtl
	fdStdout
	fdStderr
)

// server is a worker: a process that runs one command after the other for cairn. Its main goroutine owns the thread that
// commands are started from, with all that they inherit: mounts, rights, umask.
type server struct {
	set   Setup
	null  int
	box   *box // nil without a sandbox
	pipes [2]pipe

	mu      sync.Mutex
	seq     uint32 // of the request that runs
	pid     int    // 0: none runs
	gone    bool   // cairn is gone; nothing more starts
	pending map[uint32]syscall.Signal
}

func serve() int {
	runtime.LockOSThread()
	// Nobody reads the channel: what matters is that the signals, which commands can send to us too, do not end us, and that
	// commands get their defaults.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1,
		syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGPIPE, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGVTALRM,
		syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGIO, syscall.SIGPWR, syscall.SIGABRT, syscall.SIGTRAP, syscall.SIGSYS,
		syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGSTKFLT)
	// What cairn's caller let it inherit is none of a command's business.
	_ = unix.CloseRange(fdConn, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)
	s := &server{pending: map[uint32]syscall.Signal{}}
	in := Frames{Read: func(b []byte) (int, error) { return readFull(fdConn, b) }}
	b, err := in.Next()
	if err != nil || s.set.Decode(b) != nil {
		return 1
	}
	if err := s.begin(); err != nil {
		_ = WriteAll(fdConn, (&Reply{Err: err.Error()}).Encode(nil))
		return 1
	}
	go s.control()
	out := (&Reply{}).Encode(nil)
	var req Request
	for {
		if WriteAll(fdConn, out) != nil {
			return 0
		}
		b, err := in.Next()
		if err != nil {
			return 0
		}
		if err := req.Decode(b); err != nil {
			return 1
		}
		out = s.run(&req).Encode(out)
	}
}

// readFull reads what is there, and makes the end an error.
func readFull(fd int, b []byte) (int, error) {
	for {
		n, err := unix.Read(fd, b)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		case n == 0:
			return 0, syscall.EPIPE
		default:
			return n, nil
		}
	}
}

func (s *server) begin() error {
	unix.Umask(0o022)
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	if s.set.Sandbox {
		var err error
		if s.box, err = makeBox(&s.set); err != nil {
			return err
		}
	} else if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	for i := range s.pipes {
		if err := s.pipes[i].open(fdStdout + i); err != nil {
			return err
		}
	}
	var err error
	s.null, err = unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	return err
}

// control hands signals on to the running command, keeps what it says, and ends everything when cairn does.
func (s *server) control() {
	var b [8]byte
	fds := []unix.PollFd{{Fd: fdCtl, Events: unix.POLLIN}, {Fd: int32(s.pipes[0].r), Events: unix.POLLIN}, {Fd: int32(s.pipes[1].r), Events: unix.POLLIN}}
	for n := 0; ; {
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			syscall.Exit(1)
		}
		s.mu.Lock()
		for i := range s.pipes {
			if fds[i+1].Revents != 0 && s.pipes[i].drain() && s.pid != 0 {
				s.signal(syscall.SIGKILL)
			}
		}
		s.mu.Unlock()
		if fds[0].Revents == 0 {
			continue
		}
		m, err := readFull(fdCtl, b[n:])
		if err != nil {
			s.abandon()
			return
		}
		if n += m; n < len(b) {
			continue
		}
		n = 0
		seq, sig := binary.LittleEndian.Uint32(b[:]), syscall.Signal(binary.LittleEndian.Uint32(b[4:]))
		s.mu.Lock()
		if s.seq == seq && s.pid != 0 {
			s.signal(sig)
		} else if int32(seq-s.seq) > 0 {
			s.pending[seq] = sig
		}
		s.mu.Unlock()
	}
}

// abandon ends everything, for cairn is gone.
func (s *server) abandon() {
	if s.box != nil {
		syscall.Exit(0) // and the kernel ends all other processes in the namespace
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	if s.pid != 0 {
		// The main goroutine sees it end, and looks for the rest. Two that reap would wait for each other's children.
		_ = syscall.Kill(-s.pid, syscall.SIGKILL)
		_ = syscall.Kill(s.pid, syscall.SIGKILL)
	}
}

// signal reaches the command's process group, and with SIGKILL, in a sandbox, all processes there are.
func (s *server) signal(sig syscall.Signal) {
	if sig == syscall.SIGKILL && s.box != nil {
		_ = syscall.Kill(-1, sig)
		return
	}
	_ = syscall.Kill(-s.pid, sig)
}

func (s *server) run(req *Request) *Reply {
	rep := &Reply{Seq: req.Seq}
	failed := func(kind int64, err error) *Reply {
		rep.Kind, rep.Err = kind, err.Error()
		if e, ok := err.(syscall.Errno); ok {
			rep.Errno = int64(e)
		}
		return rep
	}
	if s.box != nil {
		if err := s.box.show(req); err != nil {
			rep.Retire = "its mounts are in an unknown state"
			return failed(NotStaged, err)
		}
	}
	files := []uintptr{uintptr(s.null), uintptr(s.pipes[0].w), uintptr(s.pipes[1].w)}
	sys := &syscall.SysProcAttr{Setsid: true}
	if s.set.Foreign {
		files = []uintptr{0, 1, 2}
		sys = &syscall.SysProcAttr{Setpgid: true}
		if isTerminal(0) {
			sys = &syscall.SysProcAttr{Foreground: true, Ctty: 0}
		}
	}
	if s.box == nil {
		sys.Pdeathsig = syscall.SIGKILL // should this worker be killed
	}
	if req.Stdout != "" {
		fd, err := unix.Open(req.Stdout, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o644)
		if err != nil {
			s.finish(rep)
			return failed(NotStaged, &os.PathError{Op: "create", Path: req.Stdout, Err: err})
		}
		defer unix.Close(fd)
		files[1] = uintptr(fd)
	}
	start := time.Now()
	s.mu.Lock()
	s.seq = uint32(req.Seq)
	for i := range s.pipes {
		s.pipes[i].reset()
	}
	if s.gone {
		syscall.Exit(0)
	}
	pid, err := syscall.ForkExec(req.Path, req.Argv, &syscall.ProcAttr{Dir: req.Dir, Env: req.Env, Files: files, Sys: sys})
	if err == nil {
		s.pid = pid
		if sig, ok := s.pending[s.seq]; ok {
			s.signal(sig)
		}
	}
	clear(s.pending)
	s.mu.Unlock()
	if err != nil {
		s.finish(rep)
		return failed(NotStarted, err)
	}
	s.wait(pid, rep)
	rep.Wall = int64(time.Since(start))
	s.finish(rep)
	for i, to := range []*int64{&rep.Stdout, &rep.Stderr} {
		s.mu.Lock()
		if s.pipes[i].drain() {
			rep.Full = rep.Full || s.pipes[i].full
			rep.Flood = rep.Flood || !s.pipes[i].full
		}
		*to = s.pipes[i].n
		s.mu.Unlock()
	}
	return rep
}

// wait waits for the command, reaps orphans meanwhile, and ends what the command leaves behind.
func (s *server) wait(pid int, rep *Reply) {
	var ws syscall.WaitStatus
	var ru syscall.Rusage
	for {
		got, err := syscall.Wait4(-1, &ws, 0, &ru)
		if got == pid {
			break
		}
		if err != nil && err != syscall.EINTR {
			rep.Retire = "it lost its command"
			break
		}
	}
	rep.Status = int64(ws)
	rep.CPU = ru.Utime.Nano() + ru.Stime.Nano()
	rep.MaxRSS = ru.Maxrss << 10
	s.mu.Lock()
	s.pid = 0
	s.mu.Unlock()
	if s.box == nil {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		killDescendants()
		return
	}
	if syscall.Kill(-1, syscall.SIGKILL) == nil {
		reapAll()
	}
}

// reapAll waits until there are no children.
func reapAll() {
	for {
		if _, err := syscall.Wait4(-1, nil, 0, nil); err != nil && err != syscall.EINTR {
			return
		}
	}
}

// finish takes away all that the command could have left for the next one to see.
func (s *server) finish(rep *Reply) {
	var why string
	if s.box != nil {
		why = s.box.hide()
	} else {
		if !s.set.Foreign {
			why = sweep.Folder(s.set.Area, AreaMode, "work", nil)
		}
		why += sweep.Folder(filepath.Join(s.set.Slot, "tmp"), TmpMode, "", nil)
	}
	if why != "" && rep.Retire == "" {
		rep.Retire = why
	}
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}
