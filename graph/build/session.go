package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cairn-build/cairn/cache/disk"
	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/schedule"
	"github.com/cairn-build/cairn/graph/state"
	"github.com/cairn-build/cairn/graph/toolset"
)

// session is one execution: the wanted part of a graph, and what becomes of it. Its methods are safe for concurrent use
// unless they say otherwise.
type session struct {
	e        *Engine
	g        *state.Graph
	x        *action.Executor
	store    *disk.Cache
	req      Request
	wanted   state.Wanted
	place    map[state.ArtifactID]bool // outputs that must lie in cairn-out; nil: see wantsPlaced
	defaults func() state.Bitset       // of all targets; see wantsPlaced
	redo     map[state.ActionID]bool   // forced, uncached: run although they are done
	start    time.Time
	run      uint64

	log     runLogger
	outs    outFolder
	waiting sync.Map // ActionID -> digest.Hash of the key that somebody else is waited for with
	tries   sync.Map // want -> *atomic.Int32: how often an action asked for another's bytes
	total   int
	done    atomic.Int32
	running atomic.Int32
	flushed atomic.Int64

	mu    sync.Mutex
	ask   map[state.ActionID]*Answer // what `cairn lock` asks for anew; nil in a build
	sum   Summary
	bad   error // the environment's own failure, which ends the build
	lanes lanes
}

// maxTries is how often an action runs again because a source changed under it, or because its bytes went missing again.
const maxTries = 3

// newSession opens what an execution needs.
func (e *Engine) newSession(g *state.Graph, req Request, w state.Wanted) (*session, error) {
	c, err := e.store()
	if err != nil {
		return nil, err
	}
	r, err := e.run()
	if err != nil {
		return nil, err
	}
	s := &session{e: e, g: g, store: c, req: req, wanted: w, outs: outFolder{root: e.o.Root}, start: e.o.Now(), redo: map[state.ActionID]bool{}}
	s.run = uint64(s.start.UnixNano())
	s.defaults = sync.OnceValue(s.allDefaults)
	s.sum.RunID = newRunID(s.start)
	s.x = &action.Executor{Store: c, Runner: r, Root: e.o.Root, TempDir: filepath.Join(c.Dir(), "tmp"), Calls: e.calls, Fetcher: e.fetcher,
		Apart: e.apart, Offline: e.o.Offline, Getenv: e.o.Getenv, Scratch: e.scratch, Fan: e.o.Jobs, NoLookup: e.o.Force || e.o.NoCacheRead, NoSave: e.o.NoCacheSave,
		LayerDir: layerDir(c), Hold: s.hold,
		Progress: func(label string, done, total int64) {
			e.emit(Event{Fetch: &FetchEvent{Label: label, Done: done, Total: total}})
		},
		Piece: func(j *action.Job, p action.Piece) {
			e.emit(Event{Piece: &PieceEvent{Label: j.Label, Kind: j.Kind, Mnemonic: j.Action.Mnemonic, Name: p.Name, How: p.How, N: p.N, Of: p.Of}})
		}}
	if e.o.Stream {
		s.x.Said = func(label string, stderr bool, text []byte) {
			e.emit(Event{Output: &OutputEvent{Label: label, Stderr: stderr, Text: text}})
		}
	}
	return s, nil
}

func (s *session) inPlace() bool { return s.x.Runner.Isolation() == exec.InPlace }

