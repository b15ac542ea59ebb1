package build

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/disk"
	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/schedule"
	"github.com/cairn-build/cairn/graph/state"
)

// turn is one action's turn.
type turn struct {
	id      state.ActionID
	label   string
	act     *rule.Action
	job     *action.Job
	mark    uint64
	prev    state.ActionState
	hadPrev bool
	needed  bool // its bytes are wanted, not only their digests
	asks    bool // what it makes depends on when it was asked; see rule.Ask
	began   time.Time
	eventID int
	lane    int
	why     string
}

// work gives one action its turn.
func (s *session) work(ctx context.Context, id int, needed bool) schedule.Verdict {
	t := &turn{id: state.ActionID(id), label: s.label(state.ActionID(id)), needed: needed, began: s.e.o.Now(), eventID: id}
	var leave func()
	t.lane, leave = s.lane()
	defer leave()
	v, err := s.turn(ctx, t)
	if err == nil {
		return v
	}
	var missing *action.MissingInputError
	if errors.As(err, &missing) {
		if v, ok := s.blocked(t.id, missing); ok {
			return v
		}
		err = &action.EnvError{Err: fmt.Errorf("%w, and making them again did not bring them back", missing)}
	}
	s.failed(ctx, t, err)
	return schedule.Verdict{Kind: schedule.Failed}
}

func (s *session) turn(ctx context.Context, t *turn) (schedule.Verdict, error) {
	var err error
	if t.act, err = s.declared(t.id); err != nil {
		return schedule.Verdict{}, err
	}
	t.prev, t.hadPrev = s.g.ActionState(t.id)
	if s.restorable(t) {
		return s.restore(ctx, t)
	}
	if err := s.prepare(ctx, t); err != nil {
		return schedule.Verdict{}, err
	}
	s.before(t)
	if !s.mustRun(t) {
		if t.hadPrev && t.prev.Key == t.job.Key && len(t.prev.Outputs) == len(t.act.Outputs) && t.prev.Exit == 0 && !t.act.Test {
			return s.same(ctx, t)
		}
		if !s.e.o.NoCacheRead || t.asks {
			if r, key, ok := s.x.Lookup(t.job); ok {
				return s.hit(ctx, t, r, key)
			}
		}
	}
	lock, owner, ok := s.store.LockKey(t.job.Key)
	if !ok {
		s.waitFor(t, owner)
		return schedule.Verdict{Kind: schedule.Parked}, nil
	}
	defer lock.Unlock()
	// Somebody else may have finished it between the look-up and the lock.
	if !s.mustRun(t) && (!s.e.o.NoCacheRead || t.asks) {
		if r, key, ok := s.x.Lookup(t.job); ok {
			return s.hit(ctx, t, r, key)
		}
	}
	if err := s.told(t); err != nil {
		return schedule.Verdict{}, err
	}
	v, err := s.execTurn(ctx, t)
	s.tell(ctx, t, err)
	return v, err
}

// waitFor says once who is waited for. A job of this engine with the same key needs no word.
func (s *session) waitFor(t *turn, owner disk.Owner) {
	if _, said := s.waiting.LoadOrStore(t.id, t.job.Key); !said && !owner.Own {
		s.store.Await(t.job.Key)
		s.e.emit(Event{Waiting: &WaitingEvent{Label: t.label, Kind: s.kindOf(t.id), Mnemonic: t.act.Mnemonic, PID: owner.PID, Command: owner.Command}})
	}
}

// mustRun says that no cached result will do.
func (s *session) mustRun(t *turn) bool {
	return s.e.o.Force && !t.asks || t.needed || s.redo[t.id] || t.act.Uncached || t.act.Test && s.req.Runs > 1
}

// restorable says that all is known but the outputs are not where they should be.
func (s *session) restorable(t *turn) bool {
	return !t.needed && !s.redo[t.id] && !t.act.Test && t.prev.Done && s.g.Done(t.id) && len(t.prev.Outputs) == len(t.act.Outputs)
}

