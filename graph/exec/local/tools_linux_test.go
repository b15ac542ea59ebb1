package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/toolset"
)

// TestRealTools runs what people build with, as the resolver finds it, in a sandbox that shows nothing else.
func TestRealTools(t *testing.T) {
	if modes()[0] != Require {
		t.Skip("no namespaces here")
	}
	find := toolset.New(toolset.Options{})
	shim := toolset.New(toolset.Options{Overrides: map[string]string{"python3": filepath.Join(os.Getenv("HOME"), ".pyenv/shims/python3")}})
	r := newRunner(t, Options{Mode: Require, Slots: 1})
	defer r.Close()
	for _, c := range []struct {
		name   string
		find   *toolset.Resolver
		script string
		in     map[string]string
		out    string
		want   string
	}{
		{"gcc", find, `$T -O1 -MMD -MF dep -c -o a.o a.c && $T -o prog a.o -lm && ./prog`,
			map[string]string{"a.c": "#include <stdio.h>\n#include \"a.h\"\nint main(void) { puts(A); return 0; }\n", "a.h": "#define A \"from C\"\n"}, "prog", "from C\n"},
		{"g++", find, `$T -o prog a.cc && ./prog`, map[string]string{"a.cc": "#include <iostream>\nint main() { std::cout << \"from C++\\n\"; }\n"}, "prog", "from C++\n"},
		{"go", find, `GOCACHE=$S GOTOOLCHAIN=local GOENV=off $T list -deps . | grep -x -e internal/abi -e x && touch prog`, // to build takes seconds
			map[string]string{"go.mod": "module x\ngo 1.20\n", "main.go": "package main\nimport _ \"os\"\nfunc main() {}\n"}, "prog", "internal/abi\nx\n"},
		{"python3", find, `$T -c 'import ssl, sqlite3, json, subprocess; print("from", "Python")' && touch prog`, nil, "prog", "from Python\n"},
		{"python3", shim, `$T -c 'import ssl, json; print("from", "Python")' && python3 -c 'import sys; assert sys.prefix != "/usr", sys.prefix' && touch prog`, nil, "prog", "from Python\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tool, err := c.find.Resolve(context.Background(), c.name)
			var nf *toolset.NotFoundError
			if errors.As(err, &nf) {
				t.Skipf("this machine has none: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			posix, err := c.find.Posix(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			s := &exec.Spawn{Name: "//x:y", Argv: []string{rule.HostTool("sh"), "-euc", c.script}, Tools: []toolset.Tool{posix, tool},
				Env: []string{"T=" + rule.HostTool(c.name)}, Scratch: []exec.Scratch{{Env: "S", Dir: t.TempDir()}},
				Outputs: []exec.Output{{Path: c.out}}}
			for p, b := range c.in {
				s.Inputs = append(s.Inputs, exec.Input{Path: p, Data: []byte(b)})
			}
			out, err := r.Run(context.Background(), s)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Release()
			if out.ExitCode != 0 || string(out.Stdout) != c.want || out.Outputs[0] == "" {
				t.Errorf("%d: %s%s", out.ExitCode, out.Stdout, out.Stderr)
			}
		})
	}
}
