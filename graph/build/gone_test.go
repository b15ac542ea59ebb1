package build_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// peeking makes a tree, and a file that says in its own way what lies in it: for its function, what cannot be had is not there.
var peeking = &rule.Rule{Kind: "peeking",
	Attrs: []rule.Attr{{Name: "text", Type: rule.String, Doc: "What the file begins with."}},
	Calls: map[string]rule.CallFunc{
		"tree/1": func(_ context.Context, c rule.CallContext) error {
			return c.Write(string(c.Args())+"/in/it", []byte("some bytes"), false)
		},
		"peek/1": func(_ context.Context, c rule.CallContext) error {
			words := strings.Fields(string(c.Args()))
			how, at := words[0], words[1]
			var err error
			switch how {
			case "folder":
				_, err = c.Folder(at + "/in")
			case "list":
				_, err = c.List(at)
			case "entries":
				_, err = c.Entries(at)
			case "open":
				_, err = c.Open(at + "/in/it")
			}
			said := "there"
			if err != nil {
				said = "not there"
			}
			return c.Write(words[2], []byte(said), false)
		}},
	Analyze: func(c *rule.Context) error {
		tree, out := c.OutputTree("", "tree"), c.OutputFile("", "out")
		c.Declare(rule.Action{Mnemonic: "Tree", Outputs: []rule.Artifact{tree}, Call: &rule.Call{Func: "tree/1", Args: []byte(tree.Path)}})
		c.Declare(rule.Action{Mnemonic: "Peek", Inputs: []rule.Artifact{tree}, Outputs: []rule.Artifact{out}, Call: &rule.Call{Func: "peek/1", Args: []byte(c.String("text") + " " + tree.Path + " " + out.Path)}})
		c.SetDefault(out)
		return nil
	}}

// TestInputThatIsGone builds with another cache, which lacks the tree: it is made again, whatever the function makes of an input that is gone.
func TestInputThatIsGone(t *testing.T) {
	for _, how := range []string{"folder", "list", "entries", "open"} {
		root := t.TempDir()
		for i, text := range []string{"none", how} {
			putFile(t, filepath.Join(root, "BUILD.hcl"), "workspace \"w\" {}\npeeking \"p\" { text = \""+text+"\" }\n")
			e, err := build.Open(build.Options{Root: root, Version: "t", Kinds: []*rule.Rule{peeking}, CacheDir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			s, err := e.Build(t.Context(), build.Request{Patterns: []label.Pattern{{Kind: label.Below}}})
			if err != nil || len(s.Failures) > 0 {
				t.Fatalf("%v %+v", err, s)
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(filepath.Join(root, "cairn-out/p/out")); err != nil || string(got) != "there" || s.Run != 2 {
				t.Errorf("%s, build %d: %q, %v, %d ran", how, i, got, err, s.Run)
			}
		}
	}
}
