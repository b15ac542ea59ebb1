package action

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/reapi"
	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/rule"
)

// call runs a rule's Go function on the job's inputs.
func (x *Executor) call(ctx context.Context, j *Job) (*Done, error) {
	f, ok := x.Calls[j.Action.Call.Func]
	if !ok {
		return nil, &EnvError{fmt.Errorf("internal error: no function %q; please report it with the BUILD.hcl of %s", j.Action.Call.Func, j.Label)}
	}
	start := time.Now()
	c := &callContext{ctx: ctx, x: x, j: j, files: map[string]OutputResult{}, roots: map[string]*reapi.Root{}}
	for _, o := range j.Action.Outputs {
		if o.Kind == rule.OutputTree {
			c.roots[o.Path] = &reapi.Root{}
		}
	}
	err := f(ctx, c)
	if c.lost != nil {
		err = c.lost
	}
	said, err := c.verdict(err)
	if err != nil {
		var missing *MissingInputError
		var env *EnvError
		var work *Failed
		switch {
		case errors.As(err, &missing):
			return nil, missing
		case errors.As(err, &env):
			return nil, env
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.As(err, &work) && len(work.Problems) > 0:
			work.Wall = time.Since(start)
			return nil, work
		}
		return nil, &Failed{Summary: err.Error(), Wall: time.Since(start)}
	}
	d := &Done{Result: &Result{Wall: time.Since(start), Isolation: "in-process"}, Stderr: said}
	if len(said) > 0 {
		if d.Result.Stderr, err = x.Store.Put(said); err != nil {
			return nil, &EnvError{err}
		}
	}
	for _, o := range j.Action.Outputs {
		r, err := c.output(o)
		if err != nil {
			return nil, err
		}
		d.Result.Outputs = append(d.Result.Outputs, r)
	}
	return d, nil
}

// callContext implements rule.CallContext. It is used by one goroutine.
type callContext struct {
	ctx   context.Context
	x     *Executor
	j     *Job
	files map[string]OutputResult
	roots map[string]*reapi.Root
	// lost is an input whose bytes are gone. What a function makes of that, which may take it for a file that never was, does not count.
	lost error
}

// gone notes that an input's bytes are nowhere to be had.
func (c *callContext) gone(path string) error {
	c.lost = &MissingInputError{path}
	return c.lost
}

// found finds what lies in an input tree, nil for nothing.
func (c *callContext) found(r *Resolved, in string) (*Resolved, error) {
	got, err := c.x.find(r, in)
	if m := new(MissingInputError); errors.As(err, &m) {
		c.lost = m
	}
	return got, err
}

func (c *callContext) Args() []byte { return c.j.Action.Call.Args }

func (c *callContext) output(o rule.Artifact) (OutputResult, error) {
	if o.Kind == rule.OutputFile {
		r, ok := c.files[o.Path]
		if !ok {
			return r, &Failed{Summary: "it did not write " + o.Path, Argv: []string{c.j.Action.Call.Func}}
		}
		return r, nil
	}
	d, err := putRoot(c.x.Store, c.roots[o.Path])
	if err != nil {
		return OutputResult{}, err
	}
	return OutputResult{Path: o.Path, Digest: d, Tree: true}, nil
}

// putRoot stores the Directory messages of a tree that was put together in memory.
func putRoot(s Store, root *reapi.Root) (digest.Digest, error) {
	var put error
	var d digest.Digest
	err := root.Directories(func(folder digest.Digest, b []byte) {
		d = folder // the root comes last
		if _, err := s.Put(b); err != nil && put == nil {
			put = err
		}
	})
	if err != nil {
		return digest.Digest{}, &Failed{Summary: err.Error()}
	}
	if put != nil {
		return digest.Digest{}, &EnvError{put}
	}
	return d, nil
}

