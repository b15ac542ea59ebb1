// Package analysis turns targets into configured targets: for each (label, platform) it asks the kind what it means and
// collects outputs, actions and providers. It reads no file but through the workspace's tracked reads, runs nothing, and
// knows neither keys nor caches.
package analysis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// Workspace is what analysis asks of loading.
type Workspace interface {
	// Loaded gives all targets, sorted by label, evaluated for the platform that the workspace was loaded for.
	Loaded() []*rule.Target
	// Instances gives the instances of a for_each under the name without a key, nil where l is no such name.
	Instances(l label.Label) []label.Label
	// For evaluates a target for another platform.
	For(l label.Label, p rule.Platform) (*rule.Target, diag.List)
	// Locked gives what a target is pinned to, nil for nothing.
	Locked(kind string, l label.Label) map[string]string
	// ReadSource reads a file of the workspace and records that it was read.
	ReadSource(path string) ([]byte, error)
}

// Input is all that an analysis depends on.
type Input struct {
	Workspace  Workspace
	Kinds      map[string]*rule.Rule
	Toolchains []rule.Toolchain
	Host       rule.Platform
	Platform   rule.Platform // what Workspace.Loaded was evaluated for
	// Incomplete says that a package did not load as a whole, so that a target that is missing from it may be there. nil: none.
	Incomplete func(pkg string) bool
}

// Configured is one target for one platform.
type Configured struct {
	Target *rule.Target
	rule.Declared
	Deps    []*Configured // direct, each once, sorted
	Sources []string      // source files named by its attributes, sorted
	Looks   []string      // source files that its rule read, sorted
}

// Analyze configures every target of the workspace, and what they need for other platforms. The list holds each target
// after those it depends on. All problems are found in one go; with errors the list is incomplete.
func Analyze(in Input) ([]*Configured, diag.List) {
	a := &analyzer{in: in, byID: map[id]*node{}, loaded: map[label.Label]*rule.Target{}}
	for _, t := range in.Workspace.Loaded() {
		a.loaded[t.Label] = t
	}
	for _, t := range in.Workspace.Loaded() {
		if len(t.Common.Platforms) > 0 && !slices.Contains(t.Common.Platforms, in.Platform.String()) {
			continue // asked for by nobody on this platform; a dependant's error says so
		}
		a.visit(id{t.Label, in.Platform}, nil)
	}
	if !a.problems.HasErrors() {
		a.problems = append(a.problems, overlaps(a.order, in.Host)...)
		a.problems = append(a.problems, keeps(a.order, in.Platform)...)
	}
	return a.order, a.problems.Sort()
}

// OutBase is the folder of a configured target's outputs in an action's tree and in the workspace.
func OutBase(l label.Label, p, host rule.Platform) string {
	parts := []string{rule.OutDir}
	if p != host {
		parts = append(parts, "@"+p.String())
	}
	if l.Pkg != "" {
		parts = append(parts, l.Pkg)
	}
	return strings.Join(append(parts, l.Name), "/")
}

// id is a configured target's identity in the graph.
type id struct {
	label    label.Label
	platform rule.Platform
}

// edge is a use of a dependency: who, and where it is written.
type edge struct {
	from  id
	attr  string
	where diag.Range
}

type node struct {
	id     id
	conf   *Configured
	done   bool
	broken bool // has errors of its own or below; dependants stay silent
	deps   map[label.Label][]*node
	exec   map[label.Label][]*node
}

type analyzer struct {
	in       Input
	loaded   map[label.Label]*rule.Target
	names    []string
	byID     map[id]*node
	stack    []edge
	order    []*Configured
	problems diag.List
}

