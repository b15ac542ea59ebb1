package command

import (
	"errors"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ruletest"
)

func file(p string) rule.Artifact { return rule.Artifact{Path: p, Kind: rule.OutputFile} }
func tree(p string) rule.Artifact { return rule.Artifact{Path: p, Kind: rule.OutputTree} }

func dep(pkg, name string, files []rule.Artifact, ps ...rule.Provider) []rule.Dep {
	return []rule.Dep{{Label: label.Label{Pkg: pkg, Name: name}, Files: files, Providers: ps}}
}

var world = ruletest.World{Targets: map[string][]rule.Dep{
	"//a:header": dep("a", "header", []rule.Artifact{file("cairn-out/a/header/h.txt")}),
	"//a:units":  dep("a", "units", []rule.Artifact{file("cairn-out/a/units/u.txt")}),
	"//a:src":    dep("a", "src", []rule.Artifact{tree("cairn-out/a/src/src")}),
	"//a:spaced": dep("a", "spaced", []rule.Artifact{file("cairn-out/a/spaced/a b")}),
	"//t:fmt": dep("t", "fmt", []rule.Artifact{file("cairn-out/t/fmt/fmt")}, rule.Program{Argv: []string{"cairn-out/t/fmt/fmt"},
		Data: []rule.Artifact{file("cairn-out/t/fmt/fmt")}, Env: []rule.EnvVar{{Name: "MODE", Value: "x"}}}),
	"//t:gen.py": dep("t", "gen.py", nil, rule.Program{Argv: []string{rule.HostTool("python3"), "t/gen.py"}, Tools: []string{"python3"},
		Data: []rule.Artifact{{Path: "t/gen.py"}}, Env: []rule.EnvVar{{Name: "MODE", Value: "x"}}}),
	"//t:other": dep("t", "other", nil, rule.Program{Argv: []string{"cairn-out/t/other/o"}, Env: []rule.EnvVar{{Name: "MODE", Value: "y"}}}),
	"//u:fmt":   dep("u", "fmt", nil, rule.Program{Argv: []string{"cairn-out/u/fmt/fmt"}, PassEnv: []string{"TERM"}}),
	"//t:odd":   dep("t", "odd", nil, rule.Program{Argv: []string{"cairn-out/t/odd/a b"}}),
}}

// words is a late list made of literals and of @srcs, @data, @out and @tool:NAME.
func words(ws ...string) ruletest.Late {
	return func(s rule.Scope) (any, error) {
		var out []string
		for _, w := range ws {
			name, isTool := strings.CutPrefix(w, "@tool:")
			switch {
			case isTool:
				p, err := s.Tool(name)
				if err != nil {
					return nil, err
				}
				out = append(out, p)
			case w == "@out":
				out = append(out, s.Out...)
			case strings.HasPrefix(w, "@"):
				in, ok := s.In[w[1:]]
				if !ok {
					return nil, errors.New("no " + w)
				}
				out = append(out, in...)
			default:
				out = append(out, w)
			}
		}
		return out, nil
	}
}

type attrs = map[string]any

