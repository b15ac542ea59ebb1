package state

import (
	"bytes"
	"slices"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/rule"
)

// Graph is an evaluated workspace with its facts. The immutable half may be read from any goroutine without care; strings
// and slices that accessors give are views into it: they must not be changed and live until Close. Facts may be read and
// set from several goroutines (facts.go says more). Ids passed in must be ids of this graph.
type Graph struct {
	sec      *sections
	id       graphID
	settings digest.Hash
	unmap    func() error // nil for a graph in memory
	nsrc     int

	paths     []byte
	arts      []pathRec
	producers []uint32
	consumers csr
	acts      []actionRec
	aclasses  []actionClass
	ctools    []ToolID
	inputs    csr
	outputs   csr
	specOff   []uint32
	text      []byte
	strs      []textRef
	tools     []uint32
	targets   []targetRec
	tclasses  []targetClass
	ctags     []uint32
	defaults  csr
	deps      csr
	own       csr
	readPaths []pathRec
	reads     []readRec
	runs      []blobRef
	descs     []blobRef
	kept      []blobRef
	looks     []blobRef

	mu        sync.RWMutex // guards what follows
	sources   []statRec
	hashes    []digest.Hash
	placed    []statRec
	results   []resultRec
	states    []actionFact
	flags     []byte // by action
	readStats []statRec
	trees     sparse
	notes     sparse
	toolFacts sparse
	journal   *journal     // nil while the graph is not bound to a file
	usersOnce sync.Once    // makes users
	users     [][]ActionID // by tool
}

// csr is a list of lists: ids[off[i]:off[i+1]] belongs to i.
type csr struct{ off, ids []uint32 }

func (c csr) of(i int) []uint32 { return c.ids[c.off[i]:c.off[i+1]] }

// newGraph lays accessors over sections that validate has passed, or that Finish made.
func newGraph(s *sections, id graphID, settings digest.Hash) *Graph {
	u32 := view[uint32]
	g := &Graph{
		sec: s, id: id, settings: settings,
		paths: s[secPaths], arts: view[pathRec](s[secArtifacts]), producers: u32(s[secProducers]),
		consumers: csr{u32(s[secConsumerOff]), u32(s[secConsumers])},
		acts:      view[actionRec](s[secActions]), aclasses: view[actionClass](s[secActionClasses]), ctools: view[ToolID](s[secClassTools]),
		inputs:  csr{u32(s[secInputOff]), u32(s[secInputs])},
		outputs: csr{u32(s[secOutputOff]), u32(s[secOutputs])},
		specOff: u32(s[secSpecOff]), text: s[secText], strs: view[textRef](s[secStrings]), tools: u32(s[secToolNames]),
		targets: view[targetRec](s[secTargets]), tclasses: view[targetClass](s[secTargetClasses]), ctags: u32(s[secClassTags]),
		defaults:  csr{u32(s[secDefaultOff]), u32(s[secDefaults])},
		deps:      csr{u32(s[secDepOff]), u32(s[secDeps])},
		own:       csr{u32(s[secOwnOff]), u32(s[secOwn])},
		readPaths: view[pathRec](s[secReadPaths]), reads: view[readRec](s[secReads]),
		runs: view[blobRef](s[secRuns]), descs: view[blobRef](s[secDescriptions]), kept: view[blobRef](s[secKept]), looks: view[blobRef](s[secLooks]),
		sources: view[statRec](s[secSources]), hashes: view[digest.Hash](s[secHashes]), placed: view[statRec](s[secPlaced]),
		results: view[resultRec](s[secResults]), states: view[actionFact](s[secStates]), flags: s[secDone], readStats: view[statRec](s[secReadStats]),
		trees:     sparse{base: view[blobRef](s[secTrees]), text: s[secVar]},
		notes:     sparse{base: view[blobRef](s[secNotes]), text: s[secVar]},
		toolFacts: sparse{base: view[blobRef](s[secTools]), text: s[secVar]},
	}
	g.nsrc = len(g.sources)
	return g
}

// Settings is what the graph was evaluated for.
func (g *Graph) Settings() digest.Hash { return g.settings }

// NumTargets is how many targets there are; their ids are the numbers below it.
func (g *Graph) NumTargets() int { return len(g.targets) }

// NumActions is how many actions there are.
func (g *Graph) NumActions() int { return len(g.acts) }

// NumArtifacts is how many artifacts there are, sources and outputs.
func (g *Graph) NumArtifacts() int { return len(g.arts) }

// NumSources is how many artifacts are sources: the ids below it.
func (g *Graph) NumSources() int { return g.nsrc }

// NumTools is how many host programs actions name.
func (g *Graph) NumTools() int { return len(g.tools) }

// NumReads is how many things the evaluation has read.
func (g *Graph) NumReads() int { return len(g.reads) }

// Path is where an artifact lies, as rule.Artifact has it.
func (g *Graph) Path(a ArtifactID) string { return text(pathOf(g.paths, g.arts[a])) }

