package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/python"
	"github.com/cairn-build/cairn/rules/ruletest"
)

const twoCases = `hot:
  name: Hot
  description: A hot day.
  params:
    rows: {file: a.csv}
printed:
  name: Printed
  description: As generation A has it.
  params: {}
  assertions:
    result_stdout_contains: [sum]
  mock_io: false
`

func flowWorld() ruletest.World {
	w := world()
	env, _ := rule.Get[python.Env](w.Targets["//e:env"][0])
	flow := Flow{Package: rule.Artifact{Path: "cairn-out/f/flow/wt-x-workflow", Kind: rule.OutputTree}, Dir: "wt-x-workflow", Module: "wt_x_workflow", Env: env, ID: "x",
		Sources: []rule.Artifact{{Path: "tasks/src/ext/tasks.py"}, {Path: "tasks/src/ext/a.example-return.json"}}, Path: []string{"cairn-out/f/flow/wt-x-workflow", "tasks/src"}}
	w.Targets["//f:flow"] = dep("f", "flow", nil, flow)
	flow.Sources, flow.Env.Sources = nil, nil
	w.Targets["//f:installed"] = dep("f", "installed", nil, flow)
	w.Targets["//f:both"] = append(dep("f", "both@a", nil, flow), dep("f", "both@b", nil, flow)...)
	w.Sources["pkg/cases.yaml"] = twoCases
	w.Sources["pkg/sub/cases.yaml"], w.Sources["pkg/sub/__results_snapshots__/hot.json"] = twoCases, "{}"
	w.Sources["pkg/bad.yaml"] = "hot:\n  name: Hot\n  parms: {}\n"
	w.Sources["pkg/mocks.yaml"] = "m:\n  name: M\n  description: Mocks.\n  params: {}\n  mock_io_overrides: {ext.tasks.a: ../other.json, ext.tasks.b: gone.json, ext.tasks.c: other.json}\n"
	w.Sources["pkg/other.json"] = "[]"
	w.Sources["pkg/snaps/hot.json"] = "{}"
	return w
}

func TestWorkflowTest(t *testing.T) {
	flowTestSource, flowReadsSource = "driver", "reads"
	with := func(kv ...any) map[string]any {
		m := map[string]any{"workflow": "//f:flow", "cases": "cases.yaml"}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	ruletest.Golden(t, WorkflowTest, flowWorld(), []ruletest.Case{
		{Name: "both modes and apis", Attrs: with()},
		{Name: "one run of each, with nothing and with a snapshot", Attrs: with("workflow", "//f:installed", "modes", []string{"parallel"}, "apis", []string{"rest"}, "nodata", true, "mock_io", false, "snapshots", "./snaps",
			"data", []string{"rows.csv"}, "tools", []string{"git"}, "case_timeout", "30s")},
		{Name: "examples of its own", Attrs: with("cases", "mocks.yaml", "modes", []string{"sequential"}, "apis", []string{"cli"})},
		{Name: "snapshots beside the cases", Attrs: with("cases", "sub/cases.yaml", "modes", []string{"sequential"}, "apis", []string{"cli"})},
		{Name: "cases that are not sound", Attrs: with("cases", "bad.yaml")},
		{Name: "no such file", Attrs: with("cases", "gone.yaml")},
		{Name: "cases of a target", Attrs: with("cases", "//r:tree")},
		{Name: "two workflows", Attrs: with("workflow", "//f:both")},
		{Name: "no workflow", Attrs: with("workflow", "//r:tree")},
		{Name: "an unknown mode", Attrs: with("modes", []string{"paralel"})},
		{Name: "no api", Attrs: with("apis", []string{})},
		{Name: "snapshots elsewhere", Attrs: with("snapshots", "../x")},
		{Name: "no time", Attrs: with("case_timeout", "1ms")},
	})
}

// calls is a rule.CallContext of literal inputs.
type calls struct {
	rule.CallContext
	args, notes []byte
	files       map[string]string
	written     map[string]string
}

func (c *calls) Args() []byte  { return c.args }
func (c *calls) Notes() []byte { return c.notes }
func (c *calls) Open(p string) (io.ReadCloser, error) {
	s, ok := c.files[p]
	if !ok {
		return nil, &rule.NotInputError{Path: p}
	}
	return io.NopCloser(strings.NewReader(s)), nil
}
func (c *calls) Write(p string, b []byte, _ bool) error {
	c.written[p] = string(b)
	return nil
}

// judgedAs runs a judge's function and gives what it found: a line for each problem.
func judgedAs(t *testing.T, f rule.CallFunc, v verdict, files map[string]string) (string, *calls) {
	t.Helper()
	args, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	c := &calls{args: args, notes: []byte(`{"at":{"File":"cases.yaml","Start":{"Line":3,"Column":1}},"label":"//x:tests"}`), files: files, written: map[string]string{}}
	err = f(context.Background(), c)
	var list diag.List
	if err == nil {
		return "", c
	}
	if !errors.As(err, &list) {
		t.Fatalf("an error that is no list: %v", err)
	}
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s | %s | %s | %s | %s\n", d.Code, d.Range, d.Summary, d.Detail, d.Hint)
	}
	return b.String(), c
}

