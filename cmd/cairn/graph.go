package main

import (
	"context"
	"slices"

	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/query"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// graph gives the workspace's graph in the form that queries ask.
func (s *session) graph(ctx context.Context) (query.Graph, error) {
	g, err := s.engine.Graph(ctx)
	if err != nil {
		return nil, err
	}
	q := newSnapshotGraph(g)
	q.ctx, q.root = ctx, s.root
	return q, nil
}

// snapshotGraph shows a state.Graph to queries. A target that is there for two platforms (a tool of this machine in a build
// for another) is one for a query: the first one stands for it, with the edges of all.
type snapshotGraph struct {
	ctx   context.Context // of git, see Affected
	root  string          // of the workspace
	g     *state.Graph
	first []state.TargetID // by the query's number
	node  []int            // by state.TargetID
}

func newSnapshotGraph(g *state.Graph) *snapshotGraph {
	s := &snapshotGraph{g: g, node: make([]int, g.NumTargets())}
	before := ""
	for t := range s.node {
		id := state.TargetID(t)
		if text := g.LabelText(id); t == 0 || text != before { // ids are in the order of labels
			s.first = append(s.first, id)
			before = text
		}
		s.node[t] = len(s.first) - 1
	}
	return s
}

// Len implements query.Graph.
func (s *snapshotGraph) Len() int { return len(s.first) }

// Label implements query.Graph.
func (s *snapshotGraph) Label(i int) label.Label { return s.g.Label(s.first[i]) }

// same gives all targets of one label.
func (s *snapshotGraph) same(i int) state.Targets {
	last := state.TargetID(s.g.NumTargets())
	if i+1 < len(s.first) {
		last = s.first[i+1]
	}
	return state.Targets{First: s.first[i], Last: last}
}

// Deps implements query.Graph.
func (s *snapshotGraph) Deps(i int) []int {
	var deps []int
	for t := range s.same(i).All() {
		for _, d := range s.g.Deps(t) {
			if n := s.node[d]; n != i && !slices.Contains(deps, n) {
				deps = append(deps, n)
			}
		}
	}
	return deps
}

// Info implements query.Graph.
func (s *snapshotGraph) Info(i int) query.Info {
	t := s.first[i]
	flags := s.g.TargetFlags(t)
	info := query.Info{Kind: s.g.TargetKind(t), Tags: slices.Collect(s.g.TargetTags(t)), Build: s.g.TargetFile(t),
		Test: flags&state.IsTest != 0, Manual: flags&state.Manual != 0}
	for t := range s.same(i).All() {
		add := func(a state.ArtifactID) {
			if s.g.IsSource(a) {
				info.Sources = append(info.Sources, s.g.Path(a))
			}
		}
		for _, a := range s.g.TargetActions(t) {
			for _, in := range s.g.Inputs(a) {
				add(in)
			}
			for _, o := range s.g.Outputs(a) {
				info.Outputs = append(info.Outputs, s.g.Path(o))
			}
		}
		for _, a := range s.g.Default(t) {
			add(a)
		}
		info.Sources = slices.AppendSeq(info.Sources, s.g.Looks(t))
		if p, ok := action.DecodeProgram(s.g.Run(t)); ok { // what it reads when it runs, and no action does
			for _, d := range p.Data {
				if d.Kind == rule.Source {
					info.Sources = append(info.Sources, d.Path)
				}
			}
		}
	}
	slices.Sort(info.Sources)
	slices.Sort(info.Outputs)
	info.Sources, info.Outputs = slices.Compact(info.Sources), slices.Compact(info.Outputs)
	return info
}
