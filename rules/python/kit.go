package python

import (
	"path"

	"github.com/cairn-build/cairn/graph/rule"
)

// kit is what the actions of one target that install and build have in common.
type kit struct {
	c         *rule.Context
	py        string // the program of the host that packages are for
	probe     rule.Artifact
	uv        rule.Artifact
	uvProgram string
	tools     map[string]rule.Artifact
}

// newKit declares what a target needs to install anything; false where there is no uv for this machine.
func newKit(c *rule.Context, py string) (*kit, bool) {
	uv, program, ok := fetchUV(c)
	if !ok {
		return nil, false
	}
	return &kit{c: c, py: py, probe: declareProbe(c, py), uv: uv, uvProgram: program, tools: map[string]rule.Artifact{}}, true
}

// tool declares a script of cairn's own, once.
func (k *kit) tool(name, source string) rule.Artifact {
	a, ok := k.tools[name]
	if !ok {
		a = k.c.OutputFile("", "tools/"+name)
		k.c.Declare(rule.Action{Mnemonic: "Write", Outputs: []rule.Artifact{a}, Call: &rule.Call{Func: "python_tool/1", Args: encode(toolArgs{a.Path, source})}})
		k.tools[name] = a
	}
	return a
}

// install declares the installation of each wheel of a tree into a folder of its own, below the tree at: a lock in which one package is
// another installs one wheel.
func (k *kit) install(wheels rule.Artifact, at string) rule.Artifact {
	c := k.c
	script, parts := k.tool("install.py", installSource), c.OutputTree("", at)
	c.Declare(rule.Action{Mnemonic: "Install", Inputs: []rule.Artifact{script, k.uv, wheels}, Outputs: []rule.Artifact{parts}, Spawn: &rule.Spawn{
		// -S: nothing that lies beside the interpreter; not -I, because the seed of hashes, which decides the order of sets in
		// bytecode, is given by the environment.
		Argv: []string{rule.HostTool(k.py), "-s", "-S", "-B", script.Path, k.uvProgram, "{file}", path.Join(parts.Path, "{stem}")},
		Env:  []rule.EnvVar{{Name: "PYTHONHASHSEED", Value: "0"}}, HostTools: []string{k.py},
		Each: &rule.Each{Tree: wheels, Globs: []string{"*.whl"}, Alone: true, Anywhere: true, Empty: true}}})
	return parts
}

// wheels declares what brings the wheels of a lock, and, where sdists are allowed, the sdists that there is no wheel for.
func (k *kit) wheels(a wheelsArgs, inputs []rule.Artifact, picks []string) {
	a.Probe = k.probe.Path
	outs := []rule.Artifact{{Path: a.Out, Kind: rule.OutputTree}}
	if a.Sdists != "" {
		outs = append(outs, rule.Artifact{Path: a.Sdists, Kind: rule.OutputTree})
	}
	k.c.Declare(rule.Action{Mnemonic: "Wheels", Inputs: append([]rule.Artifact{k.probe}, inputs...), Picks: picks, Outputs: outs,
		Call: &rule.Call{Func: "python_wheels/2", Args: encode(a)}})
}

// merge declares what lays installed wheels over each other.
func (k *kit) merge(a mergeArgs, inputs []rule.Artifact) {
	k.c.Declare(rule.Action{Mnemonic: "Env", Inputs: inputs, Outputs: []rule.Artifact{{Path: a.Out, Kind: rule.OutputTree}, {Path: a.List, Kind: rule.OutputFile}},
		Call: &rule.Call{Func: "python_merge/3", Args: encode(a)}})
}

// buildEnv is an environment that a backend runs in.
type buildEnv struct {
	content rule.Artifact
	layer   rule.Layer
	python  string
}

// declareEnv declares an environment of what a lock names, which may be nothing, in the folder at.
func (k *kit) declareEnv(at string, lock rule.Artifact) buildEnv {
	c := k.c
	wheels := c.OutputTree("", at+"wheels")
	k.wheels(wheelsArgs{Answer: lock.Path, Asked: lock.Path, Empty: true, Out: wheels.Path}, []rule.Artifact{lock}, nil)
	parts := k.install(wheels, at+"parts")
	e := buildEnv{content: c.OutputTree("", at+"env")}
	k.merge(mergeArgs{Parts: []string{parts.Path}, Wheels: []string{wheels.Path}, Out: e.content.Path, List: c.OutputFile("", at+"packages.json").Path}, []rule.Artifact{parts, wheels})
	e.layer = layer(c, k.py, e.content, at+"venv", layerOptions{})
	e.python = e.layer.Path + "/bin/python"
	return e
}
