package spec

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
	"github.com/cairn-build/cairn/rules/workflow/yamltree"
)

var instanceShape = shape{what: "A task instance", keys: []string{"name", "id", "task", "partial", "map", "mapvalues", "skipif"}, required: []string{"id", "task"},
	retired: map[string]string{"method": "The method follows from map and mapvalues.", "title": `An instance has a "name".`,
		"argnames": `argnames stands in "map" or "mapvalues".`, "argvalues": `argvalues stands in "map" or "mapvalues".`,
		"conditions": `conditions stands in "skipif".`, "type": "Only a task group has a type.",
		"rjsf-overrides": "It stands at the top of the spec.", "description": "A description comes from the task itself."}}

// instance reads an instance; nil where n is no mapping.
func (c *checker) instance(n *yamltree.Node, at string) *Instance {
	if id := n.Get("id"); id != nil && id.Kind == yamltree.String {
		c.context = fmt.Sprintf("task %q", quote.Clip(id.Text))
	}
	if !c.mapping(n, at, instanceShape) {
		return nil
	}
	t := &Instance{At: at, Method: Call}
	t.Name = c.optional(n.Get("name"), "A task's name")
	if id, ok := c.text(n.Get("id"), "A task's id"); ok {
		t.ID = id
		if why, hint := badID(id, maxTaskID); why != "" {
			c.bad("bad-id", n.Get("id").Range, fmt.Sprintf("Bad id %q", quote.Clip(id)), why, hint)
		}
	}
	if task, ok := c.text(n.Get("task"), "task"); ok {
		t.Task = task
		c.taskName(task, n.Get("task").Range)
	}
	if p := n.Get("partial"); p != nil {
		t.Partial = c.partial(p, at+"/partial")
	}
	mapped := false
	for _, m := range []Method{Map, MapValues} {
		o := n.Get(string(m))
		if o == nil {
			continue
		}
		names, values := c.operation(o, at+"/"+string(m), string(m))
		if names == nil && values == nil {
			continue
		}
		if mapped {
			c.bad("bad-map", c.places[at+"/mapvalues#"], "Both map and mapvalues",
				fmt.Sprintf("Task `%s` cannot have both `map` and `mapvalues` set. Please choose one or the other.", t.label()), "")
			continue
		}
		mapped = true
		t.Method, t.ArgNames, t.ArgValues = m, names, values
		c.boundTwice(t, o, string(m))
	}
	if s := n.Get("skipif"); s != nil && s.Kind != yamltree.Null {
		t.SkipIf = c.skipif(s, at+"/skipif")
	}
	return t
}

// label is how messages call an instance: by its name as the ecosystem does, by its id where it has none.
func (i *Instance) label() string {
	if i.Name != "" {
		return quote.Clip(i.Name)
	}
	return quote.Clip(i.ID)
}

// taskName checks the form of a task's name, which may have its module before it.
func (c *checker) taskName(name string, rng diag.Range) {
	for _, part := range strings.Split(name, ".") {
		if why, hint := badName(part); why != "" {
			if strings.Contains(name, ".") {
				hint = "A task's name is that of its function, or module.function."
			}
			c.bad("bad-task", rng, fmt.Sprintf("%q cannot be a task", quote.Clip(name)), why, hint)
			return
		}
	}
}

func (c *checker) partial(n *yamltree.Node, at string) []Entry {
	if n.Kind != yamltree.Map {
		hint := "Its keys are names of arguments."
		if n.Kind == yamltree.Null {
			hint = "Take the key out where no argument is bound."
		}
		c.wrongType(n, "partial is a mapping", "Input should be a valid dictionary", hint)
		return nil
	}
	var out []Entry
	for i := range n.Pairs {
		p := &n.Pairs[i]
		at := at + "/" + yamltree.Step(p.Key)
		c.place(n, at, p)
		c.places[at+keyMark] = p.At
		c.argName(p.Key, p.At)
		out = append(out, Entry{Key: p.Key, Value: c.value(p.Value, at, true)})
	}
	return out
}

func (c *checker) argName(name string, rng diag.Range) {
	if why, hint := badName(name); why != "" {
		c.bad("bad-argument", rng, fmt.Sprintf("%q cannot be an argument", quote.Clip(name)), why, hint)
	}
}

const bothNeeded = "Both `argnames` and `argvalues` must be provided if either is given."

