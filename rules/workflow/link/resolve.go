package link

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// split parts "module.function"; module is "" for a bare name.
func split(name string) (module, function string) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name
	}
	return name[:i], name[i+1:]
}

// named gives the tasks of a function's name. That the registry cannot be read is said once.
func (l *linker) named(function string) []*registry.Entry {
	es, err := l.f.Named(function)
	if err != nil && !l.broken {
		l.broken = true
		l.report(diag.Diag{Code: "bad-registry", Summary: "The registry of tasks cannot be read", Detail: err.Error() + ".", Range: l.s.Places.Value("/workflow")})
	}
	return es
}

// id checks that an instance is not called like a task: both are names in one module.
func (l *linker) id(t *Task) {
	if t.ID == "" || len(l.named(t.ID)) == 0 {
		return
	}
	l.report(diag.Diag{Code: "bad-id", Summary: fmt.Sprintf("The id %q is the name of a task", quote.Clip(t.ID)), Detail: fmt.Sprintf("`%s` is a registered known task name.", quote.Clip(t.ID)),
		Hint: "Give the instance another id: its result has that name in the code.", Range: l.s.Places.Value(t.At + "/id")})
}

// resolve gives the task that name means at a pointer of the file; nil where there is none, which is said.
func (l *linker) resolve(name, at, context string) *registry.Entry {
	module, function := split(name)
	if function == "" {
		return nil // spec.Parse has said so
	}
	es := l.named(function)
	d := diag.Diag{Code: "unknown-task", Range: l.s.Places.Value(at), Context: context}
	switch {
	case l.broken:
		return nil
	case len(es) == 0:
		d.Summary = fmt.Sprintf("There is no task %q", quote.Clip(name))
		d.Detail = fmt.Sprintf("`%s` is not a registered known task name.", quote.Clip(name))
		d.Hint = l.nearestTask(function)
	case module == "" && len(es) == 1:
		return es[0]
	case module == "":
		d.Code, d.Summary = "ambiguous-task", fmt.Sprintf("Several tasks are called %q", quote.Clip(name))
		d.Detail = fmt.Sprintf("Multiple tasks named '%s' found. They are in the modules %s.", quote.Clip(function), quote.List(modules(es)))
		d.Hint = fmt.Sprintf("Say which one is meant: \"%s\".", es[0].Name())
	default:
		for _, e := range es {
			if e.Public == module || e.Module == module {
				return e
			}
		}
		d.Summary = fmt.Sprintf("The module %s has no task %q", quote.Clip(module), quote.Clip(function))
		d.Detail = fmt.Sprintf("Task '%s' not found in module '%s'. Available modules: %s", quote.Clip(function), quote.Clip(module), quote.List(modules(es)))
		d.Hint = diag.DidYouMean(module, modules(es))
	}
	l.report(d)
	return nil
}

func modules(es []*registry.Entry) []string {
	var out []string
	for _, e := range es {
		out = append(out, e.Public)
	}
	return out
}

// nearestTask names the task whose spelling is nearest, if that is near enough.
func (l *linker) nearestTask(name string) string {
	if !l.asked {
		l.asked, l.names = true, l.f.Names()
	}
	if l.hints++; l.hints > maxHints {
		return ""
	}
	return diag.DidYouMean(name, l.names)
}

// conditions gives the functions of a skipif that stands at a pointer.
func (l *linker) conditions(s *spec.SkipIf, at string) []*registry.Entry {
	if s == nil {
		return nil
	}
	context := ""
	if strings.HasPrefix(at, "/task-instance-defaults") {
		context = "task-instance-defaults"
	}
	var out []*registry.Entry
	for k, name := range s.Conditions {
		if e := l.resolve(name, at+"/skipif/conditions/"+strconv.Itoa(k), context); e != nil {
			out = append(out, e)
		}
	}
	return out
}

// deprecated warns of a task that its package asks not to use.
func (l *linker) deprecated(t *Task) {
	if t.Entry == nil || !t.Entry.Deprecated {
		return
	}
	detail := t.Entry.DeprecatedMessage
	if detail != "" && !strings.HasSuffix(detail, ".") {
		detail += "."
	}
	l.report(diag.Diag{Warning: true, Code: "deprecated-task", Summary: fmt.Sprintf("The task %q is deprecated", quote.Clip(t.Task)), Detail: detail, Range: l.s.Places.Value(t.At + "/task")})
}
