package watch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// fake is a source whose events a test makes.
type fake struct {
	events chan fsnotify.Event
	errs   chan error
	added  []string
	gone   []string
	refuse error
	closed bool
}

func newFake() *fake { return &fake{events: make(chan fsnotify.Event), errs: make(chan error)} }

func (f *fake) Add(dir string) error {
	if f.refuse != nil {
		return f.refuse
	}
	if _, err := os.Stat(dir); err != nil {
		return fs.ErrNotExist
	}
	f.added = append(f.added, dir)
	return nil
}
func (f *fake) Remove(dir string) error       { f.gone = append(f.gone, dir); return nil }
func (f *fake) Events() <-chan fsnotify.Event { return f.events }
func (f *fake) Errors() <-chan error          { return f.errs }
func (f *fake) Close() error                  { f.closed = true; return nil }

// place makes a workspace with src/a.c and watches it.
func place(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "src"), 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

func setOf(root string) *Set {
	s := NewSet(root)
	s.File("src/a.c")
	s.Folder("src")
	s.File("BUILD.hcl")
	s.File("cairn-out/x/y")
	s.Folder("cairn-out")
	return s
}

func open(f *fake) func() (Source, error) { return func() (Source, error) { return f, nil } }

// next gives the next batch's paths, relative to root, and how long it took.
func next(t *testing.T, w *Watcher, root string) (string, time.Duration) {
	t.Helper()
	began := time.Now()
	b, err := w.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	if b.Whole {
		names = append(names, "*")
	}
	for _, p := range b.Paths {
		rel, err := filepath.Rel(root, p)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, rel)
	}
	return strings.Join(names, " "), time.Since(began)
}

func TestBatches(t *testing.T) {
	type step struct {
		after time.Duration
		op    fsnotify.Op
		name  string
	}
	ms := time.Millisecond
	var burst []step
	for range 200 {
		burst = append(burst, step{5 * ms, fsnotify.Write, "src/a.c"})
	}
	for _, c := range []struct {
		name  string
		steps []step
		want  string
		after time.Duration
	}{
		{"a save", []step{{0, fsnotify.Write, "src/a.c"}}, "src/a.c", 15 * ms},
		{"an editor that writes twice", []step{{0, fsnotify.Write, "src/a.c"}, {10 * ms, fsnotify.Write, "src/a.c"}}, "src/a.c", 25 * ms},
		{"an atomic save", []step{{0, fsnotify.Create, "src/.a.c.tmp"}, {5 * ms, fsnotify.Write, "src/.a.c.tmp"}, {5 * ms, fsnotify.Rename, "src/.a.c.tmp"},
			{0, fsnotify.Create, "src/a.c"}}, "src/a.c", 25 * ms},
		{"writing without an end", burst, "src/a.c", 305 * ms},
		{"what is not declared", []step{{0, fsnotify.Write, "src/other"}, {0, fsnotify.Chmod, "src/other"}, {0, fsnotify.Write, "notes"}, {0, fsnotify.Write, "BUILD.hcl"}}, "BUILD.hcl", 15 * ms},
		{"an undeclared name comes", []step{{0, fsnotify.Create, "src/real"}}, "src/real", 15 * ms},
		{"an undeclared name goes", []step{{0, fsnotify.Remove, "src/other"}}, "src/other", 15 * ms},
		{"outputs", []step{{0, fsnotify.Create, "cairn-out"}, {0, fsnotify.Write, "cairn-out/x/y"}, {0, fsnotify.Write, "src/a.c"}}, "src/a.c", 15 * ms},
		{"permissions", []step{{0, fsnotify.Chmod, "src/a.c"}}, "src/a.c", 15 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := place(t)
			if err := os.WriteFile(filepath.Join(root, "src/real"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				w := New(Options{Open: open(f)})
				w.Watch(setOf(root))
				go func() {
					for _, s := range c.steps {
						select {
						case <-time.After(s.after):
						case <-t.Context().Done():
							return
						}
						select {
						case f.events <- fsnotify.Event{Name: filepath.Join(root, s.name), Op: s.op}:
						case <-t.Context().Done():
							return
						}
					}
				}()
				if got, took := next(t, w, root); got != c.want || took != c.after {
					t.Errorf("got %q after %s, want %q after %s", got, took, c.want, c.after)
				}
			})
		})
	}
}

