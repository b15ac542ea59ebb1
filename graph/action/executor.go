package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/toolset"
)

// Store is what an Executor asks of the cache on this machine.
type Store interface {
	cache.Blobs
	cache.Records
	// BlobPath gives a read-only file that holds the blob, with the executable bit as asked.
	BlobPath(d digest.Digest, exec bool) (string, error)
	// TreePath gives a read-only folder that holds the tree, made once for all.
	TreePath(root digest.Digest) (string, error)
}

// Job is one action with all that its key says.
type Job struct {
	Label  string
	Action *rule.Action
	Inputs []Resolved
	Tools  []toolset.Tool
	Key    digest.Hash
	Narrow digest.Hash // zero where the action discovers no inputs

	dirs []string // folders that are there before the command starts
}

// Done is what executing a job came to.
type Done struct {
	Result *Result
	Stdout []byte
	Stderr []byte
	Reads  []Read // what a depfile named; nil where the action has none
}

// Failed says that the work itself failed: the command's own exit code, or a promise that it broke.
type Failed struct {
	Summary string // "exit code 2", "timed out after 1m30s", "did not write cairn-out/a/b/c"
	Argv    []string
	Stdout  []byte
	Stderr  []byte
	Kept    string // the kept folder of the failed command
	Wall    time.Duration
}

// Error implements error.
func (f *Failed) Error() string { return f.Summary }

// EnvError says that what the work stands on failed: cache, network, sandbox, toolchain.
type EnvError struct{ Err error }

// Error implements error.
func (e *EnvError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *EnvError) Unwrap() error { return e.Err }

// MissingInputError says that an input's bytes are nowhere to be had, so that what makes it must run again.
type MissingInputError struct{ Path string }

// Error implements error.
func (e *MissingInputError) Error() string { return "the bytes of " + e.Path + " are gone" }

// Executor runs actions. Its methods are safe for concurrent use.
type Executor struct {
	Store  Store
	Runner exec.Runner
	// Apart gives a runner whose commands do not write into the workspace, for several commands that write below one
	// output at once. Needed where Runner works in place.
	Apart    func() (exec.Runner, error)
	Root     string // of the workspace
	TempDir  string
	Calls    map[string]rule.CallFunc
	Fetcher  func(name string) (fetch.Fetcher, error)
	Offline  bool
	Getenv   func(string) (string, bool)
	Scratch  func(name string) (dir string, err error)
	Progress func(label string, done, total int64)
	Fan      int      // how many commands of one fanned-out action run at once
	LayerDir string   // where layers are made
	Hold     HoldFunc // nil: nobody else works on keys
	NoLookup bool     // the commands of a fanned-out action run whatever the cache holds
	NoSave   bool     // and their results are not kept

	keyers sync.Pool
	flat   sync.Map // digest.Hash of a tree -> map[string]digest.Hash
}

// Keys fills in the keys of j from its action, inputs and tools.
func (x *Executor) Keys(j *Job) error {
	k, _ := x.keyers.Get().(*Keyer)
	if k == nil {
		k = &Keyer{Names: x.TreeNames}
	}
	defer x.keyers.Put(k)
	tools := Identities(j.Tools)
	var err error
	if j.Key, err = k.Full(j.Action, j.Inputs, tools); err != nil {
		return &Failed{Summary: err.Error()}
	}
	if p := j.Action.Spawn; p != nil && p.DepFile != "" && p.Each == nil {
		if j.Narrow, err = k.Narrow(j.Action, j.Inputs, tools); err != nil {
			return &Failed{Summary: err.Error()}
		}
	}
	return nil
}

// Identities gives what keys take of tools.
func Identities(tools []toolset.Tool) []ToolIdentity {
	ids := make([]ToolIdentity, len(tools))
	for i, t := range tools {
		ids[i] = ToolIdentity{Name: t.Name, Identity: t.Identity}
	}
	return ids
}

// Lookup gives the cached result of j: by its narrow key, then by its full one. A result whose blobs are gone is none.
func (x *Executor) Lookup(j *Job) (*Result, digest.Hash, bool) {
	if !j.Narrow.IsZero() {
		digests := x.inputDigests(j)
		if full, ok := lookupNarrow(x.Store, j.Narrow, digests); ok {
			if r, ok := x.result(j, full); ok {
				return r, full, true
			}
		}
	}
	r, ok := x.result(j, j.Key)
	return r, j.Key, ok
}

func (x *Executor) result(j *Job, key digest.Hash) (*Result, bool) {
	b, ok := x.Store.Lookup(cache.Result, key)
	if !ok {
		return nil, false
	}
	r, ok := DecodeResult(b)
	if !ok || len(r.Outputs) != len(j.Action.Outputs) {
		return nil, false
	}
	if j.Action.Fetch != nil {
		r.Outputs[0].Path = j.Action.Outputs[0].Path // a fetched thing is the same wherever it goes
	}
	need := make([]digest.Digest, 0, len(r.Outputs)+2)
	for _, o := range r.Outputs {
		need = append(need, o.Digest)
	}
	for _, d := range []digest.Digest{r.Stdout, r.Stderr} {
		if !d.IsZero() {
			need = append(need, d)
		}
	}
	missing, err := x.Store.Missing(need)
	return r, err == nil && len(missing) == 0
}

// Save records a result under the job's keys, with the key's components.
func (x *Executor) Save(j *Job, d *Done) error {
	if err := x.Store.Record(cache.Result, j.Key, EncodeResult(d.Result)); err != nil {
		return &EnvError{err}
	}
	if !j.Narrow.IsZero() {
		if err := recordNarrow(x.Store, j.Narrow, j.Key, d.Reads); err != nil {
			return &EnvError{err}
		}
	}
	return nil
}