// restore puts outputs back that went missing, without looking at inputs.
func (s *session) restore(ctx context.Context, t *turn) (schedule.Verdict, error) {
	placed, err := s.placeAll(ctx, t, t.prev.Outputs, false)
	if errors.Is(err, cache.ErrMissing) {
		t.needed = true // the cache lost the bytes: run it
		if err := s.prepare(ctx, t); err != nil {
			return schedule.Verdict{}, err
		}
		return s.execTurn(ctx, t)
	}
	if err != nil {
		return schedule.Verdict{}, err
	}
	s.notePlaced(placed)
	s.finish(t, Hit, nil, nil, true)
	return schedule.Verdict{Kind: schedule.Same}, nil
}

// prepare makes the job with its keys.
func (s *session) prepare(ctx context.Context, t *turn) error {
	tools, err := s.toolsOf(ctx, t.id)
	if err != nil {
		return err
	}
	t.mark = s.g.Mark(t.id)
	whole, err := s.resolve(t.id)
	if err != nil {
		return err
	}
	in, err := s.x.Pick(t.act, whole)
	if err != nil {
		return err
	}
	// A source that was read just now, here or for another action, has changed the mark: it must be of what was resolved.
	for now := s.g.Mark(t.id); now != t.mark; now = s.g.Mark(t.id) {
		if t.mark = now; ctx.Err() != nil {
			return ctx.Err()
		}
		if whole, err = s.resolve(t.id); err != nil {
			return err
		}
		if in, err = s.x.Pick(t.act, whole); err != nil {
			return err
		}
	}
	t.job = &action.Job{Label: t.label, Kind: s.kindOf(t.id), Action: t.act, Inputs: in, Whole: whole, Tools: tools}
	t.asks = asks(t.act, in)
	return s.x.Keys(t.job)
}

// same notes that the key is what it was: what changed was changed back, or made no difference.
func (s *session) same(ctx context.Context, t *turn) (schedule.Verdict, error) {
	st := t.prev
	st.Done, st.Mark = true, t.mark
	s.g.SetAction(t.id, st)
	placed, err := s.placeAll(ctx, t, st.Outputs, false)
	if errors.Is(err, cache.ErrMissing) {
		t.needed = true
		return s.execTurn(ctx, t)
	}
	if err != nil {
		return schedule.Verdict{}, err
	}
	s.notePlaced(placed)
	return schedule.Verdict{Kind: schedule.Same}, nil
}

// hit takes a result from the cache.
func (s *session) hit(ctx context.Context, t *turn, r *action.Result, key digest.Hash) (schedule.Verdict, error) {
	outs := s.facts(t, r)
	placed, err := s.placeAll(ctx, t, outs, false)
	if errors.Is(err, cache.ErrMissing) {
		t.needed = true
		return s.execTurn(ctx, t)
	}
	if err != nil {
		return schedule.Verdict{}, err
	}
	if _, ok := s.x.LoadParts(t.job.Key); !ok {
		_ = s.x.SaveParts(t.job.Key, action.Parts(t.act, t.job.Inputs, action.Identities(t.job.Tools))) // only for `why`
	}
	changed := s.g.SetAction(t.id, state.ActionState{Key: t.job.Key, Done: true, Mark: t.mark, Run: s.run, Duration: r.Wall, Outputs: outs, Stdout: r.Stdout, Stderr: r.Stderr})
	s.notePlaced(placed)
	s.reason(t)
	s.finish(t, Hit, r, nil, len(changed) == 0)
	return verdict(changed), nil
}

func verdict(changed []state.ArtifactID) schedule.Verdict {
	if len(changed) == 0 {
		return schedule.Verdict{Kind: schedule.Same}
	}
	return schedule.Verdict{Kind: schedule.Changed}
}

