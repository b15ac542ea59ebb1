package rule

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
)

// Dep is a dependency that has been analysed.
type Dep struct {
	Label     label.Label
	Platform  Platform
	Files     []Artifact // default outputs
	Providers []Provider
}

// Get gives d's provider of type P.
func Get[P Provider](d Dep) (P, bool) {
	for _, p := range d.Providers {
		if v, ok := p.(P); ok {
			return v, true
		}
	}
	var none P
	return none, false
}

// World is what a Context asks of the engine. Only graph/analysis implements it (and rule tests).
type World interface {
	// Deps gives the targets that a reference stands for, in order: one, or all instances of a for_each.
	Deps(ref Ref, exec bool) []Dep
	// ReadSource reads a file of the workspace, tracked: a change of the file analyses the target anew.
	ReadSource(path string) ([]byte, error)
	// Locked gives what the target is pinned to: words of the lock file or, for one that follows, of this run; nil for nothing.
	Locked() map[string]string
	// Toolchain gives the toolchain of a kind for a platform.
	Toolchain(kind string, p Platform) (Toolchain, bool)
}

// Context is Analyze's whole world: it reads attributes and dependencies of one target and declares its outputs, actions
// and providers. It is used by one goroutine.
type Context struct {
	Target *Target
	Host   Platform

	attrs     []Attr
	world     World
	outBase   string
	decl      Declared
	problems  diag.List
	lateScope *Scope
}

// Declared is what an Analyze has declared.
type Declared struct {
	Actions   []Action
	Apart     map[int]bool // indices of Actions that the target's common attributes are not laid over: those of Within
	Default   []Artifact
	Providers []Provider
	Kept      []Kept     // what lies in the source tree as well
	Checked   []Artifact // what `cairn check` builds besides
}

// NewContext is for graph/analysis and for rule tests. outBase is the target's output folder in an action's tree.
func NewContext(r *Rule, t *Target, host Platform, outBase string, w World) *Context {
	return &Context{Target: t, Host: host, attrs: r.Attrs, world: w, outBase: outBase}
}

// Result gives what was declared and what was wrong.
func (c *Context) Result() (Declared, diag.List) { return c.decl, c.problems }

// Label is the target's own.
func (c *Context) Label() label.Label { return c.Target.Label }

// Platform is what the target is analysed for.
func (c *Context) Platform() Platform { return c.Target.Platform }

// Has says whether the attribute was set, or has a default.
func (c *Context) Has(attr string) bool {
	_, ok := c.Target.Attrs[attr]
	return ok
}

// Value gives an attribute's value, nil where it is absent. Late attributes are evaluated with the scope that SetScope gave;
// problems in them are recorded, and nil comes back.
func (c *Context) Value(attr string) any {
	v, ok := c.Target.Attrs[attr]
	if !ok {
		return nil
	}
	if v.Late == nil {
		return v.Value
	}
	s := Scope{}
	if c.lateScope != nil {
		s = *c.lateScope
	}
	x, ds := v.Late(s)
	c.problems = append(c.problems, ds...)
	if ds.HasErrors() {
		return nil
	}
	return x
}

// SetScope gives what Late attributes may refer to. Call it before their values are asked for.
func (c *Context) SetScope(s Scope) { c.lateScope = &s }

// LateScope gives what SetScope set; the engine evaluates common attributes such as env with it.
func (c *Context) LateScope() Scope {
	if c.lateScope == nil {
		return Scope{}
	}
	return *c.lateScope
}

// String gives a String or Output attribute, "" where absent.
func (c *Context) String(attr string) string { s, _ := c.Value(attr).(string); return s }

// Bool gives a Bool attribute, false where absent.
func (c *Context) Bool(attr string) bool { b, _ := c.Value(attr).(bool); return b }

// Int gives an Int attribute, 0 where absent.
func (c *Context) Int(attr string) int64 { n, _ := c.Value(attr).(int64); return n }

// Strings gives a Strings or Outputs attribute, nil where absent.
func (c *Context) Strings(attr string) []string { s, _ := c.Value(attr).([]string); return s }

// StringMap gives a StringMap attribute, nil where absent.
func (c *Context) StringMap(attr string) map[string]string {
	m, _ := c.Value(attr).(map[string]string)
	return m
}

// Refs gives the references of an attribute that takes files, labels or tools; a single one as a list of one.
func (c *Context) Refs(attr string) []Ref {
	switch v := c.Value(attr).(type) {
	case Ref:
		return []Ref{v}
	case []Ref:
		return v
	}
	return nil
}

// Deps gives the targets that attribute's labels stand for, in order.
func (c *Context) Deps(attr string) []Dep {
	var ds []Dep
	for _, r := range c.Refs(attr) {
		ds = append(ds, c.RefDeps(attr, r)...)
	}
	return ds
}

// RefDeps gives the targets of one reference of attr: one, all instances of a for_each, or none for a file.
func (c *Context) RefDeps(attr string, r Ref) []Dep {
	if r.Label.IsZero() {
		return nil
	}
	return c.world.Deps(r, c.attr(attr).Exec)
}

// Files gives the artifacts that an attribute stands for, in order: source files, and the default outputs of labels. Each artifact once.
func (c *Context) Files(attr string) []Artifact {
	var as []Artifact
	seen := map[string]bool{}
	add := func(a Artifact) {
		if !seen[a.Path] {
			seen[a.Path] = true
			as = append(as, a)
		}
	}
	for _, r := range c.Refs(attr) {
		if r.Path != "" {
			add(Artifact{Path: r.Path, Kind: Source})
		}
		for _, d := range c.RefDeps(attr, r) {
			for _, a := range d.Files {
				add(a)
			}
		}
	}
	return as
}

