package action

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/fetch/archive"
	"github.com/cairn-build/cairn/graph/rule"
)

// fetch brings bytes whose digest is declared, and unpacks them where that is asked for. A blob that is in the cache
// already, because another target fetched it, is not fetched again.
func (x *Executor) fetch(ctx context.Context, j *Job) (*Done, error) {
	f := j.Action.Fetch
	if f.Word != "" {
		return x.word(j)
	}
	if f.GitTree != "" || f.Pin != nil {
		return x.fetchTree(ctx, j)
	}
	start := time.Now()
	want, err := digest.ParseHash(f.SHA256)
	if err != nil {
		return nil, &Failed{Summary: err.Error()}
	}
	tmp, err := os.MkdirTemp(x.TempDir, "fetch-")
	if err != nil {
		return nil, &EnvError{err}
	}
	defer os.RemoveAll(tmp)
	file := filepath.Join(tmp, "bytes")
	if err := x.download(ctx, j, want, file); err != nil {
		return nil, err
	}
	if f.Executable {
		if err := os.Chmod(file, 0o755); err != nil {
			return nil, &EnvError{err}
		}
	}
	r := OutputResult{Path: j.Action.Outputs[0].Path, Exec: f.Executable}
	if f.Unpack == "" {
		r.Digest, err = x.Store.PutFile(file)
		if err != nil {
			return nil, &EnvError{err}
		}
	} else if r, err = x.unpack(ctx, f, file, filepath.Join(tmp, "tree"), r.Path); err != nil {
		return nil, err
	}
	return &Done{Result: &Result{Outputs: []OutputResult{r}, Wall: time.Since(start), Isolation: "fetch"}}, nil
}

func (x *Executor) unpack(ctx context.Context, f *rule.Fetch, file, dir, path string) (OutputResult, error) {
	r := OutputResult{Path: path, Tree: true}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return r, &EnvError{err}
	}
	if err := unpackFile(ctx, file, f, dir); err != nil {
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		return r, &Failed{Summary: fmt.Sprintf("cannot unpack %s: %v", filepath.Base(path), err)}
	}
	t, err := tree.Capture(dir, x.Store)
	if err != nil {
		return r, &EnvError{err}
	}
	r.Digest = t.Root
	return r, nil
}

func unpackFile(ctx context.Context, file string, f *rule.Fetch, dir string) error {
	src, err := os.Open(file)
	if err != nil {
		return err
	}
	defer src.Close()
	fi, err := src.Stat()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return archive.Unpack(ctx, src, fi.Size(), f.Unpack, archive.Options{Strip: f.Strip}, root)
}

// download writes the declared bytes to file, or says why they cannot be had.
func (x *Executor) download(ctx context.Context, j *Job, want digest.Hash, file string) error {
	f := j.Action.Fetch
	if x.Offline {
		return &EnvError{fetch.Offlinef("%s is needed, and --offline forbids the network", fetchName(f))}
	}
	fetcher, err := x.Fetcher(f.Fetcher)
	if err != nil {
		return &EnvError{err}
	}
	rc, err := fetcher.Fetch(ctx, fetch.Request{Params: f.Params, SHA256: f.SHA256,
		Progress: func(done, total int64) {
			if x.Progress != nil {
				x.Progress(j.Label, done, total)
			}
		}})
	if err != nil {
		return fetchError(ctx, err)
	}
	defer rc.Close()
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return &EnvError{err}
	}
	defer out.Close()
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(out, h), rc); err != nil {
		return fetchError(ctx, err)
	}
	if got := digest.Hash(h.Sum(nil)); got != want {
		return &Failed{Summary: fmt.Sprintf("%s is not what sha256 says: declared %s, got %s", fetchName(f), want, got)}
	}
	return out.Close()
}

// word writes down a word of what a name was resolved to.
func (x *Executor) word(j *Job) (*Done, error) {
	start := time.Now()
	text, ok := j.Action.Fetch.WordText()
	if !ok {
		return nil, &EnvError{fmt.Errorf("internal error: %s runs before it was resolved", j.Label)}
	}
	d, err := x.Store.Put([]byte(text))
	if err != nil {
		return nil, &EnvError{err}
	}
	r := OutputResult{Path: j.Action.Outputs[0].Path, Digest: d}
	return &Done{Result: &Result{Outputs: []OutputResult{r}, Wall: time.Since(start), Isolation: "fetch"}}, nil
}

// fetchTree brings a tree of git's.
func (x *Executor) fetchTree(ctx context.Context, j *Job) (*Done, error) {
	f := j.Action.Fetch
	start := time.Now()
	if f.GitTree == "" {
		return nil, &EnvError{fmt.Errorf("internal error: %s runs before it was resolved", j.Label)}
	}
	fetcher, err := x.Fetcher(f.Fetcher)
	if err != nil {
		return nil, &EnvError{err}
	}
	trees, ok := fetcher.(fetch.TreeFetcher)
	if !ok {
		return nil, &EnvError{fmt.Errorf("internal error: fetcher %q brings no trees", f.Fetcher)}
	}
	dir, err := os.MkdirTemp(x.TempDir, "fetch-")
	if err != nil {
		return nil, &EnvError{err}
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, &EnvError{err}
	}
	defer root.Close()
	err = trees.FetchTree(ctx, fetch.Request{Params: f.Params, GitTree: f.GitTree, EmptySubmodules: f.EmptySubmodules, Submodules: f.Submodules, Root: x.Root,
		Offline: x.Offline, Progress: func(done, total int64) {
			if x.Progress != nil {
				x.Progress(j.Label, done, total)
			}
		}}, root)
	var declared *fetch.DeclaredError
	switch {
	case errors.As(err, &declared):
		return nil, &Failed{Summary: declaredText(declared)}
	case err != nil:
		return nil, fetchError(ctx, err)
	}
	t, err := tree.Capture(dir, x.Store)
	if err != nil {
		var bad *tree.RefusedError
		if errors.As(err, &bad) {
			return nil, &Failed{Summary: err.Error()}
		}
		return nil, &EnvError{err}
	}
	r := OutputResult{Path: j.Action.Outputs[0].Path, Tree: true, Digest: t.Root}
	return &Done{Result: &Result{Outputs: []OutputResult{r}, Wall: time.Since(start), Isolation: "fetch"}}, nil
}

func declaredText(e *fetch.DeclaredError) string {
	if e.Hint == "" {
		return e.Error()
	}
	return e.Error() + " " + e.Hint
}

func fetchError(ctx context.Context, err error) error {
	if ctx.Err() != nil { // some clients give the context's cause in place of its error
		return ctx.Err()
	}
	return &EnvError{err}
}

// fetchName says what is fetched, for people; parameters never hold credentials.
func fetchName(f *rule.Fetch) string {
	for _, k := range []string{"file", "urls", "url"} {
		if v := f.Params[k]; v != "" {
			return v
		}
	}
	return f.Fetcher
}
