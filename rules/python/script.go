package python

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed script.md
var scriptDoc string

// Script is a Python script that `cairn run` starts in an environment.
var Script = &rule.Rule{
	Kind: "script",
	Doc:  scriptDoc,
	Attrs: []rule.Attr{
		{Name: "file", Type: rule.File, Runtime: true, Doc: "The script: a file of the workspace, or a target whose one output it is. One of `file` and `source` is given."},
		{Name: "source", Type: rule.LabelRef, Runtime: true, Doc: "A target whose one output is the folder that the script is in, such as a `git_source`. `path` says where."},
		{Name: "path", Type: rule.String, Doc: "The script's path in `source`."},
		{Name: "python_env", Type: rule.LabelRef, Needs: "python_env", Workspace: "default_env", Doc: "The environment; by default the workspace's `default_env`. Without either the script has the host's interpreter and what is installed for it."},
		{Name: "create_env", Type: rule.Bool, Default: false, Doc: "Whether the script has an environment of its own, of the project in `source`: what `python_env { project = ... }` would be."},
		{Name: "mixed_sources", Type: rule.Bool, Default: false, Doc: "Says that the script, its environment and the library in it are meant to be of different repositories or revisions, which is an error otherwise."},
		{Name: "python", Type: rule.String, Default: "python3", Doc: "The interpreter, for a script without `python_env`: a version (`3.11`) or a program's name of the host. Where it is given, `default_env` does not count."},
		{Name: "pythonpath", Type: rule.Strings, Doc: "Folders that modules are imported from, besides the environment: of `source`, else of the package. `\".\"` is its root."},
		{Name: "args", Type: rule.Strings, Doc: "Arguments that come before those of the command line."},
		{Name: "init", Type: rule.Any, Doc: "What the script's function `init` is called with: a list of arguments, an object of named ones, or `{ args = [...], kwargs = {...} }`. With `init` or `main` the script is imported and its functions are called."},
		{Name: "main", Type: rule.Any, Doc: "What the script's function `main` is called with, in the same form."},
		{Name: "data", Type: rule.Files, Runtime: true, Doc: "Files and targets that must be there when the script runs."},
		{Name: "workdir", Type: rule.String, Doc: "The folder of the package that the script starts in; by default the one that cairn was called in."},
		{Name: "grace", Type: rule.String, Default: "10s", Doc: "How long the script may take to end after it was asked to, before it is killed."},
	},
	Analyze: analyzeScript,
	Calls:   map[string]rule.CallFunc{"python_script/1": checkScript, "python_tool/1": writeTool},
}

