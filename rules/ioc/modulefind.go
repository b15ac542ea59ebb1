package ioc

import (
	"context"
	"encoding/json"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

const sourcesCall = "ioc_sources/1"

// sourcesArgs is what ioc_sources/1 is told.
type sourcesArgs struct {
	To   string       `json:"to"`
	From []headerFrom `json:"from"`
}

// findSources declares the action that names sources that are not in their tree, all of them: a compiler would name one, by a path that
// nobody has written. Compilers wait for it.
func (m *moduleBuild) findSources() {
	a := sourcesArgs{}
	var in []item
	where := places{}
	for _, s := range m.s.Sources {
		if s.inTree() && !s.pattern() {
			a.From = append(a.From, headerFrom{In: s.In.Path, Tree: true, At: s.At})
			in = append(in, s)
			where[s.At] = s.Range
		}
	}
	if len(in) == 0 {
		return
	}
	m.found = m.file("sources.ok")
	a.To = m.found.Path
	m.call("Sources", sourcesCall, a, where, inputsOf(in), m.found)
}

func sourcesFunc(_ context.Context, c rule.CallContext) error {
	var a sourcesArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	where := readPlaces(c)
	var said diag.List
	has := map[string]map[string]bool{}
	for _, f := range a.From {
		if has[f.In] == nil {
			names, err := c.List(f.In)
			if err != nil {
				return err
			}
			has[f.In] = map[string]bool{}
			for _, n := range names {
				has[f.In][n] = true
			}
		}
		if rel, _ := below(f.In, f.At); !has[f.In][rel] {
			d := nothingAt(f.In, f.At, where[f.At])
			if hint := diag.DidYouMean(rel, sortedKeys(has[f.In])); hint != "" {
				d.Hint = hint
			}
			said = append(said, d)
		}
	}
	if len(said) > 0 {
		return said
	}
	return c.Write(a.To, nil, false)
}
