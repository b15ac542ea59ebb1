package workflow

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/python"
	"github.com/cairn-build/cairn/rules/workflow/gen"
	"github.com/cairn-build/cairn/rules/workflow/gen/manifest"
	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

//go:embed workflow.md
var workflowDoc string

// Workflow is the package of a workflow, made of its spec.
var Workflow = &rule.Rule{
	Kind: "workflow",
	Doc:  workflowDoc,
	Attrs: []rule.Attr{
		{Name: "spec", Type: rule.File, Required: true, Doc: "The workflow's `spec.yaml`: a file of the workspace, or a target whose one output it is."},
		{Name: "id", Type: rule.String, Doc: "The id that the spec has. It is needed where another target makes the spec, as names hang on it."},
		{Name: "tasks", Type: rule.LabelRefs, Needs: "task_package", Doc: "Targets of kind `task_package`, whose tasks the spec may use."},
		{Name: "python_env", Type: rule.LabelRef, Needs: "python_env", Doc: "The environment that the workflow runs in; by default that of `tasks`. Without `tasks`, the tasks are those that its packages register."},
		{Name: "env_overrides", Type: rule.File, Doc: "A TOML file of features, with `dependencies` and `pypi-dependencies`, that come over what the spec requires in `pixi.toml`."},
		{Name: "variant", Type: rule.String, Doc: "A variant of the run-time packages, such as `gcp`."},
		{Name: "version", Type: rule.String, Doc: "The package's version. By default it follows from the one in `write_to`: another major version where the parameters are others, else another minor one."},
		{Name: "package_prefix", Type: rule.String, Default: gen.DefaultPrefix, Doc: "What the names of the package's folder, of its command and, with `_` for `-`, of its module begin with."},
		{Name: "write_to", Type: rule.String, Doc: "A folder of the package that the generated one lies in as well, to be committed: `\"./wt-patrols-workflow\"`. `cairn build --write` writes it, `cairn check` says where it is out of date."},
		{Name: "png", Type: rule.Bool, Default: false, Doc: "Whether there is a `graph.png` beside `graph.svg`. The host's `rsvg-convert` draws it."},
	},
	Analyze: analyzeWorkflow,
	Calls:   map[string]rule.CallFunc{"workflow_compile/1": compileCall, "workflow_join/1": joinCall},
}

// leaves are what tools put beside a package that lies in the source tree.
var leaves = []string{".pixi/**", "pixi.lock", ".venv/**", "**/__pycache__/**", "**/.pytest_cache/**", "**/.mypy_cache/**", "**/.ruff_cache/**", "**/*.egg-info/**",
	"build/**", "dist/**", "**/.ipynb_checkpoints/**", "**/result.json"}

// flowSpec is what analysis finds out about a spec.
type flowSpec struct {
	file  rule.Artifact
	id    string
	sound *spec.Spec // nil where something is wrong with it, or where it is not known yet
	said  diag.List  // warnings about a sound one
}

func analyzeWorkflow(c *rule.Context) error {
	fs, ok := readSpec(c)
	tasks, env, ok2 := flowTasks(c)
	if !ok || !ok2 {
		return nil
	}
	if err := manifest.CheckPrefix(c.String("package_prefix")); err != nil {
		c.Problem("package_prefix", "bad-prefix", fmt.Sprintf("Bad prefix %q", c.String("package_prefix")), "A prefix of names begins with a letter from a to z, and has only such letters, digits, `-` and `_`.")
		return nil
	}
	dir, module := manifest.Names(c.String("package_prefix"), fs.id)
	a := compileArgs{Generator: generator(), File: fs.file.Path, ID: c.String("id"), Prefix: c.String("package_prefix"), Version: c.String("version"), Variant: c.String("variant")}
	var n notes
	act := rule.Action{Mnemonic: "Compile", Call: &rule.Call{Func: "workflow_compile/1"}}
	for _, t := range tasks {
		a.Registries = append(a.Registries, t.Registry.Path)
		a.Adapter = a.Adapter || t.Adapter
		act.Inputs = append(act.Inputs, t.Registry)
	}
	if fs.sound != nil {
		a.File, a.Spec = "", fs.sound.Canonical()
		n = notes{File: fs.file.Path, Places: fs.sound.Places, Said: fs.said}
		act.Picks = picks(fs.sound, a.Registries)
	} else {
		act.Inputs = append(act.Inputs, fs.file)
	}
	if o := c.Files("env_overrides"); len(o) == 1 && o[0].Kind != rule.OutputTree {
		a.Overrides = o[0].Path
		act.Inputs = append(act.Inputs, o[0])
	} else if c.Has("env_overrides") {
		c.Problem("env_overrides", "one-file", "env_overrides is one file", "")
		return nil
	}
	to := ""
	if c.Has("write_to") {
		if to = c.KeepPath("write_to"); to == "" {
			return nil
		}
		if a.Version == "" {
			a.Before, a.BadBefore = before(c, to)
		}
	}
	pkg := c.OutputTree("package_prefix", dir)
	made := pkg
	if c.Bool("png") {
		made = c.OutputTree("", "plain")
	}
	a.Out = made.Path
	act.Outputs = []rule.Artifact{made}
	var err error
	if act.Call.Args, err = json.Marshal(a); err != nil {
		return err
	}
	act.Call.Notes = n.encode()
	c.Declare(act)
	if c.Bool("png") {
		if err := drawPNG(c, made, pkg); err != nil {
			return err
		}
	}
	c.SetDefault(pkg)
	c.Check(pkg)
	if to != "" {
		c.Keep(rule.Kept{From: pkg, To: to, On: rule.OnWrite, Mark: "VERSION.yaml", Leave: leaves, Header: "[generated]"})
	}
	provideFlow(c, Flow{Package: pkg, Dir: dir, Module: module, Env: env, ID: fs.id, Spec: fs.file}, tasks, fs.sound)
	return nil
}

