package schema

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

var update = flag.Bool("update", false, "write what the schemas are into the cases")

// TestCases: each case has a spec, a registry, and the two schemas that they become.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			ar := txtar.Parse(b)
			in := map[string]string{}
			for _, f := range ar.Files {
				in[f.Name] = string(f.Data)
			}
			params, rjsf, err := Build(load(t, in["spec.yaml"], in["registry.json"]))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for name, doc := range map[string]*ojson.Object{"params.json": params, "rjsf.json": rjsf} {
				if err := Check(name, doc); err != nil {
					t.Error(err)
				}
				b, err := ojson.Marshal(doc, "  ")
				if err != nil {
					t.Fatal(err)
				}
				if err := valid(t, string(b)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				got[name] = string(b) + "\n"
			}
			if *update {
				ar.Files = append(ar.Files[:2], txtar.File{Name: "params.json", Data: []byte(got["params.json"])}, txtar.File{Name: "rjsf.json", Data: []byte(got["rjsf.json"])})
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			for name, have := range got {
				if have != in[name] {
					t.Errorf("%s is\n%s", name, have)
				}
			}
		})
	}
}

// load reads a spec and a registry, and joins them as far as schemas need it.
func load(t *testing.T, specText, registryText string) *link.Workflow {
	t.Helper()
	s, problems := spec.Parse("spec.yaml", []byte(specText))
	if s == nil || problems.HasErrors() {
		t.Fatal(problems)
	}
	f, err := registry.Parse([]byte(registryText))
	if err != nil {
		t.Fatal(err)
	}
	w := &link.Workflow{Spec: s}
	for _, i := range s.Instances() {
		es, err := f.Named(i.Task)
		if err != nil || len(es) != 1 {
			t.Fatalf("%s: %d tasks, %v", i.Task, len(es), err)
		}
		w.Tasks = append(w.Tasks, &link.Task{Instance: i, Entry: es[0]})
	}
	return w
}

func TestOverridesWithoutAPlace(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"a.type.b", "rjsf-overrides: properties: a.type.b: a.type is no object"},
		{"a.required.3", "a.required has 0 elements, and \"3\" is the number of none"},
		{"a.required.x.y", "\"x\" is the number of none"},
	} {
		w := load(t, "id: x\nrequirements: []\nworkflow:\n  - {name: A, id: a, task: f}\n",
			`{"version":"1.0.0","entries":{"m.f":{"metadata":{},"module_path":"m","public_module_path":"m","function_name":"f","json_schema":{"type":"object","properties":{"p":{}}}}}}`)
		w.Spec.Overrides.Properties = []spec.Override{{Path: strings.Split(c.path, "."), Value: spec.Value{Kind: spec.Null}}}
		if _, _, err := Build(w); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.path, err)
		}
	}
}

func TestFingerprint(t *testing.T) {
	sum := func(s string) string {
		v, err := ojson.Parse([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return Fingerprint(v.(*ojson.Object))
	}
	base := sum(`{"properties":{"a":{"type":"string","title":"A","default":"x"}},"uiSchema":{"ui:order":["a"]}}`)
	for _, same := range []string{
		`{"uiSchema":{},"properties":{"a":{"title":"Other","description":"D","type":"string"}}}`,
		`{"title":"T","properties":{"a":{"default":{"type":"y"},"type":"string"}}}`,
	} {
		if sum(same) != base {
			t.Errorf("%s has another fingerprint", same)
		}
	}
	if sum(`{"required":["a","b"]}`) != sum(`{"required":["b","a"]}`) {
		t.Error("the order of required names counts")
	}
	seen := map[string]string{base: "base"}
	for _, other := range []string{
		`{"properties":{"a":{"type":"integer"}}}`,
		`{"properties":{"a":{"type":"string"},"title":{}}}`,
		`{"properties":{"a":{"type":"string"},"description":{}}}`,
		`{"properties":{"a":{"type":"string"}},"required":["a"]}`,
		`{"properties":{"a":{"type":"string","const":{"title":1}}}}`,
		`{"properties":{"a":{"type":"string","const":{"title":2}}}}`,
		`{"properties":{"a":{"type":"string","properties":{"default":{}}}}}`,
	} {
		s := sum(other)
		if before, ok := seen[s]; ok {
			t.Errorf("%s has the fingerprint of %s", other, before)
		}
		seen[s] = other
	}
}
