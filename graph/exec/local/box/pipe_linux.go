package box

import (
	"os"

	"golang.org/x/sys/unix"
)

// pipe takes what a command says. It is a pipe and not the file itself, as a command that opens /dev/stderr would truncate a
// file. It lives as long as the worker: all that held it have ended before the next command starts.
type pipe struct {
	r, w int
	to   int   // the slot's file
	n    int64 // bytes in it
	full bool  // it could not take them all
}

func (p *pipe) open(to int) error {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return os.NewSyscallError("pipe2", err)
	}
	p.r, p.w, p.to = fds[0], fds[1], to
	return nil
}

// reset prepares for the next command.
func (p *pipe) reset() {
	if p.n > 0 {
		_ = unix.Ftruncate(p.to, 0)
		p.n = 0
	}
	p.full = false
	// The last command may have made it non-blocking (Node does), and the next one shares that.
	_, _ = unix.FcntlInt(uintptr(p.w), unix.F_SETFL, 0)
}

// drain moves what is there into the file, and says whether it is more than that can take.
func (p *pipe) drain() bool {
	for p.n <= MaxOutput && !p.full {
		off := p.n
		m, err := unix.Splice(p.r, nil, p.to, &off, 1<<20, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
		if err == unix.EINTR {
			continue
		}
		if err == unix.EAGAIN || err == nil && m == 0 {
			return false
		}
		if err != nil {
			p.full = true
			break
		}
		p.n += m
	}
	var b [64 << 10]byte
	for range 16 { // so that the command gets on, and dies
		fds := []unix.PollFd{{Fd: int32(p.r), Events: unix.POLLIN}}
		if n, _ := unix.Poll(fds, 0); n == 0 {
			break
		}
		if _, err := unix.Read(p.r, b[:]); err != nil {
			break
		}
	}
	return true
}
