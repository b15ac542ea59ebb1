package code

import (
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/gen/pyfmt"
	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// chain is the one expression that an instance is: its task, what is bound, and the call. Extra are calls before partial.
func (s *scope) chain(t *link.Task, extra ...pyfmt.Link) pyfmt.Expr {
	name := s.alias[t.Alias]
	mocked := s.mocks[t.Alias]
	if s.objects[t.Alias] && !mocked {
		name += ".func" // a task of generation A: what it wraps
	}
	var ls []pyfmt.Link
	id := pyfmt.Link{Method: "set_task_instance_id", Args: []pyfmt.Arg{pyfmt.Pos(pyfmt.Str(t.ID))}}
	if mocked {
		id.Note = "🧪 mocked: what its example holds is given as it is, without validation"
	} else {
		ls = append(ls, pyfmt.Link{Method: "validate"})
	}
	ls = append(ls, id, pyfmt.Link{Method: "handle_errors"}, pyfmt.Link{Method: "with_tracing"})
	if len(t.Conditions) > 0 {
		var cs []pyfmt.Expr
		for _, c := range t.Conditions {
			x := s.alias[c]
			if s.objects[c] {
				x += ".func"
			}
			cs = append(cs, pyfmt.Raw(x))
		}
		ls = append(ls, pyfmt.Link{Method: "skipif", Args: []pyfmt.Arg{
			pyfmt.Key("conditions", pyfmt.List(cs...)), pyfmt.Key("unpack_depth", number(t.Depth)),
		}})
	}
	ls = append(ls, extra...)
	var bound []pyfmt.Arg
	for _, p := range t.Partial {
		bound = append(bound, pyfmt.Key(p.Key, s.value(p.Value)))
	}
	// What the user sets comes after what is bound; a name that is in both is an error of the call.
	bound = append(bound, pyfmt.Rest(pyfmt.Or(pyfmt.Call("params.get", pyfmt.Pos(pyfmt.Str(t.ID))), pyfmt.Dict())))
	ls = append(ls, pyfmt.Link{Method: "partial", Args: bound})
	last := pyfmt.Link{Method: string(t.Method)}
	if t.Method != spec.Call {
		last.Args = []pyfmt.Arg{pyfmt.Key("argnames", texts(t.ArgNames)), pyfmt.Key("argvalues", s.argvalues(t))}
	}
	return pyfmt.Chain(pyfmt.Call("task", pyfmt.Pos(pyfmt.Raw(name))), append(ls, last)...)
}

// argvalues is what a task is mapped over. A list of one variable is that variable, in all generations of the language.
func (s *scope) argvalues(t *link.Task) pyfmt.Expr {
	v := *t.ArgValues
	if v.Kind == spec.List && len(v.List) == 1 {
		v = v.List[0]
	}
	return s.value(v)
}

func (s *scope) value(v spec.Value) pyfmt.Expr {
	switch v.Kind {
	case spec.Bool:
		return pyfmt.Raw(strings.ToUpper(v.Text[:1]) + v.Text[1:])
	case spec.Int:
		return pyfmt.Raw(v.Text)
	case spec.Float:
		if strings.HasSuffix(v.Text, "nan") || strings.HasSuffix(v.Text, "inf") {
			return pyfmt.Call("float", pyfmt.Pos(pyfmt.Str(v.Text)))
		}
		return pyfmt.Raw(strings.ToLower(v.Text))
	case spec.String:
		return pyfmt.Str(v.Text)
	case spec.List:
		xs := make([]pyfmt.Expr, len(v.List))
		for i, x := range v.List {
			xs[i] = s.value(x)
		}
		return pyfmt.List(xs...)
	case spec.Dict:
		ps := make([]pyfmt.Pair, len(v.Dict))
		for i, e := range v.Dict {
			ps[i] = pyfmt.Pair{Key: e.Key, Value: s.value(e.Value)}
		}
		return pyfmt.Dict(ps...)
	case spec.Return:
		return pyfmt.Raw(s.id[v.Text])
	case spec.Env:
		return pyfmt.Index("os.environ", pyfmt.Str(v.Text))
	}
	return pyfmt.Raw("None")
}
