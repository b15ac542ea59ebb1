package analysis

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

func (a *analyzer) problem(n *node, where diag.Range, code, summary, detail string) {
	t := n.conf.Target
	if where.IsZero() {
		where = t.Range
	}
	a.problems = append(a.problems, diag.Diag{Code: code, Summary: summary, Detail: detail, Range: where,
		Context: fmt.Sprintf("%s %q", t.Kind, t.Label.Base())})
}

// unknown reports a label that names no target: first the nearest name in its package, then the nearest label of all.
func (a *analyzer) unknown(n *node, at rule.Attr, r rule.Ref) {
	if a.names == nil {
		for l := range a.loaded {
			a.names = append(a.names, l.String())
		}
		slices.Sort(a.names)
	}
	var siblings []string
	prefix := "//" + r.Label.Pkg + ":"
	for _, s := range a.names {
		if strings.HasPrefix(s, prefix) {
			siblings = append(siblings, s)
		}
	}
	d := diag.Diag{Code: "unknown-label", Summary: fmt.Sprintf("No target %s", r.Label), Range: r.Range,
		Context: fmt.Sprintf("%s %q", n.conf.Target.Kind, n.conf.Target.Label.Base())}
	if len(siblings) == 0 {
		d.Detail = fmt.Sprintf("There is no package //%s with targets.", r.Label.Pkg)
	} else {
		d.Detail = fmt.Sprintf("Package //%s has no target %q.", r.Label.Pkg, r.Label.Name)
	}
	if d.Hint = diag.DidYouMean(r.Label.String(), siblings); d.Hint == "" {
		d.Hint = diag.DidYouMean(r.Label.String(), a.names)
	}
	a.problems = append(a.problems, d)
}

// cycle reports the edges that lead from i back to i, each with its place.
func (a *analyzer) cycle(i id, last edge) {
	start := 0
	for k, e := range a.stack {
		if e.from == i {
			start = k
			break
		}
	}
	edges := a.stack[start:]
	d := diag.Diag{Code: "cycle", Summary: "Targets depend on each other in a circle", Range: last.where}
	var names []string
	for k, e := range edges {
		names = append(names, e.from.label.String())
		to := i
		if k+1 < len(edges) {
			to = edges[k+1].from
		}
		d.Related = append(d.Related, diag.Related{Range: e.where, Text: fmt.Sprintf("%s needs %s (%s)", e.from.label, to.label, e.attr)})
	}
	d.Detail = strings.Join(append(names, i.label.String()), " -> ") + "."
	a.problems = append(a.problems, d)
}

// overlaps reports outputs that two actions own, or that lie inside each other, and actions that write what they read.
func overlaps(order []*Configured, host rule.Platform) diag.List {
	type own struct {
		path string
		conf *Configured
		tree bool
	}
	var all []own
	for _, c := range order {
		for _, act := range c.Actions {
			for _, o := range act.Outputs {
				all = append(all, own{o.Path, c, o.Kind == rule.OutputTree})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y own) int { return strings.Compare(x.path, y.path) })
	at := make(map[string]own, len(all))
	folded := make(map[string]own, len(all))
	var ds diag.List
	clash := func(a, b own, how string) {
		ds = append(ds, diag.Diag{Code: "overlapping-outputs", Summary: "Two outputs overlap", Range: b.conf.Target.Range,
			Detail:  fmt.Sprintf("%s of %s %s %s of %s.", b.path, b.conf.Target.Label, how, a.path, a.conf.Target.Label),
			Related: []diag.Related{{Range: a.conf.Target.Range, Text: a.conf.Target.Label.String() + " is declared here"}}})
	}
	for _, o := range all {
		if first, ok := at[o.path]; ok {
			clash(first, o, "is also")
			continue
		}
		at[o.path] = o
		low := strings.ToLower(o.path)
		if first, ok := folded[low]; ok {
			clash(first, o, "differs only by case from")
			continue
		}
		folded[low] = o
	}
	for _, o := range all {
		for dir := path.Dir(o.path); len(dir) > len(rule.OutDir); dir = path.Dir(dir) {
			if outer, ok := at[dir]; ok {
				clash(outer, o, "lies inside")
				break
			}
		}
	}
	return ds
}

// Find gives the configured target of a label among those analysed for platform p.
func Find(order []*Configured, l label.Label, p rule.Platform) *Configured {
	for _, c := range order {
		if c.Target.Label == l && c.Target.Platform == p {
			return c
		}
	}
	return nil
}