func (a *analyzer) visit(i id, via *edge) *node {
	if n, ok := a.byID[i]; ok {
		if !n.done {
			a.cycle(i, *via)
			n.broken = true
		}
		return n
	}
	n := &node{id: i, deps: map[label.Label][]*node{}, exec: map[label.Label][]*node{}}
	a.byID[i] = n
	t := a.loaded[i.label]
	if i.platform != a.in.Platform {
		other, ds := a.in.Workspace.For(i.label, i.platform)
		a.problems = append(a.problems, ds...)
		if ds.HasErrors() || other == nil {
			n.broken, n.done = true, true
			return n
		}
		t = other
	}
	r := a.in.Kinds[t.Kind]
	conf := &Configured{Target: t}
	n.conf = conf
	for _, at := range r.Attrs {
		a.resolve(n, at)
	}
	if !n.broken {
		a.run(n, r)
	}
	n.done = true
	a.finish(n)
	return n
}

// finish fills in what the graph keeps of a target's references.
func (a *analyzer) finish(n *node) {
	seen := map[*Configured]bool{}
	for _, m := range []map[label.Label][]*node{n.deps, n.exec} {
		for _, ns := range m {
			for _, d := range ns {
				if d.conf != nil && !seen[d.conf] {
					seen[d.conf] = true
					n.conf.Deps = append(n.conf.Deps, d.conf)
				}
			}
		}
	}
	slices.SortFunc(n.conf.Deps, func(x, y *Configured) int { return label.Compare(x.Target.Label, y.Target.Label) })
	slices.Sort(n.conf.Sources)
	n.conf.Sources = slices.Compact(n.conf.Sources)
	slices.Sort(n.conf.Looks)
	n.conf.Looks = slices.Compact(n.conf.Looks)
	if !n.broken {
		a.order = append(a.order, n.conf)
	}
}

// resolve visits the labels of one attribute and checks that each may be used there.
func (a *analyzer) resolve(n *node, at rule.Attr) {
	v, ok := n.conf.Target.Attrs[at.Name]
	if !ok || v.Late != nil {
		return
	}
	var refs []rule.Ref
	switch x := v.Value.(type) {
	case rule.Ref:
		refs = []rule.Ref{x}
	case []rule.Ref:
		refs = x
	}
	p, into := n.id.platform, n.deps
	if at.Exec {
		p, into = a.in.Host, n.exec
	}
	for _, r := range refs {
		if r.Path != "" {
			n.conf.Sources = append(n.conf.Sources, r.Path)
		}
		if r.Label.IsZero() {
			continue
		}
		if _, done := into[r.Label]; done {
			continue
		}
		into[r.Label] = a.use(n, at, r, p)
	}
}

// use gives the nodes that one reference stands for; problems make n broken.
func (a *analyzer) use(n *node, at rule.Attr, r rule.Ref, p rule.Platform) []*node {
	labels := []label.Label{r.Label}
	if _, ok := a.loaded[r.Label]; !ok {
		labels = a.in.Workspace.Instances(r.Label)
		if len(labels) == 0 {
			n.broken = true
			if a.in.Incomplete == nil || !a.in.Incomplete(r.Label.Pkg) {
				a.unknown(n, at, r)
			}
			return nil
		}
	}
	e := edge{from: n.id, attr: at.Name, where: r.Range}
	var out []*node
	for _, l := range labels {
		dep, ok := a.loaded[l]
		if !ok { // an instance with a problem of its own, which is told
			n.broken = true
			continue
		}
		if !a.allowed(n, at, r, dep, p) {
			n.broken = true
			continue
		}
		a.stack = append(a.stack, e)
		d := a.visit(id{l, p}, &e)
		a.stack = a.stack[:len(a.stack)-1]
		if d.broken || d.conf == nil {
			n.broken = true
			continue
		}
		if at.Needs != "" && d.done && !provides(d.conf, at.Needs) {
			n.broken = true
			a.problem(n, r.Range, "missing-provider", fmt.Sprintf("%s is no %s", l, at.Needs),
				fmt.Sprintf("Attribute %q takes targets that provide %q; a %s provides none.", at.Name, at.Needs, dep.Kind))
			continue
		}
		out = append(out, d)
	}
	return out
}

