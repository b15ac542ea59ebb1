package code

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/gen/pyfmt"
	"github.com/cairn-build/cairn/rules/workflow/link"
)

// facts puts what is known of a workflow between the marks of metadata.py.
func facts(module string, w *link.Workflow, o Options) string {
	head, rest, _ := strings.Cut(module, "# begin\n")
	_, tail, _ := strings.Cut(rest, "# end\n")
	var b strings.Builder
	b.WriteString(head)
	b.WriteString(pyfmt.Assign(0, "ID", pyfmt.Str(w.Spec.ID)))
	b.WriteString(pyfmt.Assign(0, "NAME", pyfmt.Str(o.Dist)))
	b.WriteString(pyfmt.Assign(0, "TITLE", pyfmt.Str(title(w))))
	b.WriteString(pyfmt.Assign(0, "VERSION", pyfmt.Str(o.Version)))
	b.WriteString(pyfmt.Assign(0, "SPEC_SHA256", pyfmt.Str(o.SpecSum)))
	b.WriteString(pyfmt.Assign(0, "ENV: list[str]", texts(w.Env)))
	var ts []pyfmt.Expr
	for _, t := range w.Tasks {
		io := "False"
		if t.Entry.IO() {
			io = "True"
		}
		var skips []string
		for _, c := range t.Conditions {
			skips = append(skips, reference(w, c))
		}
		ts = append(ts, pyfmt.Dict(
			pyfmt.Pair{Key: "id", Value: pyfmt.Str(t.ID)},
			pyfmt.Pair{Key: "name", Value: pyfmt.Str(t.Name)},
			pyfmt.Pair{Key: "task", Value: pyfmt.Str(t.Entry.Public + "." + t.Entry.Function)},
			pyfmt.Pair{Key: "method", Value: pyfmt.Str(string(t.Method))},
			pyfmt.Pair{Key: "needs", Value: texts(t.Needs)},
			pyfmt.Pair{Key: "skipif", Value: texts(skips)},
			pyfmt.Pair{Key: "open", Value: texts(t.Open)},
			pyfmt.Pair{Key: "io", Value: pyfmt.Raw(io)},
		))
	}
	b.WriteString(pyfmt.Assign(0, "TASKS: list[dict[str, Any]]", pyfmt.List(ts...)))
	b.WriteString(strings.TrimPrefix(tail, "\n"))
	return strings.Replace(b.String(), "]\n_HERE", "]\n\n_HERE", 1)
}

// title is what the workflow is called.
func title(w *link.Workflow) string {
	if m := w.Spec.Metadata; m != nil {
		return cmp.Or(strings.Join(strings.Fields(m.Name), " "), w.Spec.ID)
	}
	return w.Spec.ID
}

// reference gives the full name of what is imported under an alias.
func reference(w *link.Workflow, alias string) string {
	for _, i := range w.Imports {
		if i.Alias == alias {
			return i.Module + "." + i.Name
		}
	}
	return alias
}

func texts(l []string) pyfmt.Expr {
	xs := make([]pyfmt.Expr, len(l))
	for i, s := range l {
		xs[i] = pyfmt.Str(s)
	}
	return pyfmt.List(xs...)
}

func number(n int) pyfmt.Expr { return pyfmt.Raw(strconv.Itoa(n)) }