// readSpec reads the spec, where that is a file of the workspace. One that is wrong is the compiler's to report, so that other targets
// are built.
func readSpec(c *rule.Context) (fs flowSpec, ok bool) {
	files := c.Files("spec")
	if len(files) != 1 || files[0].Kind == rule.OutputTree {
		c.Problem("spec", "one-file", "spec is one file", fmt.Sprintf("It stands for %d outputs.", len(files)))
		return fs, false
	}
	fs.file, fs.id = files[0], c.String("id")
	if fs.id != "" && !spec.IsIdentifier(fs.id) {
		c.Problem("id", "bad-id", fmt.Sprintf("Bad id %q", fs.id), fmt.Sprintf("`%s` is not a valid python identifier.", fs.id))
		return fs, false
	}
	if fs.file.Kind != rule.Source {
		if fs.id == "" {
			c.Problem("spec", "no-id", "The spec is another target's output, so its id has to be said", "Names of the package hang on it: id = \"...\".")
			return fs, false
		}
		return fs, true
	}
	b, err := c.ReadSource(fs.file.Path)
	if err != nil {
		c.Problem("spec", "unreadable", fs.file.Path+" cannot be read", err.Error()+".")
		return fs, false
	}
	s, ds := spec.Parse(fs.file.Path, b)
	if fs.id == "" {
		if fs.id = s.ID; !spec.IsIdentifier(fs.id) {
			fs.id = "unnamed" // the compiler says so
		}
	}
	if !ds.HasErrors() && fs.id == s.ID {
		fs.sound, fs.said = s, ds
	}
	return fs, true
}

// flowTasks gives the packages of tasks, and the environment that the workflow runs in.
func flowTasks(c *rule.Context) (tasks []Tasks, env python.Env, ok bool) {
	for _, d := range c.Deps("tasks") {
		t, _ := rule.Get[Tasks](d)
		tasks = append(tasks, t)
	}
	if c.Has("python_env") {
		if env, ok = environment(c); !ok {
			return nil, env, false
		}
		if len(tasks) > 0 {
			return tasks, env, true
		}
		v, _ := c.Given("python_env")
		d, ok := c.Within(TaskPackage, "tasks", map[string]rule.Value{"python_env": v})
		if !ok {
			return nil, env, false
		}
		t, _ := rule.Get[Tasks](rule.Dep{Providers: d.Providers})
		return []Tasks{t}, env, true
	}
	if len(tasks) == 0 {
		c.Problem("", "no-tasks", "Either tasks or python_env is needed", "tasks names targets of kind task_package. With python_env alone, the tasks are those that the packages of the environment register.")
		return nil, env, false
	}
	env = tasks[0].Env
	for _, t := range tasks[1:] {
		if t.Env.Content != env.Content {
			c.Problem("tasks", "two-envs", "The packages of tasks are of different environments", "A workflow runs in one: name it in python_env.")
			return nil, env, false
		}
	}
	return tasks, env, true
}

// picks are the files of registries that a compile reads: those of the tasks and conditions that it names, and those that an instance's id must
// not be the name of.
func picks(s *spec.Spec, registries []string) []string {
	var out []string
	for _, n := range link.Names(s) {
		if strings.ContainsAny(n, "/\\\x00\n\r") {
			continue
		}
		for _, r := range registries {
			out = append(out, path.Join(r, registry.File(n)))
		}
	}
	slices.Sort(out)
	return out
}

// before reads what the package in the source tree says of itself. What is wrong with that is the compiler's to report.
func before(c *rule.Context, to string) (*gen.Before, string) {
	b, err := gen.ReadBefore(func(p string) ([]byte, error) { return c.ReadSource(path.Join(to, p)) })
	if err != nil {
		return nil, fmt.Sprintf("%s: %v; take its README.md and VERSION.yaml back from git, or say `version` here", to, err)
	}
	return b, ""
}

// provideFlow hands on the flow, and what `cairn run` starts.
func provideFlow(c *rule.Context, f Flow, tasks []Tasks, s *spec.Spec) {
	f.Path = []string{f.Package.Path}
	p := rule.Program{Argv: []string{f.Env.Python, "-m", f.Module}, Tools: f.Env.Tools, Platform: c.Platform(), Here: true, PassEnv: c.Target.Common.PassEnv,
		Path: []string{path.Dir(f.Env.Python), f.Env.Bin}, Trees: []rule.Artifact{f.Package, f.Env.Content}, Layers: []rule.Layer{f.Env.Layer}, Data: []rule.Artifact{f.Env.List}}
	for _, t := range tasks {
		f.Sources = each(f.Sources, t.Sources)
		for _, d := range t.Path {
			if !slices.Contains(f.Path, d) {
				f.Path = append(f.Path, d)
			}
		}
	}
	for _, a := range each(f.Env.Sources, f.Sources) {
		if a.Kind == rule.OutputTree {
			p.Trees = append(p.Trees, a)
		} else {
			p.Data = append(p.Data, a)
		}
	}
	p.Env = []rule.EnvVar{{Name: "PYTHONDONTWRITEBYTECODE", Value: "1"}, {Name: "PYTHONNOUSERSITE", Value: "1"}, {Name: "PYTHONPATH", Value: strings.Join(f.Path, ":")},
		{Name: "PYTHONSAFEPATH", Value: "1"}}
	for _, k := range sortedNames(c.Target.Common.Env) {
		p.Env = append(p.Env, rule.EnvVar{Name: k, Value: c.Target.Common.Env[k]})
	}
	if s != nil {
		f.EnvVars = envVars(s)
	}
	c.Provide(f)
	c.Provide(p)
}
