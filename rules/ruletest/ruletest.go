// Package ruletest helps to test kinds: it analyses one target in a world made by hand and writes what was declared as
// text, to be compared with a golden file. Run a family's tests with -update to write the golden files anew.
package ruletest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// Update says whether golden files are to be written rather than compared.
var Update = flag.Bool("update", false, "write golden files and generated parts of pages anew")

// Host is the platform that targets are analysed on, and for unless a case says otherwise.
var Host = rule.Platform{OS: "linux", Arch: "x86_64"}

// World is a rule.World of literal answers.
type World struct {
	Targets    map[string][]rule.Dep // by label
	Sources    map[string]string
	Toolchains []rule.Toolchain
	Lock       map[string]string // what the target under test is pinned to
}

// Deps implements rule.World.
func (w World) Deps(r rule.Ref, _ bool) []rule.Dep { return w.Targets[r.Label.String()] }

// ReadSource implements rule.World.
func (w World) ReadSource(path string) ([]byte, error) {
	s, ok := w.Sources[path]
	if !ok {
		return nil, os.ErrNotExist
	}
	return []byte(s), nil
}

// Locked implements rule.World.
func (w World) Locked() map[string]string { return w.Lock }

// Toolchain implements rule.World.
func (w World) Toolchain(kind string, p rule.Platform) (rule.Toolchain, bool) {
	for _, t := range w.Toolchains {
		if t.Kind == kind {
			t.Platform = p
			return t, true
		}
	}
	return rule.Toolchain{}, false
}

// Case is one target to analyse. Attrs hold values of the attributes' Go types, or Late functions. Labels and files may be
// written as strings: "//a:b" is a label, "$name" a program of the host, "~x" a path in another target's folder, all else a source file.
type Case struct {
	Name     string // what the case shows
	Label    string // by default //pkg:it
	Platform rule.Platform
	Attrs    map[string]any
	Common   rule.Common
}

// Late is the value of an attribute that uses in.*, out or tool().
type Late func(rule.Scope) (any, error)

// Golden analyses each case and compares all that came of it with testdata/<kind>.golden.
func Golden(t *testing.T, r *rule.Rule, w World, cases []Case) {
	t.Helper()
	var b strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&b, "== %s\n%s\n", c.Name, Analyze(t, r, w, c))
	}
	path := filepath.Join("testdata", r.Kind+".golden")
	if *Update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("%s differs (run with -update to accept):\n%s", path, firstDifference(string(want), got))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\n want %q\n got  %q", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("%d lines, not %d", len(g), len(w))
}

// Analyze gives what a case declares, or what is wrong with it, as text.
func Analyze(t *testing.T, r *rule.Rule, w World, c Case) string {
	t.Helper()
	decl, problems := Declare(t, r, w, c)
	return Text(decl, problems)
}

// Declare analyses a case.
func Declare(t *testing.T, r *rule.Rule, w World, c Case) (rule.Declared, diag.List) {
	t.Helper()
	if c.Label == "" {
		c.Label = "//pkg:it"
	}
	l, err := label.Parse(c.Label, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Platform == (rule.Platform{}) {
		c.Platform = Host
	}
	target := &rule.Target{Label: l, Kind: r.Kind, Platform: c.Platform, Attrs: map[string]rule.Value{}, Common: c.Common,
		Range: diag.Range{File: l.Pkg + "/BUILD.hcl", Start: diag.Pos{Line: 1, Column: 1}}}
	for i, a := range r.Attrs {
		v, ok := c.Attrs[a.Name]
		switch {
		case ok:
			val := value(t, l.Pkg, a, v)
			val.Range = diag.Range{File: target.Range.File, Start: diag.Pos{Line: i + 2, Column: 1}}
			target.Attrs[a.Name] = val
		case a.Default != nil:
			target.Attrs[a.Name] = rule.Value{Value: a.Default}
		case a.Required:
			t.Fatalf("case %q: %s is required", c.Name, a.Name)
		}
	}
	for name := range c.Attrs {
		if !slices.ContainsFunc(r.Attrs, func(a rule.Attr) bool { return a.Name == name }) {
			t.Fatalf("case %q: %s has no attribute %s", c.Name, r.Kind, name)
		}
	}
	ctx := rule.NewContext(r, target, Host, rule.OutDir+"/"+strings.TrimPrefix(l.Pkg+"/"+l.Name, "/"), w)
	if err := r.Analyze(ctx); err != nil {
		t.Fatalf("case %q: %v", c.Name, err)
	}
	return ctx.Result()
}

func value(t *testing.T, pkg string, a rule.Attr, v any) rule.Value {
	switch x := v.(type) {
	case Late:
		if !a.Late {
			t.Fatalf("%s is not late", a.Name)
		}
		return rule.Value{Late: func(s rule.Scope) (any, diag.List) {
			v, err := x(s)
			if err != nil {
				return nil, diag.List{{Code: "tool", Summary: err.Error()}}
			}
			return v, nil
		}}
	case string:
		if a.Type == rule.File || a.Type == rule.LabelRef {
			return rule.Value{Value: ref(t, pkg, x)}
		}
	case []string:
		switch a.Type {
		case rule.Files, rule.LabelRefs, rule.Tools:
			refs := []rule.Ref{}
			for _, s := range x {
				refs = append(refs, ref(t, pkg, s))
			}
			return rule.Value{Value: refs}
		}
	}
	return rule.Value{Value: v}
}

func ref(t *testing.T, pkg, s string) rule.Ref {
	if name, ok := strings.CutPrefix(s, "$"); ok {
		return rule.Ref{Host: name}
	}
	if rel, ok := strings.CutPrefix(s, "~"); ok {
		return rule.Ref{InTree: rel}
	}
	if strings.HasPrefix(s, "//") || strings.HasPrefix(s, ":") {
		l, err := label.Parse(s, pkg)
		if err != nil {
			t.Fatal(err)
		}
		return rule.Ref{Label: l}
	}
	return rule.Ref{Path: strings.TrimPrefix(pkg+"/"+s, "/")}
}
