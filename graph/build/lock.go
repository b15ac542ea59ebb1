package build

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/analysis"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/load"
	"github.com/cairn-build/cairn/graph/rule"
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
