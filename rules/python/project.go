package python

import (
	"fmt"
	"maps"
	"slices"

	"github.com/cairn-build/cairn/rules/python/pep"
)

// project is what a pyproject.toml requires.
type project struct {
	name    string
	python  string
	needs   []need
	extras  map[string][]need
	groups  map[string][]need
	dynamic string // why the requirements cannot be read; "" where they can
	doc     map[string]any
}

// readProject reads a pyproject.toml: [project] and [dependency-groups], or [tool.poetry].
func readProject(doc map[string]any) (*project, error) {
	p := &project{extras: map[string][]need{}, groups: map[string][]need{}, doc: doc}
	table, poetry := object(doc, "project"), object(object(doc, "tool"), "poetry")
	var err error
	switch {
	case table != nil:
		err = p.standard(table)
	case poetry == nil:
		p.dynamic = "it has neither [project] nor [tool.poetry]"
	}
	if err == nil && poetry != nil {
		err = p.poetry(poetry, table == nil)
	}
	if err == nil {
		err = p.dependencyGroups(object(doc, "dependency-groups"))
	}
	if err != nil {
		return nil, err
	}
	uv := object(object(doc, "tool"), "uv")
	dev, err := needsOf(uv["dev-dependencies"])
	if err != nil {
		return nil, fmt.Errorf("tool.uv.dev-dependencies: %w", err)
	}
	if len(dev) > 0 {
		p.groups["dev"] = append(p.groups["dev"], dev...)
	}
	p.sources(object(uv, "sources"))
	return p, nil
}

// standard reads [project] (PEP 621).
func (p *project) standard(t map[string]any) error {
	p.name, p.python = pep.Normalize(text(t, "name")), text(t, "requires-python")
	if slices.Contains(texts(t, "dynamic"), "dependencies") {
		p.dynamic = "its dependencies are worked out when it is built (dynamic)"
	}
	var err error
	if p.needs, err = needsOf(t["dependencies"]); err != nil {
		return fmt.Errorf("project.dependencies: %w", err)
	}
	for k, v := range object(t, "optional-dependencies") {
		if p.extras[pep.Normalize(k)], err = needsOf(v); err != nil {
			return fmt.Errorf("project.optional-dependencies.%s: %w", k, err)
		}
	}
	return nil
}

func needsOf(v any) ([]need, error) {
	var out []need
	for _, s := range texts(map[string]any{"l": v}, "l") {
		n, err := parseNeed(s)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// dependencyGroups reads [dependency-groups] (PEP 735).
func (p *project) dependencyGroups(t map[string]any) error {
	under := map[string]bool{}
	var read func(name string) ([]need, error)
	read = func(name string) ([]need, error) {
		var items []any
		for _, k := range slices.Sorted(maps.Keys(t)) {
			if pep.Normalize(k) == name {
				items, _ = t[k].([]any)
			}
		}
		if under[name] {
			return nil, fmt.Errorf("dependency group %q includes itself", name)
		}
		if items == nil {
			return nil, fmt.Errorf("there is no dependency group %q", name)
		}
		under[name] = true
		defer delete(under, name)
		var out []need
		for _, it := range items {
			var more []need
			var err error
			switch v := it.(type) {
			case string:
				var n need
				n, err = parseNeed(v)
				more = []need{n}
			case map[string]any:
				more, err = read(pep.Normalize(text(v, "include-group")))
			}
			if err != nil {
				return nil, err
			}
			if out = append(out, more...); len(out) > maxNeeds {
				return nil, fmt.Errorf("dependency group %q has more than %d requirements", name, maxNeeds)
			}
		}
		return out, nil
	}
	for k, v := range t {
		if l, ok := v.([]any); !ok || len(l) == 0 {
			p.groups[pep.Normalize(k)] = nil
			continue
		}
		ns, err := read(pep.Normalize(k))
		if err != nil {
			return fmt.Errorf("dependency-groups: %w", err)
		}
		p.groups[pep.Normalize(k)] = ns
	}
	return nil
}

// maxNeeds is how many requirements one group may come to: groups that include each other double with each level.
const maxNeeds = 100_000

// sources marks the requirements that uv would take from elsewhere than the index.
func (p *project) sources(t map[string]any) {
	from := map[string]string{}
	for k, v := range t {
		s, _ := v.(map[string]any)
		for _, kind := range []string{"git", "path", "url"} {
			if at := text(s, kind); at != "" {
				from[pep.Normalize(k)] = at
			}
		}
		if w, _ := s["workspace"].(bool); w {
			from[pep.Normalize(k)] = "the project's own workspace"
		}
	}
	mark := func(ns []need) {
		for i := range ns {
			if at := from[ns[i].name]; at != "" && ns[i].from == "" {
				ns[i].from, ns[i].spec = at, ""
			}
		}
	}
	mark(p.needs)
	for _, m := range []map[string][]need{p.extras, p.groups} {
		for _, ns := range m {
			mark(ns)
		}
	}
}

// wanted is pick for what is asked of an index: requirements that come from elsewhere are errors.
func (p *project) wanted(extras, groups []string) ([]need, error) {
	ns, err := p.pick(extras, groups)
	if err != nil {
		return nil, err
	}
	for _, n := range ns {
		if err := n.foreign(); err != nil {
			return nil, err
		}
	}
	return ns, nil
}

// pick gives the requirements with those of extras and groups. An extra that names the project itself stands for the extras
// that it names.
func (p *project) pick(extras, groups []string) ([]need, error) {
	if p.dynamic != "" {
		return nil, fmt.Errorf("what it requires cannot be read: %s", p.dynamic)
	}
	out := slices.Clone(p.needs)
	seen := map[string]bool{}
	todo := slices.Clone(extras)
	for len(todo) > 0 {
		e := pep.Normalize(todo[0])
		todo = todo[1:]
		if seen[e] {
			continue
		}
		seen[e] = true
		ns, ok := p.extras[e]
		if !ok {
			return nil, fmt.Errorf("the project has no extra %q; it has %s", e, orNone(slices.Collect(maps.Keys(p.extras))))
		}
		out = append(out, ns...)
		for _, n := range ns {
			if n.name == p.name {
				todo = append(todo, n.extras...)
			}
		}
	}
	for _, g := range groups {
		ns, ok := p.groups[pep.Normalize(g)]
		if !ok {
			return nil, fmt.Errorf("the project has no group %q; it has %s", g, orNone(slices.Collect(maps.Keys(p.groups))))
		}
		out = append(out, ns...)
	}
	return slices.DeleteFunc(out, func(n need) bool { return n.name == p.name && p.name != "" }), nil
}

// all gives every requirement of the project, those of extras and groups too.
func (p *project) all() []need {
	out := slices.Clone(p.needs)
	for _, m := range []map[string][]need{p.extras, p.groups} {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			out = append(out, m[k]...)
		}
	}
	return slices.DeleteFunc(out, func(n need) bool { return n.name == p.name && p.name != "" })
}
