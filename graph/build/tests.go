package build

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/state"
)

// caseOf gives what a test tests of its target, "" where that has one test.
func caseOf(g *state.Graph, a state.ActionID) string {
	act, err := action.DecodeSpec(g.Spec(a))
	if err != nil {
		return ""
	}
	return act.Case
}

// targetsOf lists the targets of a selection.
func targetsOf(g *state.Graph, sel *selection) []state.TargetID {
	if sel.targets != nil {
		return sel.targets
	}
	targets := []state.TargetID{}
	for t := range (state.Targets{First: 0, Last: state.TargetID(g.NumTargets())}).All() {
		if g.TargetFlags(t)&state.Manual == 0 {
			targets = append(targets, t)
		}
	}
	return targets
}

// someTests keeps of a selection the tests that a request names, or its share of them. Each case counts as a test.
func (e *Engine) someTests(g *state.Graph, sel *selection, r Request) *selection {
	only := map[TestID]bool{}
	for _, id := range r.Only {
		only[id] = true
	}
	n := 0
	var targets []state.TargetID
	var acts []state.ActionID
	for _, t := range targetsOf(g, sel) {
		if g.TargetFlags(t)&state.IsTest == 0 {
			continue
		}
		had := len(acts)
		for _, a := range g.TargetActions(t) {
			if g.ActionFlags(a)&state.Test == 0 || len(only) > 0 && !only[TestID{g.LabelText(t), caseOf(g, a)}] {
				continue
			}
			if n++; r.ShardCount < 2 || (n-1)%r.ShardCount == r.ShardIndex-1 {
				acts = append(acts, a)
			}
		}
		if len(acts) > had {
			targets = append(targets, t)
		}
	}
	some := e.selected(g, targets, false)
	some.tests, some.wanted = true, g.NeedAlso(targets, false, acts)
	return some
}

// unchangedTests adds the tests that passed before and need not run, so that a summary names every test.
func (e *Engine) unchangedTests(g *state.Graph, sel *selection, r Request, sum *Summary) {
	if !r.Tests {
		return
	}
	have := map[TestID]bool{}
	for _, t := range sum.Tests {
		have[TestID{t.Label, t.Case}] = true
	}
	for i := range sel.wanted.Actions.Below(g.NumActions()) {
		a := state.ActionID(i)
		if g.ActionFlags(a)&state.Test == 0 || !g.Done(a) {
			continue
		}
		id := TestID{g.LabelText(g.ActionTarget(a)), caseOf(g, a)}
		if !have[id] {
			st, _ := g.ActionState(a)
			sum.Tests = append(sum.Tests, TestResult{Label: id.Label, Case: strings.Clone(id.Case), Status: Unchanged, Wall: st.Duration, Run: 1})
		}
	}
	slices.SortStableFunc(sum.Tests, func(x, y TestResult) int {
		return cmp.Or(strings.Compare(x.Label, y.Label), strings.Compare(x.Case, y.Case))
	})
}
