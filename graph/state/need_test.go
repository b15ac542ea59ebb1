package state

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/cairn-build/cairn/graph/rule"
)

// Need and Closure against what a few lines of recursion give.
func TestNeedAndClosure(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 11))
		g := randomGraph(t, r, 25)
		var ts []TargetID
		for i := range g.NumTargets() {
			if r.IntN(6) == 0 {
				ts = append(ts, TargetID(i))
			}
		}
		tests := r.IntN(2) == 0
		acts := map[int]bool{}
		arts := map[int]bool{}
		var need func(ActionID)
		want := func(a ArtifactID) {
			arts[int(a)] = true
			if p, ok := g.Producer(a); ok {
				need(p)
			}
		}
		need = func(a ActionID) {
			acts[int(a)] = true
			for _, o := range g.Outputs(a) {
				arts[int(o)] = true
			}
			for _, in := range g.Inputs(a) {
				want(in)
			}
		}
		for _, tg := range ts {
			for _, a := range g.Default(tg) {
				want(a)
			}
			for _, a := range g.TargetActions(tg) {
				if tests && g.ActionFlags(a)&Test != 0 {
					need(a)
				}
			}
		}
		w := g.Need(ts, tests)
		if got := slices.Collect(w.Actions.Below(g.NumActions())); !reflect.DeepEqual(got, sorted(acts)) {
			t.Fatal("actions", got, sorted(acts))
		}
		if got := slices.Collect(w.Artifacts.Below(g.NumArtifacts())); !reflect.DeepEqual(got, sorted(arts)) {
			t.Fatal("artifacts", got, sorted(arts))
		}
		if w.Actions.Count(g.NumActions()) != len(acts) {
			t.Fatal("count")
		}

		if g.NumActions() == 0 {
			continue
		}
		dirty := []ActionID{ActionID(r.IntN(g.NumActions())), ActionID(r.IntN(g.NumActions()))}
		reach := map[int]bool{}
		var follow func(ActionID)
		follow = func(a ActionID) {
			if !acts[int(a)] || reach[int(a)] {
				return
			}
			reach[int(a)] = true
			for _, o := range g.Outputs(a) {
				for _, c := range g.Consumers(o) {
					follow(c)
				}
			}
		}
		for _, d := range dirty {
			follow(d)
		}
		var got []int
		for _, a := range g.Closure(dirty, w) {
			got = append(got, int(a))
		}
		if !reflect.DeepEqual(got, sorted(reach)) {
			t.Fatal("closure", got, sorted(reach))
		}
	}
}

func sorted(m map[int]bool) []int {
	var s []int
	for i := range m {
		s = append(s, i)
	}
	slices.Sort(s)
	return s
}

func TestEverythingLeavesOutManualAndTests(t *testing.T) {
	b := chainBuilder(0)
	m := rule.Artifact{Path: "cairn-out/a/m/o", Kind: rule.OutputFile}
	id := b.Target(TargetRow{Label: lab("//a:m"), Flags: Manual, Default: []ArtifactID{b.Artifact(m)}})
	b.Action(ActionRow{Target: id, Inputs: []ArtifactID{b.Source("a/m.txt")}, Outputs: []ArtifactID{b.Artifact(m)}})
	g, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Everything(false).Actions.Count(4); got != 2 {
		t.Error("build:", got)
	}
	if got := g.Everything(true).Actions.Count(4); got != 3 {
		t.Error("test:", got)
	}
	src, _ := g.FindArtifact("a/m.txt")
	if g.Everything(true).Artifacts.Has(int(src)) {
		t.Error("a manual target's source is wanted")
	}
	if got := g.Unplaced(nil); len(got) != 2 {
		t.Error("unplaced:", got)
	}
	if got := len(g.Pending(Wanted{})); got != 4 {
		t.Error("pending:", got)
	}
}
