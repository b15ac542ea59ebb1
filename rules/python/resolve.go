package python

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"path"
	"slices"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed resolve.py
var resolveSource string

// resolveOptions say what is asked of the index.
type resolveOptions struct {
	// Name tells one resolution of a target from another: the folder that the answer lies in, "" for the target's own.
	Name string
	// Python is the program of the host that packages are for, as interpreter gives it: its version is the oldest that the
	// answer is good for.
	Python string
	// UV and UVProgram are what fetchUV gave.
	UV        rule.Artifact
	UVProgram string
	// Requirements is a text with one requirement (PEP 508) a line. Where it is empty nothing is asked, and the answer is an
	// empty file.
	Requirements rule.Artifact
	// Constraints is such a text about what may be chosen; a zero Artifact is none.
	Constraints rule.Artifact
	// Sdists lets packages be chosen of which there is the source only.
	Sdists bool
	// File is the source file that `cairn lock` keeps the answer in, relative to the workspace; "" for none.
	File string
}

// declareResolve declares what finds out which packages requirements come to, and gives the answer: a pylock.toml with the digests
// of all files, good for every platform, without an address or a time. Its table tool.cairn has the digest of the question, see
// questionDigest. The answer is recorded and counts until `cairn lock` asks again.
func declareResolve(c *rule.Context, o resolveOptions) rule.Artifact {
	script := c.OutputFile("", path.Join("tools", o.Name, "resolve.py"))
	answer := c.OutputFile("", path.Join(o.Name, "pylock.toml"))
	c.Declare(rule.Action{Mnemonic: "Write", Outputs: []rule.Artifact{script}, Call: &rule.Call{Func: "python_tool/1", Args: encode(toolArgs{script.Path, resolveSource})}})
	kind := "wheels"
	if o.Sdists {
		kind = "any"
	}
	inputs := []rule.Artifact{script, o.UV, o.Requirements}
	if o.Constraints.Path != "" {
		inputs = append(inputs, o.Constraints)
	}
	c.Declare(rule.Action{Mnemonic: "Resolve", Inputs: slices.Clip(inputs), Outputs: []rule.Artifact{answer}, Asks: &rule.Ask{Question: o.Requirements.Path, File: o.File}, Local: true,
		Spawn: &rule.Spawn{Argv: []string{rule.HostTool(o.Python), "-I", "-S", "-B", script.Path, o.UVProgram, o.Requirements.Path, o.Constraints.Path, answer.Path, kind},
			HostTools: []string{o.Python}, Network: true, Relay: "registry"}})
	return answer
}

// questionDigest is what tool.cairn.question of an answer says: requirements and constraints, as they were asked.
func questionDigest(requirements, constraints []byte) string {
	h := sha256.New()
	h.Write(requirements)
	h.Write([]byte{0})
	h.Write(constraints)
	return hex.EncodeToString(h.Sum(nil))
}
