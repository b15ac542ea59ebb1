package link

import (
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/registry"
)

// shape is a JSON Schema as far as verdicts go: what values there are. nil is anything.
type shape struct {
	o    *ojson.Object
	defs *ojson.Object
}

// maxDepth is how deep shapes are looked into; what lies deeper is anything.
const maxDepth = 30

// shapeOf follows references; what is not understood is anything.
func shapeOf(v any, defs *ojson.Object) *shape {
	o, _ := v.(*ojson.Object)
	for range maxDepth {
		if o.Len() == 0 {
			return nil
		}
		ref := o.String("$ref")
		if all := o.List("allOf"); ref == "" && len(all) == 1 {
			o, _ = all[0].(*ojson.Object)
			continue
		} else if len(all) > 1 {
			return nil
		}
		if ref == "" {
			return &shape{o, defs}
		}
		o = registry.Referred(defs, ref)
	}
	return nil
}

func (s *shape) at(key string) *shape {
	v, _ := s.o.Get(key)
	return shapeOf(v, s.defs)
}

// anyOf gives the alternatives, none where s is one of itself.
func (s *shape) anyOf() []*shape {
	var out []*shape
	for _, key := range []string{"anyOf", "oneOf"} {
		for _, v := range s.o.List(key) {
			out = append(out, shapeOf(v, s.defs))
		}
	}
	if l, ok := s.o.Get("type"); ok && len(out) == 0 {
		types, _ := l.([]any)
		for _, t := range types {
			c := ojson.Clone(s.o).(*ojson.Object)
			c.Set("type", t)
			out = append(out, &shape{c, s.defs})
		}
	}
	return out
}

// kind is the type's name; "" where nothing says it.
func (s *shape) kind() string { return s.o.String("type") }

// enum gives the values that there are, none where that is not said.
func (s *shape) enum() []any {
	if v, ok := s.o.Get("const"); ok {
		return []any{v}
	}
	return s.o.List("enum")
}

// prefix gives the elements of a tuple; false for a list of any length.
func (s *shape) prefix() ([]*shape, bool) {
	v, ok := s.o.Get("prefixItems")
	l, _ := v.([]any)
	var out []*shape
	for _, x := range l {
		out = append(out, shapeOf(x, s.defs))
	}
	return out, ok
}

// element is what a list holds, the elements of a tuple taken together.
func (s *shape) element() *shape {
	l, ok := s.prefix()
	if !ok {
		return s.at("items")
	}
	u := &ojson.Object{}
	var any []any
	for _, e := range l {
		if e == nil {
			return nil
		}
		any = append(any, e.o)
	}
	if len(any) == 0 {
		return nil
	}
	u.Set("anyOf", any)
	return &shape{u, s.defs}
}

// kinds of shapes that are plain values.
func scalar(kind string) bool {
	switch kind {
	case "null", "boolean", "integer", "number", "string":
		return true
	}
	return false
}

// types are what Python calls JSON's kinds.
var types = map[string]string{"null": "None", "boolean": "bool", "integer": "int", "number": "float", "string": "str", "array": "list", "object": "dict"}

// String gives s as Python's types are written: "list[str] | None".
func (s *shape) String() string { return s.words(0) }

func (s *shape) words(depth int) string {
	if s == nil || depth > 4 {
		return "Any"
	}
	if es := s.enum(); es != nil {
		return literalWords(es)
	}
	if l := s.anyOf(); len(l) > 0 {
		var out []string
		for _, a := range l {
			if a != nil && strings.HasPrefix(a.kind(), "python.") { // another form of what is said already
				continue
			}
			out = append(out, a.words(depth+1))
		}
		return strings.Join(out, " | ")
	}
	k := s.kind()
	if title := s.o.String("title"); title != "" && k == "object" {
		return title
	}
	switch {
	case k == "":
		return "Any"
	case k == "array":
		if l, ok := s.prefix(); ok {
			var out []string
			for _, e := range l {
				out = append(out, e.words(depth+1))
			}
			return "tuple[" + strings.Join(out, ", ") + "]"
		}
		if e := s.element(); e != nil {
			return "list[" + e.words(depth+1) + "]"
		}
	case k == "object":
		if e := s.at("additionalProperties"); e != nil {
			return "dict[str, " + e.words(depth+1) + "]"
		}
	case types[k] == "":
		return k[strings.LastIndexByte(k, '.')+1:]
	}
	return types[k] + s.bounds()
}

func literalWords(es []any) string {
	var out []string
	for _, e := range es[:min(len(es), 8)] {
		b, err := ojson.Marshal(e, "")
		if err != nil {
			return "Any"
		}
		out = append(out, string(b))
	}
	if len(es) > 8 {
		out = append(out, "...")
	}
	return "Literal[" + strings.Join(out, ", ") + "]"
}

// bounds says which numbers there are.
func (s *shape) bounds() string {
	var out []string
	for _, b := range [][2]string{{"minimum", "at least"}, {"exclusiveMinimum", "more than"}, {"maximum", "at most"}, {"exclusiveMaximum", "less than"}} {
		if v, ok := s.o.Get(b[0]); ok {
			out = append(out, fmt.Sprintf("%s %v", b[1], v))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, ", ") + ")"
}
