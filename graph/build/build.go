package build

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cache/disk"
	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/state"
)

// EnvError says that what builds stand on failed: the cache, the sandbox, the network, a toolchain. Exit code 3.
type EnvError = action.EnvError

// Build does what r asks. Errors: diag.List where the request or a BUILD file is wrong, *EnvError, or ctx's; failed actions
// are in the Summary. Warnings of the evaluation go out as notices.
func (e *Engine) Build(ctx context.Context, r Request) (*Summary, error) {
	start := e.o.Now()
	g, err := e.current(ctx, act)
	if err != nil {
		return nil, err
	}
	if r.Peek != nil {
		e.peek(g, r)
	}
	g, sel, err := e.pinned(ctx, g, r)
	if err != nil {
		return nil, err
	}
	e.built = g
	return e.buildIn(ctx, g, r, sel, start)
}

// buildIn does what r asks in a graph that is up to date.
func (e *Engine) buildIn(ctx context.Context, g *state.Graph, r Request, sel *selection, start time.Time) (*Summary, error) {
	dirty, redo, err := e.dirty(g, r, sel)
	if err != nil {
		return nil, err
	}
	sum := &Summary{Targets: sel.count, NoOp: len(dirty) == 0}
	if len(dirty) == 0 {
		e.unchangedTests(g, sel, r, sum)
		sum.Wall = e.o.Now().Sub(start)
		return sum, g.Commit()
	}
	s, err := e.newSession(g, r, sel.wanted)
	if err != nil {
		return nil, err
	}
	release, err := s.store.Lease()
	if err != nil {
		return nil, &EnvError{Err: err}
	}
	defer release.Release()
	s.redo, s.place = redo, sel.place
	s.warm(ctx, dirty)
	if s.inPlace() {
		s.place = nil // commands run in the workspace read their inputs there
		dirty = e.addUnplaced(g, sel, dirty)
	}
	s.start = start
	runErr := s.execute(ctx, dirty)
	*sum = s.sum
	sum.Targets, sum.NoOp = sel.count, s.sum.Actions == 0 && runErr == nil
	e.unchangedTests(g, sel, r, sum)
	sum.Wall = e.o.Now().Sub(start)
	saveErr := g.Commit()
	head := &RunRecord{ID: sum.RunID, Time: start, Command: e.o.Command, Wall: sum.Wall, Targets: sum.Targets, Actions: sum.Actions,
		Cached: sum.Cached, Run: sum.Run, Failed: sum.Failed, Skipped: sum.Skipped}
	if s.log.n > 0 {
		head.Sources = pins(g, sel.wanted)
	}
	if err := s.log.save(e.runsDir(), head); err != nil && saveErr == nil {
		saveErr = err
	}
	if runErr != nil {
		return sum, runErr
	}
	if saveErr != nil {
		e.notice("the build is done, but its state could not be saved: %v", saveErr)
	}
	e.trim(ctx)
	return sum, nil
}

// trim keeps the cache in bounds, a bounded slice at a time.
func (e *Engine) trim(ctx context.Context) {
	c, err := e.store()
	if err != nil {
		return
	}
	max, err := disk.MaxBytes(func(name string) string { v, _ := e.o.Getenv(name); return v })
	if err == nil {
		_, _, err = c.MaybeTrim(ctx, max)
	}
	if err != nil && ctx.Err() == nil {
		e.notice("the cache could not be trimmed: %v", err)
	}
}

// selection is the part of a graph that a request is about.
type selection struct {
	targets []state.TargetID // nil: all that are not manual
	count   int
	wanted  state.Wanted
	place   map[state.ArtifactID]bool // default outputs that must lie in cairn-out; nil: those of all targets
	tests   bool
}

// selectFor resolves what a request is about. With tests it may be a part of them: those named, or a stable share.
func (e *Engine) selectFor(g *state.Graph, r Request) (*selection, error) {
	sel, err := e.selectTargets(g, r.Patterns, r.Tests)
	if err == nil && r.Among != nil {
		sel = e.among(g, sel, r.Among)
	}
	if err == nil && (r.Check || r.Kept != "") {
		return e.selectKept(g, sel, r)
	}
	if err != nil || !r.Tests || len(r.Only) == 0 && r.ShardCount < 2 {
		return sel, err
	}
	return e.someTests(g, sel, r), nil
}

// among keeps of a selection the targets that have one of the labels.
func (e *Engine) among(g *state.Graph, sel *selection, labels map[string]bool) *selection {
	kept := []state.TargetID{}
	for _, t := range targetsOf(g, sel) {
		if labels[g.LabelText(t)] {
			kept = append(kept, t)
		}
	}
	return e.selected(g, kept, sel.tests)
}

