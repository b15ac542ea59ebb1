package state

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/rule"
)

func TestSavedGraphIsTheSame(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		path := filepath.Join(t.TempDir(), "s", "x.graph")
		g := randomGraph(t, r, int(seed))
		for range r.IntN(60) {
			randomFact(r, g)
		}
		if err := g.Save(path); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			for range r.IntN(30) {
				randomFact(r, g)
			}
			if err := g.Flush(); err != nil {
				t.Fatal(err)
			}
			o := mustOpen(t, path)
			if got, want := dump(o), dump(g); got != want {
				t.Fatalf("seed %d:\n%s\nwant\n%s", seed, got, want)
			}
			g = o // go on with the opened one
		}
		g.journal.size = 0
		if err := g.flush(func(*journal) bool { return true }); err != nil {
			t.Fatal(err)
		}
		if got, want := dump(mustOpen(t, path)), dump(g); got != want {
			t.Fatalf("seed %d, compacted:\n%s\nwant\n%s", seed, got, want)
		}
	}
}

func mustOpen(t testing.TB, path string) *Graph {
	t.Helper()
	g, err := Open(path, testSettings)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestOpenRefusesWhatIsNoSnapshot(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.graph")
	if _, err := Open(path, testSettings); !errors.Is(err, ErrNoSnapshot) || errors.As(err, new(*DamagedError)) {
		t.Fatalf("no file: %v", err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	g := randomGraph(t, r, 8)
	for range 30 {
		randomFact(r, g)
	}
	if err := g.Save(path); err != nil {
		t.Fatal(err)
	}
	whole, _ := os.ReadFile(path)
	check := func(what string, b []byte) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path, testSettings)
		var d *DamagedError
		if !errors.Is(err, ErrNoSnapshot) || !errors.As(err, &d) || d.Path != path {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for n := 0; n < len(whole); n += 1 + n/16 {
		check(fmt.Sprint("cut at ", n), whole[:n])
	}
	check("longer", append(slices.Clone(whole), 0))
	check("foreign", []byte("#!/bin/sh\necho this is quite another file, and long enough for a header, though it is none at all\n"))
	used := make([]bool, len(whole)) // padding between sections is not looked at
	head, offs, _ := g.current().header(g.id, g.settings)
	for i := range head {
		used[i] = true
	}
	for i, s := range g.current() {
		for k := range s {
			used[int(offs[i])+k] = true
		}
	}
	for i := range whole {
		if used[i] && i%7 == 0 {
			b := slices.Clone(whole)
			b[i] ^= 1 << (i % 8)
			if _, err := openBytes(aligned(b), testSettings, pager{}); !errors.Is(err, ErrNoSnapshot) {
				t.Fatalf("byte %d flipped: %v", i, err)
			}
		}
	}
	os.WriteFile(path, whole, 0o666)
	if _, err := Open(path, digest.Of([]byte("other")).Hash); !errors.Is(err, ErrNoSnapshot) {
		t.Fatalf("other settings: %v", err)
	}
	os.Remove(path)
	os.Mkdir(path, 0o777)
	if _, err := Open(path, testSettings); !errors.Is(err, ErrNoSnapshot) {
		t.Fatalf("a folder: %v", err)
	}
}

func TestTornJournalIsAPrefix(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	path := filepath.Join(t.TempDir(), "x.graph")
	g := randomGraph(t, r, 6)
	if err := g.Save(path); err != nil {
		t.Fatal(err)
	}
	states := []string{dumpFacts(g)}
	ends := []int64{journalHead}
	for range 8 {
		for range 3 {
			randomFact(r, g)
		}
		if err := g.Flush(); err != nil {
			t.Fatal(err)
		}
		states = append(states, dumpFacts(g))
		ends = append(ends, g.journal.end)
	}
	whole, err := os.ReadFile(journalPath(path))
	if err != nil || int64(len(whole)) != g.journal.end {
		t.Fatal(len(whole), g.journal.end, err)
	}
	snapshot, _ := os.ReadFile(path)
	for cut := 0; cut <= len(whole); cut++ {
		o, err := openBytes(aligned(snapshot), testSettings, pager{})
		if err != nil {
			t.Fatal(err)
		}
		o.journal = &journal{}
		o.replay(whole[:cut])
		n := max(0, len(ends)-1)
		for n > 0 && ends[n] > int64(cut) {
			n--
		}
		if got := dumpFacts(o); got != states[n] {
			t.Fatalf("cut at %d: not the state after %d batches", cut, n)
		}
	}
	// The next who writes cuts the tail off, and what it writes counts.
	for _, cut := range []int{0, 5, journalHead, int(ends[3]) + 2, len(whole) - 1} {
		os.WriteFile(journalPath(path), whole[:cut], 0o666)
		o := mustOpen(t, path)
		randomFact(r, o)
		o.ForgetSource(0)
		if err := o.Flush(); err != nil {
			t.Fatal(err)
		}
		if got, want := dumpFacts(mustOpen(t, path)), dumpFacts(o); got != want {
			t.Fatalf("written after a cut at %d:\n%s\nwant\n%s", cut, got, want)
		}
	}
	// A flipped bit ends it as well.
	whole[ends[2]+batchHead+3] ^= 4
	os.WriteFile(journalPath(path), whole, 0o666)
	if got := dumpFacts(mustOpen(t, path)); got != states[2] {
		t.Fatal("a damaged batch was believed")
	}
}

func TestManyWriters(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	path := filepath.Join(t.TempDir(), "x.graph")
	g := randomGraph(t, r, 200)
	if err := g.Save(path); err != nil {
		t.Fatal(err)
	}
	n := g.NumSources()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			o := mustOpen(t, path)
			for i := w; i < n; i += 4 {
				st := Stat{Size: int64(i), Mode: 0o100644}
				o.SetSource(ArtifactID(i), SourceFact{Stat: st, Digest: digest.Digest{Hash: digest.Of([]byte{byte(i)}).Hash, Size: st.Size}})
				var err error
				if i%5 == 0 {
					err = o.flush(func(*journal) bool { return true })
				} else {
					err = o.Flush()
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	o := mustOpen(t, path)
	for i := range n {
		if f, ok := o.SourceFact(ArtifactID(i)); !ok || f.Stat.Size != int64(i) || f.Digest.Hash != digest.Of([]byte{byte(i)}).Hash {
			t.Fatalf("source %d: %v %v", i, f, ok)
		}
	}
}

// TestJournalAloneIsLost removes the journal beside a snapshot: what is learned from then on is kept again. Where the snapshot
// is gone as well, nothing comes back.
func TestJournalAloneIsLost(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	path := filepath.Join(t.TempDir(), "s", "x.graph")
	if err := randomGraph(t, r, 8).Save(path); err != nil {
		t.Fatal(err)
	}
	for _, whole := range []bool{false, true} {
		g := mustOpen(t, path)
		for range 30 {
			randomFact(r, g)
		}
		gone := []string{journalPath(path)}
		if whole {
			gone = append(gone, path)
		}
		for _, p := range gone {
			if err := os.Remove(p); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.Flush(); err != nil {
			t.Fatal(err)
		}
		if whole {
			if left, _ := os.ReadDir(filepath.Dir(path)); len(left) > 0 {
				t.Errorf("%s came back", left[0].Name())
			}
		} else if got, want := dump(mustOpen(t, path)), dump(g); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
}

func TestAnotherGraphTakesOver(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	path := filepath.Join(t.TempDir(), "x.graph")
	g := randomGraph(t, r, 20)
	if err := g.Save(path); err != nil {
		t.Fatal(err)
	}
	late := mustOpen(t, path)
	next := randomGraph(t, r, 30)
	if err := next.Save(path); err != nil {
		t.Fatal(err)
	}
	late.ForgetSource(0)
	late.SetRead(0, Stat{Size: 4711}, true)
	for _, f := range []func() error{late.Flush, late.Commit} {
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
	o := mustOpen(t, path)
	if got, want := dump(o), dump(next); got != want {
		t.Fatal("a process with the earlier graph has changed the later one")
	}
	// A journal that was left by the earlier graph does no harm, and gives way.
	stale := appendBatch(journalHeader(late.id, 1), []byte{opForget, 0, 0, 0, 0})
	os.WriteFile(journalPath(path), stale, 0o666)
	o = mustOpen(t, path)
	if dump(o) != dump(next) {
		t.Fatal("another graph's journal was replayed")
	}
	o.SetRead(0, Stat{Size: 42}, false)
	if err := o.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := mustOpen(t, path).Read(0).Stat.Size; got != 42 {
		t.Fatal("the stale journal was not replaced:", got)
	}
}

// The same source is changed by one process while another finishes an action that read it before.
func TestResultOfOldInputsIsNotDone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.graph")
	g := chain(t)
	if err := g.Save(path); err != nil {
		t.Fatal(err)
	}
	src, _ := g.FindArtifact("a/in.txt")
	act := g.Consumers(src)[0]
	g.SetSource(src, fact("one"))
	g.Flush()
	other := mustOpen(t, path)
	mark := other.Mark(act)
	g.SetSource(src, fact("two"))
	g.Flush()
	other.SetAction(act, ActionState{Done: true, Mark: mark, Outputs: []OutputFact{{Digest: digest.Of([]byte("of one"))}}})
	if !other.Done(act) {
		t.Fatal("not done where nothing has changed")
	}
	other.Flush()
	for _, o := range []*Graph{other, mustOpen(t, path)} {
		if o.Done(act) {
			t.Fatal("done with a result of inputs that have changed")
		}
	}
}

// chain is a/in.txt -> one -> two, and a/other.txt -> two.
func chain(t testing.TB) *Graph {
	t.Helper()
	g, err := chainBuilder(0).Finish()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func chainBuilder(variant int) *Builder {
	b := NewBuilder(testSettings)
	one := rule.Artifact{Path: "cairn-out/a/one/o", Kind: rule.OutputFile}
	two := rule.Artifact{Path: "cairn-out/a/two/o", Kind: rule.OutputFile}
	t1 := b.Target(TargetRow{Label: lab("//a:one"), Kind: "command", Default: []ArtifactID{b.Artifact(one)}})
	t2 := b.Target(TargetRow{Label: lab("//a:two"), Kind: "command", Default: []ArtifactID{b.Artifact(two)}, Deps: []TargetID{t1}})
	t3 := b.Target(TargetRow{Label: lab("//a:check"), Kind: "test", Flags: IsTest, Deps: []TargetID{t2}})
	// Declared in the wrong order on purpose.
	b.Action(ActionRow{Target: t3, Spec: []byte("check"), Inputs: []ArtifactID{b.Artifact(two)}, Flags: Test})
	b.Action(ActionRow{Target: t2, Spec: fmt.Appendf(nil, "two %d", variant), Inputs: []ArtifactID{b.Artifact(one), b.Source("a/other.txt")}, Outputs: []ArtifactID{b.Artifact(two)}, Tools: []string{"sh"}})
	b.Action(ActionRow{Target: t1, Spec: []byte("one"), Inputs: []ArtifactID{b.Source("a/in.txt")}, Outputs: []ArtifactID{b.Artifact(one)}})
	return b
}

func fact(content string) SourceFact {
	d := digest.Of([]byte(content))
	return SourceFact{Stat: Stat{Size: d.Size, MtimeNS: 1, CtimeNS: 1, Ino: 1, Mode: 0o100644}, Digest: d}
}