func provides(c *Configured, name string) bool {
	return slices.ContainsFunc(c.Providers, func(p rule.Provider) bool { return p.ProviderName() == name })
}

// allowed checks visibility, testonly and platforms of one use.
func (a *analyzer) allowed(n *node, at rule.Attr, r rule.Ref, dep *rule.Target, p rule.Platform) bool {
	user := n.conf.Target
	if dep.Label.Pkg != user.Label.Pkg && len(dep.Common.Visibility) > 0 && !visible(dep.Common.Visibility, user.Label) {
		var to []string
		for _, v := range dep.Common.Visibility {
			to = append(to, v.String())
		}
		a.problem(n, r.Range, "not-visible", fmt.Sprintf("%s is not visible here", dep.Label),
			fmt.Sprintf("Its visibility is %s, and %s is not among them.", strings.Join(to, ", "), user.Label))
		return false
	}
	if dep.Common.Testonly && !user.Common.Testonly && !isTest(user.Kind) {
		a.problem(n, r.Range, "testonly", fmt.Sprintf("%s is for tests only", dep.Label),
			fmt.Sprintf("Only tests and targets with testonly = true may depend on it; %s is neither.", user.Label))
		return false
	}
	if len(dep.Common.Platforms) > 0 && !slices.Contains(dep.Common.Platforms, p.String()) {
		a.problem(n, r.Range, "wrong-platform", fmt.Sprintf("%s cannot be built for %s", dep.Label, p),
			fmt.Sprintf("Its platforms are %s.", strings.Join(dep.Common.Platforms, ", ")))
		return false
	}
	return true
}

func isTest(kind string) bool { return kind == "test" || strings.HasSuffix(kind, "_test") }

func visible(patterns []label.Pattern, l label.Label) bool {
	in := false
	for _, p := range patterns {
		if p.Covers(l) {
			in = !p.Minus
		}
	}
	return in
}

// run asks the kind, and lays the common attributes over what it declares.
func (a *analyzer) run(n *node, r *rule.Rule) {
	t := n.conf.Target
	c := rule.NewContext(r, t, a.in.Host, OutBase(t.Label, t.Platform, a.in.Host), world{a, n})
	err := r.Analyze(c)
	if err != nil {
		c.Problem("", "analysis", fmt.Sprintf("%s %q cannot be analysed", t.Kind, t.Label.Name), err.Error()+".")
	}
	env := commonEnv(c)
	decl, ds := c.Result()
	a.problems = append(a.problems, ds...)
	if ds.HasErrors() {
		n.broken = true
		return
	}
	for i := range decl.Actions {
		if !decl.Apart[i] {
			overlay(&decl.Actions[i], t, env)
		}
	}
	n.conf.Declared = decl
}

// world is what a rule's context sees of the analysis.
type world struct {
	a *analyzer
	n *node
}

// Deps implements rule.World.
func (w world) Deps(r rule.Ref, exec bool) []rule.Dep {
	m := w.n.deps
	if exec {
		m = w.n.exec
	}
	var ds []rule.Dep
	for _, d := range m[r.Label] {
		ds = append(ds, rule.Dep{Label: d.id.label, Platform: d.id.platform, Files: d.conf.Default, Providers: d.conf.Providers})
	}
	return ds
}

// ReadSource implements rule.World.
func (w world) ReadSource(path string) ([]byte, error) {
	w.n.conf.Looks = append(w.n.conf.Looks, path)
	return w.a.in.Workspace.ReadSource(path)
}

// Locked implements rule.World.
func (w world) Locked() map[string]string {
	return w.a.in.Workspace.Locked(w.n.conf.Target.Kind, w.n.id.label)
}

// Toolchain implements rule.World.
func (w world) Toolchain(kind string, p rule.Platform) (rule.Toolchain, bool) {
	for _, t := range w.a.in.Toolchains {
		if t.Kind == kind && (t.Platform == p || t.Platform == rule.Platform{}) {
			t.Platform = p
			return t, true
		}
	}
	return rule.Toolchain{}, false
}
