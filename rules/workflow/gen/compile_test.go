package gen

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// entry makes a registered task with arguments that are numbers.
func entry(module, name string, args ...string) *registry.Entry {
	props, required := &ojson.Object{}, []any{}
	for _, a := range args {
		props.Set(a, ojson.New("type", "number", "title", strings.ToUpper(a[:1])+a[1:]))
		required = append(required, a)
	}
	return &registry.Entry{Module: module, Public: module, Function: name, Description: "Does " + name + ".",
		Schema:  ojson.New("properties", props, "required", required, "type", "object", "additionalProperties", false),
		Returns: ojson.New("type", "number")}
}

// chain gives a workflow of n tasks, in groups of ten, each of which takes the results of up to two before it and has an argument
// that the user sets.
func chain(n int) *link.Workflow {
	e := entry("ext.tasks", "combine", "left", "right", "scale")
	w := &link.Workflow{Spec: &spec.Spec{ID: "chain", Requirements: []spec.Requirement{{Name: "ext-tasks", Version: "*", Channel: "conda-forge"}}},
		Imports: []link.Import{{Module: "ext.tasks", Name: "combine", Alias: "combine", Entry: e}}, Env: []string{"HOME"}}
	var g *spec.Group
	for i := range n {
		if i%10 == 0 {
			g = &spec.Group{Title: fmt.Sprintf("Part %d", i/10), Description: "Ten of them."}
			w.Spec.Items = append(w.Spec.Items, spec.Item{Group: g})
		}
		inst := &spec.Instance{Name: fmt.Sprintf("Step %d", i), ID: fmt.Sprintf("step_%d", i), Task: "combine", Method: spec.Call}
		t := &link.Task{Instance: inst, Entry: e, Alias: "combine", Open: []string{"scale"}}
		for j, a := range []string{"left", "right"} {
			v := spec.Value{Kind: spec.Env, Text: "HOME"}
			if from := i - 1 - 3*j; from >= 0 {
				v = spec.Value{Kind: spec.Return, Text: fmt.Sprintf("step_%d", from)}
				t.Needs = append(t.Needs, v.Text)
			}
			inst.Partial = append(inst.Partial, spec.Entry{Key: a, Value: v})
		}
		g.Tasks = append(g.Tasks, inst)
		w.Tasks = append(w.Tasks, t)
	}
	return w
}

func compile(t *testing.T, w *link.Workflow, o Options) *Package {
	t.Helper()
	o.Compiler = "cairn test"
	p, err := Compile(w, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *Package) file(t *testing.T, path string) string {
	t.Helper()
	for _, f := range p.Files {
		if f.Path == path {
			return string(f.Data)
		}
	}
	t.Fatalf("the package has no %s", path)
	return ""
}

// reader gives a package's files as ReadBefore wants them.
func (p *Package) reader() func(string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		for _, f := range p.Files {
			if f.Path == path {
				return f.Data, nil
			}
		}
		return nil, fs.ErrNotExist
	}
}

