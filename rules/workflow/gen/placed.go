package gen

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/gen/schema"
	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// placed gives the problems of a workflow's schemas their places in the spec: that of the override, or of the task whose schema it is.
func placed(w *link.Workflow, err error) error {
	var invalid *schema.Invalid
	var lost *schema.NoPlace
	switch {
	case errors.As(err, &lost):
		return diag.List{{Code: "bad-override", Summary: fmt.Sprintf("The override %q has no place", lost.Path), Detail: "In `rjsf.json`, " + lost.Why + ".",
			Range: w.Spec.Places.Key(spec.Pointer("/rjsf-overrides", lost.Part, lost.Path)), Context: "rjsf-overrides"}}
	case errors.As(err, &invalid):
		var l diag.List
		for _, p := range invalid.Wrong {
			l = append(l, where(w, invalid, p))
		}
		return l
	}
	return err
}

func where(w *link.Workflow, invalid *schema.Invalid, p schema.Problem) diag.Diag {
	d := diag.Diag{Code: "bad-schema", Summary: invalid.Summary(), Detail: fmt.Sprintf("`%s` %s.", p.At, p.Text)}
	steps := strings.Split(strings.TrimPrefix(p.At, "/"), "/")
	for i := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(steps[i])
	}
	if path, part, ok := overriding(w.Spec.Overrides, steps); ok && invalid.Name == "rjsf.json" {
		d.Range, d.Context = w.Spec.Places.Key(spec.Pointer("/rjsf-overrides", part, path)), "rjsf-overrides"
		return d
	}
	for _, t := range w.Tasks {
		if len(steps) > 1 && steps[1] == t.ID || len(steps) > 3 && steps[3] == t.ID {
			d.Range = w.Spec.Places.Value(t.At + "/task")
			d.Context = fmt.Sprintf("task instance %q", t.ID)
			d.Hint = fmt.Sprintf("The schema is that of the arguments of %s.%s.", t.Entry.Public, t.Entry.Function)
			break
		}
	}
	return d
}

// overriding gives the longest override that is at, or above, a place in rjsf.json.
func overriding(o spec.Overrides, steps []string) (path, part string, ok bool) {
	for _, x := range []struct {
		part string
		list []spec.Override
	}{{"properties", o.Properties}, {"$defs", o.Defs}, {"uiSchema", o.UISchema}} {
		for _, y := range x.list {
			at := strings.Join(y.Path, ".")
			if steps[0] == x.part && strings.HasPrefix(strings.Join(steps[1:], ".")+".", at+".") && len(at) > len(path) {
				path, part, ok = at, x.part, true
			}
		}
	}
	return path, part, ok
}