func TestCommand(t *testing.T) {
	ruletest.Golden(t, Command, world, []ruletest.Case{
		{Name: "a script", Attrs: attrs{"srcs": []string{"rows.csv", "//a:header"}, "deps": []string{"//a:units"}, "tools": []string{"//t:fmt", "$gcc"},
			"outs": []string{"table.txt"}, "script": "cat $SRCS $DEPS > $OUT"}},
		{Name: "several outputs", Attrs: attrs{"data": []string{"d.txt"}, "outs": []string{"b", "a"}, "out_dirs": []string{"tree/x"}, "script": "x", "scratch": []string{"go-x.1"}}},
		{Name: "words", Attrs: attrs{"srcs": []string{"stats.py", "a b.csv"}, "tools": []string{"$python3"}, "argv": words("@tool:python3", "@srcs", "--dep={depfile}"),
			"stdout": "stats.json", "outs": []string{"stats.json"}, "depfile": "stats.d"}},
		{Name: "stdout by path", Attrs: attrs{"tools": []string{"$x"}, "argv": words("@tool:x"), "stdout": "cairn-out/pkg/it/o", "outs": []string{"o"}}},
		{Name: "a tool of several words", Attrs: attrs{"tools": []string{"//t:gen.py"}, "argv": words("@tool://t:gen.py", "-o", "@out"), "outs": []string{"o"}}},
		{Name: "a tool of several words in a script", Attrs: attrs{"tools": []string{"//t:gen.py", "//u:fmt"}, "script": "$TOOL_GEN_PY", "outs": []string{"o"}}},
		{Name: "a tool by its bare name", Label: "//t:it", Attrs: attrs{"tools": []string{":fmt"}, "argv": words("@tool:fmt"), "outs": []string{"o"}}},
		{Name: "once for each file", Attrs: attrs{"each": "//a:src", "each_files": []string{"c/**/*.c"}, "tools": []string{"$gcc"}, "depfile": "d/{stem}.d", "out_dirs": []string{"obj"},
			"argv": words("@tool:gcc", "-MF", "{depfile}", "-o", "cairn-out/pkg/it/obj/{stem}.o", "{file}")}},
		{Name: "a script for each file", Attrs: attrs{"each": "//a:src", "out_dirs": []string{"obj"}, "script": "cat \"$FILE\"", "stdout": "obj/{stem}.txt"}},
		// What is wrong.
		{Name: "no outputs", Attrs: attrs{"script": "x"}},
		{Name: "neither script nor argv", Attrs: attrs{"outs": []string{"o"}}},
		{Name: "script and argv", Attrs: attrs{"outs": []string{"o"}, "script": "x", "argv": words("a/b")}},
		{Name: "no words", Attrs: attrs{"outs": []string{"o"}, "argv": words()}},
		{Name: "a bare word", Attrs: attrs{"outs": []string{"o"}, "argv": words("gcc")}},
		{Name: "a space in a script", Attrs: attrs{"srcs": []string{"a b"}, "deps": []string{"//a:spaced"}, "outs": []string{"*"}, "script": "x", "tools": []string{"//t:odd"}}},
		{Name: "too many sources for a script", Attrs: attrs{"srcs": []string{strings.Repeat("x/", 70000) + "y"}, "outs": []string{"o"}, "script": "x"}},
		{Name: "an unknown tool", Attrs: attrs{"tools": []string{"$python3"}, "outs": []string{"o"}, "argv": words("@tool:python")}},
		{Name: "a tool that is a file", Attrs: attrs{"tools": []string{"x.sh"}, "outs": []string{"o"}, "script": "x"}},
		{Name: "a tool that is no program", Attrs: attrs{"tools": []string{"//a:header"}, "outs": []string{"o"}, "script": "x"}},
		{Name: "two tools of one name", Attrs: attrs{"tools": []string{"//t:fmt", "//u:fmt"}, "outs": []string{"o"}, "argv": words("@tool:fmt")}},
		{Name: "two tools that disagree", Attrs: attrs{"tools": []string{"//t:fmt", "//t:other"}, "outs": []string{"o"}, "script": "x"}},
		{Name: "stdout that is no output", Attrs: attrs{"outs": []string{"stats.json"}, "script": "x", "stdout": "stat.json"}},
		{Name: "stdout that is a folder", Attrs: attrs{"out_dirs": []string{"d"}, "script": "x", "stdout": "d"}},
		{Name: "a depfile outside", Attrs: attrs{"outs": []string{"o"}, "script": "x", "depfile": "../d"}},
		{Name: "a bad scratch name", Attrs: attrs{"outs": []string{"o"}, "script": "x", "scratch": []string{"a/b"}}},
		{Name: "each of a file", Attrs: attrs{"each": "//a:header", "out_dirs": []string{"o"}, "script": "x"}},
		{Name: "each into a file", Attrs: attrs{"each": "//a:src", "outs": []string{"o"}, "script": "x"}},
		{Name: "each by text in a script", Attrs: attrs{"each": "//a:src", "out_dirs": []string{"o"}, "script": "cat {file}"}},
		{Name: "each_files alone", Attrs: attrs{"each_files": []string{"*.c"}, "outs": []string{"o"}, "script": "x"}},
	})
}

