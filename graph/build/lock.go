package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/analysis"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/load"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// Locked gives what a source is pinned to: what this run found out, or its entry of the lock file.
func (l loaded) Locked(kind string, of label.Label) map[string]string {
	key := load.LockKey{Kind: kind, Label: of}
	if found, ok := l.found[key]; ok {
		return maps.Clone(found)
	}
	entry, _ := l.ws.Lock.Get(key)
	return entry
}

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
		open, follow := state.Unpinned, e.follows(g, r, sel)
		news := false
		if follow {
			open |= state.MayFollow
		} else {
			news = e.unfollow(g, sel.wanted)
		}
		if !news {
			if !g.AnyAction(open) {
				return g, sel, nil
			}
			if news, err = e.pin(ctx, g, sel.wanted, follow); err != nil {
				return nil, nil, err
			}
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

// sourcesOf gives the wanted sources that are open, each once; with follow those that may be followed are.
func sourcesOf(g *state.Graph, w state.Wanted, follow bool) ([]*source, error) {
	open := state.Unpinned
	if follow {
		open |= state.MayFollow
	}
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

// pin resolves the wanted sources that are open, and says whether that gave anything that the graph does not know.
func (e *Engine) pin(ctx context.Context, g *state.Graph, w state.Wanted, follow bool) (news bool, err error) {
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

// readLock gives the lock file as it is now; an empty one where there is none.
func (e *Engine) readLock() (*load.Lock, error) {
	b, err := os.ReadFile(filepath.Join(e.o.Root, load.LockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return load.NewLock(), nil
	}
	if err != nil {
		return nil, &EnvError{Err: err}
	}
	k, ds := load.ParseLock(b, load.LockFile)
	return k, ds.Err()
}

// writeLock sets entries, nil ones go. Other processes that do the same at the same time lose nothing.
func (e *Engine) writeLock(ctx context.Context, entries map[load.LockKey]map[string]string) error {
	c, err := e.store()
	if err != nil {
		return err
	}
	for {
		l, _, ok := c.LockKey(digest.Of([]byte("lock file " + e.o.Root)).Hash)
		if ok {
			defer l.Unlock()
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	k, err := e.readLock()
	if err != nil {
		return err
	}
	for key, entry := range entries {
		k.Set(key, entry)
	}
	if err := k.Write(e.o.Root); err != nil {
		return &EnvError{Err: err}
	}
	return nil
}

func sortedKeys(m map[load.LockKey]map[string]string) []load.LockKey {
	return slices.SortedFunc(maps.Keys(m), func(a, b load.LockKey) int { return label.Compare(a.Label, b.Label) })
}

// LockChange is one entry of the lock file that moved. Old is nil where there was none, New where its source is gone.
type LockChange struct {
	Kind, Label string
	Old, New    map[string]string
}

// String says what moved: "//:lib commit 1a2b3c4d5e6f -> 6f5e4d3c2b1a".
func (c LockChange) String() string {
	if c.New == nil {
		return c.Label + " is gone"
	}
	return c.Label + " " + describeEntry(c.Old, c.New)
}

// String says what a source was found to be.
func (r *ResolvedEvent) String() string { return r.Label + " " + describeEntry(nil, r.Entry) }

// describeEntry gives the words of an entry that were others before.
func describeEntry(before, now map[string]string) string {
	cut := func(s string) string {
		if len(s) >= 40 && len(s) <= 64 && !containsOther(s) {
			return s[:12]
		}
		return s
	}
	text := ""
	for _, k := range slices.Sorted(maps.Keys(now)) {
		if before[k] == now[k] {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += k + " "
		if before[k] != "" {
			text += cut(before[k]) + " -> "
		}
		text += cut(now[k])
	}
	return text
}

// containsOther says whether s is more than hex digits.
func containsOther(s string) bool {
	return slices.ContainsFunc([]byte(s), func(c byte) bool { return (c < '0' || c > '9') && (c < 'a' || c > 'f') })
}

// Lock resolves the declared sources that patterns cover anew and writes the lock file. Entries of what is no source any
// more go. It gives what moved, sorted, and how many sources were asked for. With Options.Locked nothing is written, and a
// change is an error.
func (e *Engine) Lock(ctx context.Context, covered func(label.Label) bool) (moved []LockChange, entries int, err error) {
	ws, ds := e.load(ctx)
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	order, ds := e.analyze(ws, ds)
	if ds.HasErrors() {
		return nil, 0, ds
	}
	sources := lockable(order)
	changes := map[load.LockKey]map[string]string{}
	for _, s := range sources {
		if !covered(s.key.Label) {
			continue
		}
		entries++
		answer, err := e.resolve(ctx, s, nil, e.o.Offline)
		if d := (diag.Diag{}); errors.As(err, &d) {
			ds = append(ds, d)
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		entry := entryOf(s.pin.Params, answer)
		had, _ := ws.Lock.Get(s.key)
		if !maps.Equal(had, entry) {
			changes[s.key] = entry
			moved = append(moved, LockChange{s.key.Kind, s.key.Label.String(), had, entry})
		}
	}
	if ds.HasErrors() {
		return nil, 0, ds.Sort()
	}
	for _, k := range ws.Lock.Keys() {
		if !slices.ContainsFunc(sources, func(s *source) bool { return s.key == k }) && covered(k.Label) {
			had, _ := ws.Lock.Get(k)
			changes[k] = nil
			moved = append(moved, LockChange{k.Kind, k.Label.String(), had, nil})
		}
	}
	if len(changes) == 0 {
		return nil, entries, nil
	}
	if e.o.Locked {
		return moved, entries, diag.List{{Code: "locked", Summary: load.LockFile + " would change, and --locked forbids it", Detail: moved[0].String() + "."}}
	}
	return moved, entries, e.writeLock(ctx, changes)
}

// lockable gives the sources that have an entry of their own, each once, in order. Of the words of an answer that have a file of
// their own, those are wanted whose file some action reads.
func lockable(order []*analysis.Configured) []*source {
	read := map[rule.Artifact]bool{}
	for _, c := range order {
		for _, a := range c.Actions {
			for _, in := range a.Inputs {
				read[in] = true
			}
		}
	}
	var all []*source
	byKey := map[load.LockKey]*source{}
	for _, c := range order {
		key := load.LockKey{Kind: c.Target.Kind, Label: c.Target.Label}
		for _, a := range c.Actions {
			if a.Fetch == nil || a.Fetch.Pin == nil || len(a.Fetch.Pin.Params) == 0 || a.Fetch.Word != "" && !read[a.Outputs[0]] {
				continue
			}
			s := byKey[key]
			if s == nil {
				s = &source{key: key, where: c.Target.Range, fetcher: a.Fetch.Fetcher, pin: a.Fetch.Pin}
				byKey[key] = s
				all = append(all, s)
			}
			s.ask(a.Fetch)
		}
	}
	slices.SortFunc(all, func(a, b *source) int { return label.Compare(a.key.Label, b.key.Label) })
	return all
}
