package module

import (
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

// Item is what one word of an attribute such as sources stands for: a file, all files of a folder, or those that a pattern matches.
type Item struct {
	In rule.Artifact // what an action has among its inputs to see it: the file, or the tree that it lies in
	// At is In.Path for a file, or for all of a tree; else a path or a pattern below a tree.
	At    string
	Range diag.Range // where it is written
}

// inTree says that the item is a part of its artifact.
func (i Item) inTree() bool { return i.At != i.In.Path }

// whole says that the item is all files of a tree.
func (i Item) whole() bool { return !i.inTree() && i.In.Kind == rule.OutputTree }

// pattern says that the item may be several files of a tree.
func (i Item) pattern() bool { return i.inTree() && strings.ContainsAny(i.At[len(i.In.Path):], "*?[") }

// dir is the folder that the item's files lie in.
func (i Item) dir() string {
	switch {
	case i.whole():
		return i.At
	case i.pattern():
		at, _, _ := strings.Cut(i.At, "*")
		at, _, _ = strings.Cut(at, "?")
		at, _, _ = strings.Cut(at, "[")
		return path.Dir(at + "x")
	}
	return path.Dir(i.At)
}

// callItem is an item as a Call is told of it: In and At as item has them.
type callItem struct {
	In   string `json:"in"`
	Tree bool   `json:"tree,omitempty"`
	At   string `json:"at"`
	// Made headers come of dbd files.
	Made bool `json:"made,omitempty"`
}

func (i Item) told() callItem {
	return callItem{In: i.In.Path, Tree: i.In.Kind == rule.OutputTree, At: i.At}
}

// Spec is what a module is made of, whichever kind says so; Name, Version and Base are always given.
type Spec struct {
	Name    string // as EPICS has it; an identifier of C
	Version string // as cairn builds versions
	Base    ioc.Base
	// Dir is a folder below the target's own that all outputs lie in, "" for the target's own. The tree is Dir/<Name>/<Version>.
	Dir string

	Sources        []Item
	Headers        []Item
	PrivateHeaders []Item
	KeepHeaders    []string // folders, as paths of an action's tree, below which installed headers keep their subfolders
	Dbds           []Item
	Templates      []Item
	Subs, Tmps     []Item
	Scripts        []Item
	Bins           []Item
	VendorLibs     []Item

	CFlags, CPPFlags, CXXFlags, LDFlags []string
	Includes                            []string // further folders, as paths of an action's tree
	LegacyRset                          bool
	Conda                               bool // layout conda: installed differs from what is said here of lib, bin, db and dbd
	ArchDirs                            bool // sources lie in a tree, so that folders such as os/Linux are not known from names

	Deps    []ioc.Module // compiled with, and named in .dep
	Runtime []ioc.Module // named in .dep alone
	Known   []ioc.Module // in pools, named nowhere
	Pools   []ioc.Pool
	// Snc translates state notation.
	Snc translator
	// Patches are laid over a copy of Tree, or, where that is zero, of the source files among the items.
	Patches  []Item
	Tree     rule.Artifact
	SncFlags []string
	// Extra are further files of the tree.
	Extra []Extra
	// Root is the folder that Sources are named relative to, for the names of objects.
	Root string
	// Commit holds what the sources are, as a file with one line; the zero Artifact where nobody knows. Origin says the same in words.
	Commit rule.Artifact
	Origin []string // lines of meta.yaml
	// Places are attributes of BUILD.hcl, for messages: "deps", "headers".
	Places map[string]diag.Range
}

// translator is a program that makes C of another language; the zero value is none.
type translator struct {
	argv []string
	in   []rule.Artifact
	host []string
	env  []rule.EnvVar
}

// Extra is a file of a tree that no attribute of ioc_module puts there.
type Extra struct {
	To         string // below the tree
	From       Item
	Executable bool
}

// before gives the modules that are loaded before this one: those that its .dep names.
func (s *Spec) before() []ioc.Module { return slices.Concat(s.Deps, s.Runtime) }
