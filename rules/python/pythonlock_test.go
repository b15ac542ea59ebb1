package python

import (
	"fmt"
	"testing"

	"github.com/cairn-build/cairn/rules/ruletest"
)

func TestPythonLock(t *testing.T) {
	probeSource, resolveSource = "probe", "resolve"
	w := world()
	w.Sources = map[string]string{"pkg/have/pylock.toml": "x"}
	ruletest.Golden(t, PythonLock, w, []ruletest.Case{
		{Name: "files", Attrs: map[string]any{"requirements": []string{"a.in", "b.in"}, "constraints": []string{"c.txt", "a.in"}, "extras": []string{"x"}, "groups": []string{"dev"}, "python": "3.11", "allow_sdist": true}},
		{Name: "a project", Attrs: map[string]any{"project": "//r:tree", "extras": []string{"x"}}},
		{Name: "a file that is not there yet", Attrs: map[string]any{"requirements": []string{"a.in"}, "file": "new/pylock.toml"}},
		{Name: "a file that is there", Attrs: map[string]any{"requirements": []string{"a.in"}, "file": "have/pylock.toml"}},
		{Name: "neither", Attrs: map[string]any{}},
		{Name: "both", Attrs: map[string]any{"requirements": []string{"a.in"}, "project": "//r:tree"}},
		{Name: "a project that is a file", Attrs: map[string]any{"project": "//r:file"}},
		{Name: "requirements that are a folder", Attrs: map[string]any{"requirements": []string{"//r:tree"}}},
		{Name: "a file that climbs", Attrs: map[string]any{"requirements": []string{"a.in"}, "file": "../pylock.toml"}},
		{Name: "a file with another name", Attrs: map[string]any{"requirements": []string{"a.in"}, "file": "uv.lock"}},
		{Name: "an interpreter by path", Attrs: map[string]any{"requirements": []string{"a.in"}, "python": "/usr/bin/python3"}},
	})
}

func TestLocked(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "map[]",
		"lock-version = '2.0'":   "map[]",
		"lock-version = '1.0'\n": "map[]",
		"lock-version = '1.0'\n[[packages]]\nname='A'\nversion='1'\n[[packages]]\nname='a'\nversion='2'\n[[packages]]\nname='b'\nversion='3'\n": "map[a:1 and 2 b:3]",
	} {
		if got := fmt.Sprint(Locked([]byte(text))); got != want {
			t.Errorf("%q has %s, want %s", text, got, want)
		}
	}
}
