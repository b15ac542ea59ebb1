package action

import (
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/reapi"
	"github.com/cairn-build/cairn/graph/rule"
)

// Pick puts what a's Picks name in the place of the trees that they go into. Of a path that is not there nothing comes. Where
// a tree's folders are gone from the cache, the error is a *MissingInputError.
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
			got, err := x.find(r, rel)
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

// find gives the file or folder at rel in a tree, nil where there is none; a link counts as none. It reads the folders on the
// way and no others.
func (x *Executor) find(r *Resolved, rel string) (*Resolved, error) {
	at := r.Digest
	parts := strings.Split(rel, "/")
	for i, name := range parts {
		b, err := x.Store.Get(at)
		if err != nil {
			return nil, &MissingInputError{r.source()}
		}
		dir, err := reapi.DecodeDirectory(b)
		if err != nil {
			return nil, &MissingInputError{r.source()}
		}
		last := i == len(parts)-1
		if last {
			for _, f := range dir.Files {
				if f.Name == name {
					return &Resolved{Artifact: rule.Artifact{Path: r.Path + "/" + rel, Kind: rule.OutputFile}, Digest: f.Digest, Exec: f.Exec, From: r.source()}, nil
				}
			}
		}
		next := digest.Digest{}
		for _, d := range dir.Directories {
			if d.Name == name {
				next = d.Digest
			}
		}
		if next.IsZero() {
			return nil, nil
		}
		if at = next; last {
			return &Resolved{Artifact: rule.Artifact{Path: r.Path + "/" + rel, Kind: rule.OutputTree}, Digest: at, From: r.source()}, nil
		}
	}
	return nil, nil
}
