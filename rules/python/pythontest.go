package python

import (
	_ "embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed python_test.md
var testDoc string

//go:embed pythontest.py
var testSource string

// checks are what python_test can look at, in the order in which it does.
var checks = []string{"format", "lint", "types", "doctest", "pytest"}

// PythonTest looks at Python code: each check is a test of its own, with no more in its key than it sees.
var PythonTest = &rule.Rule{
	Kind: "python_test",
	Doc:  testDoc,
	Attrs: []rule.Attr{
		{Name: "srcs", Type: rule.Files, Required: true, Doc: "The tests, with their `conftest.py`. pytest collects what it knows as tests among the Python files."},
		{Name: "deps", Type: rule.Files, Doc: "What the tests import: files, and targets that make some. Linters look at the workspace's own files only."},
		{Name: "data", Type: rule.Files, Runtime: true, Doc: "Further files and targets that the tests read."},
		{Name: "path", Type: rule.Strings, Doc: "Folders of the package that modules are imported from, besides the environment: `src`; `\".\"` is the package's own."},
		{Name: "python_env", Type: rule.LabelRef, Required: true, Needs: "python_env", Doc: "The environment, which has pytest, ruff and mypy as far as `checks` need them."},
		{Name: "checks", Type: rule.Strings, Default: []string{"pytest"}, Doc: "What is checked: any of `pytest`, `doctest`, `lint` (ruff check), `format` (ruff format) and `types` (mypy)."},
		{Name: "config", Type: rule.Files, Doc: "Files that set up the tools: `pyproject.toml`, `pytest.ini`, `ruff.toml`, `mypy.ini`. A file counts for the tools that read one of its name, and one that stands nowhere here is not read."},
		{Name: "select", Type: rule.String, Doc: "Only tests whose names fit this expression (`-k`)."},
		{Name: "markers", Type: rule.String, Doc: "Only tests whose markers fit this expression (`-m`): `not slow`."},
		{Name: "args", Type: rule.Strings, Doc: "Further arguments for pytest."},
		{Name: "tools", Type: rule.Strings, Doc: "Programs of the host that tests start, such as `git`. With them come `sh` and the core utilities."},
	},
	Analyze: analyzePythonTest,
	Calls:   map[string]rule.CallFunc{"python_tool/1": writeTool},
}

// configs are the names of files that a tool reads its settings from, the one that wins first.
var configs = map[string][]string{
	"pytest": {"pytest.toml", "pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"},
	"ruff":   {"ruff.toml", ".ruff.toml", "pyproject.toml"},
	"mypy":   {"mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg"},
}

// pythonTest is one target.
type pythonTest struct {
	c                *rule.Context
	env              Env
	driver           rule.Artifact
	srcs, deps, data []rule.Artifact
	config           []rule.Artifact
	path             []string // in the action's tree
}

func analyzePythonTest(c *rule.Context) error {
	t := &pythonTest{c: c, srcs: c.Files("srcs"), deps: c.Files("deps"), data: c.Files("data"), config: c.Files("config")}
	wanted, ok := t.wanted()
	if !ok || !t.environment() || !t.folders() || !t.configured() {
		return nil
	}
	if len(t.own()) == 0 {
		c.Problem("srcs", "no-python", "srcs has no Python file", "There is nothing to check.")
		return nil
	}
	t.driver = c.OutputFile("", "tools/pythontest.py")
	c.Declare(rule.Action{Mnemonic: "Write", Outputs: []rule.Artifact{t.driver}, Call: &rule.Call{Func: "python_tool/1", Args: encode(toolArgs{t.driver.Path, testSource})}})
	for _, check := range wanted {
		switch check {
		case "lint", "format":
			t.ruff(check)
		case "types":
			t.mypy()
		default:
			t.pytest(check)
		}
	}
	return nil
}

// wanted gives the checks in the order of checks.
func (t *pythonTest) wanted() ([]string, bool) {
	given := t.c.Strings("checks")
	if len(given) == 0 {
		t.c.Problem("checks", "no-checks", "checks is empty", "There is nothing to check.")
		return nil, false
	}
	for _, g := range given {
		if !slices.Contains(checks, g) {
			t.c.Problem("checks", "unknown-check", fmt.Sprintf("There is no check %q", g), "There are "+strings.Join(checks, ", ")+". "+diag.DidYouMean(g, checks))
			return nil, false
		}
	}
	return slices.DeleteFunc(slices.Clone(checks), func(s string) bool { return !slices.Contains(given, s) }), true
}

func (t *pythonTest) environment() bool {
	deps := t.c.Deps("python_env")
	if len(deps) != 1 {
		t.c.Problem("python_env", "one-env", "A python_test runs in one environment", fmt.Sprintf("The label stands for %d. Write the one with its key (name@key), and for_each for a test in each of them.", len(deps)))
		return false
	}
	var ok bool
	if t.env, ok = rule.Get[Env](deps[0]); !ok {
		t.c.Problem("python_env", "missing-provider", fmt.Sprintf("%s is no python_env", deps[0].Label), "")
	}
	return ok
}

func (t *pythonTest) folders() bool {
	for _, d := range t.c.Strings("path") {
		if err := rule.CheckRel(d); err != nil && d != "." {
			t.c.Problem("path", "bad-path", fmt.Sprintf("Bad folder %q", d), "A folder of the package "+err.Error()+".")
			return false
		}
		t.path = append(t.path, path.Join(t.c.Label().Pkg, d))
	}
	return true
}

// configured says whether each file of config is one that a tool reads.
func (t *pythonTest) configured() bool {
	for _, f := range t.config {
		known := false
		for _, names := range configs {
			known = known || slices.Contains(names, path.Base(f.Path))
		}
		if f.Kind == rule.OutputTree || !known {
			t.c.Problem("config", "unknown-config", fmt.Sprintf("No tool reads %s", f.Path), "They read pyproject.toml, and pytest.ini, ruff.toml, mypy.ini and the like. What tests read besides goes into data.")
			return false
		}
	}
	return true
}

// own gives the workspace's Python files among srcs and deps, sorted.
func (t *pythonTest) own() []rule.Artifact {
	var own []rule.Artifact
	for _, a := range slices.Concat(t.srcs, t.deps) {
		if ext := path.Ext(a.Path); a.Kind == rule.Source && (ext == ".py" || ext == ".pyi") && !slices.Contains(own, a) {
			own = append(own, a)
		}
	}
	slices.SortFunc(own, func(a, b rule.Artifact) int { return strings.Compare(a.Path, b.Path) })
	return own
}

// setUp gives the file that sets up a tool, and the words for the driver that say so.
func (t *pythonTest) setUp(tool string) (inputs []rule.Artifact, words []string) {
	for _, name := range configs[tool] {
		if i := slices.IndexFunc(t.config, func(a rule.Artifact) bool { return path.Base(a.Path) == name }); i >= 0 {
			return t.config[i : i+1], []string{"--config=" + t.config[i].Path}
		}
	}
	return nil, nil
}

// action gives a check that the driver does; files are those to look at.
func (t *pythonTest) action(check, mnemonic string, python []string, words []string, files []rule.Artifact) rule.Action {
	argv := append(slices.Clone(python), t.driver.Path, check, "--folder="+path.Join(".", t.c.Label().Pkg))
	for _, d := range t.path {
		if mnemonic != "Ruff" {
			argv = append(argv, "--path="+path.Join(".", d))
		}
	}
	argv = append(append(argv, words...), "--")
	for _, f := range files {
		argv = append(argv, f.Path)
	}
	return rule.Action{Mnemonic: mnemonic, Test: true, Case: check, Inputs: union([]rule.Artifact{t.driver}, files), Spawn: &rule.Spawn{Argv: argv,
		Env: []rule.EnvVar{{Name: "PYTHONDONTWRITEBYTECODE", Value: "1"}, {Name: "PYTHONHASHSEED", Value: "0"}, {Name: "PYTHONNOUSERSITE", Value: "1"}}}}
}

// ruff declares a check that sees Python files, ruff and its settings, and nothing else.
func (t *pythonTest) ruff(check string) {
	config, words := t.setUp("ruff")
	program := t.env.Bin + "/ruff"
	a := t.action(check, "Ruff", []string{rule.HostTool(t.env.Host), "-I", "-S", "-B"}, append(words, "--ruff="+program), t.own())
	a.Inputs, a.Picks = append(union(a.Inputs, config), t.env.Content), []string{program}
	a.Spawn.HostTools = []string{t.env.Host}
	t.c.Declare(a)
}

// inEnv lets an action run in the environment.
func (t *pythonTest) inEnv(a rule.Action, more ...[]rule.Artifact) {
	a.Inputs = union(a.Inputs, slices.Concat(more...))
	a.Inputs = union(a.Inputs, append([]rule.Artifact{t.env.Content}, t.env.Sources...))
	a.Spawn.Layers, a.Spawn.HostTools = []rule.Layer{t.env.Layer}, slices.Concat(a.Spawn.HostTools, t.env.Tools)
	if len(t.env.Tools) == 0 {
		a.Spawn.HostTools = append(a.Spawn.HostTools, t.env.Host)
	}
	slices.Sort(a.Spawn.HostTools)
	a.Spawn.HostTools = slices.Compact(a.Spawn.HostTools)
	t.c.Declare(a)
}

func (t *pythonTest) mypy() {
	config, words := t.setUp("mypy")
	t.inEnv(t.action("types", "Mypy", []string{t.env.Python, "-s", "-B"}, words, t.own()), t.generated(), config)
}

// generated gives what deps has besides the workspace's Python files and its data: what other targets make, and files that mark packages as typed.
func (t *pythonTest) generated() []rule.Artifact {
	return slices.DeleteFunc(slices.Clone(t.deps), func(a rule.Artifact) bool { return a.Kind == rule.Source && path.Base(a.Path) != "py.typed" })
}

func (t *pythonTest) pytest(check string) {
	config, words := t.setUp("pytest")
	files := t.own()
	if check == "pytest" {
		for _, o := range []struct{ flag, attr string }{{"-k", "select"}, {"-m", "markers"}} {
			if v := t.c.String(o.attr); v != "" {
				words = append(words, "--arg="+o.flag, "--arg="+v)
			}
		}
		for _, a := range t.c.Strings("args") {
			words = append(words, "--arg="+a)
		}
		files = slices.DeleteFunc(files, func(a rule.Artifact) bool { return path.Ext(a.Path) != ".py" || !slices.Contains(t.srcs, a) })
	}
	a := t.action(check, "Pytest", []string{t.env.Python, "-s", "-B"}, words, files)
	a.Spawn.HostTools, a.Spawn.Posix = slices.Clone(t.c.Strings("tools")), len(t.c.Strings("tools")) > 0
	t.inEnv(a, t.srcs, t.deps, t.data, config)
}

// union appends what is not in list yet.
func union(list, more []rule.Artifact) []rule.Artifact {
	for _, a := range more {
		if !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}
