package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/label"
)

type node struct {
	label string
	deps  []int
	info  Info
}

type fake []node

func (f fake) Len() int         { return len(f) }
func (f fake) Deps(i int) []int { return f[i].deps }
func (f fake) Info(i int) Info  { return f[i].info }
func (f fake) Label(i int) label.Label {
	l, err := label.Parse(f[i].label, "")
	if err != nil {
		panic(err)
	}
	return l
}

// app -> lib -> base, app -> gen -> base; test -> app. Numbers are in no order of names.
var graph = fake{
	{"//lib:lib", []int{2}, Info{Kind: "command", Sources: []string{"lib/lib.c"}, Build: "lib/BUILD.hcl", Outputs: []string{"cairn-out/lib/lib/lib.o"}}},
	{"//app:test", []int{3}, Info{Kind: "test", Test: true, Build: "app/BUILD.hcl"}},
	{"//base:base@1.0.0+1", nil, Info{Kind: "write_file", Tags: []string{"slow"}, Build: "base/BUILD.hcl", Outputs: []string{"cairn-out/base/base@1.0.0+1/tree"}}},
	{"//app:app", []int{0, 4}, Info{Kind: "command", Sources: []string{"app/main.c"}, Build: "app/BUILD.hcl", Outputs: []string{"cairn-out/app/app/app"}}},
	{"//app:gen", []int{2}, Info{Kind: "command", Tags: []string{"slow"}, Build: "app/BUILD.hcl", Outputs: []string{"cairn-out/app/gen/gen.h"}}},
}

func ask(text, pkg string) (Set, error) {
	e, err := Parse(text)
	if err != nil {
		return Set{}, err
	}
	return Eval(graph, e, text, pkg)
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct{ pkg, query, want string }{
		{"", "//...", "//app:app //app:gen //app:test //base:base@1.0.0+1 //lib:lib"},
		{"", "//app:all", "//app:app //app:gen //app:test"},
		{"app", "...", "//app:app //app:gen //app:test"},
		{"app", ":app", "//app:app"},
		{"", "//base:base", "//base:base@1.0.0+1"},
		{"", "deps(//lib)", "//base:base@1.0.0+1 //lib:lib"},
		{"", "deps(//app, 1)", "//app:app //app:gen //lib:lib"},
		{"", "deps(//app, 0)", "//app:app"},
		{"", "rdeps(//lib)", "//app:app //app:test //lib:lib"},
		{"", "rdeps(//base:base@1.0.0+1, 1)", "//app:gen //base:base@1.0.0+1 //lib:lib"},
		{"", "path(//app:test, //base)", "//app:test //app:app //lib:lib //base:base@1.0.0+1"},
		{"", "path(//base, //app)", ""},
		{"", "owners(lib/lib.c)", "//lib:lib"},
		{"lib", "owners(lib.c)", "//lib:lib"},
		{"lib", "owners(//app/main.c)", "//app:app"},
		{"", "owners(app/BUILD.hcl)", "//app:app //app:gen //app:test"},
		{"", "owners(cairn-out/base/base@1.0.0+1/tree/in/it)", "//base:base@1.0.0+1"},
		{"", "owners(none)", ""},
		{"", "outputs(//app:app //app:gen)", "cairn-out/app/app/app cairn-out/app/gen/gen.h"},
		{"", "kind(command, //...)", "//app:app //app:gen //lib:lib"},
		{"", "tag(slow, deps(//app))", "//app:gen //base:base@1.0.0+1"},
		{"", "tests(//...)", "//app:test"},
		{"", "//... - //app:all", "//base:base@1.0.0+1 //lib:lib"},
		{"", "//... -//app/...", "//base:base@1.0.0+1 //lib:lib"},
		{"", "deps(//lib) & deps(//app:gen)", "//base:base@1.0.0+1"},
		{"", "//lib + //app & tests(//...)", "//lib:lib"},
		{"", "(//lib + //app:test) & tests(//...)", "//app:test"},
		{"", "//lib //app", "//app:app //lib:lib"},
		{"", "outputs(//...) - outputs(//lib) - outputs(//base)", "cairn-out/app/app/app cairn-out/app/gen/gen.h"},
		{"", `owners("lib/lib.c")`, "//lib:lib"},
	} {
		s, err := ask(c.query, c.pkg)
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if got := strings.Join(s.Names, " "); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.query, got, c.want)
		}
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		query, text, hint string
		at                int
	}{
		{"", "expected a pattern, a function or ( and not the end", "", 0},
		{"dep(//lib)", `there is no function "dep"`, `"deps"`, 0},
		{"deps(//lib", "expected , or ) and not the end", "", 10},
		{"deps()", "deps(X [, DEPTH]) takes 1 or 2 arguments", "", 0},
		{"tests(//lib, //lib)", "tests(X) takes 1 argument", "", 0},
		{"deps(//lib, x)", "a depth is a number from 0 on, not x", "", 12},
		{"//lib )", `unexpected ")"`, "", 6},
		{"//lib + ", "not the end", "", 8},
		{"//app:ap", "there is no target //app:ap", `"//app:app"`, 0},
		{"//ap/...", "//ap/... covers no target", "", 0},
		{"deps(outputs(//lib))", "is a set of files", "", 5},
		{"//lib + outputs(//lib)", "joins a set of targets and a set of files", "", 6},
		{"kind(comand, //...)", `no target is a "comand"`, `"command"`, 5},
		{"kind(deps(//lib), //...)", "a name is wanted here", "", 5},
		{"owners(../x)", "is not in the workspace", "", 7},
		{"owners(deps(//lib))", "a file's path is wanted", "", 7},
		{`owners("x)`, "a quote that is not closed", "", 7},
		{"//a:b:c", "made of letters", "", 0},
		{strings.Repeat("(", 300), "nest deeper", "", 200},
		{"\xff", "UTF-8", "", 0},
	} {
		_, err := ask(c.query, "")
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: no *Error but %v", c.query, err)
			continue
		}
		if !strings.Contains(e.Text, c.text) || !strings.Contains(e.Hint, c.hint) || e.At != c.at {
			t.Errorf("%.40s: got %d %q %q", c.query, e.At, e.Text, e.Hint)
		}
	}
}

