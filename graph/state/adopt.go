package state

import (
	"bytes"
	"slices"
	"strings"
)

// Adopt takes over from old, the graph of an earlier evaluation, what is still true in g: facts of sources and of what is
// placed by their paths, of tools by their names, and the states of actions that write the same outputs first. An action
// stays done only if it is the same row as before (see ActionRow). It is called once, before g is saved; old is not
// changed. Facts of the evaluation's reads are g's own. What comes back are the paths of what old has placed and g knows
// nothing of: outputs that no one makes any more.
func (g *Graph) Adopt(old *Graph) (orphans []string) {
	old.mu.RLock()
	defer old.mu.RUnlock()
	g.mu.Lock()
	defer g.mu.Unlock()

	arts := make([]uint32, len(old.arts)) // old id -> new id
	match := func(of, ot, nf, nt int) {
		o, n := of, nf
		for o < ot {
			c := -1
			if n < nt {
				or, nr := old.arts[o], g.arts[n]
				c = comparePaths(pathOf(old.paths, or), int(or.Dir), pathOf(g.paths, nr), int(nr.Dir))
			}
			switch {
			case c < 0:
				arts[o] = none
				o++
			case c > 0:
				n++
			default:
				arts[o] = uint32(n)
				o++
				n++
			}
		}
	}
	match(0, old.nsrc, 0, g.nsrc)
	match(old.nsrc, len(old.arts), g.nsrc, len(g.arts))

	tools := make([]uint32, len(old.tools))
	for i := range tools {
		tools[i] = none
		if t, ok := g.FindTool(old.ToolName(ToolID(i))); ok {
			tools[i] = uint32(t)
		}
	}
	for t, b := range old.toolFacts.all() {
		if tools[t] != none {
			g.toolFacts.set(tools[t], aligned(b))
		}
	}
	for o, n := range arts {
		if n == none {
			if o >= old.nsrc && old.placed[o-old.nsrc].Flags&factKnown != 0 {
				orphans = append(orphans, strings.Clone(old.Path(ArtifactID(o))))
			}
			continue
		}
		if o < old.nsrc {
			g.sources[n], g.hashes[n] = old.sources[o], old.hashes[o]
			continue
		}
		oo, no := o-old.nsrc, int(n)-g.nsrc
		if old.isTree(ArtifactID(o)) != g.isTree(ArtifactID(n)) {
			continue
		}
		g.placed[no], g.results[no] = old.placed[oo], old.results[oo]
	}
	for o, b := range old.trees.all() {
		if n := arts[int(o)+old.nsrc]; n != none && g.isTree(ArtifactID(n)) {
			g.trees.set(n-uint32(g.nsrc), aligned(b))
		}
	}
	for o := range old.states {
		n, ok := g.heir(old, ActionID(o), arts)
		if !ok || old.flags[o]&stateKnown == 0 {
			continue
		}
		g.states[n], g.flags[n] = old.states[o], old.flags[o]
		if b := old.notes.get(uint32(o)); b != nil {
			g.notes.set(uint32(n), slices.Clone(b))
		}
		if !g.sameRow(n, old, ActionID(o), arts, tools) || g.mark(n) != g.states[n].Mark {
			g.flags[n] &^= stateDone
		}
	}
	return orphans
}

// none stands for an artifact or a tool that g does not have.
const none = ^uint32(0)

// heir finds the action of g that writes the same first output or, where there are no outputs (tests), stands at the same
// place among those of the same target.
func (g *Graph) heir(old *Graph, o ActionID, arts []uint32) (ActionID, bool) {
	if outs := old.Outputs(o); len(outs) > 0 {
		if n := arts[outs[0]]; n != none {
			heir, _ := g.Producer(ArtifactID(n))
			return heir, slices.Index(g.Outputs(heir), ArtifactID(n)) == 0
		}
		return 0, false
	}
	ot := old.ActionTarget(o)
	t, ok := g.FindTarget(old.Label(ot), old.TargetPlatform(ot))
	if !ok {
		return 0, false
	}
	place := slices.Index(bare(old, ot), o)
	if same := bare(g, t); place < len(same) {
		return same[place], true
	}
	return 0, false
}

// bare are a target's actions without outputs.
func bare(g *Graph, t TargetID) []ActionID {
	return slices.DeleteFunc(slices.Clone(g.TargetActions(t)), func(a ActionID) bool { return len(g.Outputs(a)) > 0 })
}

// sameRow says whether an action of g is declared as one of old was.
func (g *Graph) sameRow(n ActionID, old *Graph, o ActionID, arts, tools []uint32) bool {
	named := func(a, b ToolID) bool { return tools[a] == uint32(b) }
	kinds := func(a, b ArtifactID) bool { return arts[a] == uint32(b) && old.Kind(a) == g.Kind(b) }
	return g.ActionFlags(n) == old.ActionFlags(o) &&
		slices.EqualFunc(old.Inputs(o), g.Inputs(n), kinds) &&
		slices.EqualFunc(old.Outputs(o), g.Outputs(n), kinds) &&
		slices.EqualFunc(old.ActionTools(o), g.ActionTools(n), named) &&
		bytes.Equal(old.Spec(o), g.Spec(n))
}
