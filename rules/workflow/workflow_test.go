package workflow

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/python"
	"github.com/cairn-build/cairn/rules/ruletest"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// TestMain has the compiler called by one name, whichever it is: golden actions are about their kinds.
func TestMain(m *testing.M) {
	identified = generator()
	generator = func() string { return "us" }
	os.Exit(m.Run())
}

// identified is what the compiler calls itself.
var identified string

// TestGenerator has each part of the compiler in what a compile is keyed by: the Python of packages, too, and no test.
func TestGenerator(t *testing.T) {
	if len(identified) != 16 {
		t.Errorf("the compiler is %q", identified)
	}
	for _, name := range []string{"compile.go", "link/link.go", "gen/compile.go", "gen/code/chain.go", "gen/schema/schema.go", "gen/svg/svg.go", "gen/manifest/pixi.go",
		"gen/code/static/run.py", "gen/code/static/__init__.py", "gen/code/static/dags/__init__.py", "gen/code/static/tests/conftest.py", "adapter/ecoscope_workflows_core/skip.py"} {
		if _, err := sources.Open(name); err != nil {
			t.Error(err)
		}
	}
	// What the compiler imports of its family is in it.
	for _, dir := range []string{".", "gen", "gen/code", "gen/manifest", "gen/schema", "gen/svg", "gen/pyfmt", "link", "ojson", "registry", "spec", "yamltree", "adapter"} {
		if files, _ := fs.Glob(sources, path.Join(dir, "*.go")); len(files) == 0 {
			t.Errorf("nothing of %s is in it", dir)
		}
	}
}

const sumsSpec = `id: sums
requirements: []
workflow:
  - id: one
    task: number
  - id: total
    task: ext.add
    skipif:
      conditions: [is_empty]
    partial:
      left: ${{ workflow.one.return }}
      right: ${{ env.RIGHT }}
`

// compileWorld is world with packages of tasks, and specs.
func compileWorld() ruletest.World {
	w := world()
	env, _ := rule.Get[python.Env](w.Targets["//e:env"][0])
	tasks := func(name string, e python.Env, path ...string) rule.Provider {
		return Tasks{Registry: rule.Artifact{Path: "cairn-out/t/" + name + "/registry", Kind: rule.OutputTree}, Env: e, Path: path, Adapter: name == "old",
			Sources: []rule.Artifact{{Path: "t/" + name + ".py"}}}
	}
	other := env
	other.Content.Path = "cairn-out/e/other/env"
	w.Targets["//t:a"] = dep("t", "a", nil, tasks("a", env, "t/src"))
	w.Targets["//t:old"] = dep("t", "old", nil, tasks("old", env, "t/src", "t/old"))
	w.Targets["//t:other"] = dep("t", "other", nil, tasks("other", other))
	w.Targets["//g:spec"] = dep("g", "spec", []rule.Artifact{{Path: "cairn-out/g/spec/spec.yaml", Kind: rule.OutputFile}})
	w.Sources["pkg/spec.yaml"] = sumsSpec
	w.Sources["pkg/bad.yaml"] = strings.ReplaceAll(sumsSpec, "id: total", "id: 1total")
	w.Sources["pkg/worse.yaml"] = "id: 'a b'\n\tworkflow: {"
	w.Sources["pkg/old/VERSION.yaml"] = "MAJ: 3\nMIN: 4\nPATCH: 0\n"
	w.Sources["pkg/old/README.md"] = "```yaml\nspec_sha256: " + sum("a") + "\nparams_sha256: " + sum("b") + "\nartifacts_sha256_basic: " + sum("c") + "\nartifacts_sha256_strict: " + sum("d") + "\n```\n"
	w.Sources["pkg/half/VERSION.yaml"] = "MAJ: 3\nMIN: 4\nPATCH: 0\n"
	return w
}

func sum(s string) string { return strings.Repeat(s, 64) }

