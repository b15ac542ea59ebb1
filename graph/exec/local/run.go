package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/exec/local/box"
	"github.com/cairn-build/cairn/graph/exec/local/sweep"
	"github.com/cairn-build/cairn/graph/toolset"
)

// Run implements exec.Runner. Errors besides those of staging: *exec.StartError, ErrKill, and the cause of ctx's end.
func (r *Runner) Run(ctx context.Context, s *exec.Spawn) (*exec.Outcome, error) {
	r.runs.Add(1)
	defer r.runs.Done()
	select {
	case r.tokens <- struct{}{}:
		defer func() { <-r.tokens }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-r.ctx.Done():
		return nil, context.Cause(r.ctx)
	}
	if r.settle(); r.err != nil {
		return nil, r.err
	}
	out, full, err := r.attempt(ctx, s, false)
	if full {
		// The command, or its inputs, filled the memory that actions work in. Nothing of the attempt is left.
		out, _, err = r.attempt(ctx, s, true)
	}
	return out, err
}

// attempt runs s once. full says that it failed and that the stage has no room left, so that it is worth a try on disk.
func (r *Runner) attempt(ctx context.Context, s *exec.Spawn, disk bool) (_ *exec.Outcome, full bool, _ error) {
	if err := ctx.Err(); err != nil {
		return nil, false, context.Cause(ctx)
	}
	st, err := r.stage(disk)
	if err != nil {
		return nil, false, err
	}
	v, err := r.viewOf(st, s) // now, while a worker may be on its way
	if err != nil {
		return nil, false, err
	}
	w, err := r.take(kind{network: s.Network && r.level == exec.Namespaces, disk: disk}, v.profile)
	if err != nil {
		return nil, false, err
	}
	keep := false // whether the worker can serve again
	defer func() {
		if keep {
			r.put(w)
		} else {
			w.close()
		}
	}()
	mayMove := w.slot.st.memory && r.level != exec.InPlace
	j, err := r.prepare(w, s, v)
	if err != nil {
		keep = r.level == exec.InPlace || w.clean() == nil
		var se *exec.StartError
		return nil, mayMove && !errors.As(err, &se) && errors.Is(err, syscall.ENOSPC), err
	}
	stop := &stopper{grace: r.opt.Grace, limit: s.Timeout, ctxs: [2]context.Context{ctx, r.ctx}}
	told, err := w.follow(s)
	if err != nil {
		return nil, false, err
	}
	rep, err := w.do(j.req, stop)
	told.end()
	why := stop.done()
	if err != nil {
		return nil, false, err
	}
	w.profile = v.profile
	keep = rep.Retire == ""
	if why != nil && why != errTimeout || rep.Kind != box.Done {
		if r.level != exec.InPlace {
			keep = w.clean() == nil && keep
		}
		if why != nil && why != errTimeout {
			return nil, false, why
		}
		return nil, false, failure(rep, s)
	}
	if rep.Full {
		keep = w.clean() == nil && keep
		return nil, mayMove, errors.New("there is no room for what the command writes to its standard output or error")
	}
	if rep.Flood {
		keep = w.clean() == nil && keep
		return nil, false, fmt.Errorf("the command wrote more than %d MB to its standard output or error", box.MaxOutput>>20)
	}
	out := outcome(rep, why == errTimeout)
	out.Root = j.req.Dir
	if out.Stdout, err = readBack(w.stdout, rep.Stdout); err == nil {
		out.Stderr, err = readBack(w.stderr, rep.Stderr)
	}
	if err != nil {
		keep = false
		return nil, false, err
	}
	told.rest(out)
	if err := r.gather(w, s, j, out); err != nil {
		keep = false
		return nil, false, err
	}
	if mayMove && out.ExitCode != 0 && nearlyFull(w.slot.dir) {
		out.Release()
		return nil, true, nil
	}
	if s.KeepOnErr && (out.ExitCode != 0 || missing(out)) {
		r.keep(s, v.kit, j, out)
	}
	return out, false, nil
}

// clean removes an action's tree from the slot.
func (w *worker) clean() error {
	return errors.Join(sweep.Tree(w.slot.work()), sweep.Tree(w.slot.home()))
}

// job is a Spawn that is staged.
type job struct {
	req  *box.Request
	tree string // the tree on the host
}

// view is what a command is shown of the host.
type view struct {
	kit     *kit
	links   farm
	profile string // equal for commands that a worker can show the same
}

func (r *Runner) viewOf(st *stage, s *exec.Spawn) (*view, error) {
	v := &view{kit: r.kitOf(s.Tools)}
	var err error
	if v.links, err = r.farm(st, v.kit); err != nil {
		return nil, err
	}
	v.profile = v.kit.key + "\x00" + v.links.stamp
	for _, c := range s.Scratch {
		v.profile += "\x00" + c.Env + "\x00" + c.Dir
	}
	return v, nil
}

