package analysis

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

var host = rule.Platform{OS: "linux", Arch: "x86_64"}

// thing is a kind for tests: it writes the outputs that it names, from what it depends on.
var thing = &rule.Rule{Kind: "thing",
	Attrs: []rule.Attr{{Name: "deps", Type: rule.LabelRefs}, {Name: "tools", Type: rule.LabelRefs, Exec: true}, {Name: "prog", Type: rule.LabelRef, Needs: "program"},
		{Name: "outs", Type: rule.Outputs}, {Name: "runs", Type: rule.Bool}},
	Analyze: func(c *rule.Context) error {
		a := rule.Action{Spawn: &rule.Spawn{Argv: []string{"x"}}}
		for _, attr := range []string{"deps", "tools"} {
			a.Inputs = append(a.Inputs, c.Files(attr)...)
		}
		for _, o := range c.Strings("outs") {
			a.Outputs = append(a.Outputs, c.OutputFile("outs", o))
		}
		c.Declare(a)
		c.SetDefault(a.Outputs...)
		if c.Bool("runs") {
			c.Provide(rule.Program{Argv: []string{"x"}})
		}
		return nil
	}}

// fake is a workspace of targets that are written as values.
type fake struct {
	targets []*rule.Target
	groups  map[label.Label][]label.Label
}

func (f *fake) Loaded() []*rule.Target                       { return f.targets }
func (f *fake) Instances(l label.Label) []label.Label        { return f.groups[l] }
func (f *fake) Locked(string, label.Label) map[string]string { return nil }
func (f *fake) ReadSource(string) ([]byte, error)            { return nil, errors.New("none") }
func (f *fake) For(l label.Label, p rule.Platform) (*rule.Target, diag.List) {
	for _, t := range f.targets {
		if t.Label == l {
			u := *t
			u.Platform = p
			return &u, nil
		}
	}
	return nil, diag.List{{Summary: "no target"}}
}

