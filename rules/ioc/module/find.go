package module

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

const sourcesCall = "ioc_sources/1"

// sourcesArgs is what ioc_sources/1 is told.
type sourcesArgs struct {
	To   string     `json:"to"`
	From []callItem `json:"from"`
	// Others are modules that are known and whose headers the sources cannot see; Seen are lists of headers that they can, Trees folders with
	// such, and Own the paths of the module's own. They are for a hint.
	Others []knownHeaders `json:"others,omitempty"`
	Seen   []string       `json:"seen,omitempty"`
	Trees  []string       `json:"trees,omitempty"`
	Own    []string       `json:"own,omitempty"`
}

// findSources declares the action that looks at sources before a compiler does. It names those that are not in their tree, all of them: a
// compiler would name one, by a path that nobody has written. And where modules are known that are not compiled with, in pools or
// among runtime_deps, it says which of them has a header that would not be found. Compilers wait for it.
func (m *moduleBuild) findSources() {
	a := sourcesArgs{}
	var in []Item
	where := ioc.Places{"": m.s.Places["deps"]}
	others := m.notSeen()
	for _, s := range m.s.Sources {
		if s.pattern() || s.whole() || !s.inTree() && len(others) == 0 {
			continue
		}
		a.From = append(a.From, s.told())
		in = append(in, s)
		where[s.At] = s.Range
	}
	if len(in) == 0 {
		return
	}
	m.found = m.file("sources.ok")
	a.To = m.found.Path
	inputs := inputsOf(in)
	if len(others) > 0 {
		for _, o := range others {
			a.Others = append(a.Others, knownHeaders{Module: o.Name, Label: o.Label.String(), Index: o.Index.Path})
			inputs = append(inputs, o.Index)
		}
		for _, d := range ioc.Closure(m.s.Deps) {
			if d.Index.Path != "" {
				a.Seen = append(a.Seen, d.Index.Path)
				inputs = append(inputs, d.Index)
			}
		}
		trees := append([]rule.Artifact{m.s.Base.Headers}, m.generated...)
		for _, h := range append(m.s.Headers[:len(m.s.Headers):len(m.s.Headers)], m.s.PrivateHeaders...) {
			if h.In.Kind == rule.OutputTree {
				trees = append(trees, h.In)
			} else {
				a.Own = append(a.Own, h.At)
			}
		}
		for _, t := range ioc.Distinct(trees) {
			a.Trees = append(a.Trees, t.Path)
			inputs = append(inputs, t)
		}
	}
	m.call("Sources", sourcesCall, a, where, inputs, m.found)
}

// notSeen gives the modules with headers that are known and not compiled with.
func (m *moduleBuild) notSeen() []ioc.Module {
	seen := map[string]bool{m.s.Name: true}
	for _, d := range ioc.Closure(m.s.Deps) {
		seen[d.Name] = true
	}
	var out []ioc.Module
	for _, o := range append(m.s.Runtime[:len(m.s.Runtime):len(m.s.Runtime)], m.s.Known...) {
		if !seen[o.Name] && o.Index.Path != "" {
			seen[o.Name] = true
			out = append(out, o)
		}
	}
	return out
}

func sourcesFunc(_ context.Context, c rule.CallContext) error {
	var a sourcesArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	where := ioc.ReadPlaces(c)
	var said diag.List
	has := map[string][]string{}
	for _, f := range a.From {
		if !f.Tree {
			continue
		}
		if has[f.In] == nil {
			names, err := c.List(f.In)
			if err != nil {
				return err
			}
			has[f.In] = names
		}
		if rel, _ := below(f.In, f.At); !slices.Contains(has[f.In], rel) {
			d := nothingAt(f.In, f.At, where[f.At])
			if hint := diag.DidYouMean(rel, has[f.In]); hint != "" {
				d.Hint = hint
			}
			said = append(said, d)
		}
	}
	if len(said) > 0 {
		return said
	}
	hints, err := headerHints(c, &a, where)
	if err != nil {
		return err
	}
	if err := c.Write(a.To, nil, false); err != nil || len(hints) == 0 {
		return err
	}
	return hints
}

// included is a line that includes a header.
var included = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[ \t]*#[ \t]*include[ \t]*[<"]([^>"\n]+)[>"]`)
})

// headerHints warns of headers that no compiler will find and that a known module has. It is a guess: the line may stand where
// the preprocessor does not come by.
func headerHints(c rule.CallContext, a *sourcesArgs, where ioc.Places) (diag.List, error) {
	if len(a.Others) == 0 {
		return nil, nil
	}
	of := map[string]knownHeaders{}
	for _, o := range a.Others {
		b, err := ioc.InputBytes(c, o.Index)
		if err != nil {
			return nil, err
		}
		for _, h := range strings.Fields(string(b)) {
			if _, ok := of[h]; !ok {
				of[h] = o
			}
		}
	}
	var said diag.List
	var seen map[string]bool
	for _, f := range a.From {
		text, err := ioc.InputBytes(c, f.At)
		if err != nil {
			return nil, err
		}
		for _, m := range included().FindAllSubmatchIndex(text, -1) {
			h := string(text[m[2]:m[3]])
			o, ok := of[h]
			if !ok {
				continue
			}
			if seen == nil {
				if seen, err = seenHeaders(c, a); err != nil {
					return nil, err
				}
			}
			if seen[h] || seen[path.Base(h)] && !strings.Contains(h, "/") {
				continue
			}
			said = append(said, diag.Diag{Warning: true, Code: "header-elsewhere", Range: where[""],
				Summary: fmt.Sprintf("%s includes %s, which module %s installs", f.At, h, o.Module),
				Detail:  fmt.Sprintf("%s is not among deps, and so its headers are not seen.", o.Module), Hint: fmt.Sprintf("Add %q to deps.", o.Label)})
		}
	}
	return said, nil
}

// seenHeaders gives what the sources can include, by the names that they may use and by the last parts of these.
func seenHeaders(c rule.CallContext, a *sourcesArgs) (map[string]bool, error) {
	seen := map[string]bool{}
	add := func(name string) { seen[name], seen[path.Base(name)] = true, true }
	for _, index := range a.Seen {
		b, err := ioc.InputBytes(c, index)
		if err != nil {
			return nil, err
		}
		for _, h := range strings.Fields(string(b)) {
			add(h)
		}
	}
	for _, t := range a.Trees {
		names, err := c.List(t)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			add(n)
		}
	}
	for _, own := range a.Own {
		add(own)
	}
	return seen, nil
}
