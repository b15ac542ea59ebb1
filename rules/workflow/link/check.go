package link

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/quote"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// checker checks what one argument of an instance is given.
type checker struct {
	l    *linker
	t    *Task
	arg  string
	sure bool // the task's own word for what it takes; else a file's, in which case problems are warnings
}

// value checks a value that stands at a pointer of the file.
func (c *checker) value(v *spec.Value, want *shape, at string) {
	if want == nil || v.Wrong {
		return
	}
	if v.Kind == spec.Return {
		c.result(v.Text, c.l.resultOf(v.Text), want, at)
		return
	}
	want = narrowed(v, want)
	if len(want.anyOf()) == 0 && want.enum() == nil {
		switch {
		case v.Kind == spec.List && want.kind() == "array" && !wrongCount(len(v.List), want):
			for k := range v.List {
				c.value(&v.List[k], nth(want, k), at+"/"+strconv.Itoa(k))
			}
			return
		case v.Kind == spec.Dict && want.kind() == "object":
			c.entries(v, want, at)
			return
		}
	}
	if !c.refused(v, want) {
		return
	}
	d := diag.Diag{Code: "bad-value", Range: c.l.s.Places.Value(at), Summary: fmt.Sprintf("The argument %q cannot be %s", quote.Clip(c.arg), valueWords(v)),
		Detail: fmt.Sprintf("`%s` takes `%s`.", c.t.Entry.Name(), want)}
	if at != spec.Pointer(c.t.At, "partial", c.arg) {
		d.Summary = fmt.Sprintf("The argument %q cannot hold %s here", quote.Clip(c.arg), valueWords(v))
		d.Detail = fmt.Sprintf("`%s` takes `%s` there.", c.t.Entry.Name(), want)
	}
	c.report(d)
}

// narrowed gives the one alternative of want that a list or a dictionary can be meant for, or want.
func narrowed(v *spec.Value, want *shape) *shape {
	var one *shape
	for _, a := range want.anyOf() {
		switch {
		case a != nil && one == nil && (v.Kind == spec.List && a.kind() == "array" || v.Kind == spec.Dict && a.kind() == "object"):
			one = a
		case !refusesValue(v, a, 0):
			return want
		}
	}
	if one == nil {
		return want
	}
	return one
}

// refused is refusesValue, where that is known.
func (c *checker) refused(v *spec.Value, want *shape) bool {
	if !c.sure && mentionsForeign(want, 0) || holdsWrong(v) {
		return false
	}
	return refusesValue(v, want, 0)
}

// holdsWrong says whether something in v was reported already.
func holdsWrong(v *spec.Value) bool {
	return v.Wrong || slices.ContainsFunc(v.List, func(x spec.Value) bool { return holdsWrong(&x) }) ||
		slices.ContainsFunc(v.Dict, func(e spec.Entry) bool { return holdsWrong(&e.Value) })
}

func (c *checker) entries(v *spec.Value, want *shape, at string) {
	for k := range v.Dict {
		e := &v.Dict[k]
		c.value(&e.Value, field(want, e.Key), spec.Pointer(at, e.Key))
	}
	if l := lacking(v.Dict, want); len(l) > 0 {
		c.report(diag.Diag{Code: "bad-value", Range: c.l.s.Places.Value(at), Summary: fmt.Sprintf("The argument %q lacks %s", quote.Clip(c.arg), list(l)),
			Detail: fmt.Sprintf("`%s` takes `%s`, which has %s.", c.t.Entry.Name(), want, list(l))})
	}
}

// result checks what another instance gives.
func (c *checker) result(id string, given, want *shape, at string) {
	if !c.sure && mentionsForeign(want, 0) {
		return
	}
	if !refuses(given, want, 0) {
		c.skipped(id, want, at)
		return
	}
	from := c.l.byID[id]
	c.report(diag.Diag{Code: "bad-wiring", Range: c.l.s.Places.Value(at), Summary: fmt.Sprintf("The result of %q cannot be the argument %q", quote.Clip(id), quote.Clip(c.arg)),
		Detail:  fmt.Sprintf("`%s` gives `%s`, and `%s` takes `%s`.", from.Entry.Name(), given, c.t.Entry.Name(), want),
		Related: []diag.Related{{Range: c.l.s.Places.Value(from.At + "/task"), Text: "what gives it"}}})
}

func (c *checker) report(d diag.Diag) {
	d.Warning = !c.sure
	c.l.report(d)
}

// mentionsForeign says whether a type that JSON has not is among the alternatives of s.
func mentionsForeign(s *shape, depth int) bool {
	if s == nil || depth > maxDepth {
		return false
	}
	if k := s.kind(); k != "" && !jsonKind(k) {
		return true
	}
	for _, a := range s.anyOf() {
		if mentionsForeign(a, depth+1) {
			return true
		}
	}
	return s.kind() == "array" && mentionsForeign(s.element(), depth+1)
}

// resultOf is what the instance of an id gives; nil where nothing is known of it.
func (l *linker) resultOf(id string) *shape {
	t := l.byID[id]
	if t == nil || t.Entry == nil {
		return nil
	}
	var one any = &ojson.Object{}
	if t.Entry.Returns != nil {
		one = t.Entry.Returns
	}
	switch t.Method {
	case spec.Map:
		one = ojson.New("type", "array", "items", one)
	case spec.MapValues:
		one = ojson.New("type", "array", "items", ojson.New("type", "array", "prefixItems", []any{&ojson.Object{}, one}))
	}
	return shapeOf(one, t.Entry.Returns.Object("$defs"))
}

// valueWords shows a value for people.
func valueWords(v *spec.Value) string {
	switch v.Kind {
	case spec.Null:
		return "null"
	case spec.String:
		return strconv.Quote(quote.Clip(v.Text))
	case spec.List:
		return "a list of " + plural(len(v.List), "element")
	case spec.Dict:
		var keys []string
		for k := range v.Dict {
			keys = append(keys, v.Dict[k].Key)
		}
		if len(keys) == 0 {
			return "an empty dictionary"
		}
		return "a dictionary of " + quote.Clip(strings.Join(keys, ", "))
	case spec.Env:
		return "a variable of the environment, which is a text"
	}
	return v.Text
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
