// Package python holds the kinds that make environments of Python packages and run scripts in them.
package python

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
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
}

// ProviderName implements rule.Provider.
func (Env) ProviderName() string { return "python_env" }

// PythonEnv is an environment of the packages that a lock names.
var PythonEnv = &rule.Rule{
	Kind: "python_env",
	Doc:  envDoc,
	Attrs: []rule.Attr{
		{Name: "lock", Type: rule.File, Doc: "The lock: `pylock.toml`, `uv.lock`, or a `requirements.txt` with hashes. A file, or a target whose one output is such a file, or a folder with `lock_path` in it. One of `lock` and `project` is given."},
		{Name: "lock_path", Type: rule.String, Doc: "The lock's path in the folder that `lock` or `project` gives."},
		{Name: "project", Type: rule.LabelRef, Doc: "A target whose output is the folder of a project, such as a `git_source`. Its `pylock.toml`, `uv.lock` or `requirements.txt` is the lock, the first that it has."},
		{Name: "python", Type: rule.String, Default: "python3", Doc: "The interpreter: a version (`3.11`) or the name of a program of the host (`python3.11`)."},
		{Name: "extras", Type: rule.Strings, Doc: "Extras of the project to install."},
		{Name: "groups", Type: rule.Strings, Doc: "Dependency groups to install; for `pylock.toml` the default is the lock's own."},
		{Name: "overlaps", Type: rule.Strings, Doc: "Globs of files, as `site-packages` names them, that several packages may have with different contents: the first package by name wins. Elsewhere that is an error."},
	},
	Analyze: analyzeEnv,
	Calls:   map[string]rule.CallFunc{"python_wheels/1": fetchWheels, "python_tool/1": writeTool, "python_merge/1": merge},
}

var versionForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\d+\.\d+$`)
})

func analyzeEnv(c *rule.Context) error {
	locks, picks, asked := findLock(c)
	py := interpreter(c, c.String("python"))
	if locks == nil || py == "" {
		return nil
	}
	uv, uvProgram, ok := fetchUV(c)
	if !ok {
		return nil
	}
	probe := declareProbe(c, py)
	wheels := c.OutputTree("", "wheels")
	args := wheelsArgs{Asked: asked, Probe: probe.Path, Extras: c.Strings("extras"), Groups: c.Strings("groups"), Out: wheels.Path}
	inputs := []rule.Artifact{probe}
	for _, l := range locks {
		args.Locks = append(args.Locks, l.path)
		if len(inputs) == 1 {
			inputs = append(inputs, l.from)
		}
	}
	c.Declare(rule.Action{Mnemonic: "Wheels", Inputs: inputs, Picks: picks, Outputs: []rule.Artifact{wheels},
		Call: &rule.Call{Func: "python_wheels/1", Args: encode(args)}})
	parts := declareInstall(c, py, uv, uvProgram, wheels)
	content, list := c.OutputTree("", "env"), c.OutputFile("", "packages.json")
	c.Declare(rule.Action{Mnemonic: "Env", Inputs: []rule.Artifact{parts, wheels}, Outputs: []rule.Artifact{content, list},
		Call: &rule.Call{Func: "python_merge/1", Args: encode(mergeArgs{Parts: parts.Path, Wheels: wheels.Path, Out: content.Path, List: list.Path, Overlaps: c.Strings("overlaps")})}})
	e := Env{Content: content, Layer: layer(c, py, content), Bin: content.Path + "/bin", Host: py, List: list}
	e.Python = e.Layer.Path + "/bin/python"
	c.SetDefault(list)
	c.Provide(e)
	c.Provide(rule.Program{Argv: []string{e.Python}, Env: []rule.EnvVar{{Name: "PYTHONDONTWRITEBYTECODE", Value: "1"}}, Data: []rule.Artifact{list}, Trees: []rule.Artifact{content},
		Layers: []rule.Layer{e.Layer}, Tools: []string{py}, Platform: c.Platform(), PassEnv: c.Target.Common.PassEnv, Script: &rule.Script{Path: []string{e.Layer.Path + "/bin", e.Bin}}})
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

// candidate is a place where the lock may be.
type candidate struct {
	path string        // in the action's tree
	from rule.Artifact // the file itself, or the tree that it is in
}

// findLock gives the places of the lock, what is picked of a tree, and what to call it; nothing where something is wrong.
func findLock(c *rule.Context) (out []candidate, picks []string, asked string) {
	attr := "lock"
	if c.Has("project") {
		attr = "project"
	}
	if c.Has("lock") == c.Has("project") {
		c.Problem(attr, "lock-or-project", "Either lock or project is needed", "lock names the lock itself, project the folder of a project that has one.")
		return nil, nil, ""
	}
	in := c.String("lock_path")
	if in != "" {
		if err := rule.CheckRel(in); err != nil {
			c.Problem("lock_path", "bad-path", fmt.Sprintf("Bad path %q", in), "A path in a folder "+err.Error()+".")
			return nil, nil, ""
		}
	}
	files := c.Files(attr)
	if len(files) != 1 {
		c.Problem(attr, "one-output", attr+" needs a target with one output", fmt.Sprintf("This one has %d.", len(files)))
		return nil, nil, ""
	}
	f := files[0]
	if f.Kind != rule.OutputTree {
		if in != "" || attr == "project" {
			c.Problem(attr, "no-folder", fmt.Sprintf("%s is a file", f.Path), "lock_path and project look into a folder; name a file in lock, and nothing else.")
			return nil, nil, ""
		}
		return []candidate{{f.Path, f}}, nil, f.Path
	}
	names := lockNames
	if in != "" {
		names = []string{in}
	} else if attr == "lock" {
		c.Problem("lock", "no-lock-path", "The lock is a folder", "Say in lock_path which file of it is the lock, or name the folder in project.")
		return nil, nil, ""
	}
	for _, n := range names {
		out = append(out, candidate{f.Path + "/" + n, f})
		picks = append(picks, f.Path+"/"+n)
	}
	return out, picks, strings.Join(names, ", ") + " in " + f.Path
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

// declareInstall declares the installation of each wheel into a folder of its own: a lock in which one package is another
// installs one wheel.
func declareInstall(c *rule.Context, py string, uv rule.Artifact, uvProgram string, wheels rule.Artifact) rule.Artifact {
	script, parts := c.OutputFile("", "tools/install.py"), c.OutputTree("", "parts")
	c.Declare(rule.Action{Mnemonic: "Write", Outputs: []rule.Artifact{script}, Call: &rule.Call{Func: "python_tool/1", Args: encode(toolArgs{script.Path, installSource})}})
	c.Declare(rule.Action{Mnemonic: "Install", Inputs: []rule.Artifact{script, uv, wheels}, Outputs: []rule.Artifact{parts}, Spawn: &rule.Spawn{
		// -S: nothing that lies beside the interpreter; not -I, because the seed of hashes, which decides the order of sets in
		// bytecode, is given by the environment.
		Argv: []string{rule.HostTool(py), "-s", "-S", "-B", script.Path, uvProgram, "{file}", path.Join(parts.Path, "{stem}")},
		Env:  []rule.EnvVar{{Name: "PYTHONHASHSEED", Value: "0"}}, HostTools: []string{py},
		Each: &rule.Each{Tree: wheels, Globs: []string{"*.whl"}, Alone: true}}})
	return parts
}

// layer is the machine's own part of an environment. With a pyvenv.cfg above it, the link bin/python is an interpreter of its
// own, whose packages are those below lib.
func layer(c *rule.Context, py string, content rule.Artifact) rule.Layer {
	l := rule.Layer{Path: c.OutPath("venv"), Files: []rule.LayerFile{
		{Path: "bin/python", Link: rule.HostTool(py)},
		{Path: "bin/python3", Link: rule.HostTool(py)},
		{Path: "pyvenv.cfg", Text: "home = " + rule.HostToolDir(py) + "\ninclude-system-site-packages = false\n"},
	}}
	for _, dir := range []string{"etc", "include", "lib", "share"} {
		l.Files = append(l.Files, rule.LayerFile{Path: dir, Link: content.Path + "/" + dir})
	}
	// Where the interpreter looks in lib64 as well, the merge has put everything into lib.
	l.Files = append(l.Files, rule.LayerFile{Path: "lib64", Link: content.Path + "/lib"})
	return l
}