// operation reads map or mapvalues; nothing where it is empty or unsound.
func (c *checker) operation(n *yamltree.Node, at, what string) (names []string, values *Value) {
	if !c.mapping(n, at, shape{what: what, keys: []string{"argnames", "argvalues"}}) {
		return nil, nil
	}
	given := func(n *yamltree.Node) bool { return n != nil && (n.Kind != yamltree.List || len(n.List) > 0) }
	an, av := n.Get("argnames"), n.Get("argvalues")
	if given(an) != given(av) {
		lacks := "argvalues"
		if given(av) {
			lacks = "argnames"
		}
		c.bad("missing-key", c.places.Key(at), fmt.Sprintf("%s lacks %s", what, lacks), bothNeeded, nearMiss(n, lacks, []string{"argnames", "argvalues"}))
	}
	if given(an) {
		elements := []*yamltree.Node{an}
		if an.Kind == yamltree.List {
			elements = an.List
		}
		seen := map[string]bool{}
		for i, e := range elements {
			c.places[at+"/argnames/"+strconv.Itoa(i)] = e.Head()
			name, ok := c.text(e, "An element of argnames")
			if !ok {
				continue
			}
			c.argName(name, e.Range)
			if seen[name] {
				c.bad("bad-argument", e.Range, fmt.Sprintf("The argument %q is mapped twice", quote.Clip(name)), "", "")
			}
			seen[name] = true
			names = append(names, name)
		}
	}
	if given(av) {
		v := c.variables(av, at+"/argvalues")
		values = &v
	}
	return names, values
}

// variables reads argvalues: a variable or a list of variables. A list of one is that variable, in all generations of the language.
func (c *checker) variables(n *yamltree.Node, at string) Value {
	if n.Kind != yamltree.List {
		return c.variable(n)
	}
	v := Value{Kind: List, List: make([]Value, 0, len(n.List))}
	for i, e := range n.List {
		c.places[at+"/"+strconv.Itoa(i)] = e.Head()
		v.List = append(v.List, c.variable(e))
	}
	if len(v.List) == 1 {
		c.places[at] = c.places[at+"/0"]
		return v.List[0]
	}
	return v
}

// boundTwice warns of arguments that are bound and mapped: what is bound never arrives.
func (c *checker) boundTwice(t *Instance, n *yamltree.Node, what string) {
	for i, name := range t.ArgNames {
		for _, e := range t.Partial {
			if e.Key == name {
				c.report(diag.Diag{Warning: true, Code: "bound-twice", Summary: fmt.Sprintf("The argument %q is bound in partial and in %s", quote.Clip(name), what),
					Detail: "The value of " + what + " wins.", Range: c.places.Value(t.At + "/" + what + "/argnames/" + strconv.Itoa(i)),
					Related: []diag.Related{{Range: c.places.Key(Pointer(t.At, "partial", name)), Text: "bound here"}}})
			}
		}
	}
}

var skipShape = shape{what: "skipif", keys: []string{"conditions", "unpack_depth"}}

func (c *checker) skipif(n *yamltree.Node, at string) *SkipIf {
	if !c.mapping(n, at, skipShape) {
		return nil
	}
	s := &SkipIf{Conditions: []string{}, UnpackDepth: 1}
	if l := n.Get("conditions"); l != nil && c.list(l, "conditions") {
		for i, e := range l.List {
			c.places[at+"/conditions/"+strconv.Itoa(i)] = e.Head()
			if name, ok := c.text(e, "A condition"); ok {
				c.taskName(name, e.Range)
				s.Conditions = append(s.Conditions, name)
			}
		}
	}
	if d := n.Get("unpack_depth"); d != nil {
		depth, err := strconv.Atoi(d.Text)
		switch {
		case d.Kind != yamltree.Int:
			c.wrongType(d, "unpack_depth is a whole number", "Input should be a valid integer", "")
		case err != nil || depth < 0 || depth > 1000:
			c.bad("bad-value", d.Range, "unpack_depth is from 0 to 1000", "It says how many lists are unpacked before a condition sees their elements.", "")
		default:
			s.UnpackDepth = depth
		}
	}
	return s
}

func (c *checker) defaults(s *Spec, n *yamltree.Node) {
	c.context = "task-instance-defaults"
	if c.mapping(n, "/task-instance-defaults", shape{what: "task-instance-defaults", keys: []string{"skipif"}}) {
		if d := n.Get("skipif"); d != nil && d.Kind != yamltree.Null {
			s.Default = c.skipif(d, "/task-instance-defaults/skipif")
		}
	}
}