func mustLabel(t *testing.T, s string) label.Label {
	l, err := label.Parse(s, "")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// target makes a thing; edges are "attr //label".
func target(t *testing.T, l string, edit func(*rule.Target), edges ...string) *rule.Target {
	tg := &rule.Target{Label: mustLabel(t, l), Kind: "thing", Platform: host, Range: diag.Range{File: l, Start: diag.Pos{Line: 1}},
		Attrs: map[string]rule.Value{"outs": {Value: []string{"out"}}}}
	refs := map[string][]rule.Ref{}
	for i, e := range edges {
		attr, to, _ := strings.Cut(e, " ")
		refs[attr] = append(refs[attr], rule.Ref{Label: mustLabel(t, to), Range: diag.Range{File: l, Start: diag.Pos{Line: 2 + i}}})
	}
	for attr, rs := range refs {
		if attr == "prog" {
			tg.Attrs[attr] = rule.Value{Value: rs[0]}
			continue
		}
		tg.Attrs[attr] = rule.Value{Value: rs}
	}
	if edit != nil {
		edit(tg)
	}
	return tg
}

func analyze(ts []*rule.Target, platform rule.Platform) ([]*Configured, diag.List) {
	f := &fake{targets: ts, groups: map[label.Label][]label.Label{}}
	for _, t := range ts {
		if t.Label.Key() != "" {
			base := label.Label{Pkg: t.Label.Pkg, Name: t.Label.Base()}
			f.groups[base] = append(f.groups[base], t.Label)
		}
	}
	return Analyze(Input{Workspace: f, Kinds: map[string]*rule.Rule{"thing": thing}, Host: host, Platform: platform})
}

func TestProblems(t *testing.T) {
	for name, c := range map[string]struct {
		targets []*rule.Target
		code    string
		says    []string
	}{
		"cycle": {[]*rule.Target{target(t, "//:a", nil, "deps //:b"), target(t, "//:b", nil, "deps //:c"), target(t, "//:c", nil, "deps //:b")},
			"cycle", []string{"//:b -> //:c -> //:b"}},
		"itself":          {[]*rule.Target{target(t, "//:a", nil, "deps //:a")}, "cycle", []string{"//:a -> //:a"}},
		"unknown":         {[]*rule.Target{target(t, "//p:alpha", nil), target(t, "//p:b", nil, "deps //p:alpah")}, "unknown-label", []string{"No target //p:alpah", `"//p:alpha"`}},
		"unknown package": {[]*rule.Target{target(t, "//pkg:a", nil), target(t, "//:b", nil, "deps //pgk:a")}, "unknown-label", []string{"no package //pgk", "//pkg:a"}},
		"invisible": {[]*rule.Target{target(t, "//p:a", func(x *rule.Target) {
			x.Common.Visibility = []label.Pattern{{Kind: label.Below, Target: label.Label{Pkg: "q"}}}
		}),
			target(t, "//r:b", nil, "deps //p:a")}, "not-visible", []string{"//q/...", "//r:b"}},
		"testonly": {[]*rule.Target{target(t, "//:a", func(x *rule.Target) { x.Common.Testonly = true }), target(t, "//:b", nil, "deps //:a")}, "testonly", []string{"//:a"}},
		"provider": {[]*rule.Target{target(t, "//:a", nil), target(t, "//:b", nil, "prog //:a")}, "missing-provider", []string{"//:a is no program"}},
		"platform": {[]*rule.Target{target(t, "//:a", func(x *rule.Target) { x.Common.Platforms = []string{"linux-aarch64"} }), target(t, "//:b", nil, "deps //:a")},
			"wrong-platform", []string{"linux-aarch64"}},
		"one output twice": {[]*rule.Target{target(t, "//p:a", func(x *rule.Target) { x.Attrs["outs"] = rule.Value{Value: []string{"o", "o"}} })}, "overlapping-outputs", []string{"cairn-out/p/a/o"}},
		"output in output": {[]*rule.Target{target(t, "//p:a", func(x *rule.Target) { x.Attrs["outs"] = rule.Value{Value: []string{"o", "o/x"}} })}, "overlapping-outputs", []string{"lies inside"}},
		"output in another target's": {[]*rule.Target{target(t, "//:p", func(x *rule.Target) { x.Attrs["outs"] = rule.Value{Value: []string{"a"}} }), target(t, "//p:a", nil)},
			"overlapping-outputs", []string{"//:p", "//p:a"}},
		"outputs that differ by case": {[]*rule.Target{target(t, "//p:a", func(x *rule.Target) { x.Attrs["outs"] = rule.Value{Value: []string{"o", "O"}} })}, "overlapping-outputs", []string{"only by case"}},
		"output that climbs":          {[]*rule.Target{target(t, "//p:a", func(x *rule.Target) { x.Attrs["outs"] = rule.Value{Value: []string{"../x"}} })}, "bad-output", []string{`".."`}},
	} {
		_, ds := analyze(c.targets, host)
		if len(ds) != 1 || ds[0].Code != c.code {
			t.Errorf("%s: problems %v, want one with code %s", name, ds, c.code)
			continue
		}
		text := ds[0].Error() + " " + ds[0].Hint
		for _, s := range c.says {
			if !strings.Contains(text, s) {
				t.Errorf("%s: %q does not say %q", name, text, s)
			}
		}
		if ds[0].Range.IsZero() {
			t.Errorf("%s: no place", name)
		}
	}
}

func TestOneProblemDoesNotHideAnother(t *testing.T) {
	_, ds := analyze([]*rule.Target{target(t, "//:a", nil, "deps //:x"), target(t, "//:b", nil, "deps //:y", "deps //:a"), target(t, "//:c", nil, "deps //:b")}, host)
	if len(ds) != 2 {
		t.Errorf("problems: %v; want the two labels that are unknown, and nothing about those who depend on them", ds)
	}
}

// An instance that did not load has had its problem told; who depends on all instances is not analysed, and nothing panics.
func TestInstanceThatDidNotLoad(t *testing.T) {
	ts := []*rule.Target{target(t, "//:m@x", nil), target(t, "//:z", nil, "deps //:m")}
	m := label.Label{Name: "m"}
	f := &fake{targets: ts, groups: map[label.Label][]label.Label{m: {mustLabel(t, "//:m@x"), mustLabel(t, "//:m@y")}}}
	order, ds := Analyze(Input{Workspace: f, Kinds: map[string]*rule.Rule{"thing": thing}, Host: host, Platform: host})
	if len(ds) > 0 || Find(order, mustLabel(t, "//:z"), host) != nil || Find(order, mustLabel(t, "//:m@x"), host) == nil {
		t.Errorf("problems %v, order %v", ds, order)
	}
}

func TestDependenciesComeFirst(t *testing.T) {
	order, ds := analyze([]*rule.Target{target(t, "//:a", nil, "deps //:z"), target(t, "//:m@x", nil), target(t, "//:m@y", nil), target(t, "//:z", nil, "deps //:m")}, host)
	var names []string
	for _, c := range order {
		names = append(names, c.Target.Label.String())
	}
	if ds.HasErrors() || !slices.Equal(names, []string{"//:m@x", "//:m@y", "//:z", "//:a"}) {
		t.Fatalf("order %v, problems %v", names, ds)
	}
	if in := order[2].Actions[0].Inputs; len(in) != 2 || in[0].Path != "cairn-out/m@x/out" {
		t.Errorf("a label of a for_each stands for %v, want all its instances", in)
	}
}

func TestToolsAreForTheHost(t *testing.T) {
	board := rule.Platform{OS: "linux", Arch: "aarch64"}
	ts := []*rule.Target{target(t, "//:lib", nil), target(t, "//:tool", nil), target(t, "//:x", nil, "deps //:lib", "tools //:tool")}
	for _, x := range ts {
		x.Platform = board
	}
	order, ds := analyze(ts, board)
	x := Find(order, mustLabel(t, "//:x"), board)
	if ds.HasErrors() || x == nil {
		t.Fatalf("problems: %v", ds)
	}
	got := []string{x.Actions[0].Inputs[0].Path, x.Actions[0].Inputs[1].Path, x.Actions[0].Outputs[0].Path}
	want := []string{"cairn-out/@linux-aarch64/lib/out", "cairn-out/tool/out", "cairn-out/@linux-aarch64/x/out"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCommonAttributesReachTheAction(t *testing.T) {
	order, ds := analyze([]*rule.Target{target(t, "//:a", func(x *rule.Target) {
		x.Common = rule.Common{Env: map[string]string{"B": "2", "A": "1"}, PassEnv: []string{"P"}, TimeoutNS: 5, Network: true, Exclusive: true, Resources: rule.Resources{Slots: 2}}
	})}, host)
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	a := order[0].Actions[0]
	s := a.Spawn
	if !slices.Equal(s.Env, []rule.EnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}}) || !a.Uncached || s.Timeout != 5 || !s.Network || !a.Exclusive || a.Resources.Slots != 2 {
		t.Errorf("the action is %+v with %+v", a, s)
	}
}
