// Package local runs commands on this machine, at one of three levels of isolation: in kernel namespaces, in a private
// folder, or in the workspace itself. It knows what a Spawn says and nothing of targets, keys or caches.
//
// On Linux a command is started by a worker: cairn's own binary, started again once for each command that runs at a time,
// which lives as long as the Runner. A worker is the parent of all that a command starts, also of daemons, and lets none of
// it live on. See package box for its inside.
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/exec/local/box"
	"github.com/cairn-build/cairn/graph/exec/local/sweep"
	"github.com/cairn-build/cairn/graph/toolset"
)

// Values of Options.Mode.
const (
	Auto    = "auto"      // namespaces where they work, a private folder elsewhere
	Require = "require"   // namespaces or an error
	Folder  = "directory" // a private folder
	Off     = "off"       // the workspace itself
)

// ErrKill, as the cause of a context's end (context.WithCancelCause), ends commands at once, without a grace.
var ErrKill = errors.New("killed")

// Options configures New. The zero value of each field but Workspace and KeepDir is fine.
type Options struct {
	Mode      string        // Auto by default
	Workspace string        // absolute; for Off
	TmpDir    string        // where trees of actions lie that memory has no room for; the system's by default
	KeepDir   string        // where trees of failed actions go
	Slots     int           // commands that run at a time; the number of processors by default
	Grace     time.Duration // from SIGTERM to SIGKILL; 2 s by default
	// StageDir is where trees of actions lie. By default memory (/dev/shm) if it has room, and TmpDir otherwise.
	StageDir string
	// LinkDir is where folders of links to programs lie, for this Runner and later ones. By default they end with the Runner.
	LinkDir string
}

// Runner runs commands. It is safe for concurrent use.
type Runner struct {
	opt    Options
	tokens chan struct{} // one for each command that may run
	ctx    context.Context
	kill   context.CancelCauseFunc

	decide sync.Once
	level  exec.Isolation
	why    string // why level is not Namespaces although it was wanted
	err    error  // why there is no level

	farms farms

	keeping sync.Mutex // held while a failed command's tree is kept

	mu     sync.Mutex
	stages [2]*stage // the first choice, and TmpDir
	idle   []*worker
	warm   chan *worker // see Warm; nil where no worker is on its way or one command waits for it already
	kits   map[string]*kit
	closed bool
	runs   sync.WaitGroup
}

var _ exec.Runner = (*Runner)(nil)

// New gives a Runner. With mode Require it starts a worker, and fails where namespaces do not work; otherwise it does
// nothing yet.
func New(o Options) (*Runner, error) {
	if o.Mode == "" {
		o.Mode = Auto
	}
	if o.Slots <= 0 {
		o.Slots = runtime.GOMAXPROCS(0)
	}
	if o.Grace <= 0 {
		o.Grace = 2 * time.Second
	}
	if o.TmpDir == "" {
		o.TmpDir = os.TempDir()
	}
	switch o.Mode {
	case Auto, Require, Folder, Off:
	default:
		return nil, fmt.Errorf("no such sandbox mode: %q (%s, %s or %s)", o.Mode, Auto, Off, Require)
	}
	if o.Mode == Off && !filepath.IsAbs(o.Workspace) {
		return nil, fmt.Errorf("internal error: the workspace %q is no absolute path; please report it", o.Workspace)
	}
	r := &Runner{opt: o, tokens: make(chan struct{}, o.Slots), kits: map[string]*kit{}, farms: farms{dir: o.LinkDir}}
	r.ctx, r.kill = context.WithCancelCause(context.Background())
	if o.Mode == Require {
		if r.settle(); r.err != nil {
			_ = r.Close()
			return nil, r.err
		}
	}
	return r, nil
}

// settle finds the level, by starting the first worker where that is the question.
func (r *Runner) settle() {
	r.decide.Do(func() {
		switch r.opt.Mode {
		case Off:
			r.level = exec.InPlace
			return
		case Folder:
			r.level = exec.Directory
			return
		}
		r.level = exec.Namespaces
		w, err := r.start(kind{}, nil)
		if err == nil {
			r.mu.Lock()
			r.idle = append(r.idle, w)
			r.mu.Unlock()
			return
		}
		r.why = err.Error()
		r.level = exec.Directory
		if r.opt.Mode == Require {
			r.err = fmt.Errorf("the sandbox does not work here: %w", err)
		}
	})
}

