// Package watch turns what the system tells about files into batches of paths that may have changed. It decides nothing: a
// batch is a hint that somebody should look, and an event that was lost costs time and no correctness, as a look is due
// every now and then anyway. It watches folders that hold declared inputs or that an evaluation has read, and no outputs.
package watch

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Source tells of events in folders, not of those below them. fsnotify's Watcher is one, behind Open.
type Source interface {
	// Add starts to watch a folder; fs.ErrNotExist where it is not there, a *LimitError where the system allows no more.
	Add(dir string) error
	// Remove ends that; an error is of no consequence.
	Remove(dir string) error
	Events() <-chan fsnotify.Event
	Errors() <-chan error
	Close() error
}

// The times that a Watcher waits, where Options say nothing else.
const (
	DefaultQuiet  = 15 * time.Millisecond  // without an event, before a batch is given
	DefaultMost   = 300 * time.Millisecond // since a batch's first event
	DefaultVerify = time.Minute            // between two looks where events come
	DefaultPoll   = time.Second            // and where none do
)

// Options is how a Watcher watches. The zero value is right but for Open.
type Options struct {
	Open   func() (Source, error) // nil: no events, only polls
	Quiet  time.Duration
	Most   time.Duration
	Verify time.Duration
	Poll   time.Duration
	Notice func(text string) // told once what a person should know; may be nil
}

// Watcher gives batches. It is for one goroutine.
type Watcher struct {
	o       Options
	src     Source // nil: polling
	set     *Set
	watched map[string]bool // folders that the source watches
	lost    map[string]bool // of them those that were moved or removed, so that the name may be another folder by now

	batch     Batch
	paths     map[string]bool // of the batch -> it came into being within the batch
	first     time.Time       // when the batch's first event came
	last      time.Time
	looked    time.Time
	overflows int
}

// Batch is a hint: look at these, or, where Whole says so, at all.
type Batch struct {
	Paths []string // absolute, sorted
	Whole bool     // events were lost, or it is time for a look
}

// New gives a watcher of nothing. Where the system has no events to give, it polls, and says so.
func New(o Options) *Watcher {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&o.Quiet, DefaultQuiet)
	def(&o.Most, DefaultMost)
	def(&o.Verify, DefaultVerify)
	def(&o.Poll, DefaultPoll)
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	w := &Watcher{o: o, set: NewSet("/"), watched: map[string]bool{}, lost: map[string]bool{}, paths: map[string]bool{}, looked: time.Now()}
	if o.Open == nil {
		return w
	}
	src, err := o.Open()
	if err != nil {
		w.fallBack(err)
		return w
	}
	w.src = src
	return w
}

// Close ends the watching.
func (w *Watcher) Close() error {
	if w.src == nil {
		return nil
	}
	return w.src.Close()
}

// Polls says whether the watcher gets no events and asks for a look every Poll instead.
func (w *Watcher) Polls() bool { return w.src == nil }

// Overflows is how often the system has lost events.
func (w *Watcher) Overflows() int { return w.overflows }

// Folders is how many folders are watched.
func (w *Watcher) Folders() int { return len(w.watched) }

// Watch makes s what is watched and says whether folders were added: what happened in these before nobody has seen, so
// look once more. Folders that are not there are watched for from the nearest one that is.
func (w *Watcher) Watch(s *Set) (added bool) {
	if w.src == nil {
		w.set = s
		return false
	}
	for { // a folder may go between the two steps
		w.set = s.above()
		again := false
		for dir := range w.lost {
			_ = w.src.Remove(dir) // it is gone, or another one is there by now
			delete(w.watched, dir)
		}
		clear(w.lost)
		for dir := range maps.Clone(w.watched) {
			if w.set.folders[dir] == nil {
				_ = w.src.Remove(dir)
				delete(w.watched, dir)
			}
		}
		for _, dir := range w.set.Folders() {
			if w.watched[dir] {
				continue
			}
			switch err := w.src.Add(dir); {
			case err == nil:
				w.watched[dir] = true
				added = true
			case errors.Is(err, fs.ErrNotExist):
				again = true
			case errors.Is(err, fs.ErrPermission):
				// Evaluation cannot read it either, and says so; a look now and then sees when that ends.
			default:
				w.fallBack(err)
				return true
			}
		}
		if !again {
			return added
		}
	}
}

