package workflow

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/workflow/cases"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
)

//go:embed workflow_test.md
var flowTestDoc string

//go:embed flowtest.py
var flowTestSource string

//go:embed flowreads.py
var flowReadsSource string

// WorkflowTest runs a workflow with the parameters of test cases, and judges what came of it.
var WorkflowTest = &rule.Rule{
	Kind: "workflow_test",
	Doc:  flowTestDoc,
	Attrs: []rule.Attr{
		{Name: "workflow", Type: rule.LabelRef, Required: true, Needs: "workflow", Doc: "The workflow that is tested."},
		{Name: "cases", Type: rule.File, Required: true, Doc: "The test cases: a file of the workspace, `test-cases.yaml`."},
		{Name: "modes", Type: rule.Strings, Default: []string{"sequential", "parallel"}, Doc: "How tasks are run: `sequential`, `parallel`."},
		{Name: "apis", Type: rule.Strings, Default: []string{"cli", "rest"}, Doc: "How the workflow is asked: `cli`, by its command line, and `rest`, by its server on the loopback."},
		{Name: "mock_io", Type: rule.Bool, Default: true, Doc: "Whether tasks that read and write give the examples of their packages. A case that says `mock_io` itself is run so."},
		{Name: "nodata", Type: rule.Bool, Default: false, Doc: "Whether each case is run once more with nothing in the examples: empty tables, lists, objects and texts. What comes of it is a snapshot of its own, `<case>.nodata.json`."},
		{Name: "snapshots", Type: rule.String, Doc: "The folder of the package that has the expected results, `<case>.json`, which `cairn test --update` writes. By default it is `__results_snapshots__` beside `cases`."},
		{Name: "data", Type: rule.Files, Runtime: true, Doc: "Files and targets that tasks read. They start in the package's folder."},
		{Name: "tools", Type: rule.Strings, Doc: "Programs of the host that tasks start, such as `git`. With them come `sh` and the core utilities."},
		{Name: "case_timeout", Type: rule.String, Default: "10m", Doc: "How long one run of a case may take before it has failed."},
	},
	Analyze: analyzeFlowTest,
	Calls: map[string]rule.CallFunc{"workflow_test_files/1": writeTools, "workflow_test_cases/1": readCases, "workflow_test_snapshot/1": writeSnapshot,
		"workflow_test_judge/1": judge},
}

// flowTest is one target.
type flowTest struct {
	c           *rule.Context
	flow        Flow
	file        string
	tools       rule.Artifact
	data        []rule.Artifact
	watch       []string // files of which the runs say whether they read them
	modes, apis []string
	snapshots   string // in the workspace
	limit       time.Duration
}

func analyzeFlowTest(c *rule.Context) error {
	t := &flowTest{c: c, data: c.Files("data")}
	file, ok := t.read()
	if !ok {
		return nil
	}
	t.tools = c.OutputTree("", "tools")
	for _, a := range slices.Concat(t.flow.Env.Sources, t.flow.Sources) {
		if a.Kind == rule.Source && watched(a.Path) && !slices.Contains(t.watch, a.Path) {
			t.watch = append(t.watch, a.Path)
		}
	}
	t.write(t.tools, t.tools.Path, map[string]string{"flowtest.py": flowTestSource, "hook/sitecustomize.py": flowReadsSource, "watch": strings.Join(t.watch, "\n")})
	for _, k := range file.Cases {
		t.declare(k, false)
		if c.Bool("nodata") {
			t.declare(k, true)
		}
	}
	return nil
}

// watched says whether it is known of a file whether a run reads it: of modules the interpreter says so, and the examples of a package are
// those of the tasks that it replaces. Other files may be read by machine code, of which nothing is known.
func watched(file string) bool {
	return strings.HasSuffix(file, ".py") || strings.Contains(path.Base(file), ".example-return.")
}

