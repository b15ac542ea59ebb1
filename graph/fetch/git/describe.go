package git

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// mark is what a tag says of a commit.
type mark struct {
	name      string
	annotated bool
	date      int64 // of an annotated tag
}

// better says which of two tags of one commit names it: an annotated one, then the later one, then the first by name.
func (m mark) better(o mark) bool {
	switch {
	case m.annotated != o.annotated:
		return m.annotated
	case m.date != o.date:
		return m.date > o.date
	}
	return m.name < o.name
}

// marks gives the best tag of each commit that has one.
func marks(s objectStore, tags refs) (map[string]mark, error) {
	out := map[string]mark{}
	for name, id := range tags {
		name, ok := strings.CutPrefix(name, "refs/tags/")
		if !ok || strings.HasSuffix(name, "^{}") || !strings.ContainsAny(name, "0123456789") {
			continue
		}
		m := mark{name: name}
		kind, err := s.kind(id)
		for ; err == nil && kind == "tag"; kind, err = s.kind(id) {
			var b []byte
			if b, err = readAll(s, id, "tag"); err != nil {
				break
			}
			h := headers(b)
			if !m.annotated {
				m.annotated, m.date = true, dateOf(h["tagger"])
			}
			if id = h["object"]; !isID(id) {
				return nil, fmt.Errorf("the tag %s is malformed", name)
			}
		}
		if err != nil {
			return nil, err
		}
		if had, ok := out[id]; kind == "commit" && (!ok || m.better(had)) {
			out[id] = m
		}
	}
	return out, nil
}

// maxCandidates is how many tags are compared, as git does by default.
const maxCandidates = 10

// walk goes through history from a commit, later commits first.
type walk struct {
	s     objectStore
	ends  map[string]bool // commits whose parents are not here
	queue queue
	flags map[string]uint32 // by commit: which candidates it is part of; a commit that was never queued has none
	n     int
}

type queued struct {
	id      string
	date    int64
	order   int
	parents []string
}

func (w *walk) push(id string, flags uint32) error {
	had, seen := w.flags[id]
	w.flags[id] = had | flags
	if seen {
		return nil
	}
	b, err := readAll(w.s, id, "commit")
	if err != nil {
		return err
	}
	c := queued{id: id, date: dateOf(headers(b)["committer"]), order: w.n}
	w.n++
	head, _, _ := bytes.Cut(b, []byte("\n\n"))
	for line := range strings.Lines(string(head)) {
		p, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "parent ")
		switch {
		case !ok:
		case w.ends[id]:
			return errCutShort
		case !isID(p):
			return fmt.Errorf("commit %s is malformed", id)
		default:
			c.parents = append(c.parents, p)
		}
	}
	heap.Push(&w.queue, c)
	return nil
}

// pop takes the latest commit and queues what led to it.
func (w *walk) pop(more uint32) (queued, error) {
	c := heap.Pop(&w.queue).(queued)
	w.flags[c.id] |= more
	for _, p := range c.parents {
		if err := w.push(p, w.flags[c.id]); err != nil {
			return c, err
		}
	}
	return c, nil
}

type candidate struct {
	name  string
	bit   uint32
	depth int // commits that are no part of it
}

// errCutShort says that a walk came to where the mirror's history ends and the repository's does not.
var errCutShort = errors.New("history is cut short")

// describe finds the tag that the fewest commits lie behind, as git does: of the first ones that are come by when history is
// walked from the latest commit on.
func describe(ctx context.Context, s objectStore, ends map[string]bool, commit string, tags refs) (string, error) {
	named, err := marks(s, tags)
	if err != nil {
		return "", err
	}
	if m, ok := named[commit]; ok {
		return m.name + "-0-g" + short(commit), nil
	}
	if len(named) == 0 {
		return short(commit), nil
	}
	w := &walk{s: s, ends: ends, flags: map[string]uint32{}}
	if err := w.push(commit, 0); err != nil {
		return "", err
	}
	var found []candidate
	annotated, seen := 0, 0
	for len(w.queue) > 0 && ctx.Err() == nil {
		next := w.queue[0]
		m, ok := named[next.id]
		if ok && len(found) == maxCandidates {
			break // more would not be better
		}
		var bit uint32
		if ok {
			bit = 1 << len(found)
			found = append(found, candidate{m.name, bit, seen})
			if m.annotated {
				annotated++
			}
		}
		seen++
		w.flags[next.id] |= bit
		for i := range found {
			if w.flags[next.id]&found[i].bit == 0 {
				found[i].depth++
			}
		}
		if annotated > 0 && len(w.queue) == 1 && w.covered(next.id, found) {
			break
		}
		if _, err := w.pop(bit); err != nil {
			return "", err
		}
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if len(found) == 0 {
		return short(commit), nil
	}
	best := slices.MinFunc(found, func(a, b candidate) int { return cmp.Compare(a.depth, b.depth) })
	for len(w.queue) > 0 && ctx.Err() == nil && !w.all(best.bit) {
		c, err := w.pop(0)
		if err != nil {
			return "", err
		}
		if w.flags[c.id]&best.bit == 0 {
			best.depth++
		}
	}
	return fmt.Sprintf("%s-%d-g%s", best.name, best.depth, short(commit)), ctx.Err()
}

// covered says whether a commit is part of the nearest candidate: what led to it can only be part of it, too.
func (w *walk) covered(id string, found []candidate) bool {
	least := slices.MinFunc(found, func(a, b candidate) int { return cmp.Compare(a.depth, b.depth) }).depth
	for _, c := range found {
		if c.depth == least && w.flags[id]&c.bit == 0 {
			return false
		}
	}
	return true
}

// all says whether all that is queued has a flag.
func (w *walk) all(bit uint32) bool {
	return !slices.ContainsFunc(w.queue, func(c queued) bool { return w.flags[c.id]&bit == 0 })
}

// queue is a heap: later commits first, equal ones in the order in which they were found.
type queue []queued

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].date != q[j].date {
		return q[i].date > q[j].date
	}
	return q[i].order < q[j].order
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *queue) Push(x any) { *q = append(*q, x.(queued)) }

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	*q = (*q)[:last]
	return c
}
