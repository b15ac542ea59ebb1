package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/reapi"
	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/exec"
)

// each fans a command out over the files of a tree: one job with a key of its own for each file, so that a tree in which one
// file changed runs one command. What the commands wrote is merged into the one output tree; two that write the same path
// with different bytes fail the action.
func (x *Executor) each(ctx context.Context, j *Job) (*Done, error) {
	start := time.Now()
	files, sizes, err := x.eachFiles(j)
	if err != nil {
		return nil, err
	}
	runner := x.Runner
	if runner.Isolation() == exec.InPlace {
		if runner, err = x.Apart(); err != nil {
			return nil, &EnvError{err}
		}
	}
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	parts := make([]*Done, len(files))
	errs := make([]error, len(files))
	slots := make(chan struct{}, max(1, x.Fan))
	var wg sync.WaitGroup
	told := x.counted(j, len(files))
	for _, i := range largestFirst(sizes) {
		f := files[i]
		slots <- struct{}{}
		if stop.Err() != nil {
			<-slots
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			how := "cached"
			if parts[i], errs[i] = x.eachFile(stop, j, f, runner, &how); errs[i] != nil {
				cancel()
				return
			}
			told(f, how)
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := firstError(errs, files); err != nil {
		return nil, err
	}
	d := &Done{Result: &Result{Wall: time.Since(start), Isolation: string(runner.Isolation())}}
	root := &reapi.Root{}
	var trees []digest.Digest
	for _, p := range parts {
		if p == nil {
			continue
		}
		d.Stdout, d.Stderr = append(d.Stdout, p.Stdout...), append(d.Stderr, p.Stderr...)
		trees = append(trees, p.Result.Outputs[0].Digest)
	}
	if err := x.overlay(root, "", trees); err != nil {
		return nil, err
	}
	dg, err := putRoot(x.Store, root)
	if err != nil {
		return nil, err
	}
	d.Result.Outputs = []OutputResult{{Path: j.Action.Outputs[0].Path, Digest: dg, Tree: true}}
	return d, x.logs(d)
}

// firstError gives the first failure in the files' order, with the file's name in its summary.
func firstError(errs []error, files []string) error {
	for i, err := range errs {
		var f *Failed
		if errors.As(err, &f) {
			f.Summary = files[i] + ": " + f.Summary
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return nil
}

// largestFirst gives the order in which jobs begin: what is large tends to take long, and is not to be left for the end.
func largestFirst(sizes []int64) []int {
	order := make([]int, len(sizes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sizes[b], sizes[a]) })
	return order
}

// eachFiles gives the files that the globs match, sorted, relative to the tree, and their sizes.
func (x *Executor) eachFiles(j *Job) (files []string, sizes []int64, err error) {
	e := j.Action.Spawn.Each
	i := slices.IndexFunc(j.Inputs, func(r Resolved) bool { return r.Path == e.Tree.Path })
	if i < 0 {
		return nil, nil, &EnvError{fmt.Errorf("internal error: %s is not among the inputs of %s; please report it", e.Tree.Path, j.Label)}
	}
	entries, err := tree.Flatten(x.Store, j.Inputs[i].Digest)
	if err != nil {
		return nil, nil, &MissingInputError{e.Tree.Path}
	}
	for _, n := range entries {
		if !n.Dir && n.Link == "" && slices.ContainsFunc(e.Globs, func(g string) bool { return MatchGlob(g, n.Path) }) {
			files, sizes = append(files, n.Path), append(sizes, n.Digest.Size)
		}
	}
	if len(files) == 0 && !e.Empty {
		return nil, nil, &Failed{Summary: fmt.Sprintf("no file of %s matches %s", e.Tree.Path, strings.Join(e.Globs, ", "))}
	}
	return files, sizes, nil
}

// eachFile does one file's job: looked up like any other, and recorded like any other. Where it runs, how becomes "ran".
func (x *Executor) eachFile(ctx context.Context, j *Job, file string, runner exec.Runner, how *string) (*Done, error) {
	sub := *j
	sub.Label = j.Label + " [" + file + "]"
	a := *j.Action
	p := *a.Spawn
	full := path.Join(p.Each.Tree.Path, file)
	r := strings.NewReplacer("{file}", full, "{rel}", file, "{stem}", strings.TrimSuffix(file, path.Ext(file)))
	p.Argv = slices.Clone(p.Argv)
	for i := range p.Argv {
		p.Argv[i] = r.Replace(p.Argv[i])
	}
	p.Env = slices.Clone(p.Env)
	for i := range p.Env {
		p.Env[i].Value = r.Replace(p.Env[i].Value)
	}
	p.DepFile, p.Stdout, p.Each = r.Replace(p.DepFile), r.Replace(p.Stdout), nil
	sub.dirs = []string{path.Join(a.Outputs[0].Path, path.Dir(file))}
	if j.Action.Spawn.Each.Alone {
		sub.Inputs = x.alone(j.Inputs, j.Action.Spawn.Each.Tree.Path, file)
	}
	a.Spawn = &p
	sub.Action = &a
	if j.Action.Spawn.Each.Anywhere {
		anywhere(&sub)
	}
	if err := x.Keys(&sub); err != nil {
		return nil, err
	}
	if res, _, ok := x.Lookup(&sub); ok && !x.NoLookup && !a.Uncached && x.whole(res) {
		d := &Done{Result: res}
		for _, l := range []struct {
			from digest.Digest
			to   *[]byte
		}{{res.Stdout, &d.Stdout}, {res.Stderr, &d.Stderr}} {
			if !l.from.IsZero() {
				*l.to, _ = x.Store.Get(l.from) // a log that has gone is not worth a run
			}
			if x.Said != nil && len(*l.to) > 0 {
				x.Said(sub.Label, l.to == &d.Stderr, *l.to)
			}
		}
		return d, nil
	}
	*how = "ran"
	d, err := x.spawn(ctx, &sub, runner)
	if err != nil {
		return nil, err
	}
	if x.NoSave || a.Uncached {
		return d, nil
	}
	return d, x.Save(&sub, d)
}

// whole says whether the cache holds all of a result's tree, not only its top.
func (x *Executor) whole(r *Result) bool {
	entries, err := tree.Flatten(x.Store, r.Outputs[0].Digest)
	if err != nil {
		return false
	}
	ds := make([]digest.Digest, 0, len(entries))
	for _, e := range entries {
		if !e.Dir && e.Link == "" {
			ds = append(ds, e.Digest)
		}
	}
	missing, err := x.Store.Missing(ds)
	return err == nil && len(missing) == 0
}

// alone gives the inputs with one file of a tree in the tree's place.
func (x *Executor) alone(in []Resolved, at, file string) []Resolved {
	out := slices.Clone(in)
	for i := range out {
		if out[i].Path == at {
			if r, ok := x.pick(&out[i], file); ok {
				out[i] = r
			}
		}
	}
	return out
}

// overlay lays folders over each other at a path of root. What only one of them has, or all have alike, is not looked into, however
// many files it is.
func (x *Executor) overlay(root *reapi.Root, at string, folders []digest.Digest) error {
	have := map[string]tree.Entry{}
	below := map[string][]digest.Digest{} // folders by name, those that differ
	for _, d := range folders {
		entries, err := tree.List(x.Store, d, at)
		if err != nil {
			return &EnvError{err}
		}
		for _, e := range entries {
			old, ok := have[e.Path]
			switch {
			case !ok:
				have[e.Path] = e
				if e.Dir {
					below[e.Path] = []digest.Digest{e.Digest}
				}
			case old.Dir && e.Dir:
				if !slices.Contains(below[e.Path], e.Digest) {
					below[e.Path] = append(below[e.Path], e.Digest)
				}
			case old != e:
				return &Failed{Summary: fmt.Sprintf("two commands wrote %s, with different contents", e.Path)}
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(have)) {
		e := have[p]
		switch {
		case e.Link != "":
			root.AddSymlink(p, e.Link)
		case !e.Dir:
			root.AddFile(p, e.Digest, e.Exec)
		case len(below[p]) == 1:
			root.AddTree(p, e.Digest)
		default:
			if err := x.overlay(root, p, below[p]); err != nil {
				return err
			}
		}
	}
	return nil
}

// MatchGlob says whether a slash-separated path matches a pattern in which `*` and `?` stop at slashes and `**` does not.
func MatchGlob(pattern, name string) bool {
	ps, ns := strings.Split(pattern, "/"), strings.Split(name, "/")
	return matchParts(ps, ns)
}

func matchParts(ps, ns []string) bool {
	for len(ps) > 0 {
		if ps[0] == "**" {
			for i := 0; i <= len(ns); i++ {
				if matchParts(ps[1:], ns[i:]) {
					return true
				}
			}
			return false
		}
		if len(ns) == 0 {
			return false
		}
		if ok, err := path.Match(ps[0], ns[0]); err != nil || !ok {
			return false
		}
		ps, ns = ps[1:], ns[1:]
	}
	return len(ns) == 0
}
