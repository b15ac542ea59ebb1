// Package ioctest makes what the tests of EPICS's kinds find as their dependencies.
package ioctest

import (
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

// Tree is an output tree at a path below the folder of outputs.
func Tree(path string) rule.Artifact {
	return rule.Artifact{Path: "cairn-out/" + path, Kind: rule.OutputTree}
}

// Module is a module of the target "//:<name>" for linux-x86_64, with all that one provides whose version is known.
func Module(name, version string, deps ...ioc.Module) ioc.Module {
	return ioc.Module{Label: label.Label{Name: name}, Name: name, Version: version, Arch: "linux-x86_64", Tree: Tree(name + "/" + name + "/" + version),
		Headers: Tree(name + "/.parts/include"), Dbd: Tree(name + "/.parts/dbd"), Deps: deps,
		Index: rule.Artifact{Path: "cairn-out/" + name + "/.parts/include.txt", Kind: rule.OutputFile},
		Dep:   rule.Artifact{Path: "cairn-out/" + name + "/.parts/lib/" + name + ".dep", Kind: rule.OutputFile}}
}
