package action

import (
	"context"
	"errors"
	"fmt"
	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/rule"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Called names an action's target for people, and what of it a test tests.
func Called(label, of string) string {
	if of == "" {
		return label
	}
	return label + " [" + of + "]"
}

// SpawnOf gives the command of a job, ready for a Runner.
func (x *Executor) SpawnOf(j *Job, r exec.Runner) (*exec.Spawn, error) {
	a, p := j.Action, j.Action.Spawn
	s := &exec.Spawn{Name: Called(j.Label, a.Case), Argv: p.Argv, Stdout: p.Stdout, DepFile: p.DepFile, Tools: j.Tools,
		Network: p.Network, Timeout: p.Timeout, KeepOnErr: true, Env: x.env(p)}
	for _, o := range a.Outputs {
		s.Outputs = append(s.Outputs, exec.Output{Path: o.Path, Tree: o.Kind == rule.OutputTree})
	}
	for _, c := range p.Scratch {
		dir, err := x.Scratch(c.Name)
		if err != nil {
			return nil, &EnvError{err}
		}
		s.Scratch = append(s.Scratch, exec.Scratch{Env: c.Env, Dir: dir})
	}
	if r.Isolation() != exec.InPlace {
		in, err := x.stage(j)
		if err != nil {
			return nil, err
		}
		s.Inputs = in
	}
	return s, x.stageLayers(j, r.Isolation(), s)
}

func (x *Executor) spawn(ctx context.Context, j *Job, r exec.Runner) (*Done, error) {
	a, p := j.Action, j.Action.Spawn
	s, err := x.SpawnOf(j, r)
	if err != nil {
		return nil, err
	}
	s.Dirs = j.dirs
	if x.Said != nil {
		s.Said = func(stderr bool, text []byte) { x.Said(j.Label, stderr, text) }
	}
	ask, err := x.relay(ctx, p)
	if err != nil {
		return nil, err
	}
	defer ask.close()
	s.Env = append(s.Env, ask.env()...)
	out, err := r.Run(ctx, s)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &EnvError{fmt.Errorf("cannot start the command: %w", err)}
	}
	defer out.Release()
	if f := broken(a, p, out); f != nil {
		ask.blame(f)
		return nil, f
	}
	d := &Done{Stdout: out.Stdout, Stderr: out.Stderr, Result: &Result{Wall: out.Wall, CPU: out.CPU, MaxRSS: out.MaxRSS, Isolation: string(r.Isolation())}}
	if p.DepFile != "" {
		if d.Reads, err = x.reads(j, out); err != nil {
			return nil, &Failed{Summary: err.Error(), Argv: p.Argv, Stdout: out.Stdout, Stderr: out.Stderr, Kept: out.Kept, Wall: out.Wall}
		}
	}
	for i, o := range a.Outputs {
		res, err := x.capture(o, out.Outputs[i])
		if err != nil {
			var bad *tree.RefusedError
			if errors.As(err, &bad) {
				return nil, &Failed{Summary: err.Error(), Argv: p.Argv, Stdout: out.Stdout, Stderr: out.Stderr, Wall: out.Wall}
			}
			return nil, &EnvError{fmt.Errorf("cannot keep %s: %w", o.Path, err)}
		}
		d.Result.Outputs = append(d.Result.Outputs, res)
	}
	return d, x.logs(d)
}

// broken says how a command that ended failed to keep its promises, nil where it kept them.
func broken(a *rule.Action, p *rule.Spawn, out *exec.Outcome) *Failed {
	f := &Failed{Argv: p.Argv, Stdout: out.Stdout, Stderr: out.Stderr, Kept: out.Kept, Wall: out.Wall}
	switch {
	case out.TimedOut:
		f.Summary = fmt.Sprintf("timed out after %s", p.Timeout)
	case out.Signal != "":
		f.Summary = "ended by a signal: " + out.Signal
	case out.ExitCode != 0:
		f.Summary = fmt.Sprintf("exit code %d", out.ExitCode)
	default:
		var missing []string
		for i, o := range a.Outputs {
			if out.Outputs[i] == "" {
				missing = append(missing, o.Path)
			}
		}
		if len(missing) == 0 {
			return nil
		}
		f.Summary = "exit code 0, but it did not write " + strings.Join(missing, ", ")
	}
	return f
}

// logs stores what the command said.
func (x *Executor) logs(d *Done) error {
	for _, l := range []struct {
		b  []byte
		to *digest.Digest
	}{{d.Stdout, &d.Result.Stdout}, {d.Stderr, &d.Result.Stderr}} {
		if len(l.b) == 0 {
			continue
		}
		dg, err := x.Store.Put(l.b)
		if err != nil {
			return &EnvError{err}
		}
		*l.to = dg
	}
	return nil
}

func (x *Executor) capture(o rule.Artifact, at string) (OutputResult, error) {
	r := OutputResult{Path: o.Path, Tree: o.Kind == rule.OutputTree}
	if r.Tree {
		t, err := tree.Capture(at, x.Store)
		r.Digest = t.Root
		return r, err
	}
	fi, err := os.Lstat(at)
	if err != nil {
		return r, err
	}
	if !fi.Mode().IsRegular() {
		return r, &tree.RefusedError{Path: o.Path, Reason: "an output is a regular file, not a " + kindOf(fi.Mode())}
	}
	r.Exec = fi.Mode()&0o100 != 0
	r.Digest, err = x.Store.PutFile(at)
	return r, err
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "folder (declare it in out_dirs)"
	case m&fs.ModeSymlink != 0:
		return "link"
	}
	return "special file"
}

// env gives the command's variables: the keyed ones, and those passed on.
func (x *Executor) env(p *rule.Spawn) []string {
	env := make([]string, 0, len(p.Env)+4)
	for _, e := range p.Env {
		env = append(env, e.Name+"="+e.Value)
	}
	for _, names := range [][]string{p.PassEnv, p.ClientEnv} {
		for _, n := range names {
			if v, ok := x.Getenv(n); ok {
				env = append(env, n+"="+v)
			}
		}
	}
	return env
}

// stage says where the bytes of each input are on this machine.
func (x *Executor) stage(j *Job) ([]exec.Input, error) {
	in := make([]exec.Input, 0, len(j.Inputs))
	for i := range j.Inputs {
		r := &j.Inputs[i]
		e := exec.Input{Path: r.Path, Exec: r.Exec, Size: r.Digest.Size}
		var err error
		switch {
		case r.Kind == rule.Source:
			e.From = filepath.Join(x.Root, filepath.FromSlash(r.Path))
		case r.Kind == rule.OutputTree:
			e.Tree = true
			e.From, err = x.Store.TreePath(r.Digest)
		case r.Digest.Size <= maxInline:
			if e.Data, err = x.Store.Get(r.Digest); e.Data == nil {
				e.Data = []byte{}
			}
		default:
			e.From, err = x.Store.BlobPath(r.Digest, r.Exec)
		}
		if errors.Is(err, cache.ErrMissing) {
			return nil, &MissingInputError{r.source()}
		}
		if err != nil {
			return nil, &EnvError{err}
		}
		in = append(in, e)
	}
	return in, nil
}

// maxInline is up to which size an input is handed over as bytes.
const maxInline = 64 << 10