// execute runs all that is pending among dirty and what depends on it.
func (s *session) execute(ctx context.Context, dirty []state.ActionID) error {
	defer s.waitNoMore()
	ids := s.g.Closure(dirty, s.wanted)
	items := make([]schedule.Item, len(ids))
	for i, a := range ids {
		items[i] = s.item(int(a))
	}
	s.total = len(items)
	pending := make(map[int]bool, len(dirty))
	for _, a := range dirty {
		pending[int(a)] = true
	}
	s.e.emit(Event{Phase: &PhaseEvent{Name: "execution"}})
	err := schedule.Run(ctx, items, schedule.Config{
		Slots: s.e.o.Jobs, Light: 8, Mem: memory(), KeepGoing: s.e.o.KeepGoing, Retry: 5 * time.Millisecond,
		Skip: func(id int, _ bool) bool { return !pending[id] && s.g.Done(state.ActionID(id)) },
		Work: s.work,
		Add:  s.item,
		Done: s.settled,
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bad != nil && !errors.Is(s.bad, context.Canceled) {
		return s.bad
	}
	return err
}

func (s *session) item(id int) schedule.Item {
	a := state.ActionID(id)
	it := schedule.Item{ID: id, Exclusive: s.g.ActionFlags(a)&state.Exclusive != 0}
	for _, in := range s.g.Inputs(a) {
		if p, ok := s.g.Producer(in); ok {
			it.Deps = append(it.Deps, int(p))
		}
	}
	if st, ok := s.g.ActionState(a); ok {
		it.Cost = st.Duration
	}
	if act, err := action.DecodeSpec(s.g.Spec(a)); err == nil {
		it.Light = act.Fetch != nil
		it.Slots, it.Mem = act.Resources.Slots, act.Resources.Mem
	}
	return it
}

func (s *session) settled(id int, k schedule.Kind) {
	n := int(s.done.Add(1))
	if k == schedule.Skipped {
		s.mu.Lock()
		s.sum.Skipped++
		s.mu.Unlock()
		if s.g.ActionFlags(state.ActionID(id))&state.Test != 0 {
			s.mu.Lock()
			s.sum.Tests = append(s.sum.Tests, TestResult{Label: s.label(state.ActionID(id)), Case: caseOf(s.g, state.ActionID(id)), Status: Skipped})
			s.mu.Unlock()
		}
	}
	s.flush()
	s.e.emit(Event{Progress: &ProgressEvent{Done: n, Total: max(s.total, n), Running: int(s.running.Load())}})
}

// flush writes what was learned to the journal a few times a second, so that a run that is killed loses little.
func (s *session) flush() {
	now := s.e.now()
	last := s.flushed.Load()
	if now-last < int64(flushEvery) || !s.flushed.CompareAndSwap(last, now) {
		return
	}
	if last != 0 {
		_ = s.g.Flush() // the end of the run says what is wrong
	}
}

const flushEvery = 300 * time.Millisecond

// kindOf gives the kind of an action's target.
func (s *session) kindOf(a state.ActionID) string {
	return strings.Clone(s.g.TargetKind(s.g.ActionTarget(a)))
}

// label gives an action's target by name. Events carry it, and who hears of them may keep it for longer than the snapshot is
// mapped.
func (s *session) label(a state.ActionID) string {
	return strings.Clone(s.g.LabelText(s.g.ActionTarget(a)))
}

// declared gives an action as it was declared.
func (s *session) declared(a state.ActionID) (*rule.Action, error) {
	act, err := action.DecodeSpec(s.g.Spec(a))
	if err != nil {
		return nil, &action.EnvError{Err: err}
	}
	for _, in := range s.g.Inputs(a) {
		act.Inputs = append(act.Inputs, s.g.Artifact(in))
	}
	for _, out := range s.g.Outputs(a) {
		act.Outputs = append(act.Outputs, s.g.Artifact(out))
	}
	act.Test = s.g.ActionFlags(a)&state.Test != 0
	return act, nil
}

// hashSource reads a source and notes its facts.
func (e *Engine) hashSource(g *state.Graph, id state.ArtifactID) (state.SourceFact, error) {
	p := g.Path(id)
	for try := 0; ; try++ {
		f, err := state.HashFile(filepath.Join(e.o.Root, filepath.FromSlash(p)), e.now)
		switch {
		case errors.Is(err, state.ErrChangedWhileRead) && try < maxTries:
			continue
		case errors.Is(err, fs.ErrNotExist):
			return f, &action.Failed{Summary: "the source " + p + " is not there"}
		case err != nil:
			return f, &action.EnvError{Err: fmt.Errorf("cannot read the source %s: %w", p, err)}
		}
		g.SetSource(id, f)
		return f, nil
	}
}

// toolsOf resolves the programs that an action names, and notes what they are.
func (s *session) toolsOf(ctx context.Context, a state.ActionID) ([]toolset.Tool, error) {
	var out []toolset.Tool
	for _, id := range s.g.ActionTools(a) {
		t, err := s.e.tool(ctx, s.g, id)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// tool resolves one host program, once for each engine.
func (e *Engine) tool(ctx context.Context, g *state.Graph, id state.ToolID) (toolset.Tool, error) {
	name := g.ToolName(id)
	e.mu.Lock()
	known, ok := e.resolved[name]
	e.mu.Unlock()
	if ok {
		return known, nil
	}
	name = strings.Clone(name) // what is kept outlives the snapshot that the string lies in
	now := e.now()
	t, err := e.resolveTool(ctx, g, name)
	if err != nil {
		if ctx.Err() != nil {
			return t, ctx.Err()
		}
		return t, &action.EnvError{Err: err}
	}
	if !t.Identity.IsZero() && e.seenIn(g, id) == t.Identity {
		e.mu.Lock()
		e.resolved[name] = t
		e.mu.Unlock()
		return t, nil // its facts are those that the scan compared
	}
	f := state.ToolFact{Identity: t.Identity}
	for _, p := range t.Files {
		st, err := state.StatSource(p)
		if err != nil {
			return t, &action.EnvError{Err: err}
		}
		f.Racy = f.Racy || st.RacyAt(now)
		f.Files = append(f.Files, state.Entry{Path: p, Stat: st})
	}
	g.SetTool(id, f)
	e.mu.Lock()
	e.resolved[name] = t
	e.mu.Unlock()
	return t, nil
}
