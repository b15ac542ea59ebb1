package registry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// Parse reads a whole registry.json: what the action of a task_package writes, or `wt-registry --format json` prints.
func Parse(b []byte) (Finder, error) {
	v, err := ojson.Parse(b)
	if err != nil {
		return nil, err
	}
	o, _ := v.(*ojson.Object)
	entries := o.Object("entries")
	if entries == nil {
		return nil, fmt.Errorf("no registry of tasks: it has no \"entries\"")
	}
	if version := o.String("version"); version != "" && version[0] != '1' {
		return nil, fmt.Errorf("a registry of version %s; version 1 is known", version)
	}
	f := finder{}
	for _, k := range entries.Keys() {
		e, err := entry(entries.Object(k))
		if err != nil {
			return nil, fmt.Errorf("task %q: %w", k, err)
		}
		f[e.Function] = append(f[e.Function], e)
	}
	for _, es := range f {
		sortEntries(es)
	}
	return f, nil
}

// ParseNamed reads one file of a registry's tree, names/<function>.json: a list of entries.
func ParseNamed(b []byte) ([]*Entry, error) {
	v, err := ojson.Parse(b)
	if err != nil {
		return nil, err
	}
	l, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("no list of tasks")
	}
	var es []*Entry
	for _, x := range l {
		o, _ := x.(*ojson.Object)
		e, err := entry(o)
		if err != nil {
			return nil, err
		}
		es = append(es, e)
	}
	sortEntries(es)
	return es, nil
}

func sortEntries(es []*Entry) {
	slices.SortStableFunc(es, func(a, b *Entry) int {
		return cmp.Or(cmp.Compare(a.Public, b.Public), cmp.Compare(a.Module, b.Module))
	})
}

func entry(o *ojson.Object) (*Entry, error) {
	m := o.Object("metadata")
	e := &Entry{Module: o.String("module_path"), Public: o.String("public_module_path"), Function: o.String("function_name"),
		Title: m.String("title"), Description: m.String("description"), DeprecatedMessage: m.String("deprecation_message"),
		Mock: o.String("mock"), Schema: o.Object("json_schema"), Accepts: o.Object("accepts"), Returns: o.Object("returns")}
	if e.Module == "" || e.Function == "" || e.Schema == nil {
		return nil, fmt.Errorf("it needs module_path, function_name and json_schema")
	}
	if e.Public == "" {
		e.Public = e.Module
	}
	// They are written into code.
	for _, name := range append(strings.Split(e.Module+"."+e.Public, "."), e.Function) {
		if !spec.IsName(name) {
			return nil, fmt.Errorf("%q of %q cannot be a name in Python", name, e.Public+"."+e.Function)
		}
	}
	for _, t := range m.List("tags") {
		if s, ok := t.(string); ok {
			e.Tags = append(e.Tags, s)
		}
	}
	e.Deprecated = truth(m, "deprecated")
	e.Object, e.Adapter = truth(o, "object"), truth(o, "adapter")
	if _, said := o.Get("rest"); said {
		e.KeepsRest = truth(o, "rest")
	} else { // pydantic's own schema of a function without **kwargs is closed
		v, closed := e.Schema.Get("additionalProperties")
		e.KeepsRest = !closed || v != false
	}
	return e, nil
}

func truth(o *ojson.Object, key string) bool {
	v, _ := o.Get(key)
	return v == true
}
