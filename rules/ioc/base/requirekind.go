package base

import (
	"context"
	_ "embed"
	"encoding/json"
	"path"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

//go:embed require_module.md
var requireModuleDoc string

// RequireKind gives an epics_base's require as a module that can be installed.
var RequireKind = &rule.Rule{
	Kind: "require_module",
	Doc:  requireModuleDoc,
	Attrs: []rule.Attr{
		ioc.BaseAttr,
		{Name: "with_base", Type: rule.Bool, Default: true, Doc: "Whether the tree brings the base's programs, libraries and dbd files along, in a folder `base`, so that `activate` finds them on any machine."},
	},
	Analyze: analyzeRequire,
	Calls:   map[string]rule.CallFunc{requireTreeCall: requireTree},
}

const requireTreeCall = "ioc_require_tree/1"

// requireTreeArgs is what ioc_require_tree/1 is told: trees.
type requireTreeArgs struct {
	To      string `json:"to"`
	Module  string `json:"module"`
	Runtime string `json:"runtime,omitempty"`
}

func analyzeRequire(c *rule.Context) error {
	b, ok := ioc.BaseOf(c)
	if !ok {
		return nil
	}
	if b.Require == nil {
		c.Problem(ioc.BaseAttr.Name, "no-require", "The base has no module require", "It is made for linux-x86_64 and linux-aarch64.")
		return nil
	}
	m := *b.Require
	m.Label = c.Label()
	if c.Bool("with_base") { // also for another architecture than its programs are for: one version holds both, and all else is the same
		m.Tree = c.OutputTree("", path.Join(m.Name, m.Version))
		ioc.DeclareCall(c, rule.Action{Mnemonic: "Tree", Inputs: []rule.Artifact{b.Require.Tree, b.Runtime}, Outputs: []rule.Artifact{m.Tree}},
			requireTreeCall, requireTreeArgs{To: m.Tree.Path, Module: b.Require.Tree.Path, Runtime: b.Runtime.Path}, nil)
	}
	c.SetDefault(m.Tree)
	c.Provide(m)
	return nil
}

// requireTree is ioc_require_tree/1: the module, with the base in a folder of it.
func requireTree(_ context.Context, c rule.CallContext) error {
	var a requireTreeArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	for from, to := range map[string]string{a.Module: a.To, a.Runtime: path.Join(a.To, "base")} {
		entries, err := c.Entries(from)
		if err != nil {
			return err
		}
		for _, e := range entries {
			at := to + "/" + e.Path
			switch {
			case from == a.Runtime && !runs(e.Path):
				continue
			case e.Link != "":
				err = c.Symlink(at, e.Link)
			default:
				err = c.Link(at, e.Blob, e.Executable)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// runs says whether a file of a base is needed to run IOCs. Libraries of the system that came with a package, and that no program of
// EPICS wants, would be in the way of the machine's own on the search path that activate sets.
func runs(name string) bool {
	dir, _, _ := strings.Cut(name, "/")
	base := path.Base(name)
	return (dir == "bin" || dir == "lib" || dir == "dbd") && !strings.HasPrefix(base, "libselinux.so") && !strings.HasPrefix(base, "libpcre.so")
}