// read reads all attributes and the cases. Where the cases are not sound, what says so is declared in place of tests.
func (t *flowTest) read() (*cases.File, bool) {
	c := t.c
	deps := c.Deps("workflow")
	if len(deps) != 1 {
		c.Problem("workflow", "one-workflow", fmt.Sprintf("workflow stands for %d targets", len(deps)), "A workflow_test tests one. Name an instance: \":flow@key\".")
		return nil, false
	}
	ok := true
	if t.flow, ok = rule.Get[Flow](deps[0]); !ok {
		c.Problem("workflow", "missing-provider", fmt.Sprintf("%s is no workflow", deps[0].Label), "")
		return nil, false
	}
	var ok1, ok2 bool
	t.modes, ok1 = chosen(c, "modes", "sequential", "parallel")
	t.apis, ok2 = chosen(c, "apis", "cli", "rest")
	if c.Has("snapshots") {
		t.snapshots = c.KeepPath("snapshots")
		ok = t.snapshots != ""
	}
	if !ok || !ok1 || !ok2 {
		return nil, false
	}
	var err error
	if t.limit, err = time.ParseDuration(c.String("case_timeout")); err != nil || t.limit < time.Second {
		c.Problem("case_timeout", "bad-duration", fmt.Sprintf("%q is no time that a case may take", c.String("case_timeout")), "Write 90s, or 10m.")
		return nil, false
	}
	files := c.Files("cases")
	if len(files) != 1 || files[0].Kind != rule.Source {
		c.Problem("cases", "no-file", "cases is no file of the workspace", "Which tests there are is known before anything is built, so no target can make them.")
		return nil, false
	}
	t.file = files[0].Path
	if !c.Has("snapshots") {
		beside := path.Dir(t.file)
		if pkg := c.Label().Pkg; pkg != "" && !strings.HasPrefix(beside+"/", pkg+"/") {
			beside = pkg // the cases are another package's, where nothing is written
		}
		t.snapshots = path.Join(beside, "__results_snapshots__")
	}
	src, err := c.ReadSource(t.file)
	if err != nil {
		c.Problem("cases", "missing-source", fmt.Sprintf("There is no file %q", t.file), "")
		return nil, false
	}
	file, problems := cases.Parse(t.file, src)
	if !problems.HasErrors() {
		return file, true
	}
	out := c.OutputFile("", "cases.json")
	c.Declare(rule.Action{Mnemonic: "Cases", Inputs: files, Outputs: []rule.Artifact{out}, Call: &rule.Call{Func: "workflow_test_cases/1", Args: []byte(t.file)}})
	c.Declare(rule.Action{Mnemonic: "Cases", Test: true, Inputs: []rule.Artifact{out}, Call: &rule.Call{Func: "workflow_test_files/1", Args: []byte("{}")}})
	c.Check(out)
	return nil, false
}

// chosen gives the words of an attribute in the order of all.
func chosen(c *rule.Context, attr string, all ...string) ([]string, bool) {
	given := c.Strings(attr)
	for _, g := range given {
		if !slices.Contains(all, g) {
			c.Problem(attr, "unknown-word", fmt.Sprintf("%s has no %q", attr, g), strings.TrimSpace("There are "+strings.Join(all, " and ")+". "+diag.DidYouMean(g, all)))
			return nil, false
		}
	}
	if len(given) == 0 {
		c.Problem(attr, "nothing", attr+" is empty", "There are "+strings.Join(all, " and ")+".")
		return nil, false
	}
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !slices.Contains(given, s) }), true
}

// write declares small files below a folder.
func (t *flowTest) write(out rule.Artifact, at string, files map[string]string) {
	t.c.Declare(rule.Action{Mnemonic: "Write", Outputs: []rule.Artifact{out}, Call: &rule.Call{Func: "workflow_test_files/1", Args: words(toolsArgs{Out: at, Files: files})}})
}

// declare declares the runs of a case, their tests and its snapshot.
func (t *flowTest) declare(k *cases.Case, nodata bool) {
	name := k.Key
	if nodata {
		name += ".nodata"
	}
	params := t.c.OutputFile("", "cases/"+name+".json")
	text, err := ojson.Marshal(k.Params, "")
	if err != nil {
		panic("internal error: " + err.Error()) // what was read from YAML
	}
	t.write(params, path.Dir(params.Path), map[string]string{name + ".json": string(text)})
	v := verdict{NoData: nodata, Asserts: k.Asserts && !nodata, Raises: k.Raises, Status: k.Status}
	if v.Asserts {
		v.Contains = k.Contains
	}
	notes := words(verdictNotes{At: k.At, Label: t.c.Label().String()})
	var before []rule.Artifact
	if !v.Asserts {
		v.Snapshot = path.Join(t.snapshots, name+".json")
		before = t.snapshot(v.Snapshot)
		v.Known = len(before) > 0
	}
	var first rule.Artifact
	for _, mode := range t.modes {
		for _, api := range t.apis {
			v.API, v.Name = api, fmt.Sprintf("%s %s: %s", mode, api, name)
			said := t.run(k, name, params, mode, api, nodata)
			v.Said = said.Path
			inputs := append([]rule.Artifact{said}, before...)
			switch {
			case first.Path == "" && !v.Asserts:
				made := t.c.OutputFile("", "snapshots/"+name+".json")
				of := v
				of.Out, of.Known = made.Path, false
				t.c.Declare(rule.Action{Mnemonic: "Snapshot", Inputs: []rule.Artifact{said}, Outputs: []rule.Artifact{made}, Call: &rule.Call{Func: "workflow_test_snapshot/1", Args: words(of), Notes: notes}})
				t.c.Keep(rule.Kept{From: made, To: v.Snapshot, On: rule.OnTest})
			case first.Path != "" && !v.Known:
				// The test of the first run says that there is no snapshot.
				inputs, v.Other, v.Snapshot = append(inputs, first), first.Path, ""
			}
			t.c.Declare(rule.Action{Mnemonic: "Judge", Test: true, Case: v.Name, Inputs: inputs, Call: &rule.Call{Func: "workflow_test_judge/1", Args: words(v), Notes: notes}})
			if first.Path == "" {
				first, v.First = said, mode+" "+api
			}
		}
	}
}

