package code

import (
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/gen/pyfmt"
	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

const mockWarning = "\n\nFor tests only: tasks of input and output are replaced by the examples that their packages carry; lines that differ for that are marked 🧪."

// preamble is all that stands before main: what the module is for, imports, mocks.
func (s *scope) preamble(w *link.Workflow, doc string, mock bool, more ...pyfmt.Import) string {
	var b strings.Builder
	is := append([]pyfmt.Import{
		{Module: "typing", Name: "Any"}, {Module: "collections.abc", Name: "Callable"}, {Module: "wt_contracts", Name: "validate"},
		{Module: "wt_task"}, {Module: "..", Name: "metadata"},
	}, s.imports...)
	is = append(is, more...)
	if len(w.Env) > 0 {
		is = append(is, pyfmt.Import{Module: "os"})
	}
	if mock {
		doc += mockWarning
		if len(s.mocked) > 0 {
			is = append(is, pyfmt.Import{Module: "..mocks", Name: "create_func_magicmock"})
		}
	}
	if strings.Contains(doc, "\n") {
		doc += "\n"
	}
	b.WriteString(`"""` + doc + `"""` + "\n\n" + pyfmt.Imports(is))
	for n, m := range s.mocked {
		if n == 0 {
			b.WriteByte('\n')
		}
		b.WriteString("# 🧪 in place of " + m.Module + "." + m.Name + "\n")
		b.WriteString(pyfmt.Assign(0, m.Alias, pyfmt.Call("create_func_magicmock",
			pyfmt.Key("anchor", pyfmt.Str(m.Module)), pyfmt.Key("func_name", pyfmt.Str(m.Name)))))
	}
	b.WriteString("\n\n")
	return b.String()
}

const validates = `    if validate_params_schema:
        validate(params, metadata.load_params_schema())
`

// sequential is the module that runs one task after another.
func sequential(w *link.Workflow, mock bool) string {
	s := names(w, mock)
	var b strings.Builder
	b.WriteString(s.preamble(w, "The tasks, one after another.", mock))
	b.WriteString(`def main(
    params: dict[str, Any],
    validate_params_schema: bool = True,
    task: Callable[..., Any] = wt_task.task,
) -> Any:
    """Run the workflow and give what its last task gives. Task makes tasks of functions, as wt_task.task does."""
`)
	b.WriteString(validates)
	for _, t := range w.Tasks {
		b.WriteByte('\n')
		if c := pyfmt.Comment(t.Name); c != "" {
			b.WriteString("    # " + c + "\n")
		}
		b.WriteString(pyfmt.Assign(4, s.id[t.ID], s.chain(t)))
	}
	b.WriteString("\n    return " + s.id[w.Tasks[len(w.Tasks)-1].ID] + "\n")
	return b.String()
}

// parallel is the module that runs each task as soon as what it needs is there.
func parallel(w *link.Workflow, mock bool) string {
	s := names(w, mock)
	var b strings.Builder
	b.WriteString(s.preamble(w, "The tasks, each as soon as what it needs is there; elements of a map at once.", mock, pyfmt.Import{Module: "..parallel", Name: "Dag"}))
	b.WriteString(`def main(
    params: dict[str, Any],
    validate_params_schema: bool = True,
    task: Callable[..., Any] = wt_task.task,
    workers: int | None = None,
) -> Any:
    """Run the workflow and give what its last task gives. Task makes tasks of functions, as wt_task.task does."""
`)
	b.WriteString(validates)
	b.WriteString("    dag = Dag(workers)\n")
	for _, t := range w.Tasks {
		args := []pyfmt.Arg{pyfmt.Pos(pyfmt.Str(t.ID))}
		var takes []string
		if len(t.Needs) > 0 {
			args = append(args, pyfmt.Key("needs", texts(t.Needs)))
			for _, n := range t.Needs {
				takes = append(takes, s.id[n]+": Any")
			}
		}
		b.WriteByte('\n')
		if c := pyfmt.Comment(t.Name); c != "" {
			b.WriteString("    # " + c + "\n")
		}
		b.WriteString(pyfmt.Show(4, pyfmt.Call("@dag.step", args...)))
		b.WriteString(pyfmt.Def(4, s.id[t.ID], takes, "Any"))
		var extra []pyfmt.Link
		if t.Method != spec.Call {
			extra = append(extra, pyfmt.Link{Method: "set_executor", Args: []pyfmt.Arg{pyfmt.Pos(pyfmt.Raw("dag.executor"))}})
		}
		b.WriteString(pyfmt.Return(8, s.chain(t, extra...)))
	}
	b.WriteString("\n    return dag.run()\n")
	return b.String()
}

// notebook is a script in jupytext's percent format: one cell of parameters, and one for each task.
func notebook(w *link.Workflow, o Options) string {
	s := names(w, false)
	var b strings.Builder
	b.WriteString("# %% [markdown]\n# # " + pyfmt.Comment(title(w)) + "\n\n# %%\n")
	is := append([]pyfmt.Import{{Module: "typing", Name: "Any"}, {Module: "collections.abc", Name: "Callable"}, {Module: "wt_task"}}, s.imports...)
	if len(w.Env) > 0 {
		is = append(is, pyfmt.Import{Module: "os"})
	}
	if o.Adapter {
		fmt.Fprintf(&b, "import %s.dags  # noqa: F401, I001\n\n# %%%%\n", o.Module)
	}
	b.WriteString(pyfmt.Imports(is))
	b.WriteString("\ntask: Callable[..., Any] = wt_task.task\n")
	b.WriteString("\n# %% [markdown]\n# ## Parameters\n# They are those of the file that `run --config-file` takes.\n\n# %% tags=[\"parameters\"]\n")
	b.WriteString(parameters(w))
	for _, t := range w.Tasks {
		heading := pyfmt.Comment(t.Name)
		if heading == "" {
			heading = t.ID
		}
		b.WriteString("\n# %% [markdown]\n# ## " + heading + "\n\n# %%\n")
		b.WriteString(pyfmt.Assign(0, s.id[t.ID], s.chain(t)))
		b.WriteString(s.id[t.ID] + "\n")
	}
	return b.String()
}

// parameters is an assignment of what the user may set, in which all is commented out.
func parameters(w *link.Workflow) string {
	var b strings.Builder
	for _, t := range w.Tasks {
		if len(t.Open) == 0 {
			continue
		}
		b.WriteString("    " + pyfmt.Quote(t.ID) + ": {\n")
		for _, a := range t.Open {
			fmt.Fprintf(&b, "        # %s: %s\n", pyfmt.Quote(a), example(t, a))
		}
		b.WriteString("    },\n")
	}
	if b.Len() == 0 {
		return "params: dict[str, Any] = {}\n"
	}
	return "params: dict[str, Any] = {\n" + b.String() + "}\n"
}

// example is an argument's default, or says that it must be set.
func example(t *link.Task, arg string) string {
	p := t.Entry.Schema.Object("properties").Object(arg)
	if v, ok := p.Get("default"); ok {
		return python(v) + ","
	}
	text := "...,"
	for _, r := range t.Entry.Schema.List("required") {
		if r == arg {
			text += "  # required"
		}
	}
	return text
}
