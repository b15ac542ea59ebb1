package python

import (
	"testing"

	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ruletest"
)

func dep(pkg, name string, files []rule.Artifact, ps ...rule.Provider) []rule.Dep {
	return []rule.Dep{{Label: label.Label{Pkg: pkg, Name: name}, Files: files, Providers: ps}}
}

func world() ruletest.World {
	content := rule.Artifact{Path: "cairn-out/e/env/env", Kind: rule.OutputTree}
	env := Env{Content: content, Layer: rule.Layer{Path: "cairn-out/e/env/venv", Files: []rule.LayerFile{{Path: "bin/python", Link: rule.HostTool("python3.11")}}},
		Python: "cairn-out/e/env/venv/bin/python", Bin: content.Path + "/bin", Host: "python3.11", List: rule.Artifact{Path: "cairn-out/e/env/packages.json", Kind: rule.OutputFile}}
	return ruletest.World{Targets: map[string][]rule.Dep{
		"//e:env":  dep("e", "env", []rule.Artifact{env.List}, env),
		"//e:two":  append(dep("e", "two@a", nil, env), dep("e", "two@b", nil, env)...),
		"//r:tree": dep("r", "tree", []rule.Artifact{{Path: "cairn-out/r/tree/tree", Kind: rule.OutputTree}}),
		"//r:file": dep("r", "file", []rule.Artifact{{Path: "cairn-out/r/file/pylock.toml", Kind: rule.OutputFile}}),
		"//r:both": dep("r", "both", []rule.Artifact{{Path: "a", Kind: rule.OutputFile}, {Path: "b", Kind: rule.OutputFile}}),
	}}
}

func TestScript(t *testing.T) {
	probeSource, installSource, runnerSource = "probe", "install", "runner"
	ruletest.Golden(t, Script, world(), []ruletest.Case{
		{Name: "a file with the host's interpreter", Attrs: map[string]any{"file": "a.py", "args": []string{"-x", "a b"}}},
		{Name: "a file in an environment", Attrs: map[string]any{"file": "a.py", "python_env": "//e:env", "pythonpath": []string{".", "lib"}, "workdir": "data", "grace": "1m"},
			Common: rule.Common{Env: map[string]string{"A": "1", "PYTHONUNBUFFERED": ""}, PassEnv: []string{"Z", "B"}}},
		{Name: "in a tree", Attrs: map[string]any{"source": "//r:tree", "path": "scripts/a.py", "python_env": "//e:env", "pythonpath": []string{"src", "."}}},
		{Name: "neither file nor source", Attrs: map[string]any{}},
		{Name: "a path that climbs", Attrs: map[string]any{"source": "//r:tree", "path": "../a.py"}},
		{Name: "no path", Attrs: map[string]any{"source": "//r:tree"}},
		{Name: "a source that is a file", Attrs: map[string]any{"source": "//r:file", "path": "a.py"}},
		{Name: "a file with a path", Attrs: map[string]any{"file": "a.py", "path": "b.py"}},
		{Name: "all instances of an environment", Attrs: map[string]any{"file": "a.py", "python_env": "//e:two"}},
		{Name: "called", Attrs: map[string]any{"file": "a.py", "init": []any{1.0, "b"}, "main": map[string]any{"args": []any{nil}, "kwargs": map[string]any{"x": true}}}},
		{Name: "called with named ones", Attrs: map[string]any{"file": "a.py", "python": "3.12", "main": map[string]any{"args": 1.0, "x": "y"}}},
		{Name: "called with nonsense", Attrs: map[string]any{"file": "a.py", "init": "x", "main": map[string]any{"args": map[string]any{}}}},
		{Name: "create_env beside python_env", Attrs: map[string]any{"source": "//r:tree", "path": "a.py", "create_env": true, "python_env": "//e:env"}},
		{Name: "create_env without a source", Attrs: map[string]any{"file": "a.py", "create_env": true}},
		{Name: "odd folders and times", Attrs: map[string]any{"file": "a.py", "pythonpath": []string{"/lib"}, "workdir": "../x", "grace": "soon"}},
	})
}