// Open implements rule.CallContext. Bytes are read whole and compared with the input's digest, so that what the function
// saw is what the key says.
func (c *callContext) Open(path string) (io.ReadCloser, error) {
	for i := range c.j.Inputs {
		r := &c.j.Inputs[i]
		if r.Path == path && r.Kind == rule.Source {
			b, err := os.ReadFile(filepath.Join(c.x.Root, filepath.FromSlash(path)))
			if err != nil {
				return nil, &EnvError{err}
			}
			if digest.Of(b) != r.Digest {
				return nil, &EnvError{fmt.Errorf("%s changed while it was used", path)}
			}
			return io.NopCloser(bytes.NewReader(b)), nil
		}
		d := r.Digest
		if rel, ok := strings.CutPrefix(path, r.Path+"/"); ok && r.Kind == rule.OutputTree {
			e, err := c.entry(*r, rel)
			if err != nil {
				return nil, err
			}
			d = e.Digest
		} else if r.Path != path || r.Kind != rule.OutputFile {
			continue
		}
		rc, err := c.x.Store.Open(d)
		if errors.Is(err, cache.ErrMissing) {
			return nil, c.gone(r.source())
		}
		return inputReader{rc, c, r.source()}, err
	}
	return nil, &rule.NotInputError{Path: path}
}

// inputReader says of bytes that turn out to be damaged whose they are.
type inputReader struct {
	io.ReadCloser
	c    *callContext
	path string
}

func (r inputReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && errors.Is(err, cache.ErrMissing) {
		err = r.c.gone(r.path)
	}
	return n, err
}

func (c *callContext) entry(r Resolved, rel string) (tree.Entry, error) {
	entries, err := tree.Flatten(c.x.Store, r.Digest)
	if err != nil {
		return tree.Entry{}, c.gone(r.source())
	}
	i := slices.IndexFunc(entries, func(e tree.Entry) bool { return e.Path == rel && !e.Dir && e.Link == "" })
	if i < 0 {
		return tree.Entry{}, &rule.NotInputError{Path: rel, Tree: r.Path}
	}
	return entries[i], nil
}

// List implements rule.CallContext.
func (c *callContext) List(at string) ([]string, error) {
	for i := range c.j.Inputs {
		r := &c.j.Inputs[i]
		if r.Path != at || r.Kind != rule.OutputTree {
			continue
		}
		entries, err := tree.Flatten(c.x.Store, r.Digest)
		if err != nil {
			return nil, c.gone(r.source())
		}
		return filesOf(entries), nil
	}
	return nil, fmt.Errorf("%s is not a declared tree", at)
}

// filesOf gives the paths of what is neither a folder nor a link.
func filesOf(entries []tree.Entry) []string {
	var names []string
	for _, e := range entries {
		if !e.Dir && e.Link == "" {
			names = append(names, e.Path)
		}
	}
	return names
}

// Write implements rule.CallContext.
func (c *callContext) Write(path string, data []byte, executable bool) error {
	d, err := c.x.Store.Put(data)
	if err != nil {
		return &EnvError{err}
	}
	for _, o := range c.j.Action.Outputs {
		if o.Path == path && o.Kind == rule.OutputFile {
			c.files[path] = OutputResult{Path: path, Digest: d, Exec: executable}
			return nil
		}
		if rel, ok := strings.CutPrefix(path, o.Path+"/"); ok && o.Kind == rule.OutputTree {
			if err := rule.CheckRel(rel); err != nil {
				return fmt.Errorf("%q: a path %w", path, err)
			}
			c.roots[o.Path].AddFile(rel, d, executable)
			return nil
		}
	}
	return fmt.Errorf("%s is not a declared output", path)
}

// Symlink implements rule.CallContext.
func (c *callContext) Symlink(path, target string) error {
	root, rel, err := c.below(path)
	if err != nil {
		return err
	}
	if err := tree.CheckLink(rel, target); err != nil {
		return err
	}
	root.AddSymlink(rel, target)
	return nil
}

// below gives the declared output tree that path lies in, and path in it.
func (c *callContext) below(path string) (*reapi.Root, string, error) {
	for _, o := range c.j.Action.Outputs {
		rel, ok := strings.CutPrefix(path, o.Path+"/")
		if !ok || o.Kind != rule.OutputTree {
			continue
		}
		if err := rule.CheckRel(rel); err != nil {
			return nil, "", fmt.Errorf("%q: a path %w", path, err)
		}
		return c.roots[o.Path], rel, nil
	}
	return nil, "", fmt.Errorf("%s is not in a declared output tree", path)
}
