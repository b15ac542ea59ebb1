package state

import (
	"math"
	"slices"

	"github.com/cairn-build/cairn/graph/rule"
)

// Wanted is what a run is about: actions, and the artifacts that they read or write or that are default outputs of the
// targets asked for. The zero Wanted is all of the graph.
type Wanted struct {
	Actions   Bitset // by ActionID
	Artifacts Bitset // by ArtifactID
}

// Need gives what the default outputs of targets stand on; with tests also the targets' own test actions. It costs what
// comes of it, and two bits for each action and artifact of the graph.
func (g *Graph) Need(targets []TargetID, tests bool) Wanted {
	w := Wanted{NewBitset(g.NumActions()), NewBitset(g.NumArtifacts())}
	g.need(w, targets, tests)
	return w
}

// NeedActions is Need for actions rather than for targets.
func (g *Graph) NeedActions(as []ActionID) Wanted {
	w := Wanted{NewBitset(g.NumActions()), NewBitset(g.NumArtifacts())}
	g.need(w, nil, false, as...)
	return w
}

// NeedAlso is Need for targets and, besides, actions.
func (g *Graph) NeedAlso(targets []TargetID, tests bool, as []ActionID) Wanted {
	w := Wanted{NewBitset(g.NumActions()), NewBitset(g.NumArtifacts())}
	g.need(w, targets, tests, as...)
	return w
}

func (g *Graph) need(w Wanted, targets []TargetID, tests bool, also ...ActionID) {
	var stack []ActionID
	push := func(a ActionID) {
		if w.Actions.Add(int(a)) {
			stack = append(stack, a)
		}
	}
	want := func(art ArtifactID) {
		if w.Artifacts.Add(int(art)) {
			if p, ok := g.Producer(art); ok {
				push(p)
			}
		}
	}
	drain := func() {
		for len(stack) > 0 {
			a := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for _, art := range g.Outputs(a) {
				w.Artifacts.Add(int(art))
			}
			for _, art := range g.Inputs(a) {
				want(art)
			}
		}
	}
	for _, t := range targets {
		for _, art := range g.Default(t) {
			want(art)
		}
		if tests {
			for _, a := range g.TargetActions(t) {
				if g.ActionFlags(a)&Test != 0 {
					push(a)
				}
			}
		}
		drain()
	}
	for _, a := range also {
		push(a)
		drain()
	}
}

// Everything is Need for all targets that are not manual: what //... means. It was worked out when the graph was made.
func (g *Graph) Everything(tests bool) Wanted {
	if tests {
		return Wanted{g.bits(secTestActions), g.bits(secTestArtifacts)}
	}
	return Wanted{g.bits(secAllActions), g.bits(secAllArtifacts)}
}

func (g *Graph) bits(s section) Bitset {
	if b := view[uint64](g.sec[s]); b != nil {
		return b
	}
	return Bitset{} // of an empty graph; nil would be all
}

func (g *Graph) everything() {
	var ts []TargetID
	for t := range (Targets{0, TargetID(len(g.targets))}).All() {
		if g.TargetFlags(t)&Manual == 0 {
			ts = append(ts, t)
		}
	}
	g.need(g.Everything(false), ts, false)
	g.need(g.Everything(true), ts, true)
}

// Closure gives dirty and all that depends on it, as far as it is wanted, each once and in topological order.
func (g *Graph) Closure(dirty []ActionID, w Wanted) []ActionID {
	seen := NewBitset(g.NumActions())
	var out []ActionID
	push := func(a ActionID) {
		if w.Actions.Has(int(a)) && seen.Add(int(a)) {
			out = append(out, a)
		}
	}
	for _, a := range dirty {
		push(a)
	}
	for i := 0; i < len(out); i++ {
		for _, art := range g.Outputs(out[i]) {
			for _, c := range g.Consumers(art) {
				push(c)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Pending gives the wanted actions that are not done, in topological order. What depends on them is not in it unless it is
// not done itself: early cutoff decides whether it must be.
func (g *Graph) Pending(w Wanted) []ActionID {
	g.mu.RLock()
	defer g.mu.RUnlock()
	var out []ActionID
	for i, f := range g.flags {
		if f&stateDone == 0 && w.Actions.Has(i) {
			out = append(out, ActionID(i))
		}
	}
	return out
}

// Unplaced gives the outputs among the default outputs of targets that have no placed fact; of //... where targets is nil.
func (g *Graph) Unplaced(targets []TargetID) []ArtifactID {
	g.mu.RLock()
	defer g.mu.RUnlock()
	var out []ArtifactID
	check := func(t TargetID) {
		for _, art := range g.Default(t) {
			if o := int(art) - g.nsrc; o >= 0 && g.placed[o].Flags&factKnown == 0 {
				out = append(out, art)
			}
		}
	}
	if targets == nil {
		for t := range (Targets{0, TargetID(len(g.targets))}).All() {
			if g.TargetFlags(t)&Manual == 0 {
				check(t)
			}
		}
	}
	for _, t := range targets {
		check(t)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Owners gives the targets that read a source or have it as a default output, in order.
func (g *Graph) Owners(src ArtifactID) []TargetID {
	var out []TargetID
	for _, a := range g.Consumers(src) {
		out = append(out, g.ActionTarget(a))
	}
	for t := range (Targets{0, TargetID(len(g.targets))}).All() {
		if slices.Contains(g.Default(t), src) {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Longest gives, for each wanted action, the milliseconds of the longest chain from its start to the end of the build,
// from recorded durations; actions that never ran count guess. What schedules longest path first asks for it.
func (g *Graph) Longest(acts []ActionID, guess uint32) map[ActionID]uint32 {
	g.mu.RLock()
	defer g.mu.RUnlock()
	out := make(map[ActionID]uint32, len(acts))
	for i := len(acts) - 1; i >= 0; i-- { // ids are topological: what consumes has been seen
		a := acts[i]
		var after uint32
		for _, art := range g.Outputs(a) {
			for _, c := range g.Consumers(art) {
				after = max(after, out[c])
			}
		}
		own := g.states[a].DurationMS
		if g.flags[a]&stateKnown == 0 {
			own = guess
		}
		out[a] = after + min(own, math.MaxUint32-after)
	}
	return out
}

// isTree says whether an output is a folder.
func (g *Graph) isTree(a ArtifactID) bool { return g.Kind(a) == rule.OutputTree }
