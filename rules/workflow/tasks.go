// Package workflow holds the kinds that make packages of workflows: DAGs of Python tasks that are described in YAML.
package workflow

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/python"
	"github.com/cairn-build/cairn/rules/workflow/adapter"
)

//go:embed task_package.md
var tasksDoc string

//go:embed registry.py
var registrySource string

//go:embed describe.py
var describeSource string

//go:embed shape.py
var shapeSource string

var adapterFiles = adapter.Files

// Tasks is what a target that depends on a package of tasks gets: provider "task_package".
type Tasks struct {
	// Registry is a tree: names/<function>.json for each name (see registry.Tree), and registry.json.
	Registry rule.Artifact
	Env      python.Env
	// Sources are imported where they lie; Path are the folders, in an action's tree, that go onto sys.path for them.
	Sources []rule.Artifact
	Path    []string
	// Adapter says that the tasks are of generation A, so that what runs them needs the package of rules/workflow/adapter where the
	// environment has no ecoscope_workflows_core.
	Adapter bool
}

// ProviderName implements rule.Provider.
func (Tasks) ProviderName() string { return "task_package" }

// TaskPackage is a Python package that registers tasks.
var TaskPackage = &rule.Rule{
	Kind: "task_package",
	Doc:  tasksDoc,
	Attrs: []rule.Attr{
		{Name: "python_env", Type: rule.LabelRef, Required: true, Needs: "python_env", Doc: "The environment that the tasks run in. Without `srcs` and `project`, the packages that it has are asked for their tasks."},
		{Name: "srcs", Type: rule.Files, Doc: "The files of a package in the workspace, which is imported where it lies: `glob([\"src/**\"])`."},
		{Name: "root", Type: rule.String, Doc: "The folder, of the package, that has the `pyproject.toml` of `srcs`; by default the package's own."},
		{Name: "project", Type: rule.LabelRef, Doc: "A target whose output is the folder of a project, such as a `git_source`, in place of `srcs`."},
		{Name: "subdir", Type: rule.String, Doc: "The folder of `project` that has the `pyproject.toml`, where it is not the top one."},
		{Name: "modules", Type: rule.Strings, Doc: "The modules that register tasks, in place of the entry points of groups `wt_registry` and `ecoscope_workflows`."},
		{Name: "generation", Type: rule.String, Default: "auto", Enum: []string{"auto", "a", "c"}, Doc: "How tasks are registered: `c` with `@register` of wt-registry, `a` with `@task` of ecoscope-workflows-core, `auto` either way."},
	},
	Analyze: analyzeTasks,
	Calls:   map[string]rule.CallFunc{"task_package_tools/1": writeTools},
}

// registryArgs are what registry.py reads.
type registryArgs struct {
	Out        string      `json:"out"`
	Depfile    string      `json:"depfile"`
	Watch      []string    `json:"watch"`
	Path       []string    `json:"path"`
	Adapter    string      `json:"adapter"`
	Generation string      `json:"generation"`
	Entries    [][3]string `json:"entries"`
	Project    string      `json:"project"`
	Installed  bool        `json:"installed"`
	Modules    []string    `json:"modules"`
	Own        bool        `json:"own"`
}

// registryFiles gives what `python registry.py args.json` runs with, by path; the adapter lies in the folder "adapter".
func registryFiles(args registryArgs) (map[string]string, error) {
	words, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	files := map[string]string{"registry.py": registrySource, "describe.py": describeSource, "shape.py": shapeSource, "args.json": string(words)}
	for p, text := range adapterFiles() {
		files["adapter/"+p] = text
	}
	return files, nil
}

func analyzeTasks(c *rule.Context) error {
	env, ok := environment(c)
	if !ok {
		return nil
	}
	src, ok := taskSource(c)
	if !ok {
		return nil
	}
	tools, tree := c.OutputTree("", "tools"), c.OutputTree("", "registry")
	args := registryArgs{Out: tree.Path, Watch: []string{}, Path: src.path, Adapter: tools.Path + "/adapter", Generation: c.String("generation"),
		Entries: src.entries, Project: src.project, Installed: src.installed, Modules: c.Strings("modules"), Own: !src.installed}
	for _, f := range each(env.Sources, src.sources) {
		if f.Kind == rule.Source && strings.HasSuffix(f.Path, ".py") {
			args.Watch = append(args.Watch, f.Path)
		}
	}
	spawn := &rule.Spawn{Argv: []string{env.Python, "-s", "-B", tools.Path + "/registry.py", tools.Path + "/args.json"}, Env: registryVariables,
		HostTools: env.Tools, Layers: []rule.Layer{env.Layer}}
	if len(args.Watch) > 0 {
		// The interpreter says of each of them whether it was opened. Others count as they are: machine code reads what it likes.
		args.Depfile = c.OutPath("registry.d")
		spawn.DepFile, spawn.Discover = args.Depfile, args.Watch
	}
	files, err := registryFiles(args)
	if err != nil {
		return err
	}
	kit, err := json.Marshal(toolsArgs{Out: tools.Path, Files: files})
	if err != nil {
		return err
	}
	c.Declare(rule.Action{Mnemonic: "Write", Outputs: []rule.Artifact{tools}, Call: &rule.Call{Func: "task_package_tools/1", Args: kit}})
	c.Declare(rule.Action{Mnemonic: "Registry", Inputs: each([]rule.Artifact{tools, env.Content}, env.Sources, src.sources), Outputs: []rule.Artifact{tree}, Spawn: spawn})
	c.SetDefault(tree)
	c.Provide(Tasks{Registry: tree, Env: env, Sources: src.sources, Path: src.path, Adapter: src.adapter})
	return nil
}

// each joins lists; what is in several, such as editable files of the environment, is there once.
func each(lists ...[]rule.Artifact) []rule.Artifact {
	var out []rule.Artifact
	for _, a := range slices.Concat(lists...) {
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// registryVariables make a registry the same whenever and by whomever it is made.
var registryVariables = []rule.EnvVar{{Name: "LC_ALL", Value: "C.UTF-8"}, {Name: "PYTHONDONTWRITEBYTECODE", Value: "1"}, {Name: "PYTHONHASHSEED", Value: "0"},
	{Name: "PYTHONUTF8", Value: "1"}, {Name: "TZ", Value: "UTC"}}

// environment gives the one environment that python_env names.
func environment(c *rule.Context) (python.Env, bool) {
	deps := c.Deps("python_env")
	if len(deps) == 1 {
		if e, ok := rule.Get[python.Env](deps[0]); ok {
			return e, true
		}
	}
	c.Problem("python_env", "one-environment", fmt.Sprintf("python_env stands for %d environments", len(deps)), "A package of tasks is imported in one. Name an instance: \":env@3.12\".")
	return python.Env{}, false
}

// toolsArgs are the words of task_package_tools/1.
type toolsArgs struct {
	Out   string            `json:"out"`
	Files map[string]string `json:"files"`
}

func writeTools(_ context.Context, c rule.CallContext) error {
	var a toolsArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	for _, p := range slices.Sorted(maps.Keys(a.Files)) {
		if err := c.Write(path.Join(a.Out, p), []byte(a.Files[p]), false); err != nil {
			return err
		}
	}
	return nil
}
