// Package link joins a spec with the tasks that it uses, and says all that is wrong with that.
package link

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// Workflow is a spec whose names are known.
type Workflow struct {
	Spec  *spec.Spec
	Tasks []*Task // in the order of the file
	// Imports are what a module that runs all tasks imports, sorted; conditions of skipif are among them.
	Imports []Import
	// Env are the environment's variables that the spec names, sorted.
	Env []string
}

// Import is one function in generated code.
type Import struct {
	Module string // Entry.Public
	Name   string
	Alias  string // the name in the code: Name, or Name_1, Name_2 where several tasks of one name are used
	Entry  *registry.Entry
}

// Task is an instance with what it calls.
type Task struct {
	*spec.Instance
	Entry      *registry.Entry
	Alias      string   // of Imports
	Conditions []string // aliases of the functions that decide whether it is skipped
	Depth      int      // unpack_depth of Conditions
	// Open are the arguments that the user may set, in the order of the signature: all that JSON has values of, but those that are
	// bound and mapped.
	Open []string
	// Needs are ids of the instances whose results it takes, in the order of first use.
	Needs []string
}

// Link looks up the tasks of s in f and checks how s uses them. All problems come at once, in the order of the file; where one of them is an
// error there is no workflow. What is wrong with s itself spec.Parse has said, and Link says nothing of that: it may be given a spec with
// errors to find what else is wrong; what comes of it is not to be run.
func Link(s *spec.Spec, f registry.Finder) (*Workflow, diag.List) {
	l := &linker{s: s, f: f, w: &Workflow{Spec: s}, byID: map[string]*Task{}, skips: map[string]bool{}}
	def := l.conditions(s.Default, "/task-instance-defaults")
	for _, i := range s.Instances() {
		if i == nil {
			continue
		}
		l.context = fmt.Sprintf("task %q", quote.Clip(i.ID))
		t := &Task{Instance: i}
		l.id(t)
		t.Entry = l.resolve(i.Task, i.At+"/task", "")
		l.deprecated(t)
		conds := def
		if i.SkipIf != nil {
			conds = l.conditions(i.SkipIf, i.At)
		}
		if skips := s.Skips(i); skips != nil {
			t.Depth = skips.UnpackDepth
		}
		l.conds = append(l.conds, conds)
		l.skips[i.ID] = mayBeSkipped(conds)
		i.Returns(func(_, id string) {
			if !slices.Contains(t.Needs, id) {
				t.Needs = append(t.Needs, id)
			}
		})
		l.arguments(t)
		l.w.Tasks = append(l.w.Tasks, t)
		if _, dup := l.byID[i.ID]; !dup {
			l.byID[i.ID] = t
		}
		l.env(i)
	}
	slices.Sort(l.w.Env)
	l.w.Env = slices.Compact(l.w.Env)
	if l.problems.HasErrors() || slices.ContainsFunc(l.w.Tasks, func(t *Task) bool { return t.Entry == nil }) {
		return nil, l.problems.Sort()
	}
	l.imports()
	return l.w, l.problems.Sort()
}

// Names gives the names that a spec looks up, sorted: functions of tasks and conditions, and ids, none of which may be a task's name.
// A registry's tree with these files alone is enough for Link.
func Names(s *spec.Spec) []string {
	var out []string
	for _, i := range s.Instances() {
		_, name := split(i.Task)
		out = append(out, name, i.ID)
		if skips := s.Skips(i); skips != nil {
			for _, c := range skips.Conditions {
				_, name := split(c)
				out = append(out, name)
			}
		}
	}
	if s.Default != nil {
		for _, c := range s.Default.Conditions {
			_, name := split(c)
			out = append(out, name)
		}
	}
	out = slices.DeleteFunc(out, func(n string) bool { return n == "" })
	slices.Sort(out)
	return slices.Compact(out)
}

type linker struct {
	s        *spec.Spec
	f        registry.Finder
	w        *Workflow
	byID     map[string]*Task
	conds    [][]*registry.Entry // of each of w.Tasks
	skips    map[string]bool     // the ids that have conditions
	problems diag.List
	context  string
	names    []string // of f, once they are asked for
	asked    bool
	hints    int
	broken   bool // f could not be read, which is said once
}

// maxHints is how often the nearest spelling is looked for: each time all names are gone through.
const maxHints = 20

// report adds a problem at a place.
func (l *linker) report(d diag.Diag) {
	if d.Context == "" {
		d.Context = l.context
	}
	l.problems = append(l.problems, d)
}

// imports gives each function that is used its name in the code.
func (l *linker) imports() {
	var used []*registry.Entry
	seen := map[string]bool{}
	for k, t := range l.w.Tasks {
		for _, e := range append([]*registry.Entry{t.Entry}, l.conds[k]...) {
			if e != nil && !seen[e.Name()] {
				seen[e.Name()] = true
				used = append(used, e)
			}
		}
	}
	slices.SortFunc(used, func(a, b *registry.Entry) int {
		return cmp.Or(cmp.Compare(a.Public, b.Public), cmp.Compare(a.Function, b.Function))
	})
	count, at, alias := map[string]int{}, map[string]int{}, map[string]string{}
	for _, e := range used {
		count[e.Function]++
	}
	for _, e := range used {
		name := e.Function
		if count[name] > 1 {
			at[name]++
			name = fmt.Sprintf("%s_%d", name, at[name])
		}
		alias[e.Name()] = name
		l.w.Imports = append(l.w.Imports, Import{Module: e.Public, Name: e.Function, Alias: name, Entry: e})
	}
	for k, t := range l.w.Tasks {
		t.Alias = alias[t.Entry.Name()]
		for _, c := range l.conds[k] {
			if !slices.Contains(t.Conditions, alias[c.Name()]) {
				t.Conditions = append(t.Conditions, alias[c.Name()])
			}
		}
	}
}

// env collects the environment's variables that an instance takes.
func (l *linker) env(i *spec.Instance) {
	var walk func(v *spec.Value)
	walk = func(v *spec.Value) {
		if v.Kind == spec.Env {
			l.w.Env = append(l.w.Env, v.Text)
		}
		for k := range v.List {
			walk(&v.List[k])
		}
		for k := range v.Dict {
			walk(&v.Dict[k].Value)
		}
	}
	for k := range i.Partial {
		walk(&i.Partial[k].Value)
	}
	if i.ArgValues != nil {
		walk(i.ArgValues)
	}
}
