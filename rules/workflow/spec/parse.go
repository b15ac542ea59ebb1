package spec

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
	"github.com/cairn-build/cairn/rules/workflow/yamltree"
)

var specShape = shape{what: "A spec",
	keys:     []string{"id", "metadata", "requirements", "rjsf-overrides", "task-instance-defaults", "workflow"},
	required: []string{"id", "requirements", "workflow"},
	retired: map[string]string{
		"rjsf_overrides": `Write "rjsf-overrides".`, "task_instance_defaults": `Write "task-instance-defaults".`,
		"name": `What people read stands in "metadata".`, "description": `What people read stands in "metadata".`,
	}}

// Parse reads a spec of any generation; file is its name in messages, relative to the workspace. All that can be said without knowing any
// task is said at once, in the order of the file; generations A and B are read as C is, which takes more than they do. The Spec is never nil; it is
// whole where the list has no errors, and else holds what could be read, so that more can be said of that. Safe for concurrent use.
func Parse(file string, src []byte) (*Spec, diag.List) {
	c := &checker{places: make(Places, min(bytes.Count(src, []byte("\n")), 1<<17))}
	s := &Spec{Places: c.places, Requirements: []Requirement{}, Items: []Item{}}
	root, ds := yamltree.Parse(file, src)
	c.diags = ds
	c.places[""] = diag.Range{File: file}
	if root == nil {
		if len(ds) == 0 {
			c.bad("missing-key", diag.Range{File: file}, "The spec is empty", "Field required. A spec has "+list(specShape.required)+".", "")
		}
		return s, c.diags
	}
	if !c.mapping(root, "", specShape) {
		return s, c.diags
	}
	if n := root.Get("id"); n != nil {
		if id, ok := c.text(n, "The spec's id"); ok {
			s.ID = id
			why, hint := badID(id, maxSpecID)
			if why == "" && strings.ContainsFunc(id, func(r rune) bool { return r > unicode.MaxASCII }) {
				why = fmt.Sprintf("`%s` is a part of the package's name, which has letters from a to z, digits and `_` only: neither pip nor conda takes another.", id)
			}
			if why != "" {
				c.bad("bad-id", n.Range, fmt.Sprintf("Bad id %q of the spec", quote.Clip(id)), why, hint)
			}
		}
	}
	if n := root.Get("requirements"); n != nil && c.list(n, "requirements") {
		c.requirements(s, n)
	}
	if n := root.Get("metadata"); n != nil && n.Kind != yamltree.Null {
		s.Metadata = c.metadata(n)
	}
	if n := root.Get("rjsf-overrides"); n != nil {
		c.overrides(s, n)
	}
	if n := root.Get("task-instance-defaults"); n != nil {
		c.defaults(s, n)
	}
	if n := root.Get("workflow"); n != nil {
		c.workflow(s, n)
	}
	c.context = ""
	c.whole(s, root)
	return s, c.diags.Sort()
}

// maxItems bounds what is looked at one by one.
const maxItems = 100000

const notAnItem = "The `workflow` field must be a list of task instances or task groups."

func (c *checker) workflow(s *Spec, n *yamltree.Node) {
	if n.Kind != yamltree.List {
		c.bad("bad-type", n.Head(), "workflow is a list", notAnItem, "")
		return
	}
	if len(n.List) > maxItems {
		c.bad("too-large", c.places.Key("/workflow"), "The workflow is too large", fmt.Sprintf("It has %d elements; %d are read at most.", len(n.List), maxItems), "")
		return
	}
	for i, e := range n.List {
		at := "/workflow/" + strconv.Itoa(i)
		c.context = ""
		c.places[at] = e.Head()
		switch {
		case e.Kind == yamltree.Map && e.Get("type") != nil && e.Get("type").Kind == yamltree.String && e.Get("type").Text == "task-group":
			if g := c.group(e, at); g != nil {
				s.Items = append(s.Items, Item{Group: g})
			}
		case e.Kind == yamltree.Map && e.Get("id") != nil && e.Get("task") != nil:
			if t := c.instance(e, at); t != nil {
				s.Items = append(s.Items, Item{Task: t})
			}
		default:
			c.bad("bad-item", e.Head(), "Neither a task instance nor a task group", notAnItem, itemHint(e))
		}
	}
}

// itemHint says what an element of workflow lacks.
func itemHint(n *yamltree.Node) string {
	has := func(k string) bool { return n.Get(k) != nil }
	switch {
	case n.Kind != yamltree.Map:
		return "A task instance has id and task."
	case has("title") || has("type") || has("tasks") && !has("id"):
		return "A task group has `type: task-group`, title, description and tasks."
	case has("id"):
		return `"task" is missing.` + spaced(nearMiss(n, "task", instanceShape.keys))
	case has("task"):
		return `"id" is missing.` + spaced(nearMiss(n, "id", instanceShape.keys))
	}
	return "A task instance has id and task."
}

func spaced(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

var groupShape = shape{what: "A task group", keys: []string{"title", "description", "tasks", "type"}, required: []string{"title", "description", "tasks"},
	retired: map[string]string{"name": `A group has a "title".`, "id": "A group has no id: it shapes the form only."}}

func (c *checker) group(n *yamltree.Node, at string) *Group {
	g := &Group{At: at, Tasks: []*Instance{}}
	if t := n.Get("title"); t != nil && t.Kind == yamltree.String {
		c.context = fmt.Sprintf("task group %q", quote.Clip(t.Text))
	}
	context := c.context
	c.mapping(n, at, groupShape)
	if t, ok := c.text(n.Get("title"), "A group's title"); ok {
		g.Title = t
		if t == "" {
			c.bad("bad-value", n.Get("title").Range, "A group's title is empty", "It is the name of a part of the form.", "")
		}
	}
	g.Description, _ = c.text(n.Get("description"), "A group's description")
	tasks := n.Get("tasks")
	if tasks == nil || !c.list(tasks, "tasks") {
		return g
	}
	if len(tasks.List) == 0 {
		c.warn("empty-group", tasks.Range, "The group has no tasks", "It shows nothing in the form.", "")
	}
	for i, e := range tasks.List {
		at := at + "/tasks/" + strconv.Itoa(i)
		c.places[at] = e.Head()
		c.context = context
		if e.Kind == yamltree.Map && e.Get("tasks") != nil && e.Get("task") == nil {
			c.bad("bad-item", e.Head(), "Groups do not nest", "Extra inputs are not permitted. A group's tasks are task instances.", "Put the group beside the other one.")
			continue
		}
		if t := c.instance(e, at); t != nil {
			g.Tasks = append(g.Tasks, t)
		}
	}
	return g
}