func TestProgram(t *testing.T) {
	common := rule.Common{Env: map[string]string{"MODE": "own", "A": "b"}, PassEnv: []string{"TERM"}}
	ruletest.Golden(t, Program, world, []ruletest.Case{
		{Name: "a script in a language", Attrs: attrs{"srcs": []string{"r.py"}, "data": []string{"//a:header"}, "tools": []string{"$python3", "$git"}, "argv": words("@tool:python3", "@srcs")}, Common: common},
		{Name: "a compiled one", Attrs: attrs{"srcs": []string{"h.c"}, "data": []string{"conf"}, "tools": []string{"$gcc"}, "outs": []string{"h"}, "script": "$TOOL_GCC -o $OUT $SRCS", "depfile": "h.d"}},
		{Name: "a compiled one with words", Attrs: attrs{"tools": []string{"$gcc", "//t:gen.py"}, "outs": []string{"h", "i"}, "script": "x", "argv": words("@tool://t:gen.py", "@out")}},
		{Name: "one that wraps another", Attrs: attrs{"tools": []string{"//t:fmt"}, "argv": words("@tool:fmt", "-x")}, Common: common},
		{Name: "nothing to start", Attrs: attrs{"srcs": []string{"a"}}},
		{Name: "empty words", Attrs: attrs{"argv": words()}},
		{Name: "two outputs and no words", Attrs: attrs{"outs": []string{"a", "b"}, "script": "x"}},
		{Name: "a script without outputs", Attrs: attrs{"script": "x", "argv": words("a/b")}},
		{Name: "outputs without a script", Attrs: attrs{"outs": []string{"a"}}},
		{Name: "a bare word", Attrs: attrs{"argv": words("sh", "-c", "x")}},
		{Name: "a tool inside a word", Attrs: attrs{"tools": []string{"//t:gen.py"}, "argv": ruletest.Late(func(s rule.Scope) (any, error) {
			p, err := s.Tool("//t:gen.py")
			return []string{"a/b", "--with=" + p}, err
		})}},
	})
}

func TestTest(t *testing.T) {
	ruletest.Golden(t, Test, world, []ruletest.Case{
		{Name: "a script", Attrs: attrs{"srcs": []string{"//a:header"}, "data": []string{"d"}, "script": "sort -c $SRCS"}},
		{Name: "words", Attrs: attrs{"srcs": []string{"t.py"}, "data": []string{"a b.json"}, "tools": []string{"$python3"}, "argv": words("@tool:python3", "@srcs", "@data"), "scratch": []string{"s"}}},
		{Name: "built, then run", Attrs: attrs{"srcs": []string{"t.c"}, "data": []string{"case"}, "tools": []string{"$gcc"}, "outs": []string{"t"}, "script": "$TOOL_GCC -o $OUT $SRCS"}},
		{Name: "built, then run with words", Attrs: attrs{"srcs": []string{"t.c"}, "tools": []string{"$gcc"}, "outs": []string{"t"}, "out_dirs": []string{"d"}, "script": "x", "argv": words("@out")}},
		{Name: "nothing", Attrs: attrs{"srcs": []string{"t.c"}}},
		{Name: "script and argv", Attrs: attrs{"script": "x", "argv": words("a/b")}},
		{Name: "a depfile of a test", Attrs: attrs{"script": "x", "depfile": "d"}},
		{Name: "outputs without a script", Attrs: attrs{"outs": []string{"a"}}},
		{Name: "empty words", Attrs: attrs{"argv": words()}},
	})
}

// TestEnvScope checks what the env attribute, which the engine evaluates last, may refer to.
func TestEnvScope(t *testing.T) {
	ask := func(c *rule.Context, name string) (string, error) { return c.LateScope().Tool(name) }
	for _, r := range []*rule.Rule{Command, Program, Test} {
		kept := (*rule.Context)(nil)
		probe := *r
		probe.Analyze = func(c *rule.Context) error { kept = c; return r.Analyze(c) }
		a := attrs{"tools": []string{"$gcc", "//t:gen.py"}, "srcs": []string{"s"}, "argv": words("@tool:gcc")}
		if r == Command {
			a["outs"] = []string{"o"}
		}
		ruletest.Declare(t, &probe, world, ruletest.Case{Attrs: a})
		if p, err := ask(kept, "gcc"); err != nil || p != rule.HostTool("gcc") {
			t.Errorf("%s: gcc is %q, %v", r.Kind, p, err)
		}
		if _, err := ask(kept, "//t:gen.py"); err == nil {
			t.Errorf("%s: a tool of several words became one in env", r.Kind)
		}
		if got := kept.LateScope().In["srcs"]; len(got) != 1 || got[0] != "pkg/s" {
			t.Errorf("%s: in.srcs is %q", r.Kind, got)
		}
	}
}
