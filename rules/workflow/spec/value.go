package spec

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
	"github.com/cairn-build/cairn/rules/workflow/yamltree"
)

const (
	unwrapped    = "`%s` is not a valid variable. Variables must be wrapped in `${{ }}`."
	unrecognized = "Unrecognized variable format. Expected one of: `${{ workflow.<id>.return }}`, `${{ env.<NAME> }}`."
)

// envName says whether s can be a variable of the environment.
func envName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return s != ""
}

// almost says whether text looks like a variable and is none: "a ${{ env.X }}", "{{ workflow.x.return }}".
func almost(s string) bool {
	if strings.Contains(s, "${{") {
		return true
	}
	inner, ok := strings.CutPrefix(strings.TrimPrefix(s, "$"), "{")
	inner = strings.TrimLeft(inner, "{ ")
	return ok && (strings.HasPrefix(inner, "workflow.") || strings.HasPrefix(inner, "env."))
}

// value reads what an argument is bound to. Where vars is false, text is text whatever it looks like.
func (c *checker) value(n *yamltree.Node, at string, vars bool) Value {
	switch n.Kind {
	case yamltree.Null:
		return Value{Kind: Null}
	case yamltree.Bool:
		return Value{Kind: Bool, Text: n.Text}
	case yamltree.Int:
		return Value{Kind: Int, Text: n.Text}
	case yamltree.Float:
		return Value{Kind: Float, Text: n.Text}
	case yamltree.List:
		v := Value{Kind: List, List: make([]Value, 0, len(n.List))}
		for i, e := range n.List {
			v.List = append(v.List, c.nested(e, at+"/"+strconv.Itoa(i), vars))
		}
		return v
	case yamltree.Map:
		v := Value{Kind: Dict, Dict: make([]Entry, 0, len(n.Pairs))}
		for i := range n.Pairs {
			p := &n.Pairs[i]
			v.Dict = append(v.Dict, Entry{Key: p.Key, Value: c.nested(p.Value, at+"/"+yamltree.Step(p.Key), vars)})
		}
		return v
	}
	if vars && strings.HasPrefix(n.Text, "${{") {
		return c.variable(n)
	}
	if vars && almost(n.Text) {
		c.warn("text-variable", n.Range, "Text that looks like a variable", "A variable is the whole of a value; within text it stays as it is written.", "")
	}
	return Value{Kind: String, Text: n.Text}
}

// nested is value for what is in a list or a dictionary: the places of variables are noted, for what is said of their types.
func (c *checker) nested(n *yamltree.Node, at string, vars bool) Value {
	v := c.value(n, at, vars)
	if v.Kind == Return || v.Kind == Env {
		c.places[at] = n.Range
	}
	return v
}

// variable reads a variable. What it gives for one that is none is a null that is Wrong.
func (c *checker) variable(n *yamltree.Node) Value {
	fail := func(detail, hint string) Value {
		c.bad("bad-variable", n.Head(), "Not a variable", detail, hint)
		return Value{Kind: Null, Wrong: true}
	}
	if n.Kind != yamltree.String {
		what := n.Text
		if what == "" {
			what = n.Kind.String()
		}
		return fail(fmt.Sprintf(unwrapped, quote.Clip(what)), "")
	}
	s := n.Text
	inner, ok := strings.CutPrefix(s, "${{")
	inner, closed := strings.CutSuffix(inner, "}}")
	if !ok || !closed {
		return fail(fmt.Sprintf(unwrapped, quote.Clip(s)), wrapHint(s))
	}
	inner = strings.TrimSpace(inner)
	switch parts := strings.Split(inner, "."); {
	case len(parts) == 3 && parts[0] == "workflow" && parts[2] == "return" && IsIdentifier(parts[1]):
		return Value{Kind: Return, Text: parts[1]}
	case len(parts) == 2 && parts[0] == "env" && envName(parts[1]):
		return Value{Kind: Env, Text: parts[1]}
	default:
		return fail(fmt.Sprintf("`%s`: %s", quote.Clip(s), unrecognized), variableHint(parts))
	}
}

func wrapHint(s string) string {
	s = strings.TrimSpace(strings.Trim(strings.TrimSpace(s), "${}"))
	switch {
	case strings.ContainsAny(s, "{}$"):
		return "A variable is the whole of a value; there is no text around it."
	case IsIdentifier(s):
		return fmt.Sprintf("Write ${{ workflow.%s.return }} for what a task returns.", quote.Clip(s))
	case strings.HasPrefix(s, "workflow.") || strings.HasPrefix(s, "env."):
		return fmt.Sprintf("Write ${{ %s }}.", quote.Clip(s))
	}
	return ""
}

func variableHint(parts []string) string {
	switch {
	case len(parts) == 1 && IsIdentifier(parts[0]):
		return fmt.Sprintf("Write ${{ workflow.%s.return }} for what a task returns, ${{ env.%s }} for a variable of the environment.", quote.Clip(parts[0]), quote.Clip(parts[0]))
	case len(parts) >= 2 && diag.Nearest(parts[0], []string{"workflow"}) != "" && IsIdentifier(strings.TrimSpace(parts[1])):
		return fmt.Sprintf("Write ${{ workflow.%s.return }}.", quote.Clip(strings.TrimSpace(parts[1])))
	case len(parts) == 2 && diag.Nearest(parts[0], []string{"env"}) != "" && envName(parts[1]):
		return fmt.Sprintf("Write ${{ env.%s }}.", quote.Clip(parts[1]))
	}
	return ""
}

// finite checks that a literal has a form in JSON, which has neither nan nor inf.
func (c *checker) finite(n *yamltree.Node) {
	switch n.Kind {
	case yamltree.Float:
		if strings.HasSuffix(n.Text, "n") || strings.HasSuffix(n.Text, "inf") {
			c.bad("bad-value", n.Range, "A number that is not finite", "JSON has no such number.", "")
		}
	case yamltree.List:
		for _, e := range n.List {
			c.finite(e)
		}
	case yamltree.Map:
		for _, p := range n.Pairs {
			c.finite(p.Value)
		}
	}
}

// Returns calls f with the id of each instance whose result v takes, in order, and with the pointer below at of where it stands.
func (v *Value) Returns(at string, f func(at, id string)) {
	switch v.Kind {
	case Return:
		f(at, v.Text)
	case List:
		for i := range v.List {
			v.List[i].Returns(at+"/"+strconv.Itoa(i), f)
		}
	case Dict:
		for i := range v.Dict {
			v.Dict[i].Value.Returns(at+"/"+yamltree.Step(v.Dict[i].Key), f)
		}
	}
}

// Returns calls f with the id of each instance whose result i takes, in the order of the file, and with the pointer of where it stands.
func (i *Instance) Returns(f func(at, id string)) {
	for k := range i.Partial {
		i.Partial[k].Value.Returns(i.At+"/partial/"+yamltree.Step(i.Partial[k].Key), f)
	}
	if i.ArgValues != nil {
		i.ArgValues.Returns(i.At+"/"+string(i.Method)+"/argvalues", f)
	}
}
