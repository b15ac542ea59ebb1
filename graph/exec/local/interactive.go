package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/exec/local/box"
	"github.com/cairn-build/cairn/graph/exec/local/sweep"
)

// RunInteractive runs s in exactly the environment that Run gives it, but on the caller's own standard streams, and gives
// the command's exit code, 128+n where signal n ended it. Nothing it writes is kept, except in place. A terminal as stdin is
// lent to the command; meanwhile ^C is the command's.
func (r *Runner) RunInteractive(ctx context.Context, s *exec.Spawn, stdin, stdout, stderr *os.File) (int, error) {
	return r.interact(ctx, s, &foreign{stdio: [3]*os.File{stdin, stdout, stderr}}, func(w *worker, v *view) (*job, error) {
		return r.prepare(w, s, v)
	})
}

// Enter runs argv, or where that is empty the command that failed there, in a kept folder, with the environment, tools and
// mounts of that command, on the caller's standard streams. What it writes stays in the folder.
func (r *Runner) Enter(ctx context.Context, kept string, argv []string, stdin, stdout, stderr *os.File) (int, error) {
	f, err := readKept(kept)
	if err != nil {
		return 0, err
	}
	if got := r.Isolation(); got != f.Isolation {
		return 0, fmt.Errorf("%s ran with isolation %q, and this is %q", f.Name, f.Isolation, got)
	}
	if len(argv) == 0 {
		argv = f.Argv
	}
	s := &exec.Spawn{Name: f.Name, Argv: argv, Env: f.Env, Tools: f.tools(), Network: f.Network, Scratch: f.Scratch}
	area := kept
	if r.level == exec.InPlace {
		area = ""
	}
	return r.interact(ctx, s, &foreign{area: area, stdio: [3]*os.File{stdin, stdout, stderr}}, func(w *worker, v *view) (*job, error) {
		if area != "" {
			if err := mkdir(w.slot.home()); err != nil {
				return nil, err
			}
			// The tree is there; all that prepare would put into a fresh one is, too.
			work := filepath.Join(kept, "work")
			if fi, err := os.Lstat(work); err != nil || !fi.IsDir() {
				return nil, fmt.Errorf("%s: there is no tree to enter", work)
			}
		}
		j, err := r.request(w, s, v)
		if err == nil {
			j.req.Mounts = f.mounts()
		}
		return j, err
	})
}

func (r *Runner) interact(ctx context.Context, s *exec.Spawn, f *foreign, stage func(*worker, *view) (*job, error)) (int, error) {
	r.runs.Add(1)
	defer r.runs.Done()
	if r.settle(); r.err != nil {
		return 0, r.err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	for i, s := range f.stdio {
		if s == nil {
			f.stdio[i] = null
		}
	}
	w, err := r.start(kind{network: s.Network && r.level == exec.Namespaces}, f)
	if err != nil {
		return 0, err
	}
	defer func() {
		w.close()
		if f.area != "" {
			_ = sweep.Tree(w.slot.home())
		}
	}()
	v, err := r.viewOf(w.slot.st, s)
	if err != nil {
		return 0, err
	}
	j, err := stage(w, v)
	if err != nil {
		return 0, err
	}
	// The stage's standard output is the caller's as well.
	j.req.Stdout = ""
	st := &stopper{grace: r.opt.Grace, limit: s.Timeout, ctxs: [2]context.Context{ctx, r.ctx}}
	back := lendTerminal(f.stdio[0])
	rep, err := w.do(j.req, st)
	back()
	why := st.done()
	switch {
	case err != nil:
		return 0, err
	case errors.Is(why, errTimeout):
		return 124, nil
	case why != nil:
		return 0, why
	case rep.Kind != box.Done:
		return 0, failure(rep, s)
	}
	ws := syscall.WaitStatus(rep.Status)
	if ws.Signaled() {
		return 128 + int(ws.Signal()), nil
	}
	return ws.ExitStatus(), nil
}
