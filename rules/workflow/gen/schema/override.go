package schema

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// NoPlace is the error of an override that cannot be put where its path leads.
type NoPlace struct {
	Part string // "properties", "$defs" or "uiSchema"
	Path string // dotted
	Why  string
}

// Error says which override it is, and why.
func (n *NoPlace) Error() string {
	return fmt.Sprintf("rjsf-overrides: %s: %s: %s", n.Part, n.Path, n.Why)
}

// override puts what rjsf-overrides say into rjsf.json.
func override(doc *ojson.Object, o spec.Overrides) error {
	for _, part := range []struct {
		key  string
		list []spec.Override
	}{{"properties", o.Properties}, {"$defs", o.Defs}, {"uiSchema", o.UISchema}} {
		for _, x := range part.list {
			if err := put(doc.Object(part.key), x); err != nil {
				return &NoPlace{part.key, strings.Join(x.Path, "."), err.Error()}
			}
		}
	}
	if len(o.Properties) > 0 {
		complete(doc.Object("uiSchema"), doc, 0)
	}
	return nil
}

func put(at any, x spec.Override) error {
	for i, key := range x.Path {
		last := i == len(x.Path)-1
		switch c := at.(type) {
		case *ojson.Object:
			if last {
				c.Set(key, value(x.Value))
				return nil
			}
			next, ok := c.Get(key)
			if !ok {
				next = &ojson.Object{}
				c.Set(key, next)
			}
			at = next
		case []any:
			n, err := strconv.Atoi(key)
			if err != nil || n < 0 || n >= len(c) {
				return fmt.Errorf("%s has %d elements, and %q is the number of none", strings.Join(x.Path[:i], "."), len(c), key)
			}
			if last {
				c[n] = value(x.Value)
				return nil
			}
			at = c[n]
		default:
			return fmt.Errorf("%s is no object", strings.Join(x.Path[:i], "."))
		}
	}
	return nil
}

// complete adds to each ui:order the properties that an override added: a form that lists an order without naming all does not show.
func complete(ui, schema *ojson.Object, depth int) {
	props := schema.Object("properties")
	if order := ui.List("ui:order"); order != nil {
		has := map[any]bool{}
		for _, x := range order {
			has[x] = true
		}
		for _, k := range props.Keys() {
			if !has["*"] && !has[k] {
				order = append(order, k)
			}
		}
		ui.Set("ui:order", order)
	}
	if depth < 2 {
		for _, k := range props.Keys() {
			if sub := ui.Object(k); sub != nil {
				complete(sub, props.Object(k), depth+1)
			}
		}
	}
}

// value gives a literal of the spec. A variable has no meaning here and stays the text that it is.
func value(v spec.Value) any {
	switch v.Kind {
	case spec.Null:
		return nil
	case spec.Bool:
		return v.Text == "true"
	case spec.Int:
		return ojson.Number(v.Text)
	case spec.Float:
		switch v.Text {
		case "nan", "inf", "-inf":
			return v.Text
		}
		return ojson.Number(v.Text)
	case spec.List:
		l := make([]any, len(v.List))
		for i, x := range v.List {
			l[i] = value(x)
		}
		return l
	case spec.Dict:
		o := &ojson.Object{}
		for _, e := range v.Dict {
			o.Set(e.Key, value(e.Value))
		}
		return o
	case spec.Return:
		return "${{ workflow." + v.Text + ".return }}"
	case spec.Env:
		return "${{ env." + v.Text + " }}"
	}
	return v.Text
}
