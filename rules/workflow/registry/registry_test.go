package registry

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/rules/workflow/ojson"
)

const load = `{"metadata": {"title": "Load", "description": null, "tags": ["io"], "deprecated": true, "deprecation_message": "Use more"},
 "module_path": "ext.tasks._io", "public_module_path": "ext.tasks", "function_name": "load", "import_statement": "from ext.tasks import load as load",
 "json_schema": {"additionalProperties": false, "properties": {"frame": {"type": "pandas.DataFrame"}, "n": {"type": "integer"}}, "required": ["frame", "n", "hidden"], "type": "object"},
 "accepts": {"frame": {"type": "pandas.DataFrame"}, "n": {"type": "integer"}, "hidden": {}}, "returns": {"type": "string"}, "mock": "parquet", "object": true, "adapter": false, "rest": false}`

// theirs is an entry as wt-registry prints it.
const theirs = `{"metadata": {"title": null, "description": "d", "tags": [], "deprecated": false, "deprecation_message": null},
 "module_path": "core.io", "public_module_path": "core.io", "function_name": "load", "import_statement": "", "json_schema": {"properties": {"x": {}}, "type": "object"}}`

func TestParse(t *testing.T) {
	f, err := Parse([]byte(`{"entries": {"a": ` + load + `, "b": ` + theirs + `}, "version": "1.0.0"}`))
	if err != nil {
		t.Fatal(err)
	}
	es, err := f.Named("load")
	if err != nil || len(es) != 2 || !slices.Equal(f.Names(), []string{"load"}) {
		t.Fatalf("%v, %v, %v", es, err, f.Names())
	}
	their, our := es[0], es[1] // by Public
	if our.Name() != "ext.tasks.load" || our.Module != "ext.tasks._io" || !our.IO() || !our.Deprecated || our.DeprecatedMessage != "Use more" || our.Mock != "parquet" || !our.Object || our.KeepsRest || our.Returns == nil {
		t.Errorf("%+v", our)
	}
	if !slices.Equal(our.Arguments(), []string{"frame", "n", "hidden"}) || !our.Required("hidden") || our.Required("m") {
		t.Errorf("arguments are %q", our.Arguments())
	}
	if our.Settable("frame") || !our.Settable("n") || our.Settable("hidden") {
		t.Error("only n can be set")
	}
	if their.Name() != "core.io.load" || their.IO() || !their.KeepsRest || their.Accepts != nil || their.Returns != nil || !slices.Equal(their.Arguments(), []string{"x"}) || !their.Settable("x") {
		t.Errorf("%+v", their)
	}
	if es, err := f.Named("other"); es != nil || err != nil {
		t.Errorf("%v, %v", es, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                                    "EOF",
		"[]":                                  "no registry of tasks",
		`{"entries": {}, "version": "2.0.0"}`: "version 2.0.0",
		`{"entries": {"a.b": {}}}`:            `task "a.b": it needs`,
		`{"entries": {"a.b": 3}}`:             `task "a.b": it needs`,

		`{"entries": {"a": {"module_path": "m", "public_module_path": "m import f\\nimport evil\\nfrom m", "function_name": "f", "json_schema": {}}}}`: "cannot be a name in Python",
		`{"entries": {"a": {"module_path": "m.class", "function_name": "f", "json_schema": {}}}}`:                                                      `"class" of "m.class.f" cannot be`,
		`{"entries": {"a": {"module_path": "..m", "function_name": "f", "json_schema": {}}}}`:                                                          `"" of "..m.f" cannot be`,
		`{"entries": {"a": {"module_path": "m", "function_name": "f()", "json_schema": {}}}}`:                                                          `"f()" of "m.f()" cannot be`,
	} {
		if _, err := Parse([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
	for _, in := range []string{"", "{}", "[{}]", "[3]"} {
		if _, err := ParseNamed([]byte(in)); err == nil {
			t.Errorf("%q is read", in)
		}
	}
}

func TestTreeReadsWhatIsAskedForOnce(t *testing.T) {
	files := map[string]string{"names/load.json": "[" + load + "]", "names/bad.json": "[", "registry.json": "{}"}
	var read []string
	f := Tree(func(p string) ([]byte, error) {
		read = append(read, p)
		if p == "names/torn.json" {
			return nil, errors.New("torn")
		}
		if s, ok := files[p]; ok {
			return []byte(s), nil
		}
		return nil, nil
	}, func() []string { return []string{"registry.json", "names/load.json", "names/bad.json"} })
	for range 2 {
		if es, err := f.Named("load"); err != nil || len(es) != 1 {
			t.Errorf("%v, %v", es, err)
		}
		if es, err := f.Named("none"); err != nil || es != nil {
			t.Errorf("%v, %v", es, err)
		}
		if es, err := f.Named("../load"); err != nil || es != nil {
			t.Errorf("%v, %v", es, err)
		}
	}
	if !slices.Equal(read, []string{"names/load.json", "names/none.json"}) {
		t.Errorf("%q are read", read)
	}
	for _, n := range []string{"bad", "torn"} {
		if _, err := f.Named(n); err == nil {
			t.Errorf("%s is read", n)
		}
	}
	if !slices.Equal(f.Names(), []string{"bad", "load"}) {
		t.Errorf("names are %q", f.Names())
	}
}

func TestMergeHasATaskOnce(t *testing.T) {
	a := List(&Entry{Module: "x._a", Public: "x", Function: "f", Title: "first"}, &Entry{Module: "x", Public: "x", Function: "g"})
	b := List(&Entry{Module: "x._a", Public: "x._a", Function: "f"}, &Entry{Module: "y", Public: "y", Function: "f"})
	m := Merge(a, b)
	es, err := m.Named("f")
	if err != nil || len(es) != 2 || es[0].Title != "first" || es[1].Module != "y" || !slices.Equal(m.Names(), []string{"f", "g"}) {
		t.Errorf("%v, %v, %v", es, err, m.Names())
	}
	if Merge(a) == nil || len(Merge().Names()) != 0 {
		t.Error("one and none are registries, too")
	}
}

// TestSettable: null alone is no value to set, and a type that JSON has not is none.
func TestSettable(t *testing.T) {
	for schema, want := range map[string]bool{
		`{}`:                             true,
		`{"type": "string"}`:             true,
		`{"type": "ecoscope.DataFrame"}`: false,
		`{"type": ["string", "null"]}`:   true,
		`{"enum": ["a"]}`:                true,
		`{"anyOf": [{"type": "x.Frame"}, {"type": "null"}]}`:            false,
		`{"anyOf": [{"type": "x.Frame"}, {"type": "string"}]}`:          true,
		`{"oneOf": [{"$ref": "#/$defs/F"}, {"$ref": "#/$defs/F"}]}`:     false,
		`{"$ref": "#/$defs/M"}`:                                         true,
		`{"$ref": "#/$defs/F"}`:                                         false,
		`{"$ref": "#/$defs/loop"}`:                                      true,
		`{"$ref": "elsewhere"}`:                                         true,
		`{"type": "array", "items": {"type": "x.Frame"}}`:               false,
		`{"type": "array", "items": {"type": "array", "items": false}}`: false,
		`{"type": "array"}`:                                             true,
	} {
		v, err := ojson.Parse([]byte(fmt.Sprintf(`{"properties": {"x": %s}, "$defs": {"M": {"type": "object"}, "F": {"type": "x.Frame"}, "loop": {"$ref": "#/$defs/loop"}}}`, schema)))
		if err != nil {
			t.Fatal(err)
		}
		e := &Entry{Schema: v.(*ojson.Object)}
		if e.Settable("x") != want {
			t.Errorf("%s: %v", schema, !want)
		}
	}
}

// TestForm: what a person cannot write is no part of a form.
func TestForm(t *testing.T) {
	for schema, want := range map[string]string{
		`{"type": "string", "title": "X"}`: `{"type":"string","title":"X"}`,
		`{"anyOf": [{"type": "x.Frame"}, {"type": "string"}, {"type": "null"}], "title": "X"}`: `{"anyOf":[{"type":"string"},{"type":"null"}],"title":"X"}`,
		`{"title": "X", "anyOf": [{"type": "x.Frame"}, {"type": "string"}], "default": 1}`:     `{"title":"X","type":"string","default":1}`,
		`{"anyOf": [{"type": "x.Frame"}, {"type": "null"}]}`:                                   "",
	} {
		v, err := ojson.Parse([]byte(`{"properties": {"x": ` + schema + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		e := &Entry{Schema: v.(*ojson.Object)}
		form, ok := e.Form("x")
		got, _ := ojson.Marshal(form, "")
		if ok != (want != "") || ok && string(got) != want {
			t.Errorf("%s: %s, %v", schema, got, ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"entries": {"a": ` + load + `}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := Parse(b); err == nil {
			for _, n := range r.Names() {
				es, _ := r.Named(n)
				for _, e := range es {
					for _, a := range e.Arguments() {
						e.Form(a)
					}
				}
			}
		}
	})
}
