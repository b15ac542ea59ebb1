package state

import (
	"slices"
	"testing"

	"github.com/cairn-build/cairn/cache/digest"
)

func TestAdopt(t *testing.T) {
	old := chain(t)
	set := func(g *Graph, s string, f SourceFact) {
		a, _ := g.FindArtifact(s)
		g.SetSource(a, f)
	}
	set(old, "a/in.txt", fact("x"))
	set(old, "a/other.txt", fact("y"))
	old.SetTool(0, ToolFact{Identity: digest.Of([]byte("sh")).Hash, Files: []Entry{{"/bin/sh", fact("").Stat}}})
	for i := range old.NumActions() {
		var outs []OutputFact
		for range old.Outputs(ActionID(i)) {
			outs = append(outs, OutputFact{Digest: digest.Of([]byte{byte(i)})})
		}
		old.SetAction(ActionID(i), ActionState{Done: true, Mark: old.Mark(ActionID(i)), Outputs: outs, Info: "i", Key: digest.Of([]byte("key")).Hash})
	}
	for i := old.NumSources(); i < old.NumArtifacts(); i++ {
		old.SetPlaced(ArtifactID(i), Placed{Stat: fact("o").Stat})
	}

	same := chain(t)
	if orphans := same.Adopt(old); orphans != nil {
		t.Error(orphans)
	}
	if got, want := dump(same), dump(old); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}

	b := chainBuilder(1) // another spec for two; a new target before all others
	b.Target(TargetRow{Label: lab("//:first")})
	b.Source("a/a.txt")
	g, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	g.Adopt(old)
	var not []string
	for _, a := range g.Pending(Wanted{}) {
		not = append(not, string(g.Spec(a)))
	}
	if !slices.Equal(not, []string{"two 1"}) {
		t.Error("not done:", not)
	}
	two, _ := g.FindArtifact("cairn-out/a/two/o")
	p, _ := g.Producer(two)
	if s, ok := g.ActionState(p); !ok || s.Key.IsZero() || !g.IsPlaced(two) {
		t.Error("the last key, for why, or what is placed was lost")
	}

	b = NewBuilder(testSettings)
	b.Source("a/in.txt")
	g, _ = b.Finish()
	if got := g.Adopt(old); !slices.Equal(got, []string{"cairn-out/a/one/o", "cairn-out/a/two/o"}) {
		t.Error("orphans:", got)
	}
	if f, ok := g.SourceFact(0); !ok || f.Digest != digest.Of([]byte("x")) {
		t.Error("a source's fact was lost")
	}
}
