package manifest

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// Fingerprints are SHA-256 in hex. Spec is that of the spec's meaning without requirements and metadata; Params that of what
// params.json asks; Strict that of all files but README.md and VERSION.yaml, without headers and version; Basic is Strict without Dockerfile and pixi.toml.
type Fingerprints struct{ Spec, Params, Basic, Strict string }

const fence = "```"

// Readme writes README.md.
func Readme(in Input, f Fingerprints) []byte {
	m := in.Workflow.Spec.Metadata
	if m == nil {
		m = &spec.Metadata{}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", in.Dir)
	if m.Name != "" {
		fmt.Fprintf(&b, "**%s**\n\n", plain(m.Name))
	}
	if m.Description != "" {
		fmt.Fprintf(&b, "%s\n\n", plain(m.Description))
	}
	fmt.Fprintf(&b, "![The tasks and what they take from each other](graph.svg)\n\n")
	fmt.Fprintf(&b, "## Use\n\n%sconsole\n$ pip install .\n$ %s run --config-file params.yaml\n$ %s serve --port 8080\n%s\n\n", fence, in.Dir, in.Dir, fence)
	fmt.Fprintf(&b, "`%s get params` prints the JSON Schema of the parameters, `%s run --help` all that can be set.\n\n", in.Dir, in.Dir)
	if env := in.Workflow.Env; len(env) > 0 {
		b.WriteString("A run needs these variables of the environment:\n\n")
		for _, e := range env {
			fmt.Fprintf(&b, "- `%s`\n", e)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "## Fingerprint\n\n%syaml\n", fence)
	fmt.Fprintf(&b, "spec_sha256: %s\nparams_sha256: %s\nartifacts_sha256_basic: %s\nartifacts_sha256_strict: %s\n%s\n", f.Spec, f.Params, f.Basic, f.Strict, fence)
	return []byte(b.String())
}

// plain keeps a text of the spec from starting a fence or a comment of its own in README.md.
func plain(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), fence, "'''")
	return strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(s)
}

var sha = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-fA-F]{64}$`) })

// ReadReadme reads the fingerprints of a README.md that Readme, or the ecosystem's own compiler, wrote. Params and Strict are there.
func ReadReadme(b []byte) (Fingerprints, error) {
	_, block, ok := cutLast(strings.ReplaceAll(string(b), "\r\n", "\n"), fence+"yaml\n")
	if !ok {
		return Fingerprints{}, fmt.Errorf("README.md has no fingerprints")
	}
	block, _, _ = strings.Cut(block, fence)
	m := pairs(block)
	f := Fingerprints{Spec: m["spec_sha256"], Params: m["params_sha256"], Basic: m["artifacts_sha256_basic"], Strict: m["artifacts_sha256_strict"]}
	for _, x := range []struct{ key, v string }{{"params_sha256", f.Params}, {"artifacts_sha256_strict", f.Strict}} {
		if !sha().MatchString(x.v) {
			return f, fmt.Errorf("README.md has no SHA-256 for %s", x.key)
		}
	}
	return f, nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
