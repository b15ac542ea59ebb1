package state

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

func lab(s string) label.Label {
	l, err := label.Parse(s, "")
	if err != nil {
		panic(err)
	}
	return l
}

func TestElementSizes(t *testing.T) {
	for sec, size := range map[section]uintptr{
		secArtifacts: unsafe.Sizeof(pathRec{}), secStrings: unsafe.Sizeof(textRef{}), secRuns: unsafe.Sizeof(blobRef{}),
		secActions: unsafe.Sizeof(actionRec{}), secActionClasses: unsafe.Sizeof(actionClass{}), secTargets: unsafe.Sizeof(targetRec{}),
		secTargetClasses: unsafe.Sizeof(targetClass{}), secReads: unsafe.Sizeof(readRec{}), secSources: unsafe.Sizeof(statRec{}),
		secResults: unsafe.Sizeof(resultRec{}), secStates: unsafe.Sizeof(actionFact{}),
	} {
		if uint32(size) != elemSize[sec] {
			t.Errorf("section %d: elements have %d bytes, the table says %d", sec, size, elemSize[sec])
		}
	}
	for sec, size := range elemSize {
		if size == 0 {
			t.Errorf("section %d has no size", sec)
		}
	}
}

func TestOrderOfIDs(t *testing.T) {
	for seed := range uint64(30) {
		g := randomGraph(t, rand.New(rand.NewPCG(seed, 4)), 40)
		for i := 1; i < g.NumTargets(); i++ {
			if label.Compare(g.Label(TargetID(i-1)), g.Label(TargetID(i))) > 0 {
				t.Fatal("targets are not in the order of labels")
			}
		}
		for i := range g.NumActions() {
			for _, in := range g.Inputs(ActionID(i)) {
				if p, ok := g.Producer(in); ok && int(p) >= i {
					t.Fatal("an action comes before what makes its input")
				}
				if !slices.Contains(g.Consumers(in), ActionID(i)) {
					t.Fatal("a consumer is missing")
				}
			}
			for _, o := range g.Outputs(ActionID(i)) {
				if p, ok := g.Producer(o); !ok || int(p) != i {
					t.Fatal("an output does not know its action")
				}
			}
			if !slices.Contains(g.TargetActions(g.ActionTarget(ActionID(i))), ActionID(i)) {
				t.Fatal("a target does not know its action")
			}
		}
		for i := range g.NumArtifacts() {
			a := ArtifactID(i)
			if got, ok := g.FindArtifact(g.Path(a)); !ok || got != a {
				t.Fatal("not found:", g.Path(a))
			}
			if strings.HasPrefix(g.Path(a), "cairn-out/") == g.IsSource(a) {
				t.Fatal("wrong side:", g.Path(a))
			}
			if !slices.IsSorted(g.Consumers(a)) {
				t.Fatal("consumers are not sorted")
			}
		}
	}
}

