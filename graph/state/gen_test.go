package state

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

var testSettings = digest.Of([]byte("linux-x86_64")).Hash

// randomGraph makes a graph with n targets, each with up to two actions over sources and outputs of earlier ones.
func randomGraph(t testing.TB, r *rand.Rand, n int) *Graph {
	t.Helper()
	g, err := randomBuilder(r, n).Finish()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func randomBuilder(r *rand.Rand, n int) *Builder {
	b := NewBuilder(testSettings)
	var made []rule.Artifact
	pkgs := []string{"", "a", "a-b", "a/b", "a/b/c", "a0", "z"}
	for i := range n {
		l := label.Label{Pkg: pkgs[r.IntN(len(pkgs))], Name: fmt.Sprintf("t%d", i)}
		if r.IntN(4) == 0 {
			l.Name = fmt.Sprintf("t%d@k%d", i/4, i)
		}
		row := TargetRow{
			Label: l, Kind: []string{"command", "test"}[r.IntN(2)], File: strings.TrimPrefix(l.Pkg+"/BUILD.hcl", "/"), Line: i + 1,
			Platform: "linux-x86_64", Flags: TargetFlags(r.IntN(4)),
		}
		if r.IntN(3) == 0 {
			row.Tags = []string{"slow", fmt.Sprint("x", r.IntN(3))}
			row.Description = fmt.Sprint("target ", i)
			row.Run = []byte{byte(i), 0}
			row.Kept, row.Looks = []byte{byte(i), 1}, []string{"a", fmt.Sprint("b/", i)}
		}
		for range r.IntN(3) {
			if i > 0 {
				row.Deps = append(row.Deps, TargetID(r.IntN(i)))
			}
		}
		var acts []ActionRow
		for k := range r.IntN(3) {
			a := ActionRow{Spec: fmt.Appendf(nil, "spec %d %d", i, k), Flags: ActionFlags(r.IntN(3))}
			for range r.IntN(4) {
				if len(made) > 0 && r.IntN(2) == 0 {
					a.Inputs = append(a.Inputs, b.Artifact(made[r.IntN(len(made))]))
				} else {
					a.Inputs = append(a.Inputs, b.Source(strings.TrimPrefix(fmt.Sprintf("%s/src%d.c", l.Pkg, r.IntN(2*n)), "/")))
				}
			}
			for range r.IntN(3) {
				a.Tools = append(a.Tools, []string{"gcc", "python3", "sh"}[r.IntN(3)])
			}
			for o := range r.IntN(3) {
				art := rule.Artifact{Path: fmt.Sprintf("cairn-out/%s/%s/o%d_%d", l.Pkg, l.Name, k, o), Kind: rule.ArtifactKind(1 + r.IntN(2))}
				art.Path = strings.ReplaceAll(art.Path, "//", "/")
				a.Outputs = append(a.Outputs, b.Artifact(art))
				row.Default = append(row.Default, b.Artifact(art))
				made = append(made, art)
			}
			acts = append(acts, a)
		}
		t := b.Target(row)
		for _, a := range acts {
			a.Target = t
			b.Action(a)
		}
	}
	for i := range n {
		b.Read(ReadRow{Kind: ReadKind(1 + r.IntN(4)), Path: fmt.Sprintf("dir%d/f%d", i%3, i), Query: []byte("*.c"), Stat: randomStat(r), Digest: randomDigest(r)})
	}
	return b
}

func randomStat(r *rand.Rand) Stat {
	return Stat{Size: r.Int64N(1 << 40), MtimeNS: r.Int64(), CtimeNS: r.Int64(), Ino: r.Uint64(), Mode: 0o100644 | uint32(r.IntN(2))<<6}
}

func randomDigest(r *rand.Rand) digest.Digest {
	return digest.Of(fmt.Append(nil, r.Uint64()))
}

// randomFact sets one random fact of g.
func randomFact(r *rand.Rand, g *Graph) {
	pick := func(n int) int { return r.IntN(max(n, 1)) }
	switch k := r.IntN(8); {
	case k == 0 && g.NumSources() > 0:
		st := randomStat(r)
		g.SetSource(ArtifactID(pick(g.NumSources())), SourceFact{Stat: st, Digest: digest.Digest{Hash: randomDigest(r).Hash, Size: st.Size}, Racy: r.IntN(2) == 0})
	case k == 1 && g.NumSources() > 0:
		g.ForgetSource(ArtifactID(pick(g.NumSources())))
	case k <= 3 && g.NumActions() > 0:
		a := ActionID(pick(g.NumActions()))
		s := ActionState{Key: randomDigest(r).Hash, Done: true, Mark: g.Mark(a), Run: r.Uint64(), Duration: time.Duration(r.IntN(1e6)) * time.Millisecond, Exit: r.IntN(300) - 1}
		for _, o := range g.Outputs(a) {
			s.Outputs = append(s.Outputs, OutputFact{Digest: randomDigest(r), Exec: r.IntN(2) == 0, Tree: g.Kind(o) == rule.OutputTree})
		}
		if r.IntN(2) == 0 {
			s.Stdout, s.Info = randomDigest(r), "killed"
		}
		if r.IntN(8) == 0 {
			s.Mark++
		}
		g.SetAction(a, s)
	case k == 4 && g.NumActions() > 0:
		g.Invalidate(ActionID(pick(g.NumActions())))
	case k == 5 && g.NumArtifacts() > g.NumSources():
		a := ArtifactID(g.NumSources() + pick(g.NumArtifacts()-g.NumSources()))
		p := Placed{Stat: randomStat(r), Racy: r.IntN(2) == 0}
		if g.Kind(a) == rule.OutputTree {
			p.Tree = []Entry{{"b", randomStat(r)}, {"lib/x.py", randomStat(r)}, {"lib", randomStat(r)}}
		}
		if r.IntN(3) == 0 {
			g.ClearPlaced(a)
		} else {
			g.SetPlaced(a, p)
		}
	case k == 6 && g.NumTools() > 0:
		g.SetTool(ToolID(pick(g.NumTools())), ToolFact{Identity: randomDigest(r).Hash, Files: []Entry{{"/usr/bin/x", randomStat(r)}, {"/usr/lib/y", Stat{}}}, Racy: r.IntN(2) == 0})
	case k == 7 && g.NumReads() > 0:
		g.SetRead(ReadID(pick(g.NumReads())), randomStat(r), r.IntN(2) == 0)
	}
}

// dump writes all that accessors give; it is what tests compare, and what fuzz targets run over hostile graphs.
func dump(g *Graph) string { return dumpGraph(g) + dumpFacts(g) }

func dumpGraph(g *Graph) string {
	var b strings.Builder
	for i := range g.NumArtifacts() {
		a := ArtifactID(i)
		p, made := g.Producer(a)
		fmt.Fprintln(&b, "artifact", i, g.Artifact(a), p, made, g.Consumers(a))
		g.FindArtifact(g.Path(a))
	}
	for i := range g.NumActions() {
		a := ActionID(i)
		fmt.Fprintf(&b, "action %d %d %d %q %v %v", i, g.ActionTarget(a), g.ActionFlags(a), g.Spec(a), g.Inputs(a), g.Outputs(a))
		for _, t := range g.ActionTools(a) {
			fmt.Fprint(&b, " ", g.ToolName(t))
			g.FindTool(g.ToolName(t))
		}
		fmt.Fprintln(&b)
	}
	for i := range g.NumTargets() {
		t := TargetID(i)
		fmt.Fprintln(&b, "target", g.LabelText(t), g.Label(t), g.TargetKind(t), g.TargetFile(t), g.TargetLine(t), g.TargetPlatform(t), g.TargetFlags(t),
			slices.Collect(g.TargetTags(t)), g.Description(t), g.Run(t), g.Kept(t), slices.Collect(g.Looks(t)), g.Default(t), g.Deps(t), g.TargetActions(t))
		g.FindTarget(g.Label(t), "")
		g.TargetsBelow(g.Label(t).Pkg)
		g.Matching(nil, label.Pattern{Target: g.Label(t)})
	}
	for i := range g.NumTools() {
		fmt.Fprintln(&b, "tool", g.ToolName(ToolID(i)), g.ToolUsers(ToolID(i)))
	}
	fmt.Fprintln(&b, "all", g.Everything(false), g.Everything(true))
	return b.String()
}

func dumpFacts(g *Graph) string {
	var b strings.Builder
	for i := range g.NumArtifacts() {
		s, ok1 := g.SourceFact(ArtifactID(i))
		o, ok2 := g.OutputFact(ArtifactID(i))
		p, ok3 := g.Placed(ArtifactID(i))
		fmt.Fprintln(&b, "artifact", i, s, ok1, o, ok2, p, ok3)
	}
	for i := range g.NumActions() {
		s, ok := g.ActionState(ActionID(i))
		fmt.Fprintln(&b, "action", i, s, ok, g.Done(ActionID(i)), g.Mark(ActionID(i)))
	}
	for i := range g.NumTools() {
		f, ok := g.Tool(ToolID(i))
		fmt.Fprintln(&b, "tool", f, ok)
	}
	for i := range g.NumReads() {
		fmt.Fprintln(&b, "read", g.Read(ReadID(i)))
	}
	fmt.Fprintln(&b, "pending", g.Pending(Wanted{}), g.Unplaced(nil), g.Closure(g.Pending(Wanted{}), Wanted{}))
	return b.String()
}
