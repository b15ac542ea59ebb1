package build

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// asks says whether an action with these inputs asks anything: what it makes then depends on when.
func asks(a *rule.Action, in []action.Resolved) bool {
	return a.Asks != nil && !action.AsksNothing(a, in)
}

// mayAsk refuses to ask where that is forbidden. It is called when no answer is on record, or when what was recorded is gone.
func (s *session) mayAsk(t *turn) error {
	switch {
	case !t.asks:
	case s.e.o.Offline && s.ask[t.id] != nil:
		return &action.EnvError{Err: fetch.Offlinef("it is to be asked anew, and --offline forbids the network")}
	case s.ask[t.id] != nil:
	case s.e.o.Locked && t.act.Asks.File != "":
		return &action.Failed{Summary: fmt.Sprintf("there is no %s, and --locked forbids to ask what it would say; run `cairn lock %s`", t.act.Asks.File, t.label)}
	case s.e.o.Locked:
		return &action.Failed{Summary: fmt.Sprintf("no answer is recorded for what it asks, and --locked forbids to ask; run `cairn lock %s`", t.label)}
	case s.e.o.Offline:
		return &action.EnvError{Err: fetch.Offlinef("no answer is recorded for what it asks, and --offline forbids the network; run `cairn lock %s` while there is one", t.label)}
	}
	return nil
}

// unkept gives the wanted actions whose answer belongs into a file: that they are wanted says that it is not there. With --locked
// even a recorded answer is not enough then.
func (e *Engine) unkept(g *state.Graph, w state.Wanted) []state.ActionID {
	var out []state.ActionID
	if !e.o.Locked || !g.AnyAction(state.Asks) {
		return nil
	}
	for i := range w.Actions.Below(g.NumActions()) {
		a := state.ActionID(i)
		if g.ActionFlags(a)&state.Asks == 0 {
			continue
		}
		if act, err := action.DecodeSpec(g.Spec(a)); err == nil && act.Asks.File != "" {
			out = append(out, a)
		}
	}
	return out
}

// answered tells that an answer is new.
func (s *session) answered(t *turn, outs []state.OutputFact) {
	if !t.asks {
		return
	}
	if s.ask == nil {
		s.e.notice("%s: nothing was recorded, so it was asked%s; the answer counts until `cairn lock %s`", t.label, s.question(t), t.label)
		return
	}
	if a := s.ask[t.id]; a != nil && len(outs) > 0 {
		if b, err := s.store.Get(outs[0].Digest); err == nil {
			s.mu.Lock()
			a.New = b
			s.mu.Unlock()
		}
	}
}

// question gives what was asked, for the end of a sentence: " what hatchling and six>=1 come to"; "" where that is not known.
func (s *session) question(t *turn) string {
	const most = 3
	var words []string
	for _, in := range t.job.Inputs {
		if in.Path != t.act.Asks.Question {
			continue
		}
		b, err := s.store.Get(in.Digest)
		if err != nil {
			return ""
		}
		words = strings.FieldsFunc(string(b), func(r rune) bool { return r == '\n' })
	}
	switch n := len(words); {
	case n == 0:
		return ""
	case n == 1:
		return " what " + words[0] + " comes to"
	case n > most:
		return fmt.Sprintf(" what %s and %d more come to", strings.Join(words[:most], ", "), n-most)
	default:
		return " what " + strings.Join(words[:n-1], ", ") + " and " + words[n-1] + " come to"
	}
}

// Answer is what an action that asks came to when `cairn lock` made it ask again.
type Answer struct {
	Kind  string // of the target
	Label string
	File  string // of the workspace that the answer belongs into; "" where it lives in the cache alone
	Old   []byte // what was recorded; nil for nothing. Of a File, that is for the caller to read.
	New   []byte // nil where it asks nothing
}