// execTurn runs the action, again where an input changed under it.
func (s *session) execTurn(ctx context.Context, t *turn) (schedule.Verdict, error) {
	if err := s.mayAsk(t); err != nil {
		return schedule.Verdict{}, err
	}
	s.reason(t)
	s.running.Add(1)
	defer s.running.Add(-1)
	unlock, ok := s.holdPlace(t)
	if !ok {
		return schedule.Verdict{Kind: schedule.Parked}, nil
	}
	defer unlock()
	s.e.emit(Event{Start: &StartEvent{ID: t.eventID, Label: t.label, Kind: s.kindOf(t.id), Mnemonic: t.act.Mnemonic, Subject: t.act.Subject, Case: t.act.Case, Slot: t.lane, Why: t.why}})
	for try := 1; ; try++ {
		if err := s.readyInPlace(t); err != nil {
			return schedule.Verdict{}, err
		}
		d, err := s.x.Execute(ctx, t.job)
		moved, serr := s.inputsMoved(ctx, t)
		if serr != nil {
			return schedule.Verdict{}, serr
		}
		if moved && ctx.Err() == nil {
			if try < maxTries {
				s.e.notice("%s: an input changed while it was used; running it again", t.label)
				if err := s.prepare(ctx, t); err != nil {
					return schedule.Verdict{}, err
				}
				continue
			}
			return schedule.Verdict{}, &action.Failed{Summary: fmt.Sprintf("its inputs kept changing while it ran (%d tries); nothing was cached", try)}
		}
		if err == nil && t.act.Test && s.req.Runs > 1 {
			err = s.again(ctx, t, d)
		}
		if err != nil {
			return schedule.Verdict{}, err
		}
		return s.adopt(ctx, t, d)
	}
}

// again runs a test as often as the request asks for beyond the first time. The first failure ends it.
func (s *session) again(ctx context.Context, t *turn, first *action.Done) error {
	for n := 1; n < s.req.Runs; n++ {
		s.mu.Lock()
		s.sum.Tests = append(s.sum.Tests, TestResult{Label: t.label, Case: t.act.Case, Status: Ran, Wall: first.Result.Wall, Log: slices.Concat(first.Stdout, first.Stderr), Run: n})
		s.mu.Unlock()
		d, err := s.x.Execute(ctx, t.job)
		if err != nil {
			return err
		}
		*first = *d
	}
	if moved, err := s.inputsMoved(ctx, t); moved || err != nil {
		return cmp.Or(err, error(&action.Failed{Summary: "an input changed between its runs; nothing was cached"}))
	}
	return nil
}

// adopt records what an action made.
func (s *session) adopt(ctx context.Context, t *turn, d *action.Done) (schedule.Verdict, error) {
	if !t.act.Uncached && !s.e.o.NoCacheSave {
		if err := s.x.Save(t.job, d); err != nil {
			return schedule.Verdict{}, err
		}
	}
	_ = s.x.SaveParts(t.job.Key, action.Parts(t.act, t.job.Inputs, action.Identities(t.job.Tools))) // only for `why`
	outs := s.facts(t, d.Result)
	placed, err := s.placeAll(ctx, t, outs, s.runsInPlace(t))
	if err != nil {
		return schedule.Verdict{}, &action.EnvError{Err: err}
	}
	r := d.Result
	changed := s.g.SetAction(t.id, state.ActionState{Key: t.job.Key, Done: !t.act.Uncached, Mark: t.mark, Run: s.run, Duration: r.Wall, Outputs: outs, Stdout: r.Stdout, Stderr: r.Stderr})
	if t.hadPrev && t.prev.Exit != 0 {
		s.dropKept(action.Called(t.label, t.act.Case))
	}
	s.notePlaced(placed)
	s.finish(t, Ran, r, d, len(changed) == 0 && t.hadPrev)
	s.answered(t, outs)
	if t.needed && len(changed) > 0 && t.prev.Key == t.job.Key {
		s.e.notice("%s made other bytes than last time from the same inputs", t.label)
	}
	return verdict(changed), nil
}

// facts orders a result's outputs as the graph does.
func (s *session) facts(t *turn, r *action.Result) []state.OutputFact {
	out := make([]state.OutputFact, len(t.act.Outputs))
	for i, o := range t.act.Outputs {
		for _, x := range r.Outputs {
			if x.Path == o.Path {
				out[i] = state.OutputFact{Digest: x.Digest, Exec: x.Exec, Tree: x.Tree}
			}
		}
	}
	return out
}

