package state

import (
	"iter"
	"slices"
	"sort"
	"strings"

	"github.com/cairn-build/cairn/graph/label"
)

// Label is a target's label.
func (g *Graph) Label(t TargetID) label.Label {
	r := &g.targets[t]
	s := text(g.text[r.Label:][:3+int(r.Pkg)+int(r.Name)])
	return label.Label{Pkg: s[2 : 2+r.Pkg], Name: s[3+r.Pkg:]}
}

// LabelText is Label(t).String() without the cost.
func (g *Graph) LabelText(t TargetID) string {
	r := &g.targets[t]
	return text(g.text[r.Label:][:3+int(r.Pkg)+int(r.Name)])
}

// TargetKind is a target's kind.
func (g *Graph) TargetKind(t TargetID) string { return g.str(g.class(t).Kind) }

// TargetFile is the BUILD.hcl that a target stands in, relative to the workspace.
func (g *Graph) TargetFile(t TargetID) string { return g.str(g.class(t).File) }

// TargetLine is the line there.
func (g *Graph) TargetLine(t TargetID) int { return int(g.targets[t].Line) }

// TargetPlatform is what a target was analysed for.
func (g *Graph) TargetPlatform(t TargetID) string { return g.str(g.class(t).Platform) }

// TargetFlags says what holds for a target.
func (g *Graph) TargetFlags(t TargetID) TargetFlags { return TargetFlags(g.class(t).Flags) }

// TargetTags yields a target's tags, in the order in which they were declared.
func (g *Graph) TargetTags(t TargetID) iter.Seq[string] {
	c := g.class(t)
	return func(yield func(string) bool) {
		for _, s := range g.ctags[c.TagsLo:c.TagsHi] {
			if !yield(g.str(s)) {
				return
			}
		}
	}
}

// Default are a target's default outputs.
func (g *Graph) Default(t TargetID) []ArtifactID { return ids[ArtifactID](g.defaults.of(int(t))) }

// Deps are the targets that a target depends on.
func (g *Graph) Deps(t TargetID) []TargetID { return ids[TargetID](g.deps.of(int(t))) }

// TargetActions are the actions that a target declared, tests among them, by rising id.
func (g *Graph) TargetActions(t TargetID) []ActionID { return ids[ActionID](g.own.of(int(t))) }

// Run is what the Builder was given to run a target by, nil where it was given nothing.
func (g *Graph) Run(t TargetID) []byte { return find(g.runs, g.sec[secData], uint32(t)) }

// Looks yields the files that the evaluation read for a target.
func (g *Graph) Looks(t TargetID) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := text(find(g.looks, g.sec[secData], uint32(t))); rest != ""; {
			p, after, _ := strings.Cut(rest, "\x00")
			if !yield(p) {
				return
			}
			rest = after
		}
	}
}

// Kept is what the Builder was given of what a target keeps in the source tree, nil where it was given nothing.
func (g *Graph) Kept(t TargetID) []byte { return find(g.kept, g.sec[secData], uint32(t)) }

// Keepers are the targets that have Kept, by rising id.
func (g *Graph) Keepers() []TargetID {
	out := make([]TargetID, len(g.kept))
	for i, r := range g.kept {
		out[i] = TargetID(r.ID)
	}
	return out
}

// Description is a target's description.
func (g *Graph) Description(t TargetID) string {
	return text(find(g.descs, g.sec[secData], uint32(t)))
}

func (g *Graph) class(t TargetID) *targetClass { return &g.tclasses[g.targets[t].Class] }

// FindTarget looks a target up by its label; platform "" takes the first of those it was analysed for.
func (g *Graph) FindTarget(l label.Label, platform string) (TargetID, bool) {
	for t := range g.labelled(l).All() {
		if platform == "" || g.TargetPlatform(t) == platform {
			return t, true
		}
	}
	return 0, false
}

func (g *Graph) labelled(l label.Label) Targets {
	lo, _ := sort.Find(len(g.targets), func(i int) int { return label.Compare(l, g.Label(TargetID(i))) })
	hi := lo
	for hi < len(g.targets) && g.Label(TargetID(hi)) == l {
		hi++
	}
	return Targets{TargetID(lo), TargetID(hi)}
}

// TargetsIn are the targets of one package.
func (g *Graph) TargetsIn(pkg string) Targets {
	return g.between(func(l label.Label) int { return strings.Compare(l.Pkg, pkg) })
}

// TargetsBelow are the targets of a package and of those below it: at most two stretches, as others ("a-b") sort between
// a package ("a") and what is below it ("a/b").
func (g *Graph) TargetsBelow(pkg string) []Targets {
	if pkg == "" {
		return []Targets{{0, TargetID(len(g.targets))}}
	}
	prefix := pkg + "/"
	below := g.between(func(l label.Label) int {
		if strings.HasPrefix(l.Pkg, prefix) {
			return 0
		}
		return strings.Compare(l.Pkg, prefix)
	})
	return slices.DeleteFunc([]Targets{g.TargetsIn(pkg), below}, func(r Targets) bool { return r.Len() == 0 })
}

// Matching adds to dst the targets that a pattern covers, its sign aside: for an exact label the target itself or, where
// it has a for_each, its instances; `manual` ones are left out unless they are named.
func (g *Graph) Matching(dst []TargetID, p label.Pattern) []TargetID {
	var in []Targets
	switch p.Kind {
	case label.Below:
		in = g.TargetsBelow(p.Target.Pkg)
	case label.Package:
		in = []Targets{g.TargetsIn(p.Target.Pkg)}
	default:
		prefix := p.Target.Name + "@"
		instances := g.between(func(l label.Label) int {
			if c := strings.Compare(l.Pkg, p.Target.Pkg); c != 0 || strings.HasPrefix(l.Name, prefix) {
				return c
			}
			return strings.Compare(l.Name, prefix)
		})
		in = []Targets{g.labelled(p.Target), instances}
	}
	for _, r := range in {
		for t := range r.All() {
			if p.Exact() || g.TargetFlags(t)&Manual == 0 {
				dst = append(dst, t)
			}
		}
	}
	return dst
}

// between finds the targets for which where gives 0; it must rise with the order of labels.
func (g *Graph) between(where func(label.Label) int) Targets {
	lo := sort.Search(len(g.targets), func(i int) bool { return where(g.Label(TargetID(i))) >= 0 })
	hi := lo + sort.Search(len(g.targets)-lo, func(i int) bool { return where(g.Label(TargetID(lo+i))) > 0 })
	return Targets{TargetID(lo), TargetID(hi)}
}
