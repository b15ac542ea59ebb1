package file

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ruletest"
)

var world = ruletest.World{Targets: map[string][]rule.Dep{
	"//a:lib": {{Label: label.Label{Pkg: "a", Name: "lib"}, Files: []rule.Artifact{{Path: "cairn-out/a/lib/l", Kind: rule.OutputFile}},
		Providers: []rule.Provider{rule.Program{Argv: []string{"cairn-out/a/lib/l"}}}}},
	"//a:many": {
		{Label: label.Label{Pkg: "a", Name: "many@1"}, Files: []rule.Artifact{{Path: "cairn-out/a/many@1/l", Kind: rule.OutputFile}},
			Providers: []rule.Provider{rule.Program{Argv: []string{"x"}}}},
		{Label: label.Label{Pkg: "a", Name: "many@2"}, Files: []rule.Artifact{{Path: "cairn-out/a/many@2/l", Kind: rule.OutputFile}},
			Providers: []rule.Provider{rule.Program{Argv: []string{"y"}}}},
	},
}}

func TestFilegroup(t *testing.T) {
	ruletest.Golden(t, Filegroup, world, []ruletest.Case{
		{Name: "files and labels, each once", Attrs: map[string]any{"srcs": []string{"b.txt", "//a:lib", "a.txt", "b.txt"}}},
		{Name: "nothing", Attrs: map[string]any{"srcs": []string{}}},
	})
}

func TestAlias(t *testing.T) {
	ruletest.Golden(t, Alias, world, []ruletest.Case{
		{Name: "files and facts are handed on", Attrs: map[string]any{"actual": "//a:lib"}},
		{Name: "instances hand on their files", Attrs: map[string]any{"actual": "//a:many"}},
	})
}

func TestWriteFile(t *testing.T) {
	ruletest.Golden(t, WriteFile, world, []ruletest.Case{
		{Name: "content, named like the target", Label: "//pkg:motd@x", Attrs: map[string]any{"content": "hi <&>\n\x01"}},
		{Name: "lines", Attrs: map[string]any{"lines": []string{"a", "", "ü"}, "out": "etc/x.conf", "executable": true}},
		{Name: "no lines", Attrs: map[string]any{"lines": []string{}}},
		{Name: "json", Attrs: map[string]any{"json": map[string]any{"b": []any{1.0, nil, true}, "a": "<&>"}}},
		{Name: "a json null is a value", Attrs: map[string]any{"json": nil}},
		{Name: "nothing", Attrs: map[string]any{}},
		{Name: "too much", Attrs: map[string]any{"content": "", "lines": []string{"a"}}},
		{Name: "a path that climbs", Attrs: map[string]any{"content": "", "out": "../x"}},
	})
}

// call is a rule.CallContext that keeps what is written.
type call struct {
	rule.CallContext
	args []byte
	path string
	data []byte
	exec bool
}

func (c *call) Args() []byte                           { return c.args }
func (c *call) Open(string) (io.ReadCloser, error)     { return io.NopCloser(bytes.NewReader(nil)), nil }
func (c *call) List(string) ([]string, error)          { return nil, nil }
func (c *call) Symlink(string, string) error           { return nil }
func (c *call) Write(p string, b []byte, x bool) error { c.path, c.data, c.exec = p, b, x; return nil }

func TestWriteCall(t *testing.T) {
	d, _ := ruletest.Declare(t, WriteFile, world, ruletest.Case{Attrs: map[string]any{"content": "a\x00ü\u2028<\n", "executable": true}})
	c := &call{args: d.Actions[0].Call.Args}
	if err := WriteFile.Calls[d.Actions[0].Call.Func](context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if c.path != "cairn-out/pkg/it/it" || string(c.data) != "a\x00ü\u2028<\n" || !c.exec {
		t.Errorf("wrote %q to %s, executable %v", c.data, c.path, c.exec)
	}
	if err := write(context.Background(), &call{args: []byte("{")}); err == nil {
		t.Error("damaged arguments were accepted")
	}
}
