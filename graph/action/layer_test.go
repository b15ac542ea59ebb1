package action

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cairn-build/cairn/graph/rule"
)

// TestLayerIsMadeAgain: a layer that somebody wrote to is another folder's content when it is asked for again, under the same name.
func TestLayerIsMadeAgain(t *testing.T) {
	x := &Executor{LayerDir: filepath.Join(t.TempDir(), "envs"), TempDir: t.TempDir()}
	l := rule.Layer{Path: "out/venv", Files: []rule.LayerFile{{Path: "bin/python", Link: rule.HostTool("py")}, {Path: "cfg", Text: "home = " + rule.HostToolDir("py") + "\n"}, {Path: "lib", Link: "out/env/lib"}}}
	place := Place{Tool: func(string) string { return "/opt/py/bin/python3" }, At: func(_, to string) string { return "/trees/x/" + to }}
	dir, err := x.MakeLayer(l, place)
	if err != nil {
		t.Fatal(err)
	}
	for what, harm := range map[string]func() error{
		"nothing":        func() error { return nil },
		"a removed link": func() error { return os.Remove(filepath.Join(dir, "bin/python")) },
		"a replaced text": func() error {
			os.Remove(filepath.Join(dir, "cfg"))
			return os.WriteFile(filepath.Join(dir, "cfg"), []byte("x"), 0o644)
		},
		"a replaced link": func() error {
			os.Remove(filepath.Join(dir, "lib"))
			return os.Symlink("/etc", filepath.Join(dir, "lib"))
		},
		"one more file": func() error { return os.WriteFile(filepath.Join(dir, "bin/ls"), nil, 0o755) },
		"no folder":     func() error { return os.RemoveAll(dir) },
		"a file":        func() error { os.RemoveAll(dir); return os.WriteFile(dir, nil, 0o644) },
	} {
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		again, err := x.MakeLayer(l, place)
		if err != nil || again != dir {
			t.Errorf("%s: %s, %v", what, again, err)
		}
		if !wholeLayer(dir, expandLayer(l, place)) {
			t.Errorf("%s: it is not whole", what)
		}
		if to, err := os.Readlink(filepath.Join(dir, "bin/python")); to != "/opt/py/bin/python3" {
			t.Errorf("%s: %s, %v", what, to, err)
		}
	}
	left, err := os.ReadDir(x.TempDir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