func TestRowOrderDoesNotShow(t *testing.T) {
	build := func(swap bool) *Graph {
		b := NewBuilder(testSettings)
		add := func(n string) {
			art := b.Artifact(rule.Artifact{Path: "cairn-out/p/" + n + "/o", Kind: rule.OutputFile})
			id := b.Target(TargetRow{Label: lab("//p:" + n), Kind: "k", Default: []ArtifactID{art}})
			b.Action(ActionRow{Target: id, Spec: []byte(n), Inputs: []ArtifactID{b.Source("p/" + n)}, Outputs: []ArtifactID{art}, Tools: []string{n}})
			b.Read(ReadRow{Kind: ReadFile, Path: "p/" + n})
		}
		names := []string{"x", "y", "z"}
		if swap {
			slices.Reverse(names)
		}
		for _, n := range names {
			add(n)
		}
		g, err := b.Finish()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	if a, b := dump(build(false)), dump(build(true)); a != b {
		t.Fatalf("%s\nand\n%s", a, b)
	}
}

func TestFindTargets(t *testing.T) {
	b := NewBuilder(testSettings)
	names := []string{"//:root", "//a:a", "//a:x", "//a:x@k1", "//a:x@k2", "//a:x-y", "//a-b:c", "//a/b:c", "//a/b/c:d", "//a0:e"}
	for _, n := range names {
		row := TargetRow{Label: lab(n), Kind: "k"}
		if n == "//a/b:c" {
			row.Flags = Manual
		}
		b.Target(row)
	}
	b.Target(TargetRow{Label: lab("//a0:e"), Kind: "k", Platform: "other"})
	g, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	texts := func(ts []TargetID) string {
		var s []string
		for _, t := range ts {
			s = append(s, g.LabelText(t))
		}
		return strings.Join(s, " ")
	}
	for pattern, want := range map[string]string{
		"//...":     "//:root //a:a //a:x //a:x-y //a:x@k1 //a:x@k2 //a-b:c //a/b/c:d //a0:e //a0:e",
		"//a/...":   "//a:a //a:x //a:x-y //a:x@k1 //a:x@k2 //a/b/c:d",
		"//a:all":   "//a:a //a:x //a:x-y //a:x@k1 //a:x@k2",
		"//a/b/...": "//a/b/c:d",
		"//a/b:c":   "//a/b:c",
		"//a:x":     "//a:x //a:x@k1 //a:x@k2",
		"//a:x@k1":  "//a:x@k1",
		"//b/...":   "",
		"//a:no":    "",
	} {
		p, err := label.ParsePattern(pattern, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := texts(g.Matching(nil, p)); got != want {
			t.Errorf("%s: %s, want %s", pattern, got, want)
		}
	}
	if got, ok := g.FindTarget(lab("//a0:e"), "other"); !ok || g.TargetPlatform(got) != "other" {
		t.Error("not found by platform")
	}
	if _, ok := g.FindTarget(lab("//a0:e"), "third"); ok {
		t.Error("found for a platform it is not for")
	}
}

func TestBuilderRefuses(t *testing.T) {
	out := rule.Artifact{Path: "cairn-out/o", Kind: rule.OutputFile}
	out2 := rule.Artifact{Path: "cairn-out/o2", Kind: rule.OutputFile}
	for name, c := range map[string]struct {
		fill func(b *Builder, t TargetID)
		want string
	}{
		"cycle": {func(b *Builder, t TargetID) {
			b.Action(ActionRow{Target: t, Inputs: []ArtifactID{b.Artifact(out)}, Outputs: []ArtifactID{b.Artifact(out2)}})
			b.Action(ActionRow{Target: t, Inputs: []ArtifactID{b.Artifact(out2)}, Outputs: []ArtifactID{b.Artifact(out)}})
		}, "wait for each other"},
		"two writers": {func(b *Builder, t TargetID) {
			b.Action(ActionRow{Target: t, Outputs: []ArtifactID{b.Artifact(out)}})
			b.Action(ActionRow{Target: t, Outputs: []ArtifactID{b.Artifact(out)}})
		}, "two actions write"},
		"no writer":        {func(b *Builder, t TargetID) { b.Artifact(out) }, "no action writes"},
		"twice":            {func(b *Builder, t TargetID) { b.Target(TargetRow{Label: lab("//a:b")}) }, "added twice"},
		"two kinds":        {func(b *Builder, t TargetID) { b.Source("cairn-out/o"); b.Artifact(out) }, "of kind"},
		"writes a source":  {func(b *Builder, t TargetID) { b.Action(ActionRow{Target: t, Outputs: []ArtifactID{b.Source("x")}}) }, "writes the source"},
		"climbs":           {func(b *Builder, t TargetID) { b.Source("../x") }, "lies at"},
		"dep not there":    {func(b *Builder, t TargetID) { b.Target(TargetRow{Label: lab("//a:c"), Deps: []TargetID{7}}) }, "not added"},
		"target not there": {func(b *Builder, t TargetID) { b.Action(ActionRow{Target: 9}) }, "not added"},
	} {
		b := NewBuilder(testSettings)
		c.fill(b, b.Target(TargetRow{Label: lab("//a:b")}))
		if _, err := b.Finish(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDeepChain(t *testing.T) {
	b := NewBuilder(testSettings)
	tgt := b.Target(TargetRow{Label: lab("//a:b")})
	const n = 50_000
	for i := range n { // declared from the end, so that ordering walks all the way down
		i = n - 1 - i
		a := ActionRow{Target: tgt, Outputs: []ArtifactID{b.Artifact(rule.Artifact{Path: fmt.Sprint("cairn-out/", i), Kind: rule.OutputFile})}}
		if i > 0 {
			a.Inputs = []ArtifactID{b.Artifact(rule.Artifact{Path: fmt.Sprint("cairn-out/", i-1), Kind: rule.OutputFile})}
		}
		b.Action(a)
	}
	g, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Closure([]ActionID{0}, Wanted{}); len(got) != n || !slices.IsSorted(got) {
		t.Fatal(len(got))
	}
}

func TestSettingFactsUndoes(t *testing.T) {
	g := chain(t)
	in, _ := g.FindArtifact("a/in.txt")
	other, _ := g.FindArtifact("a/other.txt")
	one, _ := g.FindArtifact("cairn-out/a/one/o")
	a1, _ := g.Producer(one)
	a2 := g.Consumers(one)[0]
	sh, _ := g.FindTool("sh")
	of := func(s string) []OutputFact { return []OutputFact{{Digest: digest.Of([]byte(s))}} }
	finish := func(a ActionID, out string) []ArtifactID {
		return g.SetAction(a, ActionState{Done: true, Mark: g.Mark(a), Outputs: of(out), Duration: time.Second})
	}
	all := func() {
		t.Helper()
		finish(a1, "1")
		finish(a2, "2")
		if !g.Done(a1) || !g.Done(a2) {
			t.Fatal("not done")
		}
	}
	g.SetSource(in, fact("x"))
	g.SetSource(other, fact("y"))
	g.SetTool(sh, ToolFact{Identity: digest.Of([]byte("sh")).Hash})
	all()
	touched := fact("x")
	touched.Stat.MtimeNS++
	if g.SetSource(in, touched) || !g.Done(a1) {
		t.Error("a touch undoes")
	}
	executable := fact("x")
	executable.Stat.Mode |= 0o111
	if !g.SetSource(in, executable) || g.Done(a1) || !g.Done(a2) {
		t.Error("chmod +x does not undo just its reader")
	}
	if got := finish(a1, "1"); got != nil || !g.Done(a2) {
		t.Error("an equal result undoes", got)
	}
	if got := finish(a1, "1b"); !slices.Equal(got, []ArtifactID{one}) || g.Done(a2) {
		t.Error("a new result does not undo", got)
	}
	all()
	g.ForgetSource(other)
	if g.Done(a2) {
		t.Error("a source that is gone does not undo")
	}
	all()
	g.SetTool(sh, ToolFact{Identity: digest.Of([]byte("sh")).Hash, Racy: true})
	if !g.Done(a2) {
		t.Error("the same tool undoes")
	}
	g.SetTool(sh, ToolFact{Identity: digest.Of([]byte("sh 2")).Hash})
	if g.Done(a2) || !g.Done(a1) {
		t.Error("another tool does not undo just its users")
	}
	all()
	g.SetAction(a2, ActionState{Exit: 2, Info: "exit code 2"}) // failed: what it made last is still known
	if s, _ := g.ActionState(a2); s.Done || len(s.Outputs) != 1 || s.Exit != 2 || s.Info != "exit code 2" {
		t.Errorf("%+v", s)
	}
	if got := g.Longest([]ActionID{a1, a2}, 7); got[a1] != 1000 {
		t.Error(got)
	}
}

func TestHasTwoDots(t *testing.T) {
	for n := range 40 {
		b := []byte(strings.Repeat(".a", 20)[:n])
		if hasTwoDots(b) {
			t.Errorf("%q has none", b)
		}
		for i := 1; i < n; i++ {
			c := slices.Clone(b)
			c[i-1], c[i] = '.', '.'
			if !hasTwoDots(c) {
				t.Errorf("%q has them", c)
			}
		}
	}
	for p, want := range map[string]bool{"..": true, "../a": true, "a/..": true, "a/../b": true, "a..b": false, "..a/b": false, "a/b..": false, "a../..b": false, "a../..": true} {
		if climbs([]byte(p)) != want {
			t.Error(p)
		}
	}
}