func TestJudge(t *testing.T) {
	const (
		good    = `{"status":200,"exit":0,"result":{"b":1,"a":[2]},"error":null,"trace":null,"stdout":"the sum is 3\n"}`
		broken  = `{"status":500,"exit":1,"result":null,"error":"Task instance 'x' raised ValueError('no')","trace":"Traceback\n  x\nValueError: no\n\nThe above exception was the direct cause of the following exception:\n\nTraceback\n  y"}`
		refused = `{"status":422,"exit":2,"result":null,"error":"invalid parameters: x.n: 'a' is not of type 'integer'","trace":null,"unknown":["hott"],"known":["hot","cold"]}`
		hung    = `{"exit":null,"end":"it took longer than 5 s","stdout":""}`
		snap    = `{"result":{"a":[2],"b":1},"error":null}`
	)
	for _, c := range []struct {
		name string
		v    verdict
		said string
		want string // how each line begins, or what it holds
	}{
		{"as expected", verdict{API: "cli", Snapshot: "s", Known: true, Status: 200}, good, ""},
		{"printed", verdict{API: "cli", Asserts: true, Contains: []string{"sum", "3"}, Status: 200}, good, ""},
		{"not printed", verdict{API: "cli", Asserts: true, Contains: []string{"sun", "3"}, Status: 200}, good, `not-printed | cases.yaml:3 | What it printed does not hold "sun" | It printed:` + "\nthe sum is 3 | Did you mean \"sum\"?"},
		{"not asked of a server", verdict{API: "rest", Asserts: true, Contains: []string{"sun"}, Status: 200}, good, ""},
		{"no snapshot", verdict{API: "cli", Snapshot: "s", Status: 200}, good, "no-snapshot | cases.yaml:3 | There is no s | It has what is expected of the case. | `cairn test --update //x:tests` makes it of what comes now."},
		{"another result", verdict{API: "cli", Snapshot: "s", Known: true, Status: 200}, strings.Replace(good, "[2]", "[5]", 1), "other-result | cases.yaml:3 | What came is not s | - is what was expected, + what came:\n" +
			"    \"error\": null,\n    \"result\": {\n      \"a\": [\n-       2\n+       5\n      ],\n      \"b\": 1\n    } | `cairn test --update //x:tests` makes this what is expected."},
		{"equal to the first run", verdict{API: "rest", Asserts: true, Other: "s", First: "sequential cli", Status: 200}, good, ""},
		{"not equal to the first run", verdict{API: "rest", Asserts: true, Other: "s", First: "sequential cli", Status: 200}, strings.Replace(good, "1", "7", 1), "What came is not what sequential cli gives"},
		{"a damaged snapshot", verdict{API: "cli", Snapshot: "damaged", Known: true, Status: 200}, good, "bad-snapshot | cases.yaml:3 | damaged is not JSON"},
		{"failed", verdict{API: "cli", Snapshot: "s", Status: 200}, broken, "failed | cases.yaml:3 | The workflow failed: Task instance 'x' raised ValueError('no') | Traceback\n  x\nValueError: no | A case of which this is expected says `raises: true`."},
		{"an unset variable", verdict{API: "rest", Snapshot: "s", Status: 200}, `{"status":500,"error":"environment variables that the workflow uses are not set: X","trace":null}`, "of the workflow_test sets variables."},
		{"raises", verdict{API: "rest", Snapshot: "broken", Known: true, Raises: true, Status: 200}, broken, ""},
		{"raises, by its status", verdict{API: "cli", Snapshot: "broken", Known: true, Status: 500}, broken, ""},
		{"does not raise", verdict{API: "cli", Snapshot: "s", Raises: true, Status: 500}, good, "passed | cases.yaml:3 | The workflow did not fail"},
		{"another status", verdict{API: "rest", Snapshot: "s", Raises: true, Status: 500}, strings.Replace(broken, "500", "503", 1), "status | cases.yaml:3 | POST / answers with 503, not 500"},
		{"refused", verdict{API: "cli", Snapshot: "s", Status: 200}, refused, "refused | cases.yaml:3 | The parameters were refused | invalid parameters: x.n: 'a' is not of type 'integer'. | The workflow has no instance \"hott\" that takes parameters. Did you mean \"hot\"?"},
		{"to be refused", verdict{API: "cli", Snapshot: "s", Status: 422}, broken, "status | cases.yaml:3 | The exit code is 1, and not 2"},
		{"hung", verdict{API: "cli", Snapshot: "s", Raises: true, Status: 500}, hung, "no-end | cases.yaml:3 | The run came to no end: it took longer than 5 s"},
		{"with nothing it may fail", verdict{API: "cli", Snapshot: "broken", Known: true, NoData: true, Status: 200}, broken, ""},
		{"a form loses something", verdict{API: "rest", Snapshot: "s", Known: true, Status: 200}, strings.Replace(good, `"exit"`, `"trip":"{} is []","exit"`, 1), "round-trip | cases.yaml:3 | The parameters are no longer the same after a form had them | {} is []"},
	} {
		c.v.Said = "said"
		files := map[string]string{"said": c.said, "s": snap, "damaged": "{", "broken": `{"error":"Task instance 'x' raised ValueError('no')","result":null}`}
		got, _ := judgedAs(t, judge, c.v, files)
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSnapshotIsOfWhatWasToCome(t *testing.T) {
	files := map[string]string{"said": `{"status":200,"result":[1.50,null],"error":null,"stdout":"x"}`}
	got, c := judgedAs(t, writeSnapshot, verdict{API: "cli", Said: "said", Status: 200, Out: "out"}, files)
	if want := "{\n  \"error\": null,\n  \"result\": [\n    1.50,\n    null\n  ]\n}\n"; got != "" || c.written["out"] != want {
		t.Errorf("got %q, wrote %q", got, c.written["out"])
	}
	got, c = judgedAs(t, writeSnapshot, verdict{API: "cli", Said: "said", Status: 500, Out: "out"}, files)
	if !strings.HasPrefix(got, "passed | ") || len(c.written) > 0 {
		t.Errorf("of a run that was to fail: %q, wrote %q", got, c.written)
	}
}

func TestLineDiff(t *testing.T) {
	numbers := func(n int, mark string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%s%d\n", mark, i)
		}
		return b.String()
	}
	for _, c := range []struct{ name, want, got, diff string }{
		{"one line", "a\nb\nc", "a\nx\nc", "  a\n- b\n+ x\n  c"},
		{"more and fewer", "a\nb\nc\nd", "b\nc\nx\nd", "- a\n  b\n  c\n+ x\n  d"},
		{"far apart", "x\n" + numbers(10, "n") + "y", "X\n" + numbers(10, "n") + "Y", "- x\n+ X\n  n0\n  n1\n  n2\n  ...\n  n7\n  n8\n  n9\n- y\n+ Y"},
		{"from nothing", "", "a", "- \n+ a"},
		{"a long line", "a", strings.Repeat("x", 300), "- a\n+ " + strings.Repeat("x", 198) + " ..."},
	} {
		if got := lineDiff(c.want, c.got); got != c.diff {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.diff)
		}
	}
	if got := lineDiff(numbers(3000, "a"), numbers(3000, "b")); strings.Count(got, "\n") != diffShown {
		t.Errorf("of long texts %d lines are shown", strings.Count(got, "\n"))
	}
}