func analyzeScript(c *rule.Context) error {
	p := rule.Program{Platform: c.Platform(), Script: &rule.Script{}, PassEnv: slices.Sorted(slices.Values(c.Target.Common.PassEnv))}
	e, ok := environment(c, &p)
	if !ok {
		return nil
	}
	script, root, ok := findScript(c, e, &p)
	if !ok {
		return nil
	}
	env := map[string]string{"PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1", "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}
	flags := []string{"-I", "-B", "-u"}
	if dirs := c.Strings("pythonpath"); len(dirs) > 0 {
		dirs = slices.Clone(dirs)
		for i := range dirs {
			if dirs[i] == "." {
				dirs[i] = root
			} else if err := rule.CheckRel(dirs[i]); err != nil {
				c.Problem("pythonpath", "bad-path", fmt.Sprintf("Bad folder %q", dirs[i]), "A folder "+err.Error()+".")
			} else {
				dirs[i] = path.Join(root, dirs[i])
			}
		}
		env["PYTHONPATH"] = strings.Join(dirs, ":")
		flags = []string{"-s", "-B", "-u"} // -I would look away from PYTHONPATH; nothing of the caller's is in the environment
	}
	maps.Copy(env, c.Target.Common.Env)
	for _, k := range slices.Sorted(maps.Keys(env)) {
		p.Env = append(p.Env, rule.EnvVar{Name: k, Value: env[k]})
	}
	p.Argv = slices.Concat(p.Argv, flags, functions(c, &p), []string{script}, c.Strings("args"))
	if d := c.String("workdir"); d != "" {
		if err := rule.CheckRel(d); err != nil && d != "." {
			c.Problem("workdir", "bad-path", fmt.Sprintf("Bad folder %q", d), "A folder "+err.Error()+".")
		}
		p.Script.Dir = "./" + path.Join(c.Label().Pkg, d)
	}
	var err error
	if p.Script.Grace, err = time.ParseDuration(c.String("grace")); err != nil || p.Script.Grace < 0 {
		c.Problem("grace", "bad-duration", fmt.Sprintf("%q is no duration", c.String("grace")), "Write 10s, or 2m.")
	}
	p.Data = append(p.Data, c.Files("data")...)
	c.Provide(p)
	return nil
}

// environment puts the interpreter into p, with the environment that it is of; nil where that is the host's own.
func environment(c *rule.Context, p *rule.Program) (*Env, bool) {
	env, hasEnv := c.Given("python_env")
	_, asked := c.Given("python")
	switch {
	case c.Bool("create_env"):
		if hasEnv && !env.Workspace {
			c.Problem("create_env", "two-envs", "python_env and create_env do not go together", "create_env makes an environment of the project in source; python_env names one that a target makes.")
			return nil, false
		}
		return ownEnv(c, p)
	case !hasEnv || env.Workspace && asked:
		py := interpreter(c, c.String("python"))
		p.Argv, p.Tools, p.Script.Chosen = []string{rule.HostTool(py)}, []string{py}, asked
		return nil, py != ""
	}
	deps := c.Deps("python_env")
	if len(deps) != 1 {
		c.Problem("python_env", "one-env", "A script runs in one environment", fmt.Sprintf("The label stands for %d; write the one with its key (name@key).", len(deps)))
		return nil, false
	}
	e, ok := rule.Get[Env](deps[0])
	if !ok {
		c.Problem("python_env", "missing-provider", fmt.Sprintf("%s is no python_env", deps[0].Label), "")
		return nil, false
	}
	if p.Script.Chosen = !env.Workspace; p.Script.Chosen {
		oneSource(c, &e)
	}
	return inEnv(p, &e, deps[0].Label.String()), true
}

// ownEnv declares the environment of the project that the script is of.
func ownEnv(c *rule.Context, p *rule.Program) (*Env, bool) {
	source, ok := c.Given("source")
	if !ok {
		c.Problem("create_env", "no-source", "create_env needs source", "The environment is that of the project in the folder that source names. A script of the workspace names a python_env.")
		return nil, false
	}
	attrs := map[string]rule.Value{"project": source}
	if py, ok := c.Given("python"); ok {
		attrs["python"] = py
	}
	d, ok := c.Within(PythonEnv, "env", attrs)
	if !ok {
		return nil, false
	}
	e, ok := rule.Get[Env](rule.Dep{Providers: d.Providers})
	if !ok {
		return nil, false
	}
	p.Script.Chosen = true
	return inEnv(p, &e, c.Label().String()), true
}

// inEnv puts an environment into p; name is what it is called.
func inEnv(p *rule.Program, e *Env, name string) *Env {
	p.Argv, p.Tools = []string{e.Python}, e.Tools
	if len(p.Tools) == 0 {
		p.Tools = []string{e.Host}
	}
	p.Trees, p.Layers, p.Data = []rule.Artifact{e.Content}, []rule.Layer{e.Layer}, append([]rule.Artifact{e.List}, e.Sources...)
	p.Script.Path = []string{path.Dir(e.Python), e.Bin}
	p.Script.Env, p.Script.List, p.Script.Key = name, e.List.Path, e.Key
	return e
}

// findScript gives the script's path, and the folder that pythonpath is about.
func findScript(c *rule.Context, e *Env, p *rule.Program) (script, root string, ok bool) {
	if c.Has("file") == c.Has("source") {
		c.Problem("file", "file-or-source", "Either file or source is needed", "file names a script of the workspace, source the folder of one that comes from elsewhere.")
		return "", "", false
	}
	attr := "file"
	if c.Has("source") {
		attr = "source"
	}
	files := c.Files(attr)
	if len(files) != 1 {
		c.Problem(attr, "one-output", attr+" needs a target with one output", fmt.Sprintf("This one has %d.", len(files)))
		return "", "", false
	}
	f := files[0]
	rel := c.String("path")
	if attr == "file" {
		if f.Kind == rule.OutputTree || rel != "" {
			c.Problem(attr, "file-is-folder", "file and path do not go together", "A script in a folder that another target makes is named by source and path.")
			return "", "", false
		}
		p.Data = append(p.Data, f)
		c.SetDefault(f)
		root = c.Label().Pkg
		if root == "" {
			root = "."
		}
		return f.Path, root, true
	}
	if f.Kind != rule.OutputTree {
		c.Problem("source", "no-folder", fmt.Sprintf("%s is a file", f.Path), "source names a target that makes a folder; name a file in file.")
		return "", "", false
	}
	if err := rule.CheckRel(rel); err != nil {
		c.Problem("path", "bad-path", fmt.Sprintf("Bad script path %q", rel), "A script's path in its source "+err.Error()+".")
		return "", "", false
	}
	p.Trees = append(p.Trees, f)
	script = f.Path + "/" + rel
	out := c.OutputFile("", "script.json")
	inputs := []rule.Artifact{f}
	if e != nil {
		inputs = append(inputs, e.List)
	}
	c.Declare(rule.Action{Mnemonic: "Script", Inputs: inputs, Picks: []string{script}, Outputs: []rule.Artifact{out},
		Call: &rule.Call{Func: "python_script/1", Args: encode(scriptArgs{Script: script, In: f.Path, Out: out.Path})}})
	p.Data = append(p.Data, out)
	p.Script.Project = f.Path + "/pyproject.toml"
	c.SetDefault(out)
	return script, f.Path, true
}

// scriptArgs are the words of python_script/1.
type scriptArgs struct {
	Script string `json:"script"`
	In     string `json:"in"`
	Out    string `json:"out"`
}

// missingScript says that there is no such script, and which one of its folder may be meant.
func missingScript(c rule.CallContext, a scriptArgs) error {
	near := ""
	if beside, err := c.Around(path.Dir(a.Script)); err == nil { // else there is no such folder
		near = diag.DidYouMean(path.Base(a.Script), beside)
	}
	if near != "" {
		near = ". " + near
	}
	return fmt.Errorf("there is no script %s in %s%s", strings.TrimPrefix(a.Script, a.In+"/"), a.In, near)
}

// checkScript is python_script/1: it says whether there is such a script at all, so that this is known before it is to run.
func checkScript(_ context.Context, c rule.CallContext) error {
	var a scriptArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	b, err := read(c, a.Script)
	var absent *rule.NotInputError
	if errors.As(err, &absent) {
		return missingScript(c, a)
	}
	if err != nil {
		return err
	}
	said, err := json.MarshalIndent(map[string]any{"script": strings.TrimPrefix(a.Script, a.In+"/"), "size": len(b)}, "", "  ")
	if err != nil {
		return err
	}
	return c.Write(a.Out, append(said, '\n'), false)
}
