package action

import (
	"context"
	"sync"
	"time"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/diag"
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
	Kind   string // of the target; for who listens
	Action *rule.Action
	Inputs []Resolved
	Whole  []Resolved // Inputs before Picks, for messages; nil where there are none
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
	Env     bool // the work could not be done because what it stands on failed, as its own words say
	// Problems are what a Call found wrong, with the files that they are about as the function saw them.
	Problems diag.List
	Sources  map[string][]byte
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
	Piece    func(j *Job, p Piece)                        // nil: nobody listens
	Said     func(label string, stderr bool, text []byte) // what commands say while they run, see exec.Spawn; nil: nobody listens
	Fan      int                                          // how many commands of one fanned-out action run at once
	LayerDir string                                       // where layers are made
	Hold     HoldFunc                                     // nil: nobody else works on keys
	NoLookup bool                                         // the commands of a fanned-out action run whatever the cache holds
	NoSave   bool                                         // and their results are not kept

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
	case AsksNothing(j.Action, j.Inputs):
		return x.nothing(j)
	case j.Action.Call != nil:
		return x.call(ctx, j)
	case j.Action.Fetch != nil:
		return x.fetch(ctx, j)
	case j.Action.Spawn.Each != nil:
		return x.each(ctx, j)
	}
	return x.spawn(ctx, j, x.Runner)
}
