package workflow

import (
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/python"
)

// Flow is what a target that depends on a workflow gets: provider "workflow". The target is a program as well, and what starts it
// does so with the same paths.
type Flow struct {
	// Package is the tree of the generated package: pyproject.toml and the folder Module lie in it, so that it goes onto sys.path. Its path
	// ends in Dir.
	Package rule.Artifact
	Dir     string // "wt-patrols-workflow"
	Module  string // "wt_patrols_workflow"
	Env     python.Env
	// Sources are files of tasks that are imported where they lie; Path are the folders, in an action's tree, that go onto sys.path for
	// them and for Package, Package first.
	Sources []rule.Artifact
	Path    []string
	ID      string // of the spec
	// Spec is the file that the package is made of. Which tasks may be replaced by examples is known to the package alone: its module
	// metadata says so, and whether it has some.
	Spec rule.Artifact
	// EnvVars are the variables that the spec names, sorted; nil where the spec is another target's output.
	EnvVars []string
}

// ProviderName implements rule.Provider.
func (Flow) ProviderName() string { return "workflow" }