// Isolation says at which level commands run. The first call may start a worker to find out.
func (r *Runner) Isolation() exec.Isolation {
	r.settle()
	return r.level
}

// Why says why commands do not run in namespaces although mode Auto would have them there, "" where they do.
func (r *Runner) Why() string {
	r.settle()
	return r.why
}

// Kill ends all commands at once, without a grace. Their Runs return ErrKill, and so do all later ones.
func (r *Runner) Kill() { r.kill(ErrKill) }

// Close ends commands that still run, ends the workers and removes the stage, with it all outputs that were not released.
func (r *Runner) Close() error {
	r.Kill()
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.runs.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	var ended sync.WaitGroup
	for _, w := range r.idle {
		ended.Go(w.close)
	}
	for _, s := range r.stages {
		if s != nil {
			_ = sweep.Tree(s.bin()) // most of what there is to remove; no command is left that needs it
		}
	}
	ended.Wait()
	r.idle = nil
	for _, s := range r.stages {
		if s != nil {
			errs = append(errs, s.close())
		}
	}
	r.stages = [2]*stage{}
	return errors.Join(errs...)
}

// stage gives the first choice, or the one on disk.
func (r *Runner) stage(disk bool) (*stage, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errors.New("the runner is closed")
	}
	i, base := 0, r.opt.StageDir
	if disk {
		i, base = 1, r.opt.TmpDir
	}
	if r.stages[i] != nil {
		return r.stages[i], nil
	}
	memory := false
	if base == "" {
		base = memoryStage()
		if memory = base != ""; !memory {
			base = r.opt.TmpDir
		}
	}
	s, err := openStage(base)
	if err != nil {
		return nil, fmt.Errorf("cannot make a folder for actions: %w", err)
	}
	s.memory = memory
	r.stages[i] = s
	return s, nil
}

// kind says which workers can serve a command.
type kind struct {
	network bool
	disk    bool
}

// worker serves one command at a time.
type worker struct {
	helper
	kind    kind
	slot    *slot
	stdout  *os.File // what the last command wrote
	stderr  *os.File
	profile string // what its sandbox shows
}

// helper is how a worker starts commands: a process of its own on Linux, this one elsewhere.
type helper interface {
	// do runs one command and returns when all its processes have ended. An error means that the helper is of no more use.
	do(req *box.Request, st *stopper) (*box.Reply, error)
	close()
}

func (w *worker) close() {
	if w.helper != nil {
		w.helper.close()
	}
	w.stdout.Close()
	w.stderr.Close()
	_ = sweep.Tree(w.slot.dir)
}

// start makes a slot and a worker for it; stdio, where set, is what its commands use, and area the folder they work in.
func (r *Runner) start(k kind, f *foreign) (*worker, error) {
	st, err := r.stage(k.disk)
	if err != nil {
		return nil, err
	}
	area := ""
	if f != nil {
		area = f.area
	}
	sl, err := st.newSlot(area)
	if err != nil {
		return nil, err
	}
	w := &worker{kind: k, slot: sl}
	for _, o := range []struct {
		name string
		to   **os.File
	}{{"stdout", &w.stdout}, {"stderr", &w.stderr}} {
		if *o.to, err = os.OpenFile(filepath.Join(sl.dir, o.name), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
			w.close()
			return nil, err
		}
	}
	set := &box.Setup{Sandbox: r.level == exec.Namespaces, Network: k.network, Slot: sl.dir, Area: sl.area, System: toolset.SystemDirs(), Foreign: f != nil}
	if w.helper, err = startHelper(w, set, f); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// take gives a worker for a command, one that already shows what it needs if there is one.
func (r *Runner) take(k kind, profile string) (*worker, error) {
	if w := r.awaitWarm(k); w != nil {
		return w, nil
	}
	r.mu.Lock()
	at := -1
	for i, w := range r.idle {
		if w.kind == k && (at < 0 || w.profile == profile) {
			at = i
			if w.profile == profile {
				break
			}
		}
	}
	if at >= 0 {
		w := r.idle[at]
		r.idle = append(r.idle[:at], r.idle[at+1:]...)
		r.mu.Unlock()
		return w, nil
	}
	r.mu.Unlock()
	return r.start(k, nil)
}

func (r *Runner) put(w *worker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		go w.close()
		return
	}
	r.idle = append(r.idle, w)
}
