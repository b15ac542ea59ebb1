// Package schema makes the two JSON Schemas of a workflow's parameters: params.json, which is flat and decides what a run takes, and
// rjsf.json, which is grouped as the form shows it. It knows nothing of files.
package schema

import (
	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// Build gives params.json and rjsf.json of a workflow. They share no value with the registry's entries. An error is an override
// that has no place.
func Build(w *link.Workflow) (params, rjsf *ojson.Object, err error) {
	f := newForms(w)
	flat := f.section()
	for _, t := range w.Tasks {
		flat.add(t.ID, f.tasks[t.ID], f.needed[t.ID])
	}
	params = f.finish(flat)

	grouped := f.section()
	for _, it := range w.Spec.Items {
		if it.Group == nil {
			grouped.add(it.Task.ID, f.tasks[it.Task.ID], f.needed[it.Task.ID])
			continue
		}
		g := f.section()
		for _, i := range it.Group.Tasks {
			g.add(i.ID, f.tasks[i.ID], f.needed[i.ID])
		}
		if g.properties.Len() == 0 {
			continue
		}
		o := ojson.New("type", "object", "title", it.Group.Title, "description", it.Group.Description,
			"ecoscope:task_group", true, "properties", g.properties)
		g.close(o)
		grouped.add(it.Group.Title, o, len(g.required) > 0)
		if g.ui.Len() > 0 || g.properties.Len() > 1 {
			grouped.ui.Set(it.Group.Title, ordered(g))
		}
	}
	rjsf = f.finish(grouped)
	if err := override(rjsf, w.Spec.Overrides); err != nil {
		return nil, nil, err
	}
	return params, rjsf, nil
}

// forms are the schemas of a workflow's instances.
type forms struct {
	tasks  map[string]*ojson.Object // by id; nil where the user has nothing to set
	needed map[string]bool          // the ids without whose arguments no run gets through
	defs   *definitions
}

func newForms(w *link.Workflow) *forms {
	f := &forms{tasks: map[string]*ojson.Object{}, needed: map[string]bool{}, defs: newDefinitions()}
	for _, t := range w.Tasks {
		o := f.task(t)
		f.tasks[t.ID] = o
		// An instance that may be skipped, or is called for each element of a list that may be empty, can do without.
		f.needed[t.ID] = o != nil && len(o.List("required")) > 0 && t.Method == spec.Call && w.Spec.Skips(t.Instance) == nil
	}
	return f
}

// task gives the schema of what the user sets of t, nil for nothing.
func (f *forms) task(t *link.Task) *ojson.Object {
	if t.Entry == nil || t.Entry.Schema == nil {
		return nil
	}
	bound := map[string]bool{"return": true}
	for _, p := range t.Partial {
		bound[p.Key] = true
	}
	for _, a := range t.ArgNames {
		bound[a] = true
	}
	from := t.Entry.Schema.Object("properties")
	props := &ojson.Object{}
	for _, k := range from.Keys() {
		if bound[k] {
			continue
		}
		if v, ok := t.Entry.Form(k); ok { // else JSON has no values of it
			props.Set(k, v)
		}
	}
	if props.Len() == 0 {
		return nil
	}
	required := []any{}
	for _, r := range t.Entry.Schema.List("required") {
		if s, ok := r.(string); ok {
			if _, ok := props.Get(s); ok {
				required = append(required, s)
			}
		}
	}
	o := &ojson.Object{}
	if t.Name != "" {
		o.Set("title", t.Name)
	}
	if d := t.Entry.Schema.String("description"); d != "" {
		o.Set("description", d)
	} else if t.Entry.Description != "" {
		o.Set("description", t.Entry.Description)
	}
	o.Set("type", "object")
	o.Set("properties", props)
	o.Set("required", required)
	for _, k := range t.Entry.Schema.Keys() {
		switch k {
		case "title", "description", "properties", "required", "$defs":
		default:
			v, _ := t.Entry.Schema.Get(k)
			o.Set(k, v)
		}
	}
	if _, ok := o.Get("additionalProperties"); !ok {
		o.Set("additionalProperties", t.Entry.KeepsRest)
	}
	return f.defs.take(o, t.Entry.Schema.Object("$defs"))
}

// section is a list of properties with the order in which they are shown.
type section struct {
	properties *ojson.Object
	required   []any
	ui         *ojson.Object // of the properties
}

func (f *forms) section() *section {
	return &section{properties: &ojson.Object{}, ui: &ojson.Object{}}
}

// add takes a task's or a group's schema; nil is nothing.
func (s *section) add(key string, o *ojson.Object, needed bool) {
	if o == nil {
		return
	}
	s.properties.Set(key, o)
	if needed {
		s.required = append(s.required, key)
	}
	if group, _ := o.Get("ecoscope:task_group"); group != true && o.Object("properties").Len() > 1 {
		s.ui.Set(key, ojson.New("ui:order", names(o.Object("properties"))))
	}
}

// close says in o which of the properties are needed, and that there are no others.
func (s *section) close(o *ojson.Object) {
	if len(s.required) > 0 {
		o.Set("required", s.required)
	}
	o.Set("additionalProperties", false)
}

// ordered gives the ui schema of a group.
func ordered(s *section) *ojson.Object {
	o := &ojson.Object{}
	if s.properties.Len() > 1 {
		o.Set("ui:order", names(s.properties))
	}
	for _, k := range s.ui.Keys() {
		v, _ := s.ui.Get(k)
		o.Set(k, v)
	}
	return o
}

// finish makes a document of a section. Definitions that no property leads to are not in it; both documents are free to change.
func (f *forms) finish(s *section) *ojson.Object {
	o := ojson.New("type", "object", "properties", ojson.Clone(s.properties), "$defs", ojson.Clone(f.defs.all))
	ui := ojson.Clone(s.ui).(*ojson.Object)
	ui.Set("ui:order", names(s.properties))
	o.Set("uiSchema", ui)
	s.close(o)
	return o
}

func names(o *ojson.Object) []any {
	l := make([]any, 0, o.Len())
	for _, k := range o.Keys() {
		l = append(l, k)
	}
	return l
}