func (c *Context) attr(name string) Attr {
	for _, a := range c.attrs {
		if a.Name == name {
			return a
		}
	}
	return Attr{}
}

// ReadSource reads a source file, tracked. path is relative to the workspace.
func (c *Context) ReadSource(path string) ([]byte, error) { return c.world.ReadSource(path) }

// Locked gives the target's entry of the lock file, nil where there is none. It may be about other parameters than the
// target has now.
func (c *Context) Locked() map[string]string { return c.world.Locked() }

// Toolchain gives the toolchain of a kind for the target's platform; a missing one is recorded as a problem.
func (c *Context) Toolchain(kind string) (Toolchain, bool) {
	t, ok := c.world.Toolchain(kind, c.Target.Platform)
	if !ok {
		c.Problem("", "no-toolchain", fmt.Sprintf("No %q toolchain makes things for %s", kind, c.Target.Platform), "")
	}
	return t, ok
}

// OutPath gives the path of rel below the target's output folder in the action's tree, declaring nothing.
func (c *Context) OutPath(rel string) string { return path.Join(c.outBase, rel) }

// OutputFile makes the artifact of a file that one of the target's actions will write. rel is clean, relative and stays
// inside; a bad one is recorded as a problem of attr ("" for none).
func (c *Context) OutputFile(attr, rel string) Artifact { return c.output(attr, rel, OutputFile) }

// OutputTree is OutputFile for a folder.
func (c *Context) OutputTree(attr, rel string) Artifact { return c.output(attr, rel, OutputTree) }

func (c *Context) output(attr, rel string, k ArtifactKind) Artifact {
	if err := CheckRel(rel); err != nil {
		c.Problem(attr, "bad-output", fmt.Sprintf("Bad output path %q", rel), "An output "+err.Error()+".")
		rel = "_"
	}
	return Artifact{Path: path.Join(c.outBase, rel), Kind: k}
}

// CheckRel says what is wrong with a path that must stay below a folder; nil if nothing is. The error completes a
// sentence that starts with what the path is ("An output ...").
func CheckRel(rel string) error {
	switch {
	case rel == "":
		return fmt.Errorf("cannot be empty")
	case strings.HasPrefix(rel, "/"):
		return fmt.Errorf("cannot be an absolute path")
	case strings.ContainsAny(rel, "\x00\n\r\\") || strings.ContainsAny(rel, "\x01\x02"):
		return fmt.Errorf("cannot hold control characters or backslashes")
	case slices.Contains(strings.Split(rel, "/"), ".."):
		return fmt.Errorf("cannot leave its folder with \"..\"")
	case path.Clean(rel) != rel || rel == ".":
		return fmt.Errorf("must be written in its shortest form, %q", path.Clean(rel))
	}
	return nil
}

// Declare adds an action. The engine lays the target's common attributes (env, pass_env, timeout, network, resources, ...)
// over it afterwards.
func (c *Context) Declare(a Action) { c.decl.Actions = append(c.decl.Actions, a) }

// Within analyses a target of another kind in this one's place, with these attributes and the kind's own defaults: as part of a
// target of kind "script", say, the environment that a python_env would be. Its outputs lie in the folder sub of this target's, its
// actions become this target's, without the common attributes, and so do its problems: then it gives false. Labels
// among the attributes must be this target's as well.
func (c *Context) Within(r *Rule, sub string, attrs map[string]Value) (Declared, bool) {
	t := *c.Target
	t.Common = Common{}
	t.Attrs = maps.Clone(attrs)
	for _, a := range r.Attrs {
		if _, ok := t.Attrs[a.Name]; !ok && a.Default != nil {
			t.Attrs[a.Name] = Value{Value: a.Default}
		}
	}
	in := NewContext(r, &t, c.Host, c.OutPath(sub), c.world)
	if err := r.Analyze(in); err != nil {
		in.Problem("", "analysis", "Its "+r.Kind+" cannot be analysed", err.Error()+".")
	}
	c.problems = append(c.problems, in.problems...)
	if in.problems.HasErrors() {
		return Declared{}, false
	}
	if c.decl.Apart == nil {
		c.decl.Apart = map[int]bool{}
	}
	for _, a := range in.decl.Actions {
		c.decl.Apart[len(c.decl.Actions)] = true
		c.decl.Actions = append(c.decl.Actions, a)
	}
	return in.decl, true
}

// Given gives an attribute's value as the target or the workspace block says it; false for the attribute's own default.
func (c *Context) Given(attr string) (Value, bool) {
	v, ok := c.Target.Attrs[attr]
	return v, ok && !v.Range.IsZero()
}

// SetDefault gives the target's default outputs: what dependants get from the label and what a build puts into cairn-out.
// Source artifacts are allowed (filegroup).
func (c *Context) SetDefault(as ...Artifact) { c.decl.Default = as }

// Provide hands p to dependants.
func (c *Context) Provide(p Provider) { c.decl.Providers = append(c.decl.Providers, p) }

// Problem records an error at an attribute's range ("" for the target's own).
func (c *Context) Problem(attr, code, summary, detail string) {
	c.problems = append(c.problems, c.problem(attr, code, summary, detail))
}

// SecretProblem is Problem where the attribute holds what is not to be shown: its lines are left out.
func (c *Context) SecretProblem(attr, code, summary, detail string) {
	d := c.problem(attr, code, summary, detail)
	d.NoSource = true
	c.problems = append(c.problems, d)
}

func (c *Context) problem(attr, code, summary, detail string) diag.Diag {
	r := c.Target.Range
	if v, ok := c.Target.Attrs[attr]; ok && !v.Range.IsZero() {
		r = v.Range
	}
	return diag.Diag{Code: code, Summary: summary, Detail: detail, Range: r,
		Context: fmt.Sprintf("%s %q", c.Target.Kind, c.Target.Label.Base())}
}
