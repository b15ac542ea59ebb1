package build_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

// saying is a kind whose function finds as many problems in its file as Notes has letters: e is an error, w a warning. It looks at one
// picked file of a tree, and names all that lies beside it. Its tests are one for each of cases.
var saying = &rule.Rule{Kind: "saying",
	Attrs: []rule.Attr{{Name: "file", Type: rule.File, Doc: "What it reads."}, {Name: "notes", Type: rule.String, Doc: "What it finds."}, {Name: "cases", Type: rule.Strings, Doc: "Its tests."}},
	Calls: map[string]rule.CallFunc{
		"spread/1": func(_ context.Context, c rule.CallContext) error {
			for _, n := range []string{"a", "b", "c"} {
				if err := c.Write(string(c.Args())+"/in/"+n, nil, false); err != nil {
					return err
				}
			}
			return nil
		},
		"say/1": func(_ context.Context, c rule.CallContext) error {
			out, rest, _ := strings.Cut(string(c.Args()), " ")
			tree, file, _ := strings.Cut(rest, " ")
			names, err := c.Around(tree + "/in")
			if err != nil {
				return err
			}
			picked, err := c.List(tree + "/in/b")
			if err == nil {
				return diag.List{{Summary: "the pick is a tree: " + strings.Join(picked, " ")}}
			}
			var l diag.List
			for i, n := range string(c.Notes()) {
				l = append(l, diag.Diag{Warning: n == 'w', Summary: "found " + string(n), Hint: strings.Join(names, " "), Code: "bad",
					Range: diag.Range{File: file, Start: diag.Pos{Line: i + 1, Column: 1, Byte: i}, End: diag.Pos{Line: i + 1, Column: 3, Byte: i + 1}}})
			}
			if err := c.Write(out, []byte("made"), false); err != nil {
				return err
			}
			if len(l) > 0 {
				return l
			}
			return nil
		}},
	Analyze: func(c *rule.Context) error {
		tree, out, file := c.OutputTree("", "tree"), c.OutputFile("", "out"), c.Files("file")[0]
		c.Declare(rule.Action{Mnemonic: "Spread", Outputs: []rule.Artifact{tree}, Call: &rule.Call{Func: "spread/1", Args: []byte(tree.Path)}})
		c.Declare(rule.Action{Mnemonic: "Say", Inputs: []rule.Artifact{tree}, Picks: []string{tree.Path + "/in/b"}, Outputs: []rule.Artifact{out},
			Call: &rule.Call{Func: "say/1", Args: []byte(out.Path + " " + tree.Path + " " + file.Path), Notes: []byte(c.String("notes"))}})
		for _, n := range c.Strings("cases") {
			c.Declare(rule.Action{Mnemonic: "Test", Test: true, Case: n, Inputs: []rule.Artifact{out},
				Spawn: &rule.Spawn{Posix: true, Argv: []string{rule.HostTool("sh"), "-c", `case $1 in bad*) exit 1;; esac`, "-", n}}})
		}
		c.SetDefault(out)
		return nil
	}}

// sayer is a workspace of one target of that kind, with an engine and what it told.
type sayer struct {
	*build.Engine
	root string
	mu   sync.Mutex
	said []*build.FinishEvent
}

