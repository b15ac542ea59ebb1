package module

import (
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

// moduleBuild declares the actions that make one module. Its outputs, other than the tree, lie in the folder .parts beside it: in a
// folder of modules, what starts with a dot is no module.
type moduleBuild struct {
	c  *rule.Context
	s  *Spec
	cc compiler

	// What moduledbd.go adds.
	dbd       rule.Artifact   // <m>.dbd; zero for none
	dbdTree   rule.Artifact   // what dependants read: a tree with <m>.dbd and what it goes with; zero for none
	generated []rule.Artifact // trees of headers that come of dbd files; they are seen by sources, and installed
	made      []Item          // sources that are generated: the registration
	needs     rule.Artifact   // the symbols that the registration refers to; zero for none

	headers  rule.Artifact // what is installed in include, as a tree; zero for none
	index    rule.Artifact // the names in headers
	library  rule.Artifact // zero for none
	exports  rule.Artifact // what libraries define; zero where nobody knows
	dep      rule.Artifact
	found    rule.Artifact // says that sources in a tree are there; zero where none is in one
	objects  []object
	names    map[string]bool // of objects
	read     []usedDepfile   // of what is read before there are objects
	contents []treeEntry
	inputs   []rule.Artifact // of contents
}

// Build declares all that makes a module, and gives what its dependants get. Problems are recorded in c. The kind of
// c's target must have the Calls of Kind among its own.
func Build(c *rule.Context, s *Spec) (ioc.Module, bool) {
	cc, ok := compilerFor(c)
	if !ok {
		return ioc.Module{}, false
	}
	m := &moduleBuild{c: c, s: s, cc: cc}
	m.applyPatches()
	m.place()
	m.registerPrograms()
	m.expandDbds()
	m.condaInit()
	m.installHeaders()
	m.inflate()
	m.findSources()
	m.compileAll()
	m.link()
	m.checkSymbols()
	m.listExports()
	m.writeDep()
	tree := m.assemble()
	out := ioc.Module{Label: c.Label(), Name: s.Name, Version: s.Version, Arch: cc.arch, Tree: tree, Headers: m.headers, Dbd: m.dbdTree, Dep: m.dep, Index: m.index, Exports: m.exports, Conda: s.Conda}
	out.Deps = s.before()
	for _, b := range s.Bins {
		out.Bins = append(out.Bins, path.Base(b.At))
	}
	return out, true
}

// file makes the artifact of a file in the folder of parts.
func (m *moduleBuild) file(rel string) rule.Artifact {
	return m.c.OutputFile("", path.Join(m.s.Dir, ".parts", rel))
}

// tree is file for a folder.
func (m *moduleBuild) tree(rel string) rule.Artifact {
	return m.c.OutputTree("", path.Join(m.s.Dir, ".parts", rel))
}

// call is ioc.DeclareCall for an action that needs nothing but inputs and outputs.
func (m *moduleBuild) call(mnemonic, name string, args any, notes any, in []rule.Artifact, out ...rule.Artifact) {
	ioc.DeclareCall(m.c, rule.Action{Mnemonic: mnemonic, Inputs: in, Outputs: out}, name, args, notes)
}

// place notes where each item is written, for messages.
func (m *moduleBuild) place() {
	if m.s.Places == nil {
		m.s.Places = map[string]diag.Range{}
	}
	for _, l := range m.s.lists() {
		for _, i := range *l {
			if !i.Range.IsZero() {
				m.s.Places[i.At] = i.Range
			}
		}
	}
}

// inputsOf gives what actions need to see some items.
func inputsOf(lists ...[]Item) []rule.Artifact {
	var as []rule.Artifact
	for _, l := range lists {
		for _, i := range l {
			as = append(as, i.In)
		}
	}
	return ioc.Distinct(as)
}

// below gives p relative to dir, false where it is not below it.
func below(dir, p string) (string, bool) {
	if dir == "" || dir == "." {
		return p, true
	}
	return strings.CutPrefix(p, dir+"/")
}

// sortArtifacts puts artifacts into an order that hangs on nothing else.
func sortArtifacts(as []rule.Artifact) {
	slices.SortFunc(as, func(a, b rule.Artifact) int { return strings.Compare(a.Path, b.Path) })
}
