package spec

import (
	"fmt"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
	"github.com/cairn-build/cairn/rules/workflow/yamltree"
)

// whole checks what concerns several parts of a spec. Its time grows with the size of the file and no faster.
func (c *checker) whole(s *Spec, root *yamltree.Node) {
	tasks := s.Instances()
	if w := root.Get("workflow"); w != nil && w.Kind == yamltree.List && len(tasks) == 0 && !c.diags.HasErrors() {
		c.bad("empty-workflow", c.places.Key("/workflow"), "The workflow is empty", "A workflow has at least one task instance; the result of the last is that of the workflow.", "")
	}
	c.uniqueIDs(s, tasks)
	c.uniqueTitles(s)
	c.order(tasks)
	c.strayOverrides(s)
}

func (c *checker) uniqueIDs(s *Spec, tasks []*Instance) {
	first := make(map[string]*Instance, len(tasks))
	more := map[string][]*Instance{}
	for _, t := range tasks {
		if t.ID == "" {
			continue
		}
		if t.ID == s.ID {
			c.report(diag.Diag{Code: "bad-id", Summary: fmt.Sprintf("The id %q is the spec's own", quote.Clip(t.ID)),
				Detail: fmt.Sprintf("Task `id`s cannot be the same as the spec `id`. That of task `%s` is `%s`.", t.label(), quote.Clip(t.ID)),
				Hint:   "Give the task another id.", Range: c.places.Value(t.At + "/id"), Context: t.context(),
				Related: []diag.Related{{Range: c.places.Value("/id"), Text: "the spec's id"}}})
		}
		if first[t.ID] == nil {
			first[t.ID] = t
			continue
		}
		more[t.ID] = append(more[t.ID], t)
	}
	for _, t := range tasks { // in the order of the file
		others := more[t.ID]
		if others == nil {
			continue
		}
		delete(more, t.ID)
		names := []string{t.Name}
		related := []diag.Related{{Range: c.places.Value(t.At + "/id"), Text: "the first one"}}
		for i, o := range others {
			names = append(names, o.Name)
			if i > 0 {
				related = append(related, diag.Related{Range: c.places.Value(o.At + "/id"), Text: "and here"})
			}
		}
		id := quote.Clip(t.ID)
		c.report(diag.Diag{Code: "duplicate-id", Summary: "Found duplicate ids: " + id,
			Detail: fmt.Sprintf("All task instance `id`s must be unique in the workflow. Found duplicate ids: id='%s' is shared by %s.", id, quote.List(names)),
			Range:  c.places.Value(others[0].At + "/id"), Context: others[0].context(), Related: related})
	}
}

func (i *Instance) context() string { return fmt.Sprintf("task %q", quote.Clip(i.ID)) }

// uniqueTitles checks the names of the form's parts: groups' titles, and ids of the instances that are in no group.
func (c *checker) uniqueTitles(s *Spec) {
	groups := map[string]*Group{}
	ids := map[string]*Instance{}
	for _, it := range s.Items {
		if it.Task != nil {
			ids[it.Task.ID] = it.Task
		}
	}
	for _, it := range s.Items {
		g := it.Group
		if g == nil || g.Title == "" {
			continue
		}
		report := func(summary, detail, first string) {
			c.report(diag.Diag{Code: "duplicate-title", Summary: summary, Detail: detail, Hint: "Give the group another title.", Range: c.places.Value(g.At + "/title"),
				Context: fmt.Sprintf("task group %q", quote.Clip(g.Title)), Related: []diag.Related{{Range: c.places.Value(first), Text: "the other one"}}})
		}
		if o := groups[g.Title]; o != nil {
			report(fmt.Sprintf("There are two groups called %q", quote.Clip(g.Title)), "A title is the name of a part of the form; the second would take the place of the first.", o.At+"/title")
			continue
		}
		groups[g.Title] = g
		if t := ids[g.Title]; t != nil {
			report(fmt.Sprintf("The group's title %q is the id of a task", quote.Clip(g.Title)), "Titles of groups and ids of tasks that are in no group are names of parts of the form.", t.At+"/id")
		}
	}
}

// order checks that instances take results of earlier ones only.
func (c *checker) order(tasks []*Instance) {
	at := make(map[string]int, len(tasks))
	var ids []string
	for i, t := range tasks {
		if _, dup := at[t.ID]; !dup && t.ID != "" {
			at[t.ID] = i
			ids = append(ids, t.ID)
		}
	}
	unknown := 0
	for i, t := range tasks {
		said := map[string]bool{}
		t.Returns(func(where, id string) {
			j, known := at[id]
			rng := c.places.Value(where)
			d := diag.Diag{Range: rng, Context: t.context()}
			switch {
			case id == t.ID:
				d.Code, d.Summary = "self-dependency", "A task takes its own result"
				d.Detail = fmt.Sprintf("Task `%s` has an arg dependency that references itself: `%s`. Task instances cannot depend on their own return values.", t.label(), quote.Clip(id))
			case !known:
				unknown++
				valid := "[...]"
				if unknown <= maxHints {
					valid = quote.List(ids)
				}
				d.Code, d.Summary = "unknown-id", fmt.Sprintf("There is no task %q", quote.Clip(id))
				d.Detail = fmt.Sprintf("Task `%s` has an arg dependency `%s` that is not a valid task id. Valid task ids for this workflow are: %s.", quote.Clip(t.ID), quote.Clip(id), valid)
				d.Hint = c.didYouMean(id, ids)
			case j > i:
				if said[id] {
					return
				}
				said[id] = true
				m := tasks[j].label()
				d.Code, d.Summary = "bad-order", fmt.Sprintf("The task %q comes later", quote.Clip(id))
				d.Detail = fmt.Sprintf("Task instances are not in topological order. `%s` depends on `%s`, but `%s` is defined after `%s`.", t.label(), m, m, t.label())
				d.Hint = "Tasks run in the order of the file: put it before this one."
				d.Related = []diag.Related{{Range: c.places.Value(tasks[j].At + "/id"), Text: "defined here"}}
			default:
				return
			}
			c.report(d)
		})
	}
}