func newSayer(t *testing.T, attrs string) *sayer {
	s := &sayer{root: t.TempDir()}
	s.declare(t, attrs)
	if err := os.WriteFile(filepath.Join(s.root, "f"), []byte("one\ntwo\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	e, err := build.Open(build.Options{Root: s.root, Version: "t", Kinds: []*rule.Rule{saying}, CacheDir: t.TempDir(), Sandbox: "off", KeepGoing: true, Events: func(e build.Event) {
		if e.Finish != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.said = append(s.said, e.Finish)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	s.Engine = e
	return s
}

func (s *sayer) declare(t *testing.T, attrs string) {
	text := "workspace \"w\" {}\nsaying \"s\" {\n  file = \"f\"\n  " + attrs + "\n}\n"
	if err := os.WriteFile(filepath.Join(s.root, "BUILD.hcl"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (s *sayer) do(t *testing.T, r build.Request) *build.Summary {
	t.Helper()
	s.said = nil
	ps, err := build.ParsePatterns(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	r.Patterns = ps
	sum, err := s.Build(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestACallsProblemsAreShown(t *testing.T) {
	s := newSayer(t, `notes = "ewe"`)
	sum := s.do(t, build.Request{})
	if len(sum.Failures) != 1 {
		t.Fatalf("failures: %+v", sum.Failures)
	}
	f := sum.Failures[0]
	if f.Summary != "f:1: found e (and 1 more problem)" || len(f.Problems) != 3 || string(f.Sources["f"]) != "one\ntwo\n" || f.Env {
		t.Errorf("the failure is %+v", f)
	}
	for _, want := range []string{"Error: found e\n\n  on f line 1:\n     1: one\n        ^^", "Warning: found w", "     2: two", "\na b c\n[bad]"} {
		if !strings.Contains(string(f.Output), want) {
			t.Errorf("its text has no %q:\n%s", want, f.Output)
		}
	}
	l, err := s.Run("")
	if err != nil || len(l.Records) != 2 || !slices.Equal(l.Records[1].Problems, []string{"f:1: found e", "f:2: found w", "f:3: found e"}) {
		t.Errorf("the log has %+v, %v", l, err)
	}
	// Notes are no part of the key, and warnings alone no failure.
	s.declare(t, `notes = "w"`)
	if sum = s.do(t, build.Request{}); sum.Run != 1 || sum.Failed != 0 || !strings.Contains(string(s.said[0].Stderr), "Warning: found w") {
		t.Errorf("%+v, said %+v", sum, s.said)
	}
	s.declare(t, `notes = "www"`)
	if sum = s.do(t, build.Request{}); !sum.NoOp {
		t.Errorf("other notes: %+v", sum)
	}
	if err := os.RemoveAll(filepath.Join(s.root, "cairn-out")); err != nil {
		t.Fatal(err)
	}
	if sum = s.do(t, build.Request{}); sum.Cached != 2 || !strings.Contains(string(s.said[1].Stderr), "Warning: found w") {
		t.Errorf("a hit: %+v, said %q", sum, s.said[1].Stderr)
	}
}

func TestCasesAreTestsOfTheirOwn(t *testing.T) {
	s := newSayer(t, `cases = ["good", "bad one", "fine", "bad two"]`)
	names := func(sum *build.Summary) string {
		var out []string
		for _, r := range sum.Tests {
			out = append(out, r.Case+" "+r.Status.String())
		}
		return strings.Join(out, ", ")
	}
	if got := names(s.do(t, build.Request{Tests: true})); got != "bad one failed, bad two failed, fine ran, good ran" {
		t.Errorf("tests: %s", got)
	}
	if f := s.said[len(s.said)-1]; !f.Test || f.Case == "" {
		t.Errorf("the event is %+v", f)
	}
	for _, f := range s.do(t, build.Request{Tests: true}).Failures {
		if f.Repro != "cairn exec --failed //:s --case '"+f.Case+"'" {
			t.Errorf("again: %s", f.Repro)
		}
		if code, err := s.ExecIn(t.Context(), build.TestID{Label: "//:s", Case: f.Case}, nil, true, nil, os.Stdout, os.Stderr); code != 1 || err != nil {
			t.Errorf("%s runs once more: %d, %v", f.Case, code, err)
		}
	}
	if _, err := s.ExecIn(t.Context(), build.TestID{Label: "//:s", Case: "god"}, []string{"true"}, false, nil, os.Stdout, os.Stderr); err == nil || !strings.Contains(err.Error(), `Did you mean "good"`) {
		t.Errorf("no such case: %v", err)
	}
	if got := names(s.do(t, build.Request{Tests: true})); got != "bad one failed, bad two failed, fine unchanged, good unchanged" {
		t.Errorf("once more: %s", got)
	}
	all, err := build.ParsePatterns(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	items, _, err := s.Plan(t.Context(), build.Request{Patterns: all, Tests: true})
	if err != nil || !slices.ContainsFunc(items, func(i build.PlanItem) bool { return i.Case == "bad one" }) {
		t.Errorf("the plan is %+v, %v", items, err)
	}
	if xs, err := s.Why(t.Context(), "//:s", ""); err != nil || !slices.ContainsFunc(xs, func(x *build.Explanation) bool { return x.Case == "bad one" }) {
		t.Errorf("the reasons are %+v, %v", xs, err)
	}
	if got := names(s.do(t, build.Request{Tests: true, Only: []build.TestID{{Label: "//:s", Case: "bad two"}}})); got != "bad two failed" {
		t.Errorf("only one: %s", got)
	}
	first := names(s.do(t, build.Request{Tests: true, ShardIndex: 1, ShardCount: 2}))
	second := names(s.do(t, build.Request{Tests: true, ShardIndex: 2, ShardCount: 2}))
	if first != "fine unchanged, good unchanged" || second != "bad one failed, bad two failed" {
		t.Errorf("shares: %s; %s", first, second)
	}
}