// prepare stages s in w's slot and says what the worker is to do.
func (r *Runner) prepare(w *worker, s *exec.Spawn, v *view) (*job, error) {
	j, err := r.request(w, s, v)
	if err != nil {
		return nil, err
	}
	if r.level == exec.InPlace {
		if err = readyPlace(r.opt.Workspace, s); err == nil {
			err = mkdir(w.slot.home())
		}
	} else if err = w.slot.fresh(); err == nil {
		j.req.Mounts, err = stageInputs(j.tree, s, r.level == exec.Namespaces)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot stage the inputs: %w", err)
	}
	return j, nil
}

// request says what the worker is to do, once s is staged.
func (r *Runner) request(w *worker, s *exec.Spawn, v *view) (*job, error) {
	if len(s.Argv) == 0 {
		return nil, &exec.StartError{Err: errors.New("the command is empty")}
	}
	x := &expander{kit: v.kit}
	req := &box.Request{Argv: make([]string, len(s.Argv))}
	for i, a := range s.Argv {
		req.Argv[i] = x.do(a)
	}
	if err := x.err(); err != nil {
		return nil, err
	}
	var err error
	if req.Path, err = v.kit.program(req.Argv[0]); err != nil {
		return nil, err
	}
	j := &job{req: req, tree: w.slot.work()}
	if r.level == exec.Namespaces {
		req.Dir = box.Work
		req.Env = environ(s, x, box.Bin, box.Home, box.Tmp, scratchPath)
		if w.profile != v.profile {
			req.NewProfile, req.Profile = true, profileMounts(v.links.dir, v.kit, s.Scratch)
		}
	} else {
		if r.level == exec.InPlace {
			j.tree = r.opt.Workspace
		}
		req.Dir = j.tree
		req.Env = environ(s, x, v.links.dir, w.slot.home(), w.slot.tmp(), func(c exec.Scratch) string { return c.Dir })
	}
	if s.Stdout != "" {
		req.Stdout = req.Dir + "/" + s.Stdout
	}
	return j, x.err()
}

func scratchPath(c exec.Scratch) string { return box.Scratch + "/" + c.Env }

// profileMounts is what a sandbox shows besides the system: the programs on PATH, the tools' own folders, scratch folders.
func profileMounts(farm string, k *kit, scratch []exec.Scratch) []box.Mount {
	ms := []box.Mount{{Target: box.Bin, Source: farm}}
	for _, p := range k.roots {
		if toolset.InSystem(p) {
			continue
		}
		fi, err := os.Stat(p)
		ms = append(ms, box.Mount{Target: p, Source: p, File: err == nil && !fi.IsDir()})
	}
	for _, c := range scratch {
		ms = append(ms, box.Mount{Target: scratchPath(c), Source: c.Dir, Write: true})
	}
	return ms
}

// readyPlace removes what an earlier run of s left in the workspace, and makes the folders that s writes to.
func readyPlace(workspace string, s *exec.Spawn) error {
	made := ""
	err := eachDir(s, func(dir string) error {
		full := filepath.Join(workspace, filepath.FromSlash(dir))
		if full == made {
			return nil
		}
		made = full
		if fi, err := os.Lstat(full); err == nil && fi.IsDir() {
			return nil
		}
		root, err := os.OpenRoot(workspace)
		if err != nil {
			return err
		}
		defer root.Close()
		return root.MkdirAll(filepath.FromSlash(dir), 0o755)
	})
	if err != nil || len(s.Outputs) == 0 && s.DepFile == "" {
		return err
	}
	root, err := os.OpenRoot(workspace)
	if err != nil {
		return err
	}
	defer root.Close()
	old := make([]string, 0, len(s.Outputs)+1)
	for _, o := range s.Outputs {
		old = append(old, o.Path)
	}
	if s.DepFile != "" {
		old = append(old, s.DepFile)
	}
	for _, p := range old {
		p = filepath.FromSlash(path.Clean(p))
		err := root.Remove(p)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			err = root.RemoveAll(p)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// failure turns a reply that no command stands behind into an error.
func failure(rep *box.Reply, s *exec.Spawn) error {
	var err error = errors.New(rep.Err)
	if rep.Errno != 0 {
		err = syscall.Errno(rep.Errno)
	}
	if rep.Kind == box.NotStarted {
		program := s.Argv[0]
		return &exec.StartError{Program: strings.Trim(program, "\x01\x02"), Err: err}
	}
	return fmt.Errorf("cannot stage the inputs: %s", rep.Err)
}

func outcome(rep *box.Reply, timedOut bool) *exec.Outcome {
	out := &exec.Outcome{TimedOut: timedOut, CPU: time.Duration(rep.CPU), Wall: time.Duration(rep.Wall), MaxRSS: rep.MaxRSS}
	ws := syscall.WaitStatus(rep.Status)
	if ws.Signaled() {
		out.ExitCode = 128 + int(ws.Signal())
		out.Signal = ws.Signal().String()
	} else {
		out.ExitCode = ws.ExitStatus()
	}
	return out
}

// gather takes the tree out of the slot and looks at what the command wrote.
func (r *Runner) gather(w *worker, s *exec.Spawn, j *job, out *exec.Outcome) error {
	if r.level != exec.InPlace {
		done, err := w.slot.take()
		if err != nil {
			return err
		}
		j.tree = done
		out.SetRelease(func() { _ = sweep.Tree(done) })
	}
	return collect(out, s, j.tree)
}
