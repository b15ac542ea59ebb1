package build

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/load"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// unpinned says whether an action cannot run before its name is resolved, or is resolved in each run.
func unpinned(a *rule.Action) bool {
	return a.Fetch != nil && a.Fetch.Pin != nil && (a.Fetch.Pin.Entry == nil || a.Fetch.Pin.Follow)
}

// mayFollow says whether an action is resolved in each run that follows.
func mayFollow(a *rule.Action) bool {
	return a.Fetch != nil && a.Fetch.Pin != nil && a.Fetch.Pin.MayFollow
}

// names says whether an action fetches what a name stands for.
func names(a *rule.Action) bool {
	return a.Fetch != nil && a.Fetch.Pin != nil && a.Fetch.Word == "" && len(a.Fetch.Pin.Params) > 0
}

// pinned selects what r asks for. Wanted sources that the lock file does not pin are resolved first, and so are those that
// follow; where that says anything new, the workspace is evaluated again. The graph comes back, g or a newer one.
func (e *Engine) pinned(ctx context.Context, g *state.Graph, r Request) (*state.Graph, *selection, error) {
	for range 4 {
		sel, err := e.selectFor(g, r)
		if err != nil {
			return g, sel, err
		}
		news, err := e.pin(ctx, g, sel.wanted, e.follows(g, r, sel))
		if err != nil {
			return nil, nil, err
		}
		if !news {
			return g, sel, nil
		}
		if g, err = e.renew(ctx, g, state.PathIn(e.o.Root, e.settings()), true); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, &EnvError{Err: errors.New("internal error: sources stay unresolved")}
}

// follows says whether a request follows what BUILD.hcl leaves open: where it is about scripts alone, and nothing is held.
func (e *Engine) follows(g *state.Graph, r Request, sel *selection) bool {
	if !r.Follow || e.o.Locked || len(sel.targets) == 0 || !g.AnyAction(state.MayFollow) {
		return false
	}
	return !slices.ContainsFunc(sel.targets, func(t state.TargetID) bool {
		p, err := programOf(g, t)
		return err != nil || p.Script == nil
	})
}

// unfollow forgets what wanted sources were when they were followed, and says whether the graph was made with that.
func (e *Engine) unfollow(g *state.Graph, w state.Wanted) (was bool) {
	if !g.AnyAction(state.Followed) {
		return false
	}
	for i := range w.Actions.Below(g.NumActions()) {
		a := state.ActionID(i)
		if g.ActionFlags(a)&state.Followed != 0 {
			t := g.ActionTarget(a)
			delete(e.found, load.LockKey{Kind: g.TargetKind(t), Label: g.Label(t)})
			was = true
		}
	}
	return was
}

// source is one name that moves.
type source struct {
	key     load.LockKey
	where   diag.Range
	fetcher string
	pin     *rule.Pin
	follow  bool     // asked in each run
	want    []string // words of the answer that some target makes use of
}

// ask adds what one more action of the source is about.
func (s *source) ask(f *rule.Fetch) {
	if f.Word != "" && !slices.Contains(s.want, f.Word) {
		s.want = append(s.want, f.Word)
	}
	if f.Pin.Entry == nil {
		s.pin = f.Pin // no action knows less
	}
}

// openTo gives the flags of actions that are resolved before they run.
func openTo(follow bool) state.ActionFlags {
	if follow {
		return state.Unpinned | state.MayFollow
	}
	return state.Unpinned
}

// sourcesOf gives the wanted sources that are open, each once; with follow those that may be followed are.
func sourcesOf(g *state.Graph, w state.Wanted, follow bool) ([]*source, error) {
	open := openTo(follow)
	var all []*source
	byKey := map[load.LockKey]*source{}
	for i := range w.Actions.Below(g.NumActions()) {
		a := state.ActionID(i)
		if g.ActionFlags(a)&open == 0 {
			continue
		}
		act, err := action.DecodeSpec(g.Spec(a))
		if err != nil {
			return nil, &EnvError{Err: err}
		}
		t := g.ActionTarget(a)
		l := g.Label(t) // its strings are the snapshot's, which may go before the key does
		key := load.LockKey{Kind: strings.Clone(g.TargetKind(t)), Label: label.Label{Pkg: strings.Clone(l.Pkg), Name: strings.Clone(l.Name)}}
		s := byKey[key] // it may be there for another platform already
		if s == nil {
			s = &source{key: key, where: placeOf(g, t), fetcher: act.Fetch.Fetcher, pin: act.Fetch.Pin,
				follow: act.Fetch.Pin.Follow || follow && act.Fetch.Pin.MayFollow}
			byKey[key] = s
			all = append(all, s)
		}
		s.ask(act.Fetch)
	}
	return all, nil
}

// pins gives what the names of wanted sources stand for, by label.
func pins(g *state.Graph, w state.Wanted) map[string]map[string]string {
	if !g.AnyAction(state.Pinned) {
		return nil
	}
	all := map[string]map[string]string{}
	for i := range w.Actions.Below(g.NumActions()) {
		a := state.ActionID(i)
		if g.ActionFlags(a)&state.Pinned == 0 {
			continue
		}
		if act, err := action.DecodeSpec(g.Spec(a)); err == nil {
			all[g.Label(g.ActionTarget(a)).String()] = entryOf(act.Fetch.Pin.Params, act.Fetch.Pin.Entry)
		}
	}
	return all
}

// pin resolves the wanted sources that are open, and says whether the graph has to be made anew with what that gave.
func (e *Engine) pin(ctx context.Context, g *state.Graph, w state.Wanted, follow bool) (news bool, err error) {
	if !follow && e.unfollow(g, w) {
		return true, nil
	}
	if !g.AnyAction(openTo(follow)) {
		return false, nil
	}
	lock, err := e.readLock()
	if err != nil {
		return false, err
	}
	sources, err := sourcesOf(g, w, follow)
	if err != nil {
		return false, err
	}
	entries := map[load.LockKey]map[string]string{}
	var ds diag.List
	for _, s := range sources {
		if e.o.Locked && !s.follow {
			ds = append(ds, notLocked(s))
			continue
		}
		had, _ := lock.Get(s.key)
		var answer map[string]string
		switch {
		case e.o.Locked:
			answer, err = e.pinFollowed(ctx, s, had)
		case s.follow:
			answer, err = e.resolve(ctx, s, nil, e.o.Offline)
			if errors.Is(err, fetch.ErrOffline) && s.pin.MayFollow && answers(had, s) {
				answer, err = wordsOf(had, s), nil // nobody has asked from here yet
			}
		default:
			answer, err = e.resolve(ctx, s, had, e.o.Offline)
		}
		if d := (diag.Diag{}); errors.As(err, &d) {
			ds = append(ds, d)
			continue
		}
		if err != nil {
			return false, err
		}
		entry := entryOf(s.pin.Params, answer)
		if !s.follow {
			entries[s.key] = entry
			continue
		}
		if !maps.Equal(e.found[s.key], entry) { // else it was told before the graph was evaluated anew
			e.emit(Event{Resolved: &ResolvedEvent{Label: s.key.Label.String(), Entry: entry}})
			e.sayFollowed(s, had, answer)
		}
		if !covers(s.pin.Entry, answer) {
			e.found[s.key] = entry
			news = true
		}
	}
	if ds.HasErrors() {
		return false, ds.Sort()
	}
	if len(entries) == 0 {
		return news, nil
	}
	if err := e.writeLock(ctx, entries); err != nil {
		return false, err
	}
	for _, k := range sortedKeys(entries) {
		e.emit(Event{Resolved: &ResolvedEvent{Label: k.Label.String(), Entry: entries[k], Locked: true}})
	}
	return true, nil
}

// sayFollowed tells where a source is other than the lock file says, because BUILD.hcl leaves open whether it follows.
func (e *Engine) sayFollowed(s *source, had, answer map[string]string) {
	if !s.pin.MayFollow {
		return
	}
	if !answers(had, s) {
		e.notice("%s follows %s: %s", s.key.Label, s.pin.Params["ref"], describeEntry(nil, answer))
		return
	}
	if text := describeEntry(wordsOf(had, s), answer); text != "" {
		e.notice("%s follows %s, %s has another: %s", s.key.Label, s.pin.Params["ref"], load.LockFile, text)
	}
}

// pinFollowed gives what --locked holds a source to that follows otherwise: its entry of the lock file or, where Options.LastSeen says
// so and there is none, what it was when it was last asked for.
func (e *Engine) pinFollowed(ctx context.Context, s *source, entry map[string]string) (map[string]string, error) {
	if answers(entry, s) {
		return wordsOf(entry, s), nil
	}
	if !e.o.LastSeen {
		return nil, notLocked(s)
	}
	answer, err := e.resolve(ctx, s, nil, true)
	if errors.Is(err, fetch.ErrOffline) {
		return nil, notLocked(s)
	}
	return answer, err
}

// answers says whether an entry of the lock file is about a source as it is declared now, and has all words that are wanted.
func answers(entry map[string]string, s *source) bool {
	for k, v := range s.pin.Params {
		if entry[k] != v {
			return false
		}
	}
	for _, w := range s.want {
		if _, ok := entry[w]; !ok {
			return false
		}
	}
	return len(entry) > 0
}

// wordsOf gives an entry without its question.
func wordsOf(entry map[string]string, s *source) map[string]string {
	answer := maps.Clone(entry)
	for k := range s.pin.Params {
		delete(answer, k)
	}
	return answer
}

func placeOf(g *state.Graph, t state.TargetID) diag.Range {
	return diag.Range{File: strings.Clone(g.TargetFile(t)), Start: diag.Pos{Line: g.TargetLine(t), Column: 1}}
}

func notLocked(s *source) diag.Diag {
	return diag.Diag{Code: "not-locked", Summary: fmt.Sprintf("%s has no entry in %s", s.key.Label, load.LockFile), Range: s.where,
		Detail: "An entry says what its name means, and --locked forbids to make one. Where there is one, it is about another " +
			"name or address than the target has now, or lacks a word that is wanted now.",
		Hint: fmt.Sprintf("Run `cairn lock %s`, and commit %s.", s.key.Label, load.LockFile)}
}

// resolve asks the fetcher. Errors: a diag.Diag where what is declared is not there, *EnvError, or ctx's.
func (e *Engine) resolve(ctx context.Context, s *source, had map[string]string, offline bool) (map[string]string, error) {
	f, err := e.fetcher(s.fetcher)
	if err != nil {
		return nil, &EnvError{Err: err}
	}
	r, ok := f.(fetch.Resolver)
	if !ok {
		return nil, &EnvError{Err: fmt.Errorf("internal error: fetcher %q resolves nothing", s.fetcher)}
	}
	told := fetch.WithProgress(ctx, func(done, total int64) {
		e.emit(Event{Fetch: &FetchEvent{Label: s.key.Label.String(), Done: done, Total: total}})
	})
	answer, err := r.Resolve(told, fetch.Question{Params: s.pin.Params, Had: had, Root: e.o.Root, Offline: offline, LastSeen: s.follow, Want: s.want})
	var declared *fetch.DeclaredError
	switch {
	case err == nil:
		if s.follow && offline {
			why := map[bool]string{true: "--offline", false: "--locked"}[e.o.Offline]
			e.notice("%s follows %s, and is what that was when it was last asked for, because of %s", s.key.Label, s.pin.Params["ref"], why)
		}
		return answer, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &declared):
		return nil, diag.Diag{Code: declared.Code, Summary: declared.Summary, Detail: declared.Detail, Hint: declared.Hint, Range: s.where,
			Context: fmt.Sprintf("%s %q", s.key.Kind, s.key.Label.Base())}
	case errors.Is(err, fetch.ErrOffline) && !s.follow:
		return nil, &EnvError{Err: fmt.Errorf("%s has no entry in %s: %w; run `cairn lock %s` while there is a network", s.key.Label, load.LockFile, err, s.key.Label)}
	}
	return nil, &EnvError{Err: fmt.Errorf("%s: %w", s.key.Label, err)}
}

// entryOf is what the lock file holds: the question and the answer.
func entryOf(params, answer map[string]string) map[string]string {
	entry := maps.Clone(params)
	maps.Copy(entry, answer)
	return entry
}

// covers says whether an entry has all words of an answer.
func covers(entry, answer map[string]string) bool {
	for k, v := range answer {
		if had, ok := entry[k]; !ok || had != v {
			return false
		}
	}
	return len(answer) > 0
}