// fallBack gives up on events.
func (w *Watcher) fallBack(err error) {
	if w.src != nil {
		_ = w.src.Close()
		w.src = nil
	}
	clear(w.watched)
	clear(w.lost)
	w.o.Notice("no events from the file system: " + err.Error() + "; looking every " + w.o.Poll.String() + " instead")
}

// Next waits for a batch: until it has been quiet for a moment, but not for long. The error is ctx's; what had come by then
// is in the next batch.
func (w *Watcher) Next(ctx context.Context) (Batch, error) {
	var events <-chan fsnotify.Event
	var errs <-chan error
	for {
		if w.src != nil {
			events, errs = w.src.Events(), w.src.Errors()
		} else {
			events, errs = nil, nil
		}
		t := time.NewTimer(time.Until(w.due()))
		select {
		case <-ctx.Done():
			t.Stop()
			return Batch{}, ctx.Err()
		case e, ok := <-events:
			if !ok {
				w.fallBack(errors.New("they have ended"))
			} else {
				w.note(e)
			}
		case err, ok := <-errs:
			if ok {
				w.trouble(err)
			}
		case <-t.C:
			if b, ok := w.take(); ok {
				return b, nil
			}
		}
		t.Stop()
	}
}

// due is when something is to be done though no event comes.
func (w *Watcher) due() time.Time {
	if w.pending() {
		quiet, most := w.last.Add(w.o.Quiet), w.first.Add(w.o.Most)
		if quiet.Before(most) {
			return quiet
		}
		return most
	}
	if w.src == nil {
		return w.looked.Add(w.o.Poll)
	}
	return w.looked.Add(w.o.Verify)
}

func (w *Watcher) pending() bool { return w.batch.Whole || len(w.paths) > 0 }

func (w *Watcher) stamp() {
	w.last = time.Now()
	if !w.pending() {
		w.first = w.last
	}
}

// note takes an event into the batch, if it matters.
func (w *Watcher) note(e fsnotify.Event) {
	path := filepath.Clean(e.Name)
	gone := e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename)
	if gone {
		w.lose(path)
	}
	if made, ok := w.paths[path]; ok && made {
		w.last = time.Now() // a file that is being written under another name
		return
	}
	if !w.set.matters(path, gone || e.Has(fsnotify.Create)) && !(gone && w.lost[path]) {
		return
	}
	w.stamp()
	if _, ok := w.paths[path]; !ok {
		w.paths[path] = e.Has(fsnotify.Create)
	}
}

// lose notes that the folder at path, and what was below it, is not what is watched any more.
func (w *Watcher) lose(path string) {
	for dir := range w.watched {
		if dir == path || strings.HasPrefix(dir, path+string(filepath.Separator)) {
			w.lost[dir] = true
		}
	}
}

func (w *Watcher) trouble(err error) {
	if errors.Is(err, fsnotify.ErrEventOverflow) {
		w.overflows++
	}
	w.stamp()
	w.batch.Whole = true
	for dir := range w.watched { // what was moved or removed meanwhile nobody knows
		w.lost[dir] = true
	}
}

// take gives the batch, if there is anything in it.
func (w *Watcher) take() (Batch, bool) {
	now := time.Now()
	b := w.batch
	if !w.pending() {
		b.Whole = true // nothing was heard for long: it is time for a look
	}
	for p, made := range w.paths {
		if made && !w.set.named(p) {
			if _, err := os.Lstat(p); errors.Is(err, fs.ErrNotExist) {
				continue // a name that came and went: an editor at work
			}
		}
		b.Paths = append(b.Paths, p)
	}
	slices.Sort(b.Paths)
	w.batch = Batch{}
	clear(w.paths)
	if !b.Whole && len(b.Paths) == 0 {
		return b, false
	}
	w.looked = now
	return b, true
}
