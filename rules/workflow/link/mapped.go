package link

import (
	"fmt"
	"slices"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// mapped checks what map and mapvalues run over: a list, each element of which is the argument, or for several arguments a tuple of
// them; with mapvalues a pair of a key and that.
func (l *linker) mapped(t *Task) {
	at := t.At + "/" + string(t.Method) + "/argvalues"
	if t.ArgValues.Kind == spec.List {
		for k := range t.ArgValues.List {
			v := &t.ArgValues.List[k]
			if v.Kind == spec.Return {
				l.element(t, v.Text, l.resultOf(v.Text), fmt.Sprintf("%s/%d", at, k))
			}
		}
		return
	}
	if t.ArgValues.Kind != spec.Return {
		return
	}
	id := t.ArgValues.Text
	given := l.resultOf(id)
	if given == nil {
		return
	}
	var alternatives []*shape
	if alternatives = given.anyOf(); len(alternatives) == 0 {
		alternatives = []*shape{given}
	}
	for _, a := range alternatives {
		if a == nil || a.kind() == "" || !scalar(a.kind()) {
			for _, a := range alternatives {
				if a != nil && a.kind() == "array" && len(alternatives) == 1 {
					l.element(t, id, a.element(), at)
				}
			}
			return
		}
	}
	from := l.byID[id]
	l.report(diag.Diag{Warning: mayBeText(alternatives), Code: "bad-wiring", Range: l.s.Places.Value(at), Summary: fmt.Sprintf("The result of %q is no list", quote.Clip(id)),
		Detail:  fmt.Sprintf("`%s` gives `%s`; %s runs over the elements of a list.", from.Entry.Name(), given, t.Method),
		Related: []diag.Related{{Range: l.s.Places.Value(from.At + "/task"), Text: "what gives it"}}})
}

// mayBeText: the letters of a text can be run over, though nobody means that.
func mayBeText(l []*shape) bool {
	return slices.ContainsFunc(l, func(s *shape) bool { return s.kind() == "string" })
}

// element checks one element of what is run over.
func (l *linker) element(t *Task, id string, one *shape, at string) {
	if one == nil || len(one.anyOf()) > 0 {
		return
	}
	bad := func(summary string) {
		from := l.byID[id]
		l.report(diag.Diag{Code: "bad-wiring", Range: l.s.Places.Value(at), Summary: fmt.Sprintf("The elements of the result of %q %s", quote.Clip(id), summary),
			Detail:  fmt.Sprintf("Each of them is `%s`: `%s` gives them.", one, from.Entry.Name()),
			Related: []diag.Related{{Range: l.s.Places.Value(from.At + "/task"), Text: "what gives it"}}})
	}
	n := len(t.ArgNames)
	tuple, known := one.prefix()
	loose := false // whether a list, or a text, can be taken apart as a tuple can
	if t.Method == spec.MapValues {
		if k := one.kind(); scalar(k) && k != "string" || known && len(tuple) < 2 {
			bad("are no pairs of a key and a value")
			return
		}
		if !known || tuple[1] == nil {
			return
		}
		one, loose = tuple[1], true
		if tuple, known = one.prefix(); n == 1 {
			known = false
		}
	}
	k := one.kind()
	switch {
	case known && len(tuple) != n:
		bad(fmt.Sprintf("are tuples of %d for %s", len(tuple), plural(n, "argument")))
	case n > 1 && !known && jsonKind(k) && (!loose || scalar(k) && k != "string"):
		bad(fmt.Sprintf("are no tuples of %s", plural(n, "argument")))
	case known:
		for k, name := range t.ArgNames {
			l.argument(t, id, name, tuple[k], at)
		}
	case n == 1:
		l.argument(t, id, t.ArgNames[0], one, at)
	}
}

// argument checks what one argument gets from each element.
func (l *linker) argument(t *Task, id, name string, given *shape, at string) {
	want, sure := takes(t.Entry, name)
	if want == nil {
		return
	}
	c := checker{l: l, t: t, arg: name, sure: sure}
	c.result(id, given, want, at)
}