func TestCompileIsDeterministic(t *testing.T) {
	first := compile(t, chain(23), Options{})
	for range 3 {
		again := compile(t, chain(23), Options{})
		if len(again.Files) != len(first.Files) {
			t.Fatalf("%d files, then %d", len(first.Files), len(again.Files))
		}
		for i, f := range first.Files {
			if g := again.Files[i]; g.Path != f.Path || !bytes.Equal(g.Data, f.Data) {
				t.Errorf("%s is another the second time", f.Path)
			}
			if i > 0 && first.Files[i-1].Path >= f.Path {
				t.Errorf("%s comes after %s", f.Path, first.Files[i-1].Path)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	for _, f := range compile(t, chain(3), Options{}).Files {
		head, rest, _ := strings.Cut(string(f.Data), "\n")
		var want string
		switch f.Path[strings.LastIndex(f.Path, ".")+1:] {
		case "json", "typed":
			continue
		case "md", "svg":
			want = "<!-- [generated]"
		default:
			want = "# [generated]"
		}
		if head != want || !strings.HasPrefix(strings.TrimLeft(rest, "# "), "by = cairn test") {
			t.Errorf("%s starts with %q", f.Path, head)
		}
	}
}

// TestSmallEdits: an edit changes the files that it is about, and those that say which spec they are of.
func TestSmallEdits(t *testing.T) {
	changed := func(edit func(w *link.Workflow)) string {
		w := chain(3)
		before := compile(t, w, Options{})
		edit(w)
		var names []string
		for i, f := range compile(t, w, Options{}).Files {
			if !bytes.Equal(f.Data, before.Files[i].Data) {
				names = append(names, strings.TrimPrefix(f.Path, before.Module+"/"))
			}
		}
		return strings.Join(names, " ")
	}
	for _, c := range []struct {
		name, want string
		edit       func(w *link.Workflow)
	}{
		{"a requirement", "README.md pixi.toml", func(w *link.Workflow) { w.Spec.Requirements[0].Version = ">=2" }},
		{"a description", "README.md pyproject.toml", func(w *link.Workflow) { w.Spec.Metadata = &spec.Metadata{Description: "Steps."} }},
		{"a group's description", "README.md dags/jupytext.py dags/run_parallel.py dags/run_parallel_mock_io.py dags/run_sequential.py dags/run_sequential_mock_io.py metadata.py rjsf.json",
			func(w *link.Workflow) { w.Spec.Items[0].Group.Description = "Three of them." }},
		{"nothing", "", func(w *link.Workflow) {}},
	} {
		if got := changed(c.edit); got != c.want {
			t.Errorf("%s changes %s, not %s", c.name, got, c.want)
		}
	}
}

func TestVersions(t *testing.T) {
	w := chain(4)
	p := compile(t, w, Options{})
	at := func(p *Package, want string) *Before {
		t.Helper()
		b, err := ReadBefore(p.reader())
		if err != nil {
			t.Fatal(err)
		}
		if b.Version != want {
			t.Errorf("version %s, not %s", b.Version, want)
		}
		if !strings.Contains(p.file(t, "pyproject.toml"), "version = \""+want+"\"") {
			t.Errorf("pyproject.toml has another version: %s", p.file(t, "pyproject.toml"))
		}
		return b
	}
	b := at(p, "0.0.0")

	same := compile(t, chain(4), Options{Before: b})
	at(same, "0.0.0")
	for i, f := range p.Files {
		if !bytes.Equal(f.Data, same.Files[i].Data) {
			t.Errorf("compiling again gives another %s", f.Path)
		}
	}

	w.Spec.Requirements[0].Version = ">=2" // another pixi.toml, the same parameters
	p = compile(t, w, Options{Before: b})
	b = at(p, "0.1.0")
	at(compile(t, w, Options{Before: b}), "0.1.0")

	w.Tasks[0].Name = "Another title" // for people only
	b = at(compile(t, w, Options{Before: b}), "0.2.0")

	w.Tasks[1].Instance.Partial = append(w.Tasks[1].Instance.Partial, spec.Entry{Key: "scale", Value: spec.Value{Kind: spec.Int, Text: "2"}})
	b = at(compile(t, w, Options{Before: b}), "1.0.0")
	b = at(compile(t, w, Options{Before: b}), "1.0.0")
	b = at(compile(t, w, Options{Before: b, Version: "7.1"}), "7.1.0")
	at(compile(t, w, Options{Before: b}), "7.1.0")

	if _, err := Compile(w, Options{Version: "1.x"}); err == nil || !strings.Contains(err.Error(), `"1.x"`) {
		t.Errorf("the version 1.x gives %v", err)
	}
}

func TestReadBefore(t *testing.T) {
	for _, c := range []struct{ version, readme, want string }{
		{"", "", ""},
		{"MAJ: 1\nMIN: 2\n", "", "all of (VERSION.yaml, README.md) must exist, and README.md does not"},
		{"", "# x\n", "VERSION.yaml does not"},
		{"MAJ: a\n", "# x\n", "no number for MAJ"},
		{"MAJ: 1\nMIN: 2\n", "# x\n", "no fingerprints"},
		{"MAJ: 1\nMIN: 2\n", "```yaml\nparams_sha256: abc\n```\n", "no SHA-256 for params_sha256"},
	} {
		_, err := ReadBefore(func(path string) ([]byte, error) {
			s := map[string]string{"VERSION.yaml": c.version, "README.md": c.readme}[path]
			if s == "" {
				return nil, fmt.Errorf("read: %w", fs.ErrNotExist)
			}
			return []byte(s), nil
		})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q, %q: %v", c.version, c.readme, err)
		}
	}
	boom := errors.New("the disk is gone")
	if _, err := ReadBefore(func(string) ([]byte, error) { return nil, boom }); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{50, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := chain(n)
			for b.Loop() {
				if _, err := Compile(w, Options{Compiler: "cairn bench"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