func TestForms(t *testing.T) {
	s, err := ask("deps(//lib)", "")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteDOT(&b, graph, s); err != nil {
		t.Fatal(err)
	}
	want := `digraph cairn {
  node [shape=box];
  "//base:base@1.0.0+1" [label="//base:base@1.0.0+1\nwrite_file", kind="write_file", tooltip="base/BUILD.hcl"];
  "//lib:lib" [label="//lib:lib\ncommand", kind="command", tooltip="lib/BUILD.hcl"];
  "//lib:lib" -> "//base:base@1.0.0+1";
}
`
	if b.String() != want {
		t.Errorf("got %s", b.String())
	}
	b.Reset()
	if err := WriteDOT(&b, graph, Set{Files: true, Names: []string{"a \"b\" c\\", "two\nlines"}}); err != nil {
		t.Fatal(err)
	}
	if want := "digraph cairn {\n  node [shape=box];\n  \"a \\\"b\\\" c\\\\\";\n  \"two\\nlines\";\n}\n"; b.String() != want {
		t.Errorf("odd names: got %s", b.String())
	}
	b.Reset()
	if err := WriteJSON(&b, graph, s); err != nil {
		t.Fatal(err)
	}
	var ts []Target
	if err := json.Unmarshal(b.Bytes(), &ts); err != nil || len(ts) != 2 || !slices.Equal(ts[1].Deps, []string{"//base:base@1.0.0+1"}) || ts[1].Kind != "command" {
		t.Errorf("%v %+v", err, ts)
	}
	b.Reset()
	if err := WriteJSON(&b, graph, Set{Files: true}); err != nil || b.String() != "[]\n" {
		t.Errorf("no files: %v %q", err, b.String())
	}
	b.Reset()
	if err := WriteText(&b, s); err != nil || b.String() != "//base:base@1.0.0+1\n//lib:lib\n" {
		t.Errorf("got %q", b.String())
	}
}

// A query that parses is written and read again as the same, and answering it never panics.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"//...", "deps(//a:b, 2) - (//c & tests(//d))", `owners("a b")`, "a b -c", "path(//app, //base) + //lib", "kind(command, //...)", "((", `"\`, "outputs(//a)+outputs(//b)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			var q *Error
			if !errors.As(err, &q) || q.At < 0 || q.At > len(text) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again, err := Parse(e.String())
		if err != nil || again.String() != e.String() {
			t.Fatalf("%q is written as %q, which reads as %v, %v", text, e, again, err)
		}
		if _, err := Eval(graph, e, text, "app"); err != nil {
			var q *Error
			if !errors.As(err, &q) {
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}
