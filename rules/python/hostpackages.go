package python

import (
	_ "embed"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed hostpackages.py
var hostSource string

// hostPackages declares what lists the packages of the host's interpreter. Its key has their digest, so that a package that is installed,
// upgraded or removed there makes another environment.
func (k *kit) hostPackages() rule.Artifact {
	script, out := k.tool("hostpackages.py", hostSource), k.c.OutputFile("", "host.json")
	k.c.Declare(rule.Action{Mnemonic: "Host", Inputs: []rule.Artifact{script}, Outputs: []rule.Artifact{out}, Spawn: &rule.Spawn{
		Argv: []string{rule.HostTool(k.py), "-E", "-s", "-B", script.Path}, HostTools: []string{k.py, rule.HostPackages(k.py)}, Stdout: out.Path}})
	return out
}
