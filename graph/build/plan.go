package build

import (
	"context"
	"errors"
	"slices"

	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/state"
)

// PlanItem is one action that a build would look at.
type PlanItem struct {
	Label    string
	Mnemonic string
	Subject  string // see rule.Action
	Case     string // of a test; see rule.Action
	Will     string // "run", "hit", "place", or "may run" where that hangs on what another action makes
	Reason   string
}

func asMissing(err error, m **action.MissingInputError) bool { return errors.As(err, m) }

// Plan says what a build would do and why. It changes nothing at all: neither outputs nor state nor cache.
func (e *Engine) Plan(ctx context.Context, r Request) ([]PlanItem, *Summary, error) {
	g, err := e.current(ctx, look)
	if err != nil {
		return nil, nil, err
	}
	sel, err := e.selectFor(g, r)
	if err != nil {
		return nil, nil, err
	}
	if e.unfollow(g, sel.wanted) { // a build would have what the lock file says
		if g, err = e.renew(ctx, g, state.PathIn(e.o.Root, e.settings()), false); err != nil {
			return nil, nil, err
		}
		if sel, err = e.selectFor(g, r); err != nil {
			return nil, nil, err
		}
	}
	dirty, redo, err := e.dirty(g, r, sel)
	if err != nil {
		return nil, nil, err
	}
	sum := &Summary{Targets: sel.count, NoOp: len(dirty) == 0}
	if len(dirty) == 0 {
		return nil, sum, nil
	}
	p := &planner{e: e, g: g, redo: redo, dirty: map[state.ActionID]bool{}, open: map[state.ActionID]bool{}}
	for _, a := range dirty {
		p.dirty[a] = true
	}
	c, err := e.store()
	if err != nil {
		return nil, nil, err
	}
	p.s = &session{e: e, g: g, req: r, x: &action.Executor{Store: c}, redo: redo}
	var items []PlanItem
	for _, a := range g.Closure(dirty, sel.wanted) {
		it, err := p.item(ctx, a)
		if err != nil {
			return nil, nil, err
		}
		if it != nil {
			items = append(items, *it)
		}
	}
	return items, sum, nil
}

type planner struct {
	e     *Engine
	g     *state.Graph
	s     *session
	redo  map[state.ActionID]bool
	dirty map[state.ActionID]bool
	open  map[state.ActionID]bool // what it will make is not known yet
}

// item says what one action will do, nil for nothing. Actions come in topological order.
func (p *planner) item(ctx context.Context, a state.ActionID) (*PlanItem, error) {
	t := &turn{id: a, label: p.s.label(a)}
	var err error
	if t.act, err = p.s.declared(a); err != nil {
		return nil, err
	}
	it := &PlanItem{Label: t.label, Mnemonic: t.act.Mnemonic, Subject: t.act.Subject, Case: t.act.Case}
	t.prev, t.hadPrev = p.g.ActionState(a)
	for _, in := range p.g.Inputs(a) {
		if maker, ok := p.g.Producer(in); ok && p.open[maker] {
			p.open[a] = true
			it.Will, it.Reason = "may run", "depends on what "+p.s.label(maker)+" makes"
			return it, nil
		}
	}
	if !p.dirty[a] {
		return nil, nil
	}
	if p.s.restorable(t) && !p.e.o.Force {
		it.Will, it.Reason = "place", "its outputs are not in cairn-out as they were left"
		return it, nil
	}
	if err := p.s.prepare(ctx, t); err != nil {
		var work *action.Failed
		if errors.As(err, &work) {
			it.Will, it.Reason = "fail", work.Summary
			p.open[a] = true
			return it, nil
		}
		return nil, err
	}
	if !p.s.mustRun(t) && !p.redo[a] {
		if t.hadPrev && t.prev.Key == t.job.Key && t.prev.Exit == 0 && !t.act.Test {
			return nil, nil
		}
		if r, _, ok := p.s.x.Lookup(t.job); ok {
			it.Will = "hit"
			p.s.reason(t)
			it.Reason = t.why
			p.open[a] = !p.asItWas(a, r)
			return it, nil
		}
	}
	p.s.reason(t)
	it.Will, it.Reason = "run", t.why
	p.open[a] = true
	return it, nil
}

// asItWas says whether a result's outputs are those that the action left last: nothing that depends on it will then do anything.
func (p *planner) asItWas(a state.ActionID, r *action.Result) bool {
	for i, o := range p.g.Outputs(a) {
		f, ok := p.g.OutputFact(o)
		if !ok || i >= len(r.Outputs) || f.Digest != r.Outputs[i].Digest {
			return false
		}
	}
	return true
}

// Labels gives the labels of an item list, each once, in order.
func Labels(items []PlanItem) []string {
	var out []string
	for _, it := range items {
		if !slices.Contains(out, it.Label) {
			out = append(out, it.Label)
		}
	}
	return out
}
