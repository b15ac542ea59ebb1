package ioc

import (
	"context"
	"encoding/json"

	"github.com/cairn-build/cairn/graph/rule"
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
func (s *iocSpec) declarePool(out IocStart, list rule.Artifact, targets []candidate) {
	m := s.base.Require
	in := []rule.Artifact{list, m.Tree, s.base.Runtime}
	for _, t := range targets {
		if t.wanted {
			in = append(in, t.Tree)
		}
	}
	s.call("Pool", poolTreeCall, poolTreeArgs{Resolved: list.Path, Require: m.Tree.Path, Version: m.Version, Pool: out.Pool.Path, Closure: out.Closure.Path}, nil, in, out.Pool, out.Closure)
}

// poolTreeFunc is ioc_pool_tree/1. Nothing is copied: the tree is made of those of its modules.
func poolTreeFunc(_ context.Context, c rule.CallContext) error {
	var a poolTreeArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	b, err := inputBytes(c, a.Resolved)
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
	for _, m := range modules {
		if m.Tree == "" {
			continue
		}
		if err := linkWhole(c, m.Tree, a.Pool+"/"+m.Module+"/"+m.Version); err != nil {
			return err
		}
	}
	return nil
}

// linkWhole puts all of an input tree below a folder of an output tree.
func linkWhole(c rule.CallContext, tree, to string) error {
	entries, err := c.Folder(tree)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch at := to + "/" + e.Path; {
		case e.Dir:
			err = c.LinkTree(at, e.Blob)
		case e.Link != "":
			err = c.Symlink(at, e.Link)
		default:
			err = c.Link(at, e.Blob, e.Executable)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