func TestWorkflow(t *testing.T) {
	registrySource, shapeSource = "registry", "shape"
	adapterFiles = func() map[string]string { return nil }
	with := func(kv ...any) map[string]any {
		m := map[string]any{"spec": "spec.yaml", "tasks": []string{"//t:a"}}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	ruletest.Golden(t, Workflow, compileWorld(), []ruletest.Case{
		{Name: "a sound spec", Attrs: with()},
		{Name: "a spec that is wrong is the compiler's", Attrs: with("spec", "bad.yaml")},
		{Name: "a spec without an id to go by", Attrs: with("spec", "worse.yaml")},
		{Name: "a spec that is made", Attrs: with("spec", "//g:spec", "id", "made")},
		{Name: "all of it", Attrs: with("tasks", []string{"//t:a", "//t:old"}, "package_prefix", "eco-", "version", "1.2", "variant", "gcp", "env_overrides", "over.toml", "png", true, "write_to", "./old"),
			Common: rule.Common{Env: map[string]string{"LC_ALL": "C"}, PassEnv: []string{"TOKEN"}}},
		{Name: "the next version", Attrs: with("write_to", "old")},
		{Name: "half a package", Attrs: with("write_to", "half/")},
		{Name: "another environment than that of its tasks", Attrs: with("tasks", []string{"//t:other"}, "python_env", "//e:env")},
		{Name: "another id", Attrs: with("id", "other")},
		{Name: "a made spec without an id", Attrs: with("spec", "//g:spec")},
		{Name: "an id that is none", Attrs: with("id", "a-b")},
		{Name: "no spec", Attrs: with("spec", "gone.yaml")},
		{Name: "a folder for a spec", Attrs: with("spec", "//r:tree")},
		{Name: "no tasks", Attrs: map[string]any{"spec": "spec.yaml"}},
		{Name: "tasks of two environments", Attrs: with("tasks", []string{"//t:a", "//t:other"})},
		{Name: "two environments", Attrs: with("python_env", "//e:two")},
		{Name: "a prefix that climbs", Attrs: with("package_prefix", "../")},
		{Name: "a prefix of nothing", Attrs: with("package_prefix", "")},
		{Name: "a prefix that no module has", Attrs: with("package_prefix", "1x-")},
		{Name: "a place that climbs", Attrs: with("write_to", "../x")},
		{Name: "a folder of overrides", Attrs: with("env_overrides", "//r:tree")},
	})
}

// TestTasksOfAnEnvironment has a workflow without packages of tasks find those of its environment by itself.
func TestTasksOfAnEnvironment(t *testing.T) {
	d, ds := ruletest.Declare(t, Workflow, compileWorld(), ruletest.Case{Attrs: map[string]any{"spec": "spec.yaml", "python_env": "//e:env"}})
	var names []string
	for _, a := range d.Actions {
		names = append(names, a.Mnemonic)
	}
	if ds.HasErrors() || !slices.Equal(names, []string{"Write", "Registry", "Compile"}) || d.Actions[2].Inputs[0].Path != "cairn-out/pkg/it/tasks/registry" {
		t.Errorf("it declares %q, %v", names, ds)
	}
}

func TestWorkflowIsKept(t *testing.T) {
	d, _ := ruletest.Declare(t, Workflow, compileWorld(), ruletest.Case{Attrs: map[string]any{"spec": "spec.yaml", "tasks": []string{"//t:a"}, "write_to": "./old"}})
	if len(d.Kept) != 1 || d.Kept[0].To != "pkg/old" || d.Kept[0].From.Path != "cairn-out/pkg/it/wt-sums-workflow" || d.Kept[0].Mark != "VERSION.yaml" || len(d.Checked) != 1 {
		t.Errorf("kept %+v, checked %+v", d.Kept, d.Checked)
	}
}

// TestKeyIsMeaning has a comment and another order of keys make the same words and other notes.
func TestKeyIsMeaning(t *testing.T) {
	w := compileWorld()
	call := func() *rule.Call {
		d, ds := ruletest.Declare(t, Workflow, w, ruletest.Case{Attrs: map[string]any{"spec": "spec.yaml", "tasks": []string{"//t:a"}}})
		if ds.HasErrors() || d.Actions[0].Call == nil {
			t.Fatal(ds)
		}
		return d.Actions[0].Call
	}
	first := call()
	w.Sources["pkg/spec.yaml"] = "# a remark\n" + strings.Replace(sumsSpec, "  - id: one\n    task: number\n", "  - task: 'number' # this one\n    id: one\n", 1)
	second := call()
	if string(first.Args) != string(second.Args) {
		t.Errorf("other words:\n%s\n%s", first.Args, second.Args)
	}
	if string(first.Notes) == string(second.Notes) {
		t.Error("the places are the same")
	}
	n := decodeNotes(second.Notes)
	if at := n.Places.Value("/workflow/1/partial/left"); at.File != "pkg/spec.yaml" || at.Start.Line != 12 {
		t.Errorf("left is at %+v", at)
	}
	var a compileArgs
	if err := json.Unmarshal(second.Args, &a); err != nil {
		t.Fatal(err)
	}
	s, err := spec.Decode(a.Spec)
	if err != nil || !slices.Equal(envVars(s), []string{"RIGHT"}) {
		t.Errorf("the environment's variables are %v, %v", envVars(s), err)
	}
}