// Kind is what an artifact is on disk.
func (g *Graph) Kind(a ArtifactID) rule.ArtifactKind {
	switch {
	case g.IsSource(a):
		return rule.Source
	case g.sec[secKinds][int(a)-g.nsrc] == 1:
		return rule.OutputTree
	}
	return rule.OutputFile
}

// Artifact is both.
func (g *Graph) Artifact(a ArtifactID) rule.Artifact {
	return rule.Artifact{Path: g.Path(a), Kind: g.Kind(a)}
}

// IsSource says whether a is a file of the workspace.
func (g *Graph) IsSource(a ArtifactID) bool { return int(a) < g.nsrc }

// Producer is the action that writes a; false for a source.
func (g *Graph) Producer(a ArtifactID) (ActionID, bool) {
	if g.IsSource(a) {
		return 0, false
	}
	return ActionID(g.producers[int(a)-g.nsrc]), true
}

// Consumers are the actions that read a, in order.
func (g *Graph) Consumers(a ArtifactID) []ActionID { return ids[ActionID](g.consumers.of(int(a))) }

// Inputs are an action's inputs, in the order in which they were declared.
func (g *Graph) Inputs(a ActionID) []ArtifactID { return ids[ArtifactID](g.inputs.of(int(a))) }

// Outputs are an action's outputs, in the order in which they were declared.
func (g *Graph) Outputs(a ActionID) []ArtifactID { return ids[ArtifactID](g.outputs.of(int(a))) }

// Spec is what the Builder was given for an action.
func (g *Graph) Spec(a ActionID) []byte {
	lo, hi := g.specOff[a], g.specOff[a+1]
	return g.sec[secSpecs][lo:hi:hi]
}

// ActionTarget is the target that declared an action.
func (g *Graph) ActionTarget(a ActionID) TargetID { return TargetID(g.acts[a].Target) }

// ActionFlags says what holds for an action.
func (g *Graph) ActionFlags(a ActionID) ActionFlags {
	return ActionFlags(g.aclasses[g.acts[a].Class].Flags)
}

// AnyAction says whether some action has the flag. It costs nothing to ask.
func (g *Graph) AnyAction(f ActionFlags) bool {
	return slices.ContainsFunc(g.aclasses, func(c actionClass) bool { return ActionFlags(c.Flags)&f != 0 })
}

// ActionTools are the host programs that an action names, in the order in which they were declared.
func (g *Graph) ActionTools(a ActionID) []ToolID {
	c := g.aclasses[g.acts[a].Class]
	return g.ctools[c.ToolsLo:c.ToolsHi]
}

// ToolName is a host program's name.
func (g *Graph) ToolName(t ToolID) string { return g.str(g.tools[t]) }

// FindTool looks a host program up by name.
func (g *Graph) FindTool(name string) (ToolID, bool) {
	i, ok := slices.BinarySearchFunc(g.tools, name, func(s uint32, n string) int { return strings.Compare(g.str(s), n) })
	return ToolID(i), ok
}

// FindArtifact looks an artifact up by its path.
func (g *Graph) FindArtifact(path string) (ArtifactID, bool) {
	dir := max(0, strings.LastIndexByte(path, '/'))
	cmp := func(r pathRec, p string) int { return comparePaths(pathOf(g.paths, r), int(r.Dir), []byte(p), dir) }
	if i, ok := slices.BinarySearchFunc(g.arts[:g.nsrc], path, cmp); ok {
		return ArtifactID(i), true
	}
	i, ok := slices.BinarySearchFunc(g.arts[g.nsrc:], path, cmp)
	return ArtifactID(i + g.nsrc), ok
}

// OutputAbove finds the output tree that path lies in, or the output that it is.
func (g *Graph) OutputAbove(path string) (ArtifactID, bool) {
	for p := path; p != ""; {
		if a, ok := g.FindArtifact(p); ok && !g.IsSource(a) && (p == path || g.Kind(a) == rule.OutputTree) {
			return a, true
		}
		p = p[:max(0, strings.LastIndexByte(p, '/'))]
	}
	return 0, false
}

func (g *Graph) str(i uint32) string {
	r := g.strs[i]
	return text(g.text[r.Off : r.Off+r.Len])
}

func pathOf(paths []byte, r pathRec) []byte { return paths[r.Off : r.Off+uint32(r.Len)] }

// comparePaths orders by folder, then by name, so that a folder's files are neighbours.
func comparePaths(a []byte, adir int, b []byte, bdir int) int {
	if c := bytes.Compare(a[:adir], b[:bdir]); c != 0 {
		return c
	}
	return bytes.Compare(a[adir:], b[bdir:])
}

// ids gives numbers the name of what they number.
func ids[T ~uint32](s []uint32) []T { return view[T](raw(s)) }

// Close unmaps the graph. Nothing that came from it may be used afterwards, strings included; a command that ends anyway
// has no reason to call it.
func (g *Graph) Close() error {
	if g.unmap == nil {
		return nil
	}
	f := g.unmap
	g.unmap = nil
	return f()
}
