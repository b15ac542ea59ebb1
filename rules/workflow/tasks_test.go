package workflow

import (
	"testing"

	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/python"
	"github.com/cairn-build/cairn/rules/ruletest"
)

func dep(pkg, name string, files []rule.Artifact, ps ...rule.Provider) []rule.Dep {
	return []rule.Dep{{Label: label.Label{Pkg: pkg, Name: name}, Files: files, Providers: ps}}
}

// world has an environment, two of one name, and a project's folder.
func world() ruletest.World {
	content := rule.Artifact{Path: "cairn-out/e/env/env", Kind: rule.OutputTree}
	env := python.Env{Content: content, Layer: rule.Layer{Path: "cairn-out/e/env/venv", Files: []rule.LayerFile{{Path: "bin/python", Link: rule.HostTool("python3.12")}}},
		Python: "cairn-out/e/env/venv/bin/python", Bin: content.Path + "/bin", Host: "python3.12", Tools: []string{"python3.12"},
		Sources: []rule.Artifact{{Path: "own/lib.py"}}}
	return ruletest.World{
		Targets: map[string][]rule.Dep{
			"//e:env":  dep("e", "env", nil, env),
			"//e:two":  append(dep("e", "two@a", nil, env), dep("e", "two@b", nil, env)...),
			"//r:tree": dep("r", "tree", []rule.Artifact{{Path: "cairn-out/r/tree/tree", Kind: rule.OutputTree}}),
		},
		Sources: map[string]string{
			"pkg/pyproject.toml":     "[project]\nname = \"ext\"\n[project.entry-points.\"wt_registry\"]\next = \"ext.tasks\"\nmore = \"more:x\"\n",
			"pkg/old/pyproject.toml": "[tool.poetry.plugins.\"ecoscope_workflows\"]\ntasks = \"old.tasks\"\n",
			"pkg/no/pyproject.toml":  "[project]\nname = \"no\"\n",
			"pkg/bad/pyproject.toml": "[project\n",
		},
	}
}

func TestTaskPackage(t *testing.T) {
	registrySource, describeSource, shapeSource = "registry", "describe", "shape"
	adapterFiles = func() map[string]string { return map[string]string{"core/__init__.py": "core"} }
	with := func(kv ...any) map[string]any {
		m := map[string]any{"python_env": "//e:env"}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	ruletest.Golden(t, TaskPackage, world(), []ruletest.Case{
		{Name: "what an environment has", Attrs: with()},
		{Name: "in the workspace", Attrs: with("srcs", []string{"src/ext/tasks.py", "src/ext/load.example-return.json", "more.py"})},
		{Name: "of generation A", Attrs: with("srcs", []string{"old/old/__init__.py"}, "root", "old")},
		{Name: "modules by name", Attrs: with("srcs", []string{"no/src/no.py"}, "root", "no", "modules", []string{"no"})},
		{Name: "a project", Attrs: with("project", "//r:tree", "subdir", "ext", "generation", "a")},
		{Name: "both", Attrs: with("project", "//r:tree", "srcs", []string{"a.py"})},
		{Name: "root of a project", Attrs: with("project", "//r:tree", "root", "x")},
		{Name: "no folder", Attrs: with("project", "//e:env")},
		{Name: "a folder that climbs", Attrs: with("project", "//r:tree", "subdir", "../x")},
		{Name: "a root that climbs", Attrs: with("srcs", []string{"a.py"}, "root", "../x")},
		{Name: "sources elsewhere", Attrs: with("srcs", []string{"src/ext.py"}, "root", "old")},
		{Name: "no such module", Attrs: with("srcs", []string{"src/ext.py"})},
		{Name: "no entry points", Attrs: with("srcs", []string{"no/no.py"}, "root", "no")},
		{Name: "no entry points of this generation", Attrs: with("srcs", []string{"old/old/__init__.py"}, "root", "old", "generation", "c")},
		{Name: "no pyproject.toml", Attrs: with("srcs", []string{"none/no.py"}, "root", "none")},
		{Name: "a broken pyproject.toml", Attrs: with("srcs", []string{"bad/no.py"}, "root", "bad")},
		{Name: "two environments", Attrs: map[string]any{"python_env": "//e:two"}},
	})
}
