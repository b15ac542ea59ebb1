//go:build !linux

package local

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/cairn-build/cairn/graph/exec/local/box"
	"github.com/cairn-build/cairn/graph/exec/local/sweep"
)

// direct starts commands from this process. It ends a command's process group; a process that leaves the group is not found.
type direct struct {
	w     *worker
	set   *box.Setup
	stdio [3]*os.File
}

// foreign is the caller's terminal, for commands that run on it.
type foreign struct {
	area  string
	stdio [3]*os.File
}

func startHelper(w *worker, set *box.Setup, f *foreign) (helper, error) {
	if set.Sandbox {
		return nil, errors.New("kernel namespaces are Linux's")
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	d := &direct{w: w, set: set, stdio: [3]*os.File{null, w.stdout, w.stderr}}
	if f != nil {
		null.Close()
		d.stdio = f.stdio
	}
	return d, nil
}

func (d *direct) close() {
	if !d.set.Foreign {
		d.stdio[0].Close()
	}
}

func (d *direct) do(req *box.Request, st *stopper) (*box.Reply, error) {
	rep := &box.Reply{}
	files := d.stdio
	var said [2]*said
	if !d.set.Foreign {
		for i, f := range []*os.File{d.w.stdout, d.w.stderr} {
			var err error
			if said[i], err = listen(f); err != nil {
				return nil, err
			}
			files[i+1] = said[i].w
		}
	}
	if req.Stdout != "" {
		f, err := os.OpenFile(req.Stdout, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			rep.Kind, rep.Err = box.NotStaged, err.Error()
			return rep, nil
		}
		defer f.Close()
		files[1] = f
	}
	sys := &syscall.SysProcAttr{Setsid: !d.set.Foreign}
	start := time.Now()
	p, err := os.StartProcess(req.Path, req.Argv, &os.ProcAttr{Dir: req.Dir, Env: req.Env, Files: files[:], Sys: sys})
	for _, p := range said {
		if p != nil {
			p.w.Close()
		}
	}
	if err != nil {
		rep.Kind, rep.Err = box.NotStarted, err.Error()
		var e syscall.Errno
		if errors.As(err, &e) {
			rep.Errno = int64(e)
		}
		return rep, nil
	}
	group := -p.Pid
	if d.set.Foreign {
		group = p.Pid // the terminal's foreground group is the caller's own
	}
	st.watch(func(sig syscall.Signal) { _ = syscall.Kill(group, sig) })
	state, err := p.Wait()
	if err != nil {
		return nil, err
	}
	if !d.set.Foreign {
		_ = syscall.Kill(group, syscall.SIGKILL)
	}
	rep.Wall = int64(time.Since(start))
	rep.Status = int64(state.Sys().(syscall.WaitStatus))
	rep.CPU = int64(state.UserTime() + state.SystemTime())
	if ru, ok := state.SysUsage().(*syscall.Rusage); ok {
		rep.MaxRSS = ru.Maxrss
	}
	for i, to := range []*int64{&rep.Stdout, &rep.Stderr} {
		if said[i] != nil {
			*to = said[i].end()
			rep.Flood = rep.Flood || *to > box.MaxOutput
		}
	}
	if !d.set.Foreign {
		err = errors.Join(sweep.Tree(d.w.slot.home()), sweep.Tree(d.w.slot.tmp()), os.Mkdir(d.w.slot.tmp(), 0o700),
			os.Chmod(d.w.slot.tmp(), box.TmpMode))
	}
	return rep, err
}

// said takes what a command says on one stream into a file.
type said struct {
	r, w *os.File
	n    chan int64
}

func listen(to *os.File) (*said, error) {
	if err := to.Truncate(0); err != nil {
		return nil, err
	}
	if _, err := to.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s := &said{r, w, make(chan int64, 1)}
	go func() {
		n, _ := io.Copy(to, io.LimitReader(r, box.MaxOutput+1))
		r.Close() // a command that floods gets SIGPIPE
		s.n <- n
	}()
	return s, nil
}

// end waits for the rest, but not for a process that left its group and still holds the pipe.
func (s *said) end() int64 {
	_ = s.r.SetReadDeadline(time.Now().Add(time.Second))
	return <-s.n
}

// killStrays does nothing: other processes' environments cannot be read here.
func killStrays(dir string) {}

func memoryStage() string         { return "" }
func nearlyFull(path string) bool { return false }
