package action

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/rule"
)

// callFetches is how many fetches of one Call are under way at once.
const callFetches = 8

// Fetch implements rule.CallContext. Every fetch ends before it returns; what failed is named, each with its own reason, up to
// a handful.
func (c *callContext) Fetch(fs []rule.Fetch) ([]rule.Blob, error) {
	out := make([]rule.Blob, len(fs))
	errs := make([]error, len(fs))
	slots := make(chan struct{}, callFetches)
	var wg sync.WaitGroup
	told := c.x.counted(c.j, len(fs))
	for i := range fs {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			how := "cached"
			if out[i], errs[i] = c.fetchOne(&fs[i], &how); errs[i] == nil {
				told(fetchName(&fs[i]), how)
			}
		})
	}
	wg.Wait()
	if err := c.ctx.Err(); err != nil {
		return nil, err
	}
	return out, joinErrors(errs)
}

// fetchOne is a Fetch action of its own: it has a key, is looked up, and is worked on once by all processes. Where that is not
// enough, how becomes "fetched".
func (c *callContext) fetchOne(f *rule.Fetch, how *string) (rule.Blob, error) {
	if err := c.ctx.Err(); err != nil {
		return rule.Blob{}, err
	}
	name := fetchName(f)
	j := &Job{Label: c.j.Label + " [" + name + "]", Action: &rule.Action{Mnemonic: "Fetch", Fetch: f,
		Outputs: []rule.Artifact{{Path: name, Kind: rule.OutputFile}}}}
	if err := c.x.Keys(j); err != nil {
		return rule.Blob{}, err
	}
	if b, ok := c.fetched(j); ok {
		return b, nil
	}
	if c.x.Hold != nil {
		unlock, err := c.x.Hold(c.ctx, j.Label, j.Key)
		if err != nil {
			return rule.Blob{}, err
		}
		defer unlock()
		if b, ok := c.fetched(j); ok { // somebody else was quicker
			return b, nil
		}
	}
	*how = "fetched"
	d, err := c.x.fetch(c.ctx, j)
	if err != nil {
		return rule.Blob{}, err
	}
	b := blobOf(d.Result.Outputs[0].Digest)
	if c.x.NoSave {
		return b, nil
	}
	return b, c.x.Save(j, d)
}

// fetched looks a fetch up.
func (c *callContext) fetched(j *Job) (rule.Blob, bool) {
	if c.x.NoLookup {
		return rule.Blob{}, false
	}
	r, _, ok := c.x.Lookup(j)
	if !ok {
		return rule.Blob{}, false
	}
	return blobOf(r.Outputs[0].Digest), true
}

func blobOf(d digest.Digest) rule.Blob { return rule.Blob{SHA256: d.Hash.String(), Size: d.Size} }

// maxJoined is how many of several failures are told.
const maxJoined = 4

// joinErrors makes one error of several: the environment's where one of them is that.
func joinErrors(errs []error) error {
	var texts []string
	var env *EnvError
	var all []error
	for _, err := range errs {
		if err == nil {
			continue
		}
		all = append(all, err)
		errors.As(err, &env)
		if len(texts) < maxJoined {
			texts = append(texts, err.Error())
		}
	}
	switch {
	case len(all) == 0:
		return nil
	case len(all) == 1:
		return all[0]
	case len(all) > len(texts):
		texts = append(texts, fmt.Sprintf("and %d more", len(all)-len(texts)))
	}
	text := strings.Join(texts, "\n")
	if env != nil {
		return &EnvError{errors.New(text)}
	}
	return &Failed{Summary: text}
}

// Offers implements rule.CallContext.
func (c *callContext) Offers(fetcher string, params map[string]string) ([]rule.Offer, error) {
	if c.x.Offline {
		return nil, &EnvError{fetch.Offlinef("what files %s has must be asked, and --offline forbids the network", params["package"])}
	}
	f, err := c.x.Fetcher(fetcher)
	if err != nil {
		return nil, &EnvError{err}
	}
	l, ok := f.(fetch.Lister)
	if !ok {
		return nil, &EnvError{fmt.Errorf("internal error: fetcher %q cannot say what there is", fetcher)}
	}
	offers, err := l.Offers(c.ctx, params)
	if err != nil {
		return nil, fetchError(c.ctx, err)
	}
	out := make([]rule.Offer, len(offers))
	for i, o := range offers {
		out[i] = rule.Offer{File: o.File, SHA256: strings.ToLower(o.SHA256)}
	}
	return out, nil
}

// Link implements rule.CallContext.
func (c *callContext) Link(path string, b rule.Blob, executable bool) error {
	h, err := digest.ParseHash(b.SHA256)
	if err != nil {
		return err
	}
	root, rel, err := c.below(path)
	if err != nil {
		return err
	}
	root.AddFile(rel, digest.Digest{Hash: h, Size: b.Size}, executable)
	return nil
}

// LinkTree implements rule.CallContext.
func (c *callContext) LinkTree(path string, b rule.Blob) error {
	h, err := digest.ParseHash(b.SHA256)
	if err != nil {
		return err
	}
	root, rel, err := c.below(path)
	if err != nil {
		return err
	}
	root.AddTree(rel, digest.Digest{Hash: h, Size: b.Size})
	return nil
}

// Folder implements rule.CallContext.
func (c *callContext) Folder(path string) ([]rule.Entry, error) {
	for i := range c.j.Inputs {
		r := &c.j.Inputs[i]
		rel, ok := strings.CutPrefix(path, r.Path)
		if !ok || r.Kind != rule.OutputTree || rel != "" && rel[0] != '/' {
			continue
		}
		at, in := r, strings.TrimPrefix(rel, "/")
		if in != "" {
			var err error
			if at, err = c.found(r, in); err != nil {
				return nil, err
			}
			if at == nil || at.Kind != rule.OutputTree {
				return nil, &rule.NotInputError{Path: in, Tree: r.Path}
			}
		}
		entries, err := tree.List(c.x.Store, at.Digest, in)
		if err != nil {
			return nil, c.gone(r.source())
		}
		out := make([]rule.Entry, len(entries))
		for i, e := range entries {
			out[i] = rule.Entry{Path: e.Path[strings.LastIndexByte(e.Path, '/')+1:], Link: e.Link, Dir: e.Dir, Executable: e.Exec}
			if e.Link == "" {
				out[i].Blob = blobOf(e.Digest)
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("%s is not in a declared tree", path)
}

// Entries implements rule.CallContext.
func (c *callContext) Entries(at string) ([]rule.Entry, error) {
	for i := range c.j.Inputs {
		r := &c.j.Inputs[i]
		if r.Path != at || r.Kind != rule.OutputTree {
			continue
		}
		entries, err := tree.Flatten(c.x.Store, r.Digest)
		if err != nil {
			return nil, c.gone(r.source())
		}
		var out []rule.Entry
		for _, e := range entries {
			switch {
			case e.Link != "":
				out = append(out, rule.Entry{Path: e.Path, Link: e.Link})
			case !e.Dir:
				out = append(out, rule.Entry{Path: e.Path, Blob: blobOf(e.Digest), Executable: e.Exec})
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("%s is not a declared tree", at)
}

// HoldFunc takes a key's lock, waiting for whoever has it; label is who waits.
type HoldFunc func(ctx context.Context, label string, key digest.Hash) (unlock func(), err error)