// What comes while nobody listens is in the next batch, and so is what had come when Next was given up.
func TestNextGivenUp(t *testing.T) {
	root := place(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		w := New(Options{Open: open(f)})
		w.Watch(setOf(root))
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			f.events <- fsnotify.Event{Name: filepath.Join(root, "src/a.c"), Op: fsnotify.Write}
			time.Sleep(time.Millisecond)
			cancel()
		}()
		if _, err := w.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		if got, _ := next(t, w, root); got != "src/a.c" {
			t.Errorf("got %q", got)
		}
	})
}

// Without an event there is a look all the same, seldom.
func TestLooksAnyway(t *testing.T) {
	root := place(t)
	synctest.Test(t, func(t *testing.T) {
		w := New(Options{Open: open(newFake())})
		w.Watch(setOf(root))
		if got, took := next(t, w, root); got != "*" || took != DefaultVerify {
			t.Errorf("got %q after %s", got, took)
		}
		p := New(Options{})
		p.Watch(setOf(root))
		if got, took := next(t, p, root); got != "*" || took != DefaultPoll || !p.Polls() {
			t.Errorf("got %q after %s", got, took)
		}
	})
}

func TestOverflow(t *testing.T) {
	root := place(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		w := New(Options{Open: open(f)})
		w.Watch(setOf(root))
		before := len(f.added)
		go func() { f.errs <- fsnotify.ErrEventOverflow }()
		if got, _ := next(t, w, root); got != "*" || w.Overflows() != 1 {
			t.Errorf("got %q, %d overflows", got, w.Overflows())
		}
		if !w.Watch(setOf(root)) || len(f.added) != 2*before {
			t.Errorf("folders that may have been replaced are not watched anew: %v", f.added)
		}
	})
}

// A folder that goes is waited for where it was, and a new one with its name is watched.
func TestFolderGoesAndComes(t *testing.T) {
	root := place(t)
	dir := filepath.Join(root, "src")
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		w := New(Options{Open: open(f)})
		if !w.Watch(setOf(root)) {
			t.Error("nothing was added at first")
		}
		if w.Watch(setOf(root)) {
			t.Error("something was added again")
		}
		say := func(name string, op fsnotify.Op) {
			go func() { f.events <- fsnotify.Event{Name: filepath.Join(root, name), Op: op} }()
		}
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		say("src", fsnotify.Remove)
		if got, _ := next(t, w, root); got != "src" {
			t.Errorf("got %q", got)
		}
		w.Watch(setOf(root))
		if w.Folders() != 1 {
			t.Errorf("%d folders are watched, want the root alone", w.Folders())
		}
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		say("src", fsnotify.Create)
		if got, _ := next(t, w, root); got != "src" {
			t.Errorf("got %q", got)
		}
		if !w.Watch(setOf(root)) || w.Folders() != 2 {
			t.Errorf("the new folder is not watched")
		}
		// A folder in whose place another one was put: the watch is on the old one.
		say("src", fsnotify.Rename)
		next(t, w, root)
		f.added, f.gone = nil, nil
		if !w.Watch(setOf(root)) || !slices.Equal(f.added, []string{dir}) || !slices.Equal(f.gone, []string{dir}) {
			t.Errorf("added %v, removed %v", f.added, f.gone)
		}
	})
}

// What lies below a folder that is not there is waited for from the nearest one that is.
func TestMissingFolders(t *testing.T) {
	root := place(t)
	s := NewSet(root)
	s.File("a/b/c/in.txt")
	s.Folder("src")
	up := s.above()
	if got := up.Folders(); !slices.Equal(got, []string{root, filepath.Join(root, "src")}) {
		t.Errorf("got %v", got)
	}
	if !up.matters(filepath.Join(root, "a"), true) || up.matters(filepath.Join(root, "z"), true) {
		t.Error("the first missing name is what matters")
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		err    error
		adding bool
		want   string
	}{
		{syscall.ENOSPC, true, "max_user_watches"},
		{syscall.EMFILE, false, "max_user_instances"},
		{syscall.EMFILE, true, "ulimit"},
	} {
		err := limit(c.err, c.adding)
		var l *LimitError
		if !errors.As(err, &l) {
			t.Errorf("%v is no limit: %v", c.err, err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) && !strings.Contains(err.Error(), "ulimit") {
			t.Errorf("%v: %q does not say how to mend it", c.err, err)
		}
	}
	if err := limit(fs.ErrPermission, true); err != fs.ErrPermission {
		t.Errorf("got %v", err)
	}
}

// Where the system allows no more, the watcher says so once and polls.
func TestFallsBack(t *testing.T) {
	root := place(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.refuse = watchesLimit()
		var notices []string
		o := Options{Open: open(f), Notice: func(s string) { notices = append(notices, s) }}
		w := New(o)
		if !w.Watch(setOf(root)) || !w.Polls() || !f.closed {
			t.Error("no fall back, or no look after it")
		}
		w.Watch(setOf(root))
		if got, took := next(t, w, root); got != "*" || took != DefaultPoll {
			t.Errorf("got %q after %s", got, took)
		}
		o.Open = func() (Source, error) { return nil, instancesLimit() }
		if !New(o).Polls() {
			t.Error("no fall back where not even a source is to be had")
		}
		if len(notices) != 2 || !strings.Contains(notices[0], "limit") || !strings.Contains(notices[0], "looking every 1s") {
			t.Errorf("said %q", notices)
		}
	})
}

