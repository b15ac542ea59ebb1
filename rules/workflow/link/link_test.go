package link

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ruletest"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

func finder(t testing.TB) registry.Finder {
	t.Helper()
	b, err := os.ReadFile("testdata/registry.json")
	if err != nil {
		t.Fatal(err)
	}
	f, err := registry.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestCases links each spec of testdata/cases with testdata/registry.json. A section is the items of a workflow; the next has what is wrong,
// or what comes of it.
func TestCases(t *testing.T) {
	f := finder(t)
	ruletest.Cases(t, "is", func(t *testing.T, in []byte) string { return linked(t, f, in) })
}

const head = "id: flow\nrequirements: []\n"

func linked(t *testing.T, f registry.Finder, items []byte) string {
	t.Helper()
	src := head + "workflow:\n" + string(items)
	if strings.HasPrefix(string(items), "task-instance-defaults") {
		src = head + string(items)
	}
	s, ds := spec.Parse("spec.yaml", []byte(src))
	if ds.HasErrors() {
		t.Fatalf("the spec itself is wrong: %v", ds)
	}
	w, ds := Link(s, f)
	if (w == nil) != ds.HasErrors() {
		t.Errorf("the workflow is %v, and the problems are %v", w, ds)
	}
	var b strings.Builder
	problems(&b, ds)
	if w != nil {
		describe(&b, w)
	}
	return b.String()
}

func problems(b *strings.Builder, ds diag.List) {
	for _, d := range ds {
		if d.Warning {
			b.WriteString("warning ")
		}
		fmt.Fprintf(b, "%d:%d %s: %s\n", d.Range.Start.Line-3, d.Range.Start.Column, d.Code, d.Summary)
		for _, l := range []string{d.Detail, d.Hint} {
			if l != "" {
				fmt.Fprintf(b, "    %s\n", l)
			}
		}
		for _, r := range d.Related {
			fmt.Fprintf(b, "    %d:%d %s\n", r.Range.Start.Line-3, r.Range.Start.Column, r.Text)
		}
	}
}

func describe(b *strings.Builder, w *Workflow) {
	for _, i := range w.Imports {
		fmt.Fprintf(b, "import %s.%s as %s\n", i.Module, i.Name, i.Alias)
	}
	for _, t := range w.Tasks {
		fmt.Fprintf(b, "%s = %s open=%s needs=%s", t.ID, t.Alias, t.Open, t.Needs)
		if len(t.Conditions) > 0 {
			fmt.Fprintf(b, " skipif=%s/%d", t.Conditions, t.Depth)
		}
		b.WriteByte('\n')
	}
	if len(w.Env) > 0 {
		fmt.Fprintf(b, "env %s\n", w.Env)
	}
}

// TestNamesAreEnough links with the files alone that Names asks for.
func TestNamesAreEnough(t *testing.T) {
	b, err := os.ReadFile("testdata/cases/names.txtar")
	if err != nil {
		t.Fatal(err)
	}
	full := finder(t)
	for _, in := range txtar.Parse(b).Files {
		if in.Name == "is" || strings.HasPrefix(string(in.Data), "task-instance-defaults") {
			continue
		}
		s, _ := spec.Parse("spec.yaml", []byte(head+"workflow:\n"+string(in.Data)))
		asked := map[string]bool{}
		for _, n := range Names(s) {
			asked[n] = true
		}
		for _, l := range []func(){func() { Link(s, only{full, asked, t}) }} {
			l()
		}
	}
}

// only is a Finder that is asked for nothing else.
type only struct {
	registry.Finder
	names map[string]bool
	t     *testing.T
}

func (o only) Named(function string) ([]*registry.Entry, error) {
	if !o.names[function] {
		o.t.Errorf("%s is looked up, and Names does not say so", function)
	}
	return o.Finder.Named(function)
}

// broken is a registry that cannot be read.
type broken struct{ registry.Finder }

func (broken) Named(string) ([]*registry.Entry, error) { return nil, fmt.Errorf("it is torn") }

func TestBrokenRegistryIsSaidOnce(t *testing.T) {
	s, _ := spec.Parse("spec.yaml", []byte(head+"workflow:\n- {id: a, task: load}\n- {id: b, task: load}\n"))
	w, ds := Link(s, broken{})
	if w != nil || len(ds) != 1 || ds[0].Detail != "it is torn." {
		t.Errorf("got %v, %v", w, ds)
	}
}

// TestUnsoundSpec: what Parse could read of a wrong spec is linked as far as that goes.
func TestUnsoundSpec(t *testing.T) {
	for _, src := range []string{
		head + "workflow:\n- {id: 1, task: x}\n- {}\n- {id: b, task: load, partial: {table: '${{ workflow.zzz.return }}'}}\n- {id: c, task: a..b}\n- {id: d, task: names, map: {argnames: n}}\n",
		head + "workflow: 3\n", "", "id: [", head + "workflow:\n- id: a\n  task:",
	} {
		s, ds := spec.Parse("spec.yaml", []byte(src))
		if !ds.HasErrors() {
			t.Fatalf("%q is sound", src)
		}
		if s != nil {
			Link(s, finder(t))
		}
	}
}

// TestOthersRegistries: wt-registry's own output says nothing of validators that run first, so that what does not fit is a warning there.
func TestOthersRegistries(t *testing.T) {
	f, err := registry.Parse([]byte(`{"entries": {"a": {"metadata": {}, "module_path": "m", "function_name": "f", "json_schema": {"type": "object", "additionalProperties": false, "required": ["n"],
		"$defs": {"M": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}},
		"properties": {"n": {"type": "integer"}, "frame": {"anyOf": [{"type": "x.Frame"}, {"type": "null"}]}, "model": {"allOf": [{"$ref": "#/$defs/M"}]}}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := linked(t, f, []byte("- {id: a, task: f, partial: {n: x, frame: y, model: {a: z}}}\n- {id: b, task: f, partial: {frame: null, model: {}, m: 1}}\n"))
	want := `warning 1:33 bad-value: The argument "n" cannot be "x"
    ` + "`m.f` takes `int`" + `.
warning 1:53 bad-value: The argument "model" cannot hold "z" here
    ` + "`m.f` takes `int` there" + `.
warning 2:50 bad-value: The argument "model" lacks a
    ` + "`m.f` takes `dict`, which has a" + `.
2:54 unknown-argument: The task "f" has no argument "m"
    ` + "`m.f`" + ` takes n, frame and model.
    Did you mean "n"?
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// chain is a workflow of n tasks in a row, each with a task of its own among m.
func chain(t testing.TB, n, m int) (*spec.Spec, registry.Finder) {
	t.Helper()
	es, err := finder(t).Named("use")
	if err != nil || len(es) != 1 {
		t.Fatal(err)
	}
	var all []*registry.Entry
	for i := range m {
		e := *es[0]
		e.Function = fmt.Sprintf("use_%d", i)
		all = append(all, &e)
	}
	var b strings.Builder
	b.WriteString(head + "workflow:\n")
	for i := range n {
		fmt.Fprintf(&b, "- id: t%d\n  task: use_%d\n  partial: {n: %d, many: [1, 2], table: {a: 1}", i, i%m, i)
		if i > 0 {
			fmt.Fprintf(&b, ", text: '${{ workflow.t%d.return }}'", i-1)
		}
		b.WriteString("}\n")
	}
	s, ds := spec.Parse("spec.yaml", []byte(b.String()))
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	return s, registry.List(all...)
}

func TestTenThousandTasks(t *testing.T) {
	s, f := chain(t, 10000, 10000)
	w, ds := Link(s, f)
	if len(ds) > 0 || len(w.Tasks) != 10000 || len(w.Imports) != 10000 {
		t.Fatalf("%v", ds)
	}
}

func BenchmarkLink(b *testing.B) {
	for _, n := range []int{50, 10000} {
		s, f := chain(b, n, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for range b.N {
				if w, _ := Link(s, f); w == nil {
					b.Fatal("not linked")
				}
			}
		})
	}
}

func FuzzLink(f *testing.F) {
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		ar, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, in := range ar.Files {
			if in.Name != "is" {
				f.Add([]byte(head + "workflow:\n" + string(in.Data)))
			}
		}
	}
	tasks := finder(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, said := spec.Parse("spec.yaml", b)
		if s == nil {
			return
		}
		w, ds := Link(s, tasks)
		if w != nil && ds.HasErrors() || w == nil && !ds.HasErrors() && !said.HasErrors() {
			t.Errorf("%v, %v, %v", said, w, ds)
		}
	})
}

// TestWrongVariable: of what the file's reader has found fault with, nothing more is said.
func TestWrongVariable(t *testing.T) {
	s, ds := spec.Parse("spec.yaml", []byte(head+"workflow:\n- {id: a, task: use, partial: {n: \"${{ a.b }}\", many: [\"${{ a.b }}\"], window: {since: \"${{ a.b }}\"}}}\n"))
	if len(ds) != 3 {
		t.Errorf("the reader says %v", ds)
	}
	if _, ds := Link(s, finder(t)); len(ds) > 0 {
		t.Errorf("and then %v", ds)
	}
}
