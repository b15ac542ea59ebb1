package code

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/rules/ruletest"
	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

func ret(id string) spec.Value                 { return spec.Value{Kind: spec.Return, Text: id} }
func str(s string) spec.Value                  { return spec.Value{Kind: spec.String, Text: s} }
func list(vs ...spec.Value) spec.Value         { return spec.Value{Kind: spec.List, List: vs} }
func arg(name string, v spec.Value) spec.Entry { return spec.Entry{Key: name, Value: v} }

// tour is a workflow that has each form that an instance can have.
func tour() *link.Workflow {
	entry := func(module, name string, tags ...string) *registry.Entry {
		return &registry.Entry{Module: module + "._impl", Public: module, Function: name, Tags: tags, Schema: ojson.New(
			"properties", ojson.New("since", ojson.New("type", "string"), "limit", ojson.New("type", "integer", "default", ojson.Number("5"))), "required", []any{"since"})}
	}
	fetch := entry("ext_sky.tasks.io", "fetch", "io")
	count := entry("ext_sky.tasks", "count")
	other := entry("ext_sky.more", "count")
	empty := entry("ext_sky.tasks", "is_empty")
	old := entry("ext_old.tasks", "draw")
	old.Object = true
	w := &link.Workflow{
		Spec: &spec.Spec{ID: "tour", Metadata: &spec.Metadata{Name: "A tour\nof all forms"}},
		Imports: []link.Import{
			{Module: "ext_old.tasks", Name: "draw", Alias: "draw", Entry: old},
			{Module: "ext_sky.more", Name: "count", Alias: "count_2", Entry: other},
			{Module: "ext_sky.tasks", Name: "count", Alias: "count_1", Entry: count},
			{Module: "ext_sky.tasks", Name: "is_empty", Alias: "is_empty", Entry: empty},
			{Module: "ext_sky.tasks.io", Name: "fetch", Alias: "fetch", Entry: fetch},
		},
		Env: []string{"SKY_TOKEN"},
	}
	add := func(e *registry.Entry, alias string, i spec.Instance, needs ...string) *link.Task {
		if i.Method == "" {
			i.Method = spec.Call
		}
		t := &link.Task{Instance: &i, Entry: e, Alias: alias, Needs: needs, Depth: 1}
		w.Tasks = append(w.Tasks, t)
		return t
	}
	add(fetch, "fetch", spec.Instance{ID: "seen", Name: "Get what was\nseen — 🌙", Partial: []spec.Entry{arg("token", spec.Value{Kind: spec.Env, Text: "SKY_TOKEN"})}}).Open = []string{"since", "limit"}
	groups := list(ret("seen"))
	add(count, "count_1", spec.Instance{ID: "params", Name: "Counts", Method: spec.Map, ArgNames: []string{"item"}, ArgValues: &groups,
		Partial: []spec.Entry{arg("scale", spec.Value{Kind: spec.Float, Text: "1E3"}), arg("empty", spec.Value{Kind: spec.Null}), arg("deep", spec.Value{Kind: spec.Bool, Text: "true"})}}, "seen")
	pairs := list(ret("seen"), ret("params"))
	t := add(other, "count_2", spec.Instance{ID: "by_group", Method: spec.MapValues, ArgNames: []string{"left", "right"}, ArgValues: &pairs,
		Partial: []spec.Entry{arg("text", str(`say "it's"`)), arg("limit", spec.Value{Kind: spec.Float, Text: "-inf"})}}, "seen", "params")
	t.Conditions, t.Depth = []string{"is_empty"}, 2
	add(old, "draw", spec.Instance{ID: "picture", Name: "Draw", Partial: []spec.Entry{
		arg("layers", list(ret("by_group"), spec.Value{Kind: spec.Dict, Dict: []spec.Entry{
			arg("data", list(ret("seen"), str("Жук\t日本"))), arg("a long title's key", str("a title that is so long that it does not stand beside its key in one line")),
			arg("n", spec.Value{Kind: spec.Int, Text: "-7"}),
		}})),
		arg("one", list(ret("seen"))),
	}}, "by_group", "seen").Open = []string{"limit"}
	return w
}

func files(t *testing.T, w *link.Workflow, o Options) string {
	t.Helper()
	dir := t.TempDir()
	fs, err := Files(w, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fs {
		at := filepath.Join(dir, f.Path)
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var options = Options{Dist: "wt-tour-workflow", Module: "wt_tour_workflow", Version: "1.2.0", SpecSum: strings.Repeat("0123456789abcdef", 4)}

func TestGolden(t *testing.T) {
	o := options
	o.Adapter = true
	dir := files(t, tour(), o)
	for _, name := range []string{"run_sequential", "run_sequential_mock_io", "run_parallel", "run_parallel_mock_io", "jupytext", "metadata"} {
		from := filepath.Join(dir, o.Module, "dags", name+".py")
		if name == "metadata" {
			from = filepath.Join(dir, o.Module, "metadata.py")
		}
		got, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if name == "metadata" {
			got = got[:bytes.Index(got, []byte("\n_HERE"))] // what follows is the same for all
		}
		golden := filepath.Join("testdata", name+".py")
		if *ruletest.Update {
			if err := os.WriteFile(golden, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is\n%s\nbut should be\n%s", name, got, want)
		}
	}
}

func TestFiles(t *testing.T) {
	fs, err := Files(tour(), options)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range fs {
		names = append(names, strings.TrimPrefix(f.Path, options.Module+"/"))
	}
	const want = "tests/conftest.py tests/test_metadata.py tests/test_results.py __init__.py __main__.py app.py cli.py dags/__init__.py " +
		"dags/jupytext.py dags/run_parallel.py dags/run_parallel_mock_io.py dags/run_sequential.py dags/run_sequential_mock_io.py " +
		"door.py metadata.py mocks.py parallel.py progress.py py.typed results.py run.py"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("the files are %s", got)
	}
}

// TestRuffLeavesItAsItIs looks at whole packages, small and large, with the real formatter and linter.
func TestRuffLeavesItAsItIs(t *testing.T) {
	small := tour()
	small.Tasks, small.Imports, small.Env = small.Tasks[:1], small.Imports[4:], nil
	small.Tasks[0].Partial = nil
	dirs := []string{files(t, tour(), options), files(t, small, options)}
	for _, v := range []string{"0.16.6", "0.17.6"} {
		ruff := ruletest.Ruff(t, v)
		for _, dir := range dirs {
			for _, args := range [][]string{{"format", "--isolated", "--no-cache", "--diff"}, {"check", "--isolated", "--no-cache", "--select", "I,F,E4,E7,E9"}} {
				c := exec.Command(ruff, append(args, ".")...)
				c.Dir = dir
				if out, err := c.CombinedOutput(); err != nil {
					t.Errorf("ruff %s %s: %v\n%.6000s", v, args[0], err, out)
				}
			}
		}
	}
}
