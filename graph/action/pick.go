package action

import (
	"path"
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/reapi"
	"github.com/cairn-build/cairn/graph/rule"
)

// Pick puts what a's Picks name in the place of the trees that they go into. Links within a tree are followed. Of a path that is
// not there nothing comes. Where a tree's folders are gone from the cache, the error is a *MissingInputError.
func (x *Executor) Pick(a *rule.Action, in []Resolved) ([]Resolved, error) {
	if len(a.Picks) == 0 {
		return in, nil
	}
	var out []Resolved
	for i := range in {
		r, touched := &in[i], false
		for _, p := range a.Picks {
			rel, ok := strings.CutPrefix(p, r.Path+"/")
			if !ok || r.Kind != rule.OutputTree {
				continue
			}
			touched = true
			got, err := x.reach(r, rel)
			if err != nil {
				return nil, err
			}
			if got != nil {
				out = append(out, *got)
			}
		}
		if !touched {
			out = append(out, *r)
		}
	}
	return out, nil
}

func (x *Executor) pick(r *Resolved, rel string) (Resolved, bool) {
	got, err := x.find(r, rel)
	if err != nil || got == nil {
		return Resolved{}, false
	}
	return *got, true
}

// mostLinks bounds how many links lead from a pick to what it means: there may be circles.
const mostLinks = 40

// reach gives what rel leads to in a tree, through links too, under the name of rel; nil where there is nothing.
func (x *Executor) reach(r *Resolved, rel string) (*Resolved, error) {
	for to, n := rel, 0; to != "" && n < mostLinks; n++ {
		got, onward, err := x.look(r, to)
		if err != nil {
			return nil, err
		}
		if got != nil {
			got.Path = r.Path + "/" + rel
			return got, nil
		}
		to = onward
	}
	return nil, nil
}

// find gives the file or folder at rel in a tree, nil where there is none; a link counts as none. It reads the folders on the
// way and no others.
func (x *Executor) find(r *Resolved, rel string) (*Resolved, error) {
	got, _, err := x.look(r, rel)
	return got, err
}

// look gives the file or folder at rel; where a link stands in the way, the path that it makes of rel, unless that is none below
// the tree.
func (x *Executor) look(r *Resolved, rel string) (got *Resolved, onward string, err error) {
	at := r.Digest
	parts := strings.Split(rel, "/")
	for i, name := range parts {
		b, err := x.Store.Get(at)
		if err != nil {
			return nil, "", &MissingInputError{r.source()}
		}
		dir, err := reapi.DecodeDirectory(b)
		if err != nil {
			return nil, "", &MissingInputError{r.source()}
		}
		last := i == len(parts)-1
		if last {
			for _, f := range dir.Files {
				if f.Name == name {
					return &Resolved{Artifact: rule.Artifact{Path: r.Path + "/" + rel, Kind: rule.OutputFile}, Digest: f.Digest, Exec: f.Exec, From: r.source()}, "", nil
				}
			}
		}
		for _, l := range dir.Symlinks {
			if l.Name == name {
				return nil, through(parts[:i], l.Target, parts[i+1:]), nil
			}
		}
		next := digest.Digest{}
		for _, d := range dir.Directories {
			if d.Name == name {
				next = d.Digest
			}
		}
		if next.IsZero() {
			return nil, "", nil
		}
		if at = next; last {
			return &Resolved{Artifact: rule.Artifact{Path: r.Path + "/" + rel, Kind: rule.OutputTree}, Digest: at, From: r.source()}, "", nil
		}
	}
	return nil, "", nil
}

// through gives the path that leads on where a link in the folder at has this target, "" where that is none below the tree.
func through(at []string, target string, rest []string) string {
	to := path.Join(path.Join(at...), target, path.Join(rest...))
	if path.IsAbs(target) || to == "." || to == ".." || strings.HasPrefix(to, "../") {
		return ""
	}
	return to
}
