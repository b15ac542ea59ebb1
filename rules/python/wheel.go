package python

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed python_wheel.md
var wheelDoc string

//go:embed build_wheel.py
var buildSource string

//go:embed build_reads.py
var readsSource string

// Wheel is what a target that depends on a wheel of own code gets: provider "python_wheel".
type Wheel struct {
	Tree rule.Artifact   // a folder with the one wheel, or with nothing where the project is no package
	Plan rule.Artifact   // what the project says of itself, see wheelPlan
	From []rule.Checkout // the git source that it is built from, where it is
}

// ProviderName implements rule.Provider.
func (Wheel) ProviderName() string { return "python_wheel" }

// PythonWheel is a wheel of a source tree.
var PythonWheel = &rule.Rule{
	Kind: "python_wheel",
	Doc:  wheelDoc,
	Attrs: []rule.Attr{
		{Name: "project", Type: rule.LabelRef, Doc: "A target whose output is the folder of a project, such as a `git_source`. One of `project` and `srcs` is given."},
		{Name: "srcs", Type: rule.Files, Doc: "The project's files in the workspace: `glob([\"lib/**\"])`."},
		{Name: "root", Type: rule.String, Doc: "The project's folder, of the package, that `srcs` lie in; by default the package's own."},
		{Name: "subdir", Type: rule.String, Doc: "The folder of `project` that has the `pyproject.toml`, where it is not the top one."},
		{Name: "python", Type: rule.String, Default: "python3", Doc: "The interpreter that builds: a version (`3.11`) or the name of a program of the host."},
		{Name: "build_lock", Type: rule.File, Doc: "A lock of all that building requires. By default the index is asked, and what it said is recorded."},
		{Name: "version", Type: rule.String, Doc: "The version, for a project that takes its version from git."},
		{Name: "config_settings", Type: rule.StringMap, Doc: "What the backend's hooks are given as `config_settings`."},
		{Name: "tools", Type: rule.Strings, Doc: "Programs of the host that the backend may start, such as `gcc` for a project with C in it. With them come `sh` and the core utilities."},
	},
	Analyze: analyzeWheel,
	Calls:   envCalls,
}

func analyzeWheel(c *rule.Context) error {
	o, ok := wheelSource(c)
	py := interpreter(c, c.String("python"))
	if !ok || py == "" {
		return nil
	}
	k, ok := newKit(c, py)
	if !ok {
		return nil
	}
	o.must, o.version, o.config, o.tools = true, c.String("version"), c.StringMap("config_settings"), c.Strings("tools")
	if c.Has("build_lock") {
		locks := c.Files("build_lock")
		if len(locks) != 1 || locks[0].Kind == rule.OutputTree {
			c.Problem("build_lock", "one-output", "build_lock needs one file", "It is a pylock.toml, or another lock with hashes.")
			return nil
		}
		o.lock = locks[0]
	}
	w := k.declareWheel(o)
	c.SetDefault(w.Tree)
	w.From = checkouts(c, "project")
	c.Provide(w)
	return nil
}