// Ask makes the actions that ask, of the targets that are covered, do so again, whatever is recorded; what they stand on is built.
// It gives their answers, sorted by label. The Summary is that of the build, nil where there is no such action and so none.
// Errors are Build's.
func (e *Engine) Ask(ctx context.Context, covered func(label.Label) bool) ([]Answer, *Summary, error) {
	g, err := e.current(ctx, act)
	if err != nil {
		return nil, nil, err
	}
	for range 4 {
		ids := e.asking(g, covered)
		if len(ids) == 0 {
			return nil, nil, nil
		}
		w := g.NeedActions(ids)
		news, err := e.pin(ctx, g, w, false)
		if err != nil {
			return nil, nil, err
		}
		if !news {
			return e.askAgain(ctx, g, w, ids)
		}
		if g, err = e.renew(ctx, g, state.PathIn(e.o.Root, e.settings()), true); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, &EnvError{Err: errors.New("internal error: sources stay unresolved")}
}

// Asking says whether a target that is covered has an action that asks.
func (e *Engine) Asking(ctx context.Context, covered func(label.Label) bool) (bool, error) {
	g, err := e.current(ctx, save)
	if err != nil {
		return false, err
	}
	return len(e.asking(g, covered)) > 0, nil
}

// asking gives the actions that ask, of covered targets.
func (e *Engine) asking(g *state.Graph, covered func(label.Label) bool) []state.ActionID {
	var ids []state.ActionID
	platform := e.o.Platform.String()
	for i := range g.NumActions() {
		a := state.ActionID(i)
		if t := g.ActionTarget(a); g.ActionFlags(a)&state.Asks != 0 && g.TargetPlatform(t) == platform && covered(g.Label(t)) {
			ids = append(ids, a)
		}
	}
	return ids
}

func (e *Engine) askAgain(ctx context.Context, g *state.Graph, w state.Wanted, ids []state.ActionID) ([]Answer, *Summary, error) {
	s, err := e.newSession(g, Request{}, w)
	if err != nil {
		return nil, nil, err
	}
	release, err := s.store.Lease()
	if err != nil {
		return nil, nil, &EnvError{Err: err}
	}
	defer release.Release()
	s.place, s.ask = map[state.ArtifactID]bool{}, map[state.ActionID]*Answer{}
	dirty := g.Pending(w)
	for _, a := range ids {
		act, err := s.declared(a)
		if err != nil {
			return nil, nil, err
		}
		s.redo[a], s.ask[a] = true, &Answer{Kind: strings.Clone(g.TargetKind(g.ActionTarget(a))), Label: s.label(a), File: strings.Clone(act.Asks.File)}
		dirty = append(dirty, a)
	}
	slices.Sort(dirty)
	if s.inPlace() {
		s.place = nil
		dirty = append(dirty, e.addUnplaced(g, &selection{wanted: w}, slices.Clone(dirty))...)
		slices.Sort(dirty)
	}
	runErr := s.execute(ctx, slices.Compact(dirty))
	sum := s.sum
	sum.Wall = e.o.Now().Sub(s.start)
	if err := g.Commit(); err != nil && runErr == nil {
		e.notice("what was asked could not be saved: %v", err)
	}
	head := &RunRecord{ID: sum.RunID, Time: s.start, Command: e.o.Command, Wall: sum.Wall, Actions: sum.Actions,
		Cached: sum.Cached, Run: sum.Run, Failed: sum.Failed, Skipped: sum.Skipped}
	if err := s.log.save(e.runsDir(), head); err != nil && runErr == nil {
		e.notice("what was asked could not be logged: %v", err)
	}
	if runErr != nil {
		return nil, &sum, runErr
	}
	e.trim(ctx)
	var out []Answer
	for _, a := range ids {
		if s.ask[a].New != nil {
			out = append(out, *s.ask[a])
		}
	}
	slices.SortStableFunc(out, func(x, y Answer) int { return strings.Compare(x.Label, y.Label) })
	return out, &sum, nil
}

// before keeps what was recorded for an action that is about to be asked again.
func (s *session) before(t *turn) {
	a := s.ask[t.id]
	if a == nil || !t.asks {
		return
	}
	var d digest.Digest
	if r, _, ok := s.x.Lookup(t.job); ok {
		d = r.Outputs[0].Digest
	} else if t.hadPrev && len(t.prev.Outputs) > 0 {
		d = t.prev.Outputs[0].Digest
	}
	if d.IsZero() {
		return
	}
	if b, err := s.store.Get(d); err == nil {
		s.mu.Lock()
		a.Old = b
		s.mu.Unlock()
	}
}
