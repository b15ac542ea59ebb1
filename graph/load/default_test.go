package load

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// TestDefaults: what the workspace block says is the value of an attribute that asks for it, where the target gives none; and it
// can be had alone.
func TestDefaults(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"BUILD.hcl":   "workspace \"w\" { default_env = \"//envs:default\" }\nuser \"a\" {}\nuser \"b\" { env = \":a\" }\nother \"c\" {}\n",
		"p/BUILD.hcl": "user \"a\" {}\n",
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := label.Label{Pkg: "envs", Name: "default"}
	if got := DefaultEnv(root); got != want {
		t.Errorf("alone: %v", got)
	}
	env := rule.Attr{Name: "env", Type: rule.LabelRef, Doc: "d"}
	with := env
	with.Workspace = "default_env"
	ws, ds := Load(t.Context(), Options{Root: root, Kinds: map[string]*rule.Rule{"user": {Kind: "user", Attrs: []rule.Attr{with}}, "other": {Kind: "other", Attrs: []rule.Attr{env}}}})
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	for _, c := range []struct {
		target, env string
		workspace   bool
	}{{"//:a", "//envs:default", true}, {"//:b", "//:a", false}, {"//p:a", "//envs:default", true}, {"//:c", "", false}} {
		l, err := label.Parse(c.target, "")
		if err != nil {
			t.Fatal(err)
		}
		v := ws.Target(l).Attrs["env"]
		ref, ok := v.Value.(rule.Ref)
		if ok != (c.env != "") || ok && ref.Label.String() != c.env || v.Workspace != c.workspace || c.workspace && (v.Range.File != "BUILD.hcl" || v.Range.Start.Line != 1) {
			t.Errorf("%s: %+v", c.target, v)
		}
	}
	for _, text := range []string{"", "workspace \"w\" {}\n", "workspace \"w\" { default_env = var.x }\n", "workspace \"w\" { default_env = \n"} {
		if err := os.WriteFile(filepath.Join(root, "BUILD.hcl"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := DefaultEnv(root); !got.IsZero() {
			t.Errorf("%q: %v", text, got)
		}
	}
}