// wheelSource reads where the project is.
func wheelSource(c *rule.Context) (o wheelOptions, ok bool) {
	if c.Has("project") == c.Has("srcs") {
		c.Problem("project", "project-or-srcs", "Either project or srcs is needed", "project names the folder that another target makes, srcs are files of the workspace.")
		return o, false
	}
	o.subdir = c.String("subdir")
	if o.subdir != "" {
		if err := rule.CheckRel(o.subdir); err != nil {
			c.Problem("subdir", "bad-path", fmt.Sprintf("Bad folder %q", o.subdir), "A folder of a project "+err.Error()+".")
			return o, false
		}
	}
	if c.Has("project") {
		if c.Has("root") {
			c.Problem("root", "root-of-project", "root goes with srcs", "The folder of a project that another target makes is named by subdir.")
			return o, false
		}
		return o, projectTree(c, &o)
	}
	o.root = c.Label().Pkg
	if r := c.String("root"); r != "" && r != "." {
		if err := rule.CheckRel(r); err != nil {
			c.Problem("root", "bad-path", fmt.Sprintf("Bad folder %q", r), "A project's folder "+err.Error()+".")
			return o, false
		}
		o.root = path.Join(o.root, r)
	}
	if o.root == "" {
		o.root = "."
	}
	for _, f := range c.Files("srcs") {
		if f.Kind != rule.Source || o.root != "." && !strings.HasPrefix(f.Path, o.root+"/") {
			c.Problem("srcs", "not-in-root", fmt.Sprintf("%s is not in the project's folder", f.Path), fmt.Sprintf("srcs are files of the workspace below %s; what another target makes is named by project.", o.root))
			return o, false
		}
		o.files = append(o.files, f)
	}
	return o, true
}

// projectTree reads the tree that the attribute project names, and what is known of its commit.
func projectTree(c *rule.Context, o *wheelOptions) bool {
	files := c.Files("project")
	if len(files) != 1 || files[0].Kind != rule.OutputTree {
		c.Problem("project", "no-folder", "project needs a target whose one output is a folder", "A git_source is one, and so is a command with out_dirs.")
		return false
	}
	o.tree, o.root = files[0], files[0].Path
	for _, d := range c.Deps("project") {
		if k, ok := rule.Get[rule.Checkout](d); ok {
			o.describe = k.DescribeFile
		}
	}
	return true
}

// wheelOptions say what wheel is built of what.
type wheelOptions struct {
	prefix   string          // of the outputs in the target's folder, "" or with a slash at its end
	tree     rule.Artifact   // the project, of another target
	files    []rule.Artifact // or its files in the workspace
	list     rule.Artifact   // which these are; zero for a tree
	root     string          // the project's folder in the action's tree
	subdir   string
	must     bool          // a folder that is no package is an error
	lock     rule.Artifact // of what building requires; zero: the index is asked
	version  string
	config   map[string]string
	tools    []string
	describe rule.Artifact // what git says of the tree; zero where nobody asks
}

// sources are the artifacts that the project is made of.
func (o *wheelOptions) sources() []rule.Artifact {
	if o.files == nil {
		return []rule.Artifact{o.tree}
	}
	return o.files
}

// declareWheel declares what builds a project's wheel. The backend is asked once for what it requires beyond its build-system, in the
// run that builds: only where that is something, there is a second run, in an environment that has it as well.
func (k *kit) declareWheel(o wheelOptions) Wheel {
	c := k.c
	plan, requires := c.OutputFile("", o.prefix+"plan.json"), c.OutputFile("", o.prefix+"requires.txt")
	a := planArgs{Root: o.root, Subdir: o.subdir, Must: o.must, Plan: plan.Path, Requires: requires.Path}
	act := rule.Action{Mnemonic: "Plan", Outputs: []rule.Artifact{plan, requires}}
	for _, n := range planFiles {
		act.Picks = append(act.Picks, path.Join(o.root, o.subdir, n))
	}
	if o.files == nil {
		act.Inputs = []rule.Artifact{o.tree}
	} else {
		a.Files = []string{}
		o.list = c.OutputFile("", o.prefix+"files.json")
		a.List, act.Outputs = o.list.Path, append(act.Outputs, o.list)
		for _, f := range o.files {
			rel := strings.TrimPrefix(f.Path, o.root+"/")
			a.Files = append(a.Files, rel)
			if slices.Contains(act.Picks, f.Path) {
				act.Inputs = append(act.Inputs, f)
			}
		}
		act.Picks = nil
	}
	act.Call = &rule.Call{Func: "python_plan/1", Args: encode(a)}
	c.Declare(act)

	lock := o.lock
	if lock.Path == "" {
		lock = declareResolve(c, k.question(o.prefix+"build", requires))
	}
	first := k.build(o, "", plan, k.declareEnv(o.prefix+"build/", lock), rule.Artifact{})
	if o.lock.Path != "" {
		return Wheel{Tree: first.dist, Plan: plan}
	}
	more := declareResolve(c, k.question(o.prefix+"more", first.more))
	second := k.build(o, "more/", plan, k.declareEnv(o.prefix+"more/", more), first.more)
	dist := c.OutputTree("", o.prefix+"dist")
	c.Declare(rule.Action{Mnemonic: "Wheel", Inputs: []rule.Artifact{first.dist, second.dist}, Outputs: []rule.Artifact{dist},
		Call: &rule.Call{Func: "python_either/1", Args: encode(eitherArgs{Of: []string{first.dist.Path, second.dist.Path}, Out: dist.Path})}})
	return Wheel{Tree: dist, Plan: plan}
}

