// Package python holds the kinds that make environments of Python packages and run scripts in them.
package python

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed python_env.md
var envDoc string

//go:embed probe.py
var probeSource string

//go:embed install.py
var installSource string

// Env is what a target that depends on an environment gets: provider "python_env".
type Env struct {
	Content rule.Artifact // the tree: lib/pythonX.Y/site-packages, bin, share; the same for everybody
	Layer   rule.Layer    // pyvenv.cfg and bin/python of this machine, with links into Content
	Python  string        // the interpreter's path: Layer's bin/python, in an action's tree
	Bin     string        // the folder of Content's scripts
	Host    string        // the program of the host that the environment is for: "python3.11"
	List    rule.Artifact // packages.json
	// Tools are the programs of the host that the environment stands on: Host, and its packages where they are seen.
	Tools []string
	// Sources are files of the workspace that are imported where they lie.
	Sources []rule.Artifact
	Key     string          // "content" or "commit"
	From    []rule.Checkout // git sources that the lock and own code are of
}

// ProviderName implements rule.Provider.
func (Env) ProviderName() string { return "python_env" }

// PythonEnv is an environment of the packages that a lock names, and of own code.
var PythonEnv = &rule.Rule{
	Kind: "python_env",
	Doc:  envDoc,
	Attrs: []rule.Attr{
		{Name: "lock", Type: rule.File, Doc: "The lock: `pylock.toml`, `uv.lock`, `poetry.lock`, or a `requirements.txt` with hashes. A file, or a target whose one output is such a file, or a folder with `lock_path` in it. At least one of `lock`, `project` and `wheels` is given."},
		{Name: "lock_path", Type: rule.String, Doc: "The lock's path in the folder that `lock` or `project` gives."},
		{Name: "project", Type: rule.LabelRef, Doc: "A target whose output is the folder of a project, such as a `git_source`. Without `lock`, the first lock that it has counts; where it has none, what its `pyproject.toml` requires is asked for once."},
		{Name: "install_project", Type: rule.Bool, Doc: "Whether the project's own wheel is built and installed. By default it is, with `project`; a folder that is no package is left out, and `packages.json` says so."},
		{Name: "wheels", Type: rule.LabelRefs, Needs: "python_wheel", Doc: "Wheels of own code, built by `python_wheel`, that are installed too. They take the place of what the lock has by the same name."},
		{Name: "python", Type: rule.String, Default: "python3", Doc: "The interpreter: a version (`3.11`) or the name of a program of the host (`python3.11`)."},
		{Name: "extras", Type: rule.Strings, Doc: "Extras of the project to install."},
		{Name: "groups", Type: rule.Strings, Doc: "Dependency groups to install; for `pylock.toml` the default is the lock's own."},
		{Name: "key", Type: rule.String, Default: "content", Enum: []string{"content", "commit"}, Doc: "What makes another environment: other `content`, or every other `commit` of the project's repository."},
		{Name: "system_site_packages", Type: rule.Bool, Default: false, Doc: "Whether the packages of the host's interpreter are seen as well. Which they are is in the key."},
		{Name: "allow_sdist", Type: rule.Bool, Default: false, Doc: "Whether packages that the lock has no wheel of are built from their source. It runs code of theirs, in the sandbox."},
		{Name: "build_tools", Type: rule.Strings, Doc: "Programs of the host, such as `gcc`, that building the project and what `allow_sdist` allows may start."},
		{Name: "editable", Type: rule.Strings, Doc: "Folders of the package whose modules are imported where they lie, as they are at that moment; `\".\"` is the package's own. For a developer's own environment."},
		{Name: "editable_srcs", Type: rule.Files, Doc: "The files in `editable` that commands and tests may import. They count in the keys of these."},
		{Name: "overlaps", Type: rule.Strings, Doc: "Globs of files, as `site-packages` names them, that several packages may have with different contents: the first package by name wins. Elsewhere that is an error."},
	},
	Analyze: analyzeEnv,
	Calls:   envCalls,
}

var envCalls = map[string]rule.CallFunc{"python_wheels/2": fetchWheels, "python_tool/1": writeTool, "python_merge/3": merge,
	"python_plan/1": writePlan, "python_either/1": either, "python_question/2": writeQuestion, "python_sdists/1": writeSdistPlan}

var versionForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\d+\.\d+$`)
})

func analyzeEnv(c *rule.Context) error {
	src, ok := findLock(c)
	py := interpreter(c, c.String("python"))
	ed, ok2 := editable(c)
	if !ok || !ok2 || py == "" {
		return nil
	}
	k, ok := newKit(c, py)
	if !ok {
		return nil
	}
	own, ok := ownWheels(c, k)
	if !ok {
		return nil
	}
	wheels := c.OutputTree("", "wheels")
	w := wheelsArgs{Locks: src.locks, Asked: src.asked, Beside: src.beside, Extras: c.Strings("extras"), Groups: c.Strings("groups"), Empty: len(own) > 0 || ed.given(), Out: wheels.Path}
	inputs := slices.Clone(src.from)
	if src.project.Path != "" {
		answer := k.resolveProject(src)
		w.Answer, inputs = answer.Path, append(inputs, answer)
	}
	for _, o := range own {
		w.Own, inputs = append(w.Own, o.Plan.Path), append(inputs, o.Plan)
	}
	if c.Bool("allow_sdist") {
		w.Sdists = c.OutputTree("", "sdists").Path
	}
	k.wheels(w, inputs, src.picks)
	m := mergeArgs{Parts: []string{k.install(wheels, "parts").Path}, Wheels: []string{wheels.Path}, Overlaps: c.Strings("overlaps"), Probe: k.probe.Path}
	if c.Bool("allow_sdist") {
		built := k.buildSdists(rule.Artifact{Path: w.Sdists, Kind: rule.OutputTree}, c.Strings("build_tools"))
		m.Parts, m.Wheels = append(m.Parts, k.install(built, "sdist/parts").Path), append(m.Wheels, built.Path)
	}
	for i, o := range own {
		m.Parts, m.Wheels = append(m.Parts, k.install(o.Tree, fmt.Sprintf("own/%d", i+1)).Path), append(m.Wheels, o.Tree.Path)
		m.Own = append(m.Own, o.Plan.Path)
	}
	content, list := c.OutputTree("", "env"), c.OutputFile("", "packages.json")
	m.Out, m.List, m.Editable = content.Path, list.Path, ed.given()
	inputs = []rule.Artifact{k.probe}
	for _, p := range slices.Concat(m.Parts, m.Wheels) {
		inputs = append(inputs, rule.Artifact{Path: p, Kind: rule.OutputTree})
	}
	for _, p := range m.Own {
		inputs = append(inputs, rule.Artifact{Path: p, Kind: rule.OutputFile})
	}
	if a, ok := commitFile(c); !ok {
		return nil
	} else if a.Path != "" {
		m.Commit, inputs = a.Path, append(inputs, a)
	}
	e := Env{Content: content, Bin: content.Path + "/bin", Host: py, List: list, Tools: []string{py}, Sources: ed.sources, Key: c.String("key"), From: checkouts(c, "project", "lock", "wheels")}
	if c.Bool("system_site_packages") {
		e.Tools = append(e.Tools, rule.HostPackages(py))
		host := k.hostPackages()
		m.Host, inputs = host.Path, append(inputs, host)
	}
	k.merge(m, inputs)
	e.Layer = layer(c, py, content, "venv", layerOptions{system: c.Bool("system_site_packages"), editable: ed.folders})
	e.Python = e.Layer.Path + "/bin/python"
	c.SetDefault(list)
	c.Provide(e)
	c.Provide(rule.Program{Argv: []string{e.Python}, Env: []rule.EnvVar{{Name: "PYTHONDONTWRITEBYTECODE", Value: "1"}}, Data: append([]rule.Artifact{list}, ed.sources...), Trees: []rule.Artifact{content},
		Layers: []rule.Layer{e.Layer}, Tools: e.Tools, Platform: c.Platform(), PassEnv: c.Target.Common.PassEnv, Script: &rule.Script{Path: []string{e.Layer.Path + "/bin", e.Bin}}})
	return nil
}

// encode gives the words of a call.
func encode(args any) []byte {
	b, err := json.Marshal(args)
	if err != nil {
		panic("internal error: " + err.Error()) // structs of texts
	}
	return b
}

// interpreter gives the name of the host's program that an attribute "python" means.
func interpreter(c *rule.Context, v string) string {
	if versionForm().MatchString(v) {
		return "python" + v
	}
	if v == "" || strings.ContainsAny(v, "/\\ \t\x01\x02") {
		c.Problem("python", "bad-python", fmt.Sprintf("%q is no interpreter's name", v), "Write a version (3.11), or the name of a program (python3.11). Where it lies on one machine is said in cairn.local.hcl.")
		return ""
	}
	return v
}

func declareProbe(c *rule.Context, py string) rule.Artifact {
	script, out := c.OutputFile("", "tools/probe.py"), c.OutputFile("", "python.json")
	c.Declare(rule.Action{Mnemonic: "Write", Outputs: []rule.Artifact{script}, Call: &rule.Call{Func: "python_tool/1", Args: encode(toolArgs{script.Path, probeSource})}})
	c.Declare(rule.Action{Mnemonic: "Probe", Inputs: []rule.Artifact{script}, Outputs: []rule.Artifact{out}, Spawn: &rule.Spawn{
		Argv: []string{rule.HostTool(py), "-I", "-S", "-B", script.Path}, HostTools: []string{py}, Stdout: out.Path}})
	return out
}