// selectTargets resolves patterns, in order: a later one takes away or adds. A pattern that covers nothing is an error.
func (e *Engine) selectTargets(g *state.Graph, ps []label.Pattern, tests bool) (*selection, error) {
	platform := e.o.Platform.String()
	if len(ps) == 1 && ps[0] == (label.Pattern{Kind: label.Below}) && g.NumTargets() > 0 {
		n := 0
		for t := range (state.Targets{First: 0, Last: state.TargetID(g.NumTargets())}).All() {
			if g.TargetFlags(t)&state.Manual == 0 {
				n++
			}
		}
		return &selection{count: n, wanted: g.Everything(tests), tests: tests}, nil
	}
	in := map[state.TargetID]bool{}
	var ds diag.List
	for _, p := range ps {
		found := g.Matching(nil, p)
		found = slices.DeleteFunc(found, func(t state.TargetID) bool { return g.TargetPlatform(t) != platform })
		if len(found) == 0 && !p.Minus && !(p.Kind == label.Below && p.Target.Pkg == "") {
			ds = append(ds, e.noMatch(g, p))
		}
		for _, t := range found {
			if !p.Exact() && g.TargetFlags(t)&state.Manual != 0 {
				continue
			}
			in[t] = !p.Minus
		}
	}
	if ds.HasErrors() {
		return nil, ds
	}
	targets := []state.TargetID{}
	for t, yes := range in {
		if yes {
			targets = append(targets, t)
		}
	}
	slices.Sort(targets)
	return e.selected(g, targets, tests), nil
}

func (e *Engine) selected(g *state.Graph, targets []state.TargetID, tests bool) *selection {
	sel := &selection{tests: tests, place: map[state.ArtifactID]bool{}, targets: targets, count: len(targets)}
	for _, t := range sel.targets {
		for _, a := range g.Default(t) {
			if !g.IsSource(a) {
				sel.place[a] = true
			}
		}
	}
	sel.wanted = g.Need(sel.targets, tests)
	return sel
}

func (e *Engine) noMatch(g *state.Graph, p label.Pattern) diag.Diag {
	d := diag.Diag{Code: "no-match", Summary: fmt.Sprintf("No target matches %s", p)}
	var names []string
	for t := range (state.Targets{First: 0, Last: state.TargetID(g.NumTargets())}).All() {
		names = append(names, g.Label(t).String())
		if len(names) > 20_000 {
			break // a spelling is not worth more
		}
	}
	if e.o.Platform != HostPlatform() {
		d.Summary += " for " + e.o.Platform.String()
		d.Detail = "A target with `platforms` exists for those platforms only."
	}
	want := p.Target.String()
	if p.Kind != label.One {
		want = strings.TrimSuffix(p.String(), "/...")
		for i, n := range names {
			names[i], _, _ = strings.Cut(n, ":")
		}
	}
	d.Hint = diag.DidYouMean(want, slices.Compact(names))
	return d
}

// dirty gives the actions that must be looked at, and which of them run whatever is known.
func (e *Engine) dirty(g *state.Graph, r Request, sel *selection) ([]state.ActionID, map[state.ActionID]bool, error) {
	redo := map[state.ActionID]bool{}
	seen := state.NewBitset(g.NumActions())
	var out []state.ActionID
	add := func(a state.ActionID) {
		if seen.Add(int(a)) {
			out = append(out, a)
		}
	}
	for _, a := range g.Pending(sel.wanted) {
		add(a)
	}
	if e.o.Force || r.Runs > 1 {
		for i := range sel.wanted.Actions.Below(g.NumActions()) {
			a := state.ActionID(i)
			if e.o.Force && g.ActionFlags(a)&state.Asks == 0 || g.ActionFlags(a)&state.Test != 0 && r.Runs > 1 {
				redo[a] = true
				add(a)
			}
		}
	}
	for _, a := range e.unkept(g, sel.wanted) {
		redo[a] = true
		add(a)
	}
	for _, art := range g.Unplaced(sel.targets) {
		if p, ok := g.Producer(art); ok {
			add(p)
		}
	}
	for art := range sel.place {
		if p, ok := g.Producer(art); ok && !g.IsPlaced(art) {
			add(p)
		}
	}
	slices.Sort(out)
	return out, redo, nil
}

// addUnplaced adds what makes the inputs of dirty actions and of what depends on them, where those do not lie in cairn-out.
func (e *Engine) addUnplaced(g *state.Graph, sel *selection, dirty []state.ActionID) []state.ActionID {
	seen := state.NewBitset(g.NumActions())
	all := g.Closure(dirty, sel.wanted)
	for _, a := range all {
		seen.Add(int(a))
	}
	for i := 0; i < len(all); i++ {
		for _, in := range g.Inputs(all[i]) {
			if p, ok := g.Producer(in); ok && !g.IsPlaced(in) && seen.Add(int(p)) {
				all = append(all, p)
				dirty = append(dirty, p)
			}
		}
	}
	slices.Sort(dirty)
	return slices.Compact(dirty)
}

// Graph gives the evaluated graph, from the snapshot where that still holds. Nothing of it is saved where save is false.
func (e *Engine) Graph(ctx context.Context) (*state.Graph, error) { return e.current(ctx, save) }

// isDamaged says whether a snapshot was there and could not be used.
func isDamaged(err error) bool {
	var d *state.DamagedError
	return errors.As(err, &d)
}