// question is what the index is asked for a build.
func (k *kit) question(name string, requirements rule.Artifact) resolveOptions {
	return resolveOptions{Name: name, Python: k.py, UV: k.uv, UVProgram: k.uvProgram, Requirements: requirements}
}

// built is what one run of a backend leaves.
type built struct{ dist, more rule.Artifact }

// build declares a run of the backend in an environment.
func (k *kit) build(o wheelOptions, run string, plan rule.Artifact, e buildEnv, last rule.Artifact) built {
	c := k.c
	at := o.prefix + "build/"
	if run != "" {
		at = o.prefix + run
	}
	driver, reads := k.tool("build_wheel.py", buildSource), k.tool("build_reads.py", readsSource)
	b := built{dist: c.OutputTree("", at+"dist"), more: c.OutputFile("", at+"wanted.txt")}
	if o.lock.Path != "" {
		b.dist = c.OutputTree("", o.prefix+"dist")
	}
	depfile := c.OutPath(at + "wheel.d")
	argv := []string{e.python, "-s", "-B", driver.Path, plan.Path, o.root, b.dist.Path, b.more.Path, depfile}
	inputs := append([]rule.Artifact{driver, reads, plan, e.content}, o.sources()...)
	discover := []string{o.root}
	if o.describe.Path != "" {
		inputs, discover, argv = append(inputs, o.describe), append(discover, o.describe.Path), append(argv, "--describe", o.describe.Path)
	}
	if o.list.Path != "" { // what of it matters, looks tell
		inputs, discover, argv = append(inputs, o.list), append(discover, o.list.Path), append(argv, "--files", o.list.Path)
	}
	if o.version != "" {
		argv = append(argv, "--version", o.version)
	}
	if len(o.config) > 0 {
		j, _ := json.Marshal(o.config) // a map of texts
		argv = append(argv, "--config", string(j))
	}
	if last.Path != "" {
		inputs, argv = append(inputs, last), append(argv, "--last", last.Path)
	}
	if o.lock.Path != "" {
		argv = append(argv, "--locked")
	}
	c.Declare(rule.Action{Mnemonic: "Build", Inputs: inputs, Outputs: []rule.Artifact{b.dist, b.more}, Spawn: &rule.Spawn{
		Argv: argv, Env: buildVariables, HostTools: append([]string{k.py}, o.tools...), Posix: len(o.tools) > 0,
		DepFile: depfile, Discover: discover, Layers: []rule.Layer{e.layer}}})
	return b
}

// buildVariables make a build the same whenever and by whomever it is run.
var buildVariables = []rule.EnvVar{{Name: "LC_ALL", Value: "C.UTF-8"}, {Name: "PYTHONDONTWRITEBYTECODE", Value: "1"}, {Name: "PYTHONHASHSEED", Value: "0"},
	{Name: "PYTHONUTF8", Value: "1"}, {Name: "SOURCE_DATE_EPOCH", Value: "315532800"}, {Name: "TZ", Value: "UTC"}}