// reason says in one line why the action is looked at.
func (s *session) reason(t *turn) {
	switch {
	case t.why != "":
	case t.asks && s.ask[t.id] != nil:
		t.why = "it is asked anew"
	case s.ask[t.id] != nil:
		t.why = "it is looked at anew, and asks nothing"
	case s.e.o.Force && !t.asks:
		t.why = "--force"
	case t.act.Uncached:
		t.why = "never cached"
	case t.needed:
		t.why = "its outputs are needed and were not in the cache"
	case !t.hadPrev || t.prev.Key.IsZero():
		t.why = "first build"
	default:
		t.why = s.compare(t)
	}
}

func (s *session) compare(t *turn) string {
	if t.prev.Key == t.job.Key {
		return "it failed last time"
	}
	old, ok := s.x.LoadParts(t.prev.Key)
	if !ok {
		return "its last key is no longer on record"
	}
	return oneLine(action.Diff(old, action.Parts(t.act, t.job.Inputs, action.Identities(t.job.Tools))))
}

// oneLine says what differs in a line: the first difference in full, how many there are beside it.
func oneLine(cs []action.Change) string {
	switch len(cs) {
	case 0:
		return "nothing in its key changed"
	case 1:
		return cs[0].String()
	}
	i := max(0, slices.IndexFunc(cs, func(c action.Change) bool { return strings.HasPrefix(c.Name, "input ") }))
	return fmt.Sprintf("%s, and %d more", cs[i], len(cs)-1)
}

// finish tells and logs what became of an action that is settled well.
func (s *session) finish(t *turn, st Status, r *action.Result, d *action.Done, same bool) {
	ev := &FinishEvent{ID: t.eventID, Label: t.label, Kind: s.kindOf(t.id), Mnemonic: t.act.Mnemonic, Subject: t.act.Subject, Status: st, Test: t.act.Test, Case: t.act.Case, StartedAt: t.began, Slot: t.lane,
		Wall: s.e.o.Now().Sub(t.began), Isolation: s.x.Runner.Isolation(), OutputSame: same}
	if t.job != nil {
		ev.Key = hex.EncodeToString(t.job.Key[:])
	}
	switch {
	case d != nil:
		ev.Stdout, ev.Stderr = d.Stdout, d.Stderr
		ev.Told = s.x.Said != nil && t.act.Spawn != nil
	case r != nil:
		ev.Stdout, ev.Stderr = s.replay(r.Stdout), s.replay(r.Stderr)
	}
	s.mu.Lock()
	s.sum.Actions++
	if st == Hit {
		s.sum.Cached++
	} else {
		s.sum.Run++
	}
	if t.act.Test {
		s.sum.Tests = append(s.sum.Tests, TestResult{Label: t.label, Case: t.act.Case, Status: st, Wall: ev.Wall, Log: slices.Concat(ev.Stdout, ev.Stderr), Run: max(1, s.req.Runs)})
	}
	s.mu.Unlock()
	s.record(t, st, ev.Wall, nil)
	s.e.emit(Event{Finish: ev})
}

func (s *session) replay(d digest.Digest) []byte {
	if d.IsZero() {
		return nil
	}
	b, _ := s.store.Get(d) // Lookup saw it a moment ago; a log that has gone is not worth a run
	return b
}

// record logs what became of an action; f is its failure, nil for none.
func (s *session) record(t *turn, st Status, wall time.Duration, f *Failure) {
	r := &ActionRecord{Label: t.label, Status: st.String(), Why: t.why, Start: t.began.Sub(s.start), Wall: wall}
	if f != nil {
		r.Summary = f.Summary
		for _, d := range f.Problems {
			r.Problems = append(r.Problems, d.Error())
		}
	}
	if t.act != nil {
		r.Mnemonic, r.Subject, r.Test, r.Case = t.act.Mnemonic, t.act.Subject, t.act.Test, t.act.Case
		for _, o := range t.act.Outputs {
			r.Outputs = append(r.Outputs, o.Path)
		}
		for _, in := range t.act.Inputs {
			if in.Kind != rule.Source {
				r.Deps = append(r.Deps, in.Path)
			}
		}
	}
	if t.job != nil {
		r.Key = hex.EncodeToString(t.job.Key[:])
	}
	if t.hadPrev && !t.prev.Key.IsZero() {
		r.Previous = hex.EncodeToString(t.prev.Key[:])
	}
	s.log.add(r)
}