// SaveParts records the components of the job's key, so that `why` can compare them later.
func (x *Executor) SaveParts(key digest.Hash, parts []Part) error {
	return x.Store.Record(cache.KeyParts, key, EncodeParts(parts))
}

// LoadParts gives the components of a key, false where they are not recorded.
func (x *Executor) LoadParts(key digest.Hash) ([]Part, bool) {
	b, ok := x.Store.Lookup(cache.KeyParts, key)
	if !ok {
		return nil, false
	}
	return DecodeParts(b)
}

// Execute runs j whatever the cache holds. Errors: *Failed, *EnvError, *MissingInputError, or ctx's.
func (x *Executor) Execute(ctx context.Context, j *Job) (*Done, error) {
	switch {
	case j.Action.Call != nil:
		return x.call(ctx, j)
	case j.Action.Fetch != nil:
		return x.fetch(ctx, j)
	case j.Action.Spawn.Each != nil:
		return x.each(ctx, j)
	}
	return x.spawn(ctx, j, x.Runner)
}

// SpawnOf gives the command of a job, ready for a Runner.
func (x *Executor) SpawnOf(j *Job, r exec.Runner) (*exec.Spawn, error) {
	a, p := j.Action, j.Action.Spawn
	s := &exec.Spawn{Name: j.Label, Argv: p.Argv, Stdout: p.Stdout, DepFile: p.DepFile, Tools: j.Tools,
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
	out, err := r.Run(ctx, s)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &EnvError{fmt.Errorf("cannot start the command: %w", err)}
	}
	defer out.Release()
	if f := broken(a, p, out); f != nil {
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

// reads turns the command's depfile into what it really read.
func (x *Executor) reads(j *Job, out *exec.Outcome) ([]Read, error) {
	if out.DepFile == nil {
		return nil, fmt.Errorf("it did not write its depfile %s", j.Action.Spawn.DepFile)
	}
	names, err := ParseDepfile(out.DepFile)
	if err != nil {
		return nil, err
	}
	covers := func(p string) bool {
		return slices.ContainsFunc(j.Inputs, func(r Resolved) bool {
			return r.Path == p || r.Kind == rule.OutputTree && strings.HasPrefix(p, r.Path+"/")
		})
	}
	own := func(p string) bool {
		return slices.ContainsFunc(j.Action.Outputs, func(o rule.Artifact) bool { return o.Path == p })
	}
	paths, undeclared := ReadSet(names, out.Root, covers, func(p string) bool { return toolFile(p, j.Tools) })
	undeclared = slices.DeleteFunc(undeclared, own)
	if len(undeclared) > 0 {
		return nil, &UndeclaredError{undeclared}
	}
	digests := x.inputDigests(j)
	rs := make([]Read, len(paths))
	for i, p := range paths {
		rs[i] = Read{Path: p, Digest: digests(p)}
	}
	return rs, nil
}

// toolFile says whether an absolute path belongs to the system or to a declared tool.
func toolFile(p string, tools []toolset.Tool) bool {
	for _, dir := range []string{"/usr/", "/lib/", "/lib64/", "/opt/", "/etc/", "/Library/", "/System/"} {
		if strings.HasPrefix(p, dir) {
			return true
		}
	}
	for _, t := range tools {
		for _, r := range t.Roots {
			if strings.HasPrefix(p, strings.TrimSuffix(r, "/")+"/") {
				return true
			}
		}
	}
	return false
}

// inputDigests gives a function from a path to what is there now: the hash of an input, or of a file in an input tree; the
// zero hash where there is nothing.
func (x *Executor) inputDigests(j *Job) func(string) digest.Hash {
	return func(p string) digest.Hash {
		for i := range j.Inputs {
			r := &j.Inputs[i]
			if r.Path == p {
				return r.Digest.Hash
			}
			if rel, ok := strings.CutPrefix(p, r.Path+"/"); ok && r.Kind == rule.OutputTree {
				return x.flatten(r.Digest)[rel]
			}
		}
		return digest.Hash{}
	}
}

func (x *Executor) flatten(root digest.Digest) map[string]digest.Hash {
	if m, ok := x.flat.Load(root.Hash); ok {
		return m.(map[string]digest.Hash)
	}
	m := map[string]digest.Hash{}
	entries, err := tree.Flatten(x.Store, root)
	if err != nil {
		return m // the bytes are gone: nothing matches, and staging will say so
	}
	for _, e := range entries {
		m[e.Path] = e.Digest.Hash
	}
	x.flat.Store(root.Hash, m)
	return m
}

// TreeNames gives a digest of the names and kinds in a tree, what files hold left out: what a narrow key takes of a tree.
func (x *Executor) TreeNames(root digest.Digest) digest.Digest {
	key := digest.Of([]byte("names of " + root.Hash.String())).Hash
	if b, ok := x.Store.Lookup(cache.Tree, key); ok && len(b) == len(digest.Hash{}) {
		return digest.Digest{Hash: digest.Hash(b)}
	}
	entries, err := tree.Flatten(x.Store, root)
	if err != nil {
		return root // cannot be narrowed; the full digest is the safe choice
	}
	e := &encoder{}
	for _, n := range entries {
		e.str(n.Path)
		e.str(n.Link)
		f := uint64(0)
		if n.Exec {
			f |= 1
		}
		if n.Dir {
			f |= 2
		}
		e.num(f)
	}
	d := digest.Digest{Hash: digest.Of(e.b).Hash}
	_ = x.Store.Record(cache.Tree, key, d.Hash[:]) // only a memory: the next run computes it again
	return d
}
