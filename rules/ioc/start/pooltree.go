package start

import (
	"context"
	"encoding/json"
	"path"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/startup"
)

const poolTreeCall = "ioc_pool_tree/1"

// poolTreeArgs is what ioc_pool_tree/1 is told.
type poolTreeArgs struct {
	Resolved string `json:"resolved"`
	Require  string `json:"require"` // the tree of module require
	Version  string `json:"version"`
	Pool     string `json:"pool"`
	Closure  string `json:"closure"`
}

// declarePool declares what puts the modules that are targets into one tree, with require, and the closure into a file: an output that stands on
// all that the IOC needs, so that who builds it has the rest.
func (s *iocSpec) declarePool(out Ioc, targets []candidate) {
	m := s.base.Require
	in := []rule.Artifact{out.Resolved, m.Tree, s.base.Runtime}
	for _, t := range targets {
		if t.wanted {
			in = append(in, t.Tree)
		}
	}
	ioc.DeclareCall(s.c, rule.Action{Mnemonic: "Pool", Inputs: in, Outputs: []rule.Artifact{out.Pool, out.Closure}}, poolTreeCall,
		poolTreeArgs{Resolved: out.Resolved.Path, Require: m.Tree.Path, Version: m.Version, Pool: out.Pool.Path, Closure: out.Closure.Path}, nil)
}

// poolTreeFunc is ioc_pool_tree/1. Nothing is copied: the tree is made of those of its modules. Only scripts that lack
// a line end are written anew.
func poolTreeFunc(_ context.Context, c rule.CallContext) error {
	var a poolTreeArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	b, err := ioc.InputBytes(c, a.Resolved)
	if err != nil {
		return err
	}
	var all resolved
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	if err := c.Write(a.Closure, []byte(all.Tree), false); err != nil {
		return err
	}
	modules := append(all.Modules, resolvedModule{Module: "require", Version: a.Version, Tree: a.Require})
	var said diag.List
	for _, m := range modules {
		if m.Tree == "" {
			continue
		}
		ds, err := linkWhole(c, m.Tree, a.Pool+"/"+m.Module+"/"+m.Version)
		if err != nil {
			return err
		}
		said = append(said, ds...)
	}
	if len(said) > 0 {
		return said
	}
	return nil
}

// linkWhole puts all of a module's tree below a folder of an output tree. A script whose last line has no line end gets one there, with a
// warning: the IOC's shell would leave that line out.
func linkWhole(c rule.CallContext, tree, to string) (said diag.List, err error) {
	entries, err := c.Folder(tree)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		at := to + "/" + e.Path
		switch {
		case e.Dir:
			err = c.LinkTree(at, e.Blob)
		case e.Link != "":
			err = c.Symlink(at, e.Link)
		default:
			var ds diag.List
			if ds, err = linkScript(c, tree+"/"+e.Path, at, e); len(ds) > 0 {
				said = append(said, ds...)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return said, nil
}

// linkScript puts a file of a module's top folder into the pool.
func linkScript(c rule.CallContext, from, to string, e rule.Entry) (diag.List, error) {
	if ext := path.Ext(e.Path); ext == ".iocsh" || ext == ".cmd" {
		text, err := ioc.InputBytes(c, from)
		if err != nil {
			return nil, err
		}
		if whole, said := startup.WholeScript(from, text); said != nil {
			return said, c.Write(to, whole, e.Executable)
		}
	}
	return nil, c.Link(to, e.Blob, e.Executable)
}
