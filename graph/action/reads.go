package action

import (
	"fmt"
	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/toolset"
	"slices"
	"strings"
)

// reads turns the command's depfile into what it really read.
func (x *Executor) reads(j *Job, out *exec.Outcome) ([]Read, error) {
	if out.DepFile == nil {
		return nil, fmt.Errorf("it did not write its depfile %s", j.Action.Spawn.DepFile)
	}
	names, err := ParseDepfile(out.DepFile)
	if err != nil {
		return nil, err
	}
	if d := j.Action.Spawn.Discover; len(d) > 0 {
		return x.discovered(j, names, d)
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
	if p := j.Action.Spawn; p != nil && len(p.Discover) > 0 {
		return x.looked(j)
	}
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
