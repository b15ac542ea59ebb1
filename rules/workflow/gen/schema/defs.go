package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/ojson"
)

const inDefs = "#/$defs/"

// definitions are the $defs of all tasks in one list. Tasks that bring a definition of the same name and meaning share it; the
// second meaning of a name is called NAME__2, so that no task is shown another's.
type definitions struct {
	all   *ojson.Object
	given map[string]string                   // "name\x00meaning" -> the name in all
	taken map[string]bool                     // all names that were given
	known map[*ojson.Object]map[string]string // a task's $defs -> their names in all
}

func newDefinitions() *definitions {
	return &definitions{all: &ojson.Object{}, given: map[string]string{}, taken: map[string]bool{}, known: map[*ojson.Object]map[string]string{}}
}

// take gives a copy of o whose references lead into d, which from now on has all of defs that o reaches.
func (d *definitions) take(o, defs *ojson.Object) *ojson.Object {
	o = ojson.Clone(o).(*ojson.Object)
	if defs.Len() == 0 {
		return o
	}
	reached := reach(o, defs)
	rename := map[string]string{}
	for _, k := range reached {
		v, _ := defs.Get(k)
		rename[k] = d.name(k, v, defs)
	}
	for _, k := range reached {
		if _, ok := d.all.Get(rename[k]); !ok {
			v, _ := defs.Get(k)
			v = ojson.Clone(v)
			refs(v, func(name string) string { return renamed(rename, name) })
			d.all.Set(rename[k], v)
		}
	}
	refs(o, func(name string) string { return renamed(rename, name) })
	return o
}

func renamed(names map[string]string, name string) string {
	if n, ok := names[name]; ok {
		return n
	}
	return name
}

// name gives what the definition k with the value v is called in d.all.
func (d *definitions) name(k string, v any, defs *ojson.Object) string {
	if d.known[defs] == nil {
		d.known[defs] = map[string]string{}
	}
	if n, ok := d.known[defs][k]; ok {
		return n
	}
	m := k + "\x00" + meaning(v, defs)
	n, ok := d.given[m]
	if !ok {
		n = k
		for i := 2; d.taken[n]; i++ {
			n = fmt.Sprintf("%s__%d", k, i)
		}
		d.given[m], d.taken[n] = n, true
	}
	d.known[defs][k] = n
	return n
}

// meaning gives equal texts for definitions that say the same, with all that they lead to.
func meaning(v any, defs *ojson.Object) string {
	var b strings.Builder
	b.WriteString(canonical(v))
	names := reach(v, defs)
	slices.Sort(names)
	for _, n := range names {
		x, _ := defs.Get(n)
		b.WriteString("\x00" + n + "\x00" + canonical(x))
	}
	return b.String()
}

// reach gives the names of defs that v leads to, over other definitions as well, in the order of first use. Names that are not
// in defs are left out; the check of the whole document reports them.
func reach(v any, defs *ojson.Object) []string {
	var found []string
	seen := map[string]bool{}
	var visit func(any)
	visit = func(v any) {
		refs(v, func(name string) string {
			if x, ok := defs.Get(name); ok && !seen[name] {
				seen[name] = true
				found = append(found, name)
				visit(x)
			}
			return name
		})
	}
	visit(v)
	return found
}

// refs calls f with the name of each definition that the schema v refers to, and puts what f gives in its place.
// Values that are data and no schemas (default, const, enum, examples) are left alone.
func refs(v any, f func(name string) string) {
	o, ok := v.(*ojson.Object)
	if !ok {
		return
	}
	for _, k := range o.Keys() {
		x, _ := o.Get(k)
		switch k {
		case "default", "const", "enum", "examples":
		case "$ref", "$dynamicRef":
			ref(o, k, x, f)
		case "properties", "patternProperties", "dependentSchemas", "$defs", "definitions":
			m, _ := x.(*ojson.Object)
			for _, p := range m.Keys() {
				s, _ := m.Get(p)
				refs(s, f)
			}
		case "discriminator":
			m, _ := x.(*ojson.Object)
			m = m.Object("mapping")
			for _, p := range m.Keys() {
				s, _ := m.Get(p)
				ref(m, p, s, f)
			}
		default:
			refs(x, f)
			if l, ok := x.([]any); ok {
				for _, s := range l {
					refs(s, f)
				}
			}
		}
	}
}

func ref(o *ojson.Object, key string, v any, f func(string) string) {
	s, _ := v.(string)
	rest, ok := strings.CutPrefix(s, inDefs)
	if !ok {
		return
	}
	name, below, deep := strings.Cut(rest, "/")
	to := escape(f(unescape(name)))
	if deep {
		to += "/" + below
	}
	if to != rest {
		o.Set(key, inDefs+to)
	}
}

// escape and unescape are those of JSON pointers.
func escape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

func unescape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
}