// snapshot gives the file with what is expected, if there is one.
func (t *flowTest) snapshot(file string) []rule.Artifact {
	switch _, err := t.c.ReadSource(file); {
	case err == nil:
		return []rule.Artifact{{Path: file, Kind: rule.Source}}
	case !errors.Is(err, fs.ErrNotExist):
		t.c.Problem("snapshots", "bad-snapshot", file+" cannot be read", err.Error()+".")
	}
	return nil
}

// words gives the arguments of a call.
func words(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("internal error: " + err.Error()) // structs of texts and numbers
	}
	return b
}

// run declares one run. It does not fail where the workflow does: what came of it is its output.
func (t *flowTest) run(k *cases.Case, name string, params rule.Artifact, mode, api string, nodata bool) rule.Artifact {
	c, f := t.c, t.flow
	base := fmt.Sprintf("runs/%s.%s.%s", name, mode, api)
	said := c.OutputFile("", base+".json")
	argv := []string{f.Env.Python, "-s", "-B", t.tools.Path + "/flowtest.py", "--module=" + f.Module, "--params=" + params.Path, "--mode=" + mode, "--api=" + api, "--out=" + said.Path,
		"--folder=" + path.Join(".", c.Label().Pkg), fmt.Sprintf("--limit=%g", t.limit.Seconds())}
	inputs := each([]rule.Artifact{t.tools, params, f.Package, f.Env.Content}, f.Env.Sources, f.Sources, t.data)
	var picks []string
	for _, p := range f.Path {
		argv = append(argv, "--path="+p)
		if p == f.Package.Path {
			p = path.Join(p, f.Module)
		}
		if strings.HasPrefix(p, f.Package.Path+"/") {
			picks = append(picks, p)
		}
	}
	if mock := c.Bool("mock_io"); k.MockIO == nil && mock || k.MockIO != nil && *k.MockIO {
		argv = append(argv, "--mock-io")
	}
	if nodata {
		argv = append(argv, "--nodata")
	}
	for _, m := range k.Mocks {
		if strings.Contains(m.File, "://") {
			argv = append(argv, "--mock="+m.Env()+"="+m.File)
			continue
		}
		file := path.Join(path.Dir(t.file), m.File)
		if _, err := c.ReadSource(file); rule.CheckRel(file) != nil || err != nil {
			c.Problem("cases", "missing-source", fmt.Sprintf("The case %q names %q in mock_io_overrides, which is no file", k.Key, m.File), fmt.Sprintf("It is looked for beside %s.", t.file))
			continue
		}
		argv, inputs = append(argv, "--mock="+m.Env()+"=./"+file), each(inputs, []rule.Artifact{{Path: file, Kind: rule.Source}})
	}
	own := c.Strings("tools")
	tools := slices.Concat(own, f.Env.Tools)
	if len(f.Env.Tools) == 0 {
		tools = append(tools, f.Env.Host)
	}
	slices.Sort(tools)
	s := &rule.Spawn{Env: registryVariables, HostTools: slices.Compact(tools), Posix: len(own) > 0, Layers: []rule.Layer{f.Env.Layer}}
	if len(t.watch) > 0 {
		// Of the tasks' modules and examples only those that a run opened count. All else counts as it is.
		s.DepFile = c.OutPath(base + ".d")
		s.Discover = t.watch
		argv = append(argv, "--depfile="+s.DepFile)
	}
	s.Argv = argv
	c.Declare(rule.Action{Mnemonic: "Workflow", Inputs: inputs, Picks: picks, Outputs: []rule.Artifact{said}, Spawn: s})
	return said
}
