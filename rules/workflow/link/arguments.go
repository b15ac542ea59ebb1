package link

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// arguments checks what an instance gives its task, and finds what is left to the user.
func (l *linker) arguments(t *Task) {
	if t.Entry == nil {
		return
	}
	known := t.Entry.Arguments()
	given := map[string]bool{} // what is meant by a misspelt name as well
	for k := range t.Partial {
		e := &t.Partial[k]
		at := spec.Pointer(t.At, "partial", e.Key)
		given[e.Key] = true
		if l.known(t, e.Key, known, given, l.s.Places.Key(at)) {
			l.bound(t, e, at)
		}
	}
	mapped := true
	for k, name := range t.ArgNames {
		given[name] = true
		at := t.At + "/" + string(t.Method) + "/argnames"
		if !l.known(t, name, known, given, l.s.Places.Value(at+"/"+strconv.Itoa(k))) {
			mapped = false
		}
	}
	if mapped && t.ArgValues != nil && len(t.ArgNames) > 0 {
		l.mapped(t)
	}
	l.passable(t, known)
	var missing []string
	for _, name := range known {
		switch {
		case given[name]:
		case t.Entry.Settable(name):
			t.Open = append(t.Open, name)
		case t.Entry.Required(name):
			missing = append(missing, name)
		}
	}
	l.missing(t, missing)
}

// known says whether the task has an argument; that it has none is said.
func (l *linker) known(t *Task, name string, known []string, given map[string]bool, at diag.Range) bool {
	if slices.Contains(known, name) || t.Entry.KeepsRest {
		return true
	}
	if name == "" {
		return false
	}
	detail := fmt.Sprintf("`%s` takes no arguments.", t.Entry.Name())
	if len(known) > 0 {
		detail = fmt.Sprintf("`%s` takes %s.", t.Entry.Name(), list(known))
	}
	given[diag.Nearest(name, known)] = true
	l.report(diag.Diag{Code: "unknown-argument", Summary: fmt.Sprintf("The task %q has no argument %q", quote.Clip(t.Task), quote.Clip(name)), Detail: detail,
		Hint: diag.DidYouMean(name, known), Range: at})
	return false
}

// passable says that an argument called self can neither be bound nor set: wt-task's own method that binds arguments has one of that name.
func (l *linker) passable(t *Task, known []string) {
	const self = "self"
	at := l.s.Places.Value(t.At + "/task")
	switch {
	case slices.ContainsFunc(t.Partial, func(e spec.Entry) bool { return e.Key == self }):
		at = l.s.Places.Key(spec.Pointer(t.At, "partial", self))
	case slices.Contains(t.ArgNames, self) || !slices.Contains(known, self):
		return
	}
	l.report(diag.Diag{Code: "bad-argument", Summary: fmt.Sprintf("The task %q has an argument that is called self", quote.Clip(t.Task)),
		Detail: "wt-task cannot pass it on, be it bound or set by a user: its `partial` has a `self` of its own.",
		Hint:   "Give the argument another name in the function.", Range: at})
}

// missing says which arguments nothing can give a value to.
func (l *linker) missing(t *Task, names []string) {
	if len(names) == 0 {
		return
	}
	word := "argument"
	if len(names) > 1 {
		word += "s"
	}
	quoted := make([]string, len(names))
	for k, n := range names {
		quoted[k] = strconv.Quote(n)
	}
	l.report(diag.Diag{Code: "missing-argument", Summary: fmt.Sprintf("The task %q lacks the %s %s", quote.Clip(t.Task), word, list(quoted)),
		Detail: fmt.Sprintf("`%s` cannot be called without, and a user cannot set what has no form in a file.", t.Entry.Name()),
		Hint:   "Bind it in partial, to another task's result for instance.", Range: l.s.Places.Value(t.At + "/task")})
}

// takes gives what an argument takes: nil for anything. sure is false where that is what a file may hold rather than what the function takes.
func takes(e *registry.Entry, name string) (p *shape, sure bool) {
	if e.Accepts != nil {
		o := e.Accepts.Object(name)
		return shapeOf(o, nil), true
	}
	return shapeOf(e.Schema.Object("properties").Object(name), e.Schema.Object("$defs")), false
}

// bound checks a value of partial.
func (l *linker) bound(t *Task, e *spec.Entry, at string) {
	want, sure := takes(t.Entry, e.Key)
	if want == nil {
		return
	}
	c := checker{l: l, t: t, arg: e.Key, sure: sure}
	c.value(&e.Value, want, at)
}

// list joins names for people: a, b and c.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