// The real thing: saves of each kind, new folders, renamed ones.
func TestSystem(t *testing.T) {
	root := place(t)
	w := New(Options{Open: System, Quiet: 5 * time.Millisecond, Notice: func(s string) { t.Fatal(s) }})
	defer w.Close()
	set := setOf(root)
	set.Folder(".")
	w.Watch(set)
	file := func(name string) string { return filepath.Join(root, name) }
	write := func(name string) {
		t.Helper()
		if err := os.WriteFile(file(name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var got []string
		for {
			b, err := w.Next(ctx)
			if err != nil {
				t.Fatalf("no event about %s, just %v", want, got)
			}
			got = append(got, b.Paths...)
			if slices.Contains(got, file(want)) {
				return
			}
		}
	}
	write("src/a.c")
	expect("src/a.c")
	write("src/.tmp")
	check(os.Rename(file("src/.tmp"), file("src/a.c")))
	expect("src/a.c")
	check(os.Chmod(file("src/a.c"), 0o755))
	expect("src/a.c")
	check(os.Mkdir(file("new"), 0o755))
	expect("new")
	set.Folder("new")
	if !w.Watch(set) {
		t.Error("the new folder was not added")
	}
	write("new/b.c")
	expect("new/b.c")
	check(os.Rename(file("src"), file("old")))
	expect("src")
	w.Watch(set)
	check(os.Mkdir(file("src"), 0o755))
	expect("src")
	if !w.Watch(set) {
		t.Error("the folder that came back was not added")
	}
	write("src/a.c")
	expect("src/a.c")
}

func TestLoops(t *testing.T) {
	at := func(s float64) time.Time { return time.Unix(1000, 0).Add(time.Duration(s * float64(time.Second))) }
	span := func(who string, from, to float64) []Span { return []Span{{who, at(from), at(to), 3}} }
	type round struct {
		writes []Write
		spans  []Span
		loop   bool
	}
	w := func(s float64) []Write { return []Write{{"gen.txt", at(s)}} }
	for name, rounds := range map[string][]round{
		"a command writes what it reads": {{w(1), span("a", 0, 2), false}, {w(3), span("a", 2, 4), false}, {w(5), span("a", 4, 6), true}},
		"a person comes between": {{w(1), span("a", 0, 2), false}, {w(3), span("a", 2, 4), false}, {w(9), span("a", 4, 6), false},
			{w(9.5), span("a", 9, 10), false}, {w(11), span("a", 10, 12), false}, {w(13), span("a", 12, 14), true}},
		"two commands take turns": {{w(1), span("a", 0, 2), false}, {w(3), span("b", 2, 4), false}, {w(5), span("a", 4, 6), false}, {w(7), span("b", 6, 8), false}},
		"another file changes, too": {{w(1), span("a", 0, 2), false}, {w(3), span("a", 2, 4), false},
			{append(w(5), Write{"by.hand", at(7)}), span("a", 4, 6), false}},
		"a program that is not started again": {{w(1), span("a", 0, 2), false}, {w(1.2), span("a", 0, 2), false}, {w(1.4), span("a", 0, 2), false},
			{w(1.6), span("a", 0, 2), false}},
		"nobody ran": {{w(1), nil, false}, {w(2), nil, false}, {w(3), nil, false}, {w(4), nil, false}},
	} {
		var l Loops
		for i, r := range rounds {
			writer, file, loop := l.Round(r.writes, r.spans)
			if loop != r.loop || loop && (writer != "a" || file != "gen.txt") {
				t.Errorf("%s, round %d: %q %q %v", name, i, writer, file, loop)
			}
		}
	}
}
