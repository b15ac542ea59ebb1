package python

import (
	"testing"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ruletest"
)

func TestPythonTest(t *testing.T) {
	testSource = "driver"
	w := world()
	edited := w.Targets["//e:env"][0].Providers[0].(Env)
	edited.Sources, edited.Tools = []rule.Artifact{{Path: "lib/own.py", Kind: rule.Source}}, []string{"python3.11", rule.HostPackages("python3.11")}
	w.Targets["//e:edited"] = dep("e", "edited", nil, edited)
	ruletest.Golden(t, PythonTest, w, []ruletest.Case{
		{Name: "pytest alone", Attrs: map[string]any{"srcs": []string{"pkg/test_a.py", "pkg/conftest.py"}, "python_env": "//e:env"}},
		{Name: "everything", Attrs: map[string]any{"srcs": []string{"pkg/tests/test_a.py", "pkg/tests/rows.csv"}, "deps": []string{"pkg/src/a.py", "pkg/src/py.typed", "//r:file"}, "data": []string{"//r:tree"},
			"path": []string{"src", "."}, "python_env": "//e:edited", "checks": []string{"types", "pytest", "doctest", "lint", "format"}, "select": "a or b", "markers": "not slow", "args": []string{"-x", "--lf"}, "tools": []string{"git"},
			"config": []string{"pkg/pyproject.toml", "pkg/ruff.toml", "pkg/pytest.ini"}}},
		{Name: "unknown checks", Attrs: map[string]any{"srcs": []string{"a.py"}, "python_env": "//e:env", "checks": []string{"pytest", "lintt"}}},
		{Name: "no checks", Attrs: map[string]any{"srcs": []string{"a.py"}, "python_env": "//e:env", "checks": []string{}}},
		{Name: "no Python", Attrs: map[string]any{"srcs": []string{"a.txt", "//r:file"}, "python_env": "//e:env"}},
		{Name: "two environments", Attrs: map[string]any{"srcs": []string{"a.py"}, "python_env": "//e:two"}},
		{Name: "no environment", Attrs: map[string]any{"srcs": []string{"a.py"}, "python_env": "//r:file"}},
		{Name: "a path that climbs", Attrs: map[string]any{"srcs": []string{"a.py"}, "python_env": "//e:env", "path": []string{"../x"}}},
		{Name: "odd settings", Attrs: map[string]any{"srcs": []string{"a.py"}, "python_env": "//e:env", "config": []string{"notes.txt"}}},
	})
}
