package svg

import (
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// node is a box, or a place where a long edge passes a column.
type node struct {
	id, task, title string
	io, skips       bool
	rows            []row
	block           int // index in graph.blocks
	layer           int
	pass            bool // no box
	x, y, w, h      int
}

// row is a bound argument.
type row struct{ name, value string }

// edge leads from a node's return to a row of another.
type edge struct {
	from, to, row int
	via           []int // nodes with pass, from left to right
}

// block is a group, or a run of instances in none; nodes of one block stand together.
type block struct {
	title      string // "" for no frame
	nodes      []int  // passes, too, once they are there
	x, y, w, h int
}

type graph struct {
	nodes  []node
	edges  []edge
	blocks []block
	w, h   int
}

func newGraph(w *link.Workflow) *graph {
	g := &graph{}
	at := map[string]int{}
	tasks := map[string]*link.Task{}
	for _, t := range w.Tasks {
		tasks[t.ID] = t
	}
	loose := false // the last block is a run of instances in no group
	for _, it := range w.Spec.Items {
		list := []*spec.Instance{it.Task}
		if it.Group != nil {
			list = it.Group.Tasks
		}
		if it.Group != nil || !loose {
			b := block{}
			if it.Group != nil {
				b.title = it.Group.Title
			}
			g.blocks = append(g.blocks, b)
		}
		loose = it.Group == nil
		b := len(g.blocks) - 1
		for _, i := range list {
			n := len(g.nodes)
			g.nodes = append(g.nodes, box(i, tasks[i.ID], b))
			g.blocks[b].nodes = append(g.blocks[b].nodes, n)
			g.connect(i, n, at)
			at[i.ID] = n
		}
	}
	return g
}

func box(i *spec.Instance, t *link.Task, b int) node {
	n := node{id: i.ID, task: i.Task[strings.LastIndexByte(i.Task, '.')+1:], title: i.Name, block: b}
	if t != nil {
		n.io = t.Entry != nil && t.Entry.IO()
		n.skips = i.SkipIf != nil && len(i.SkipIf.Conditions) > 0 // the default is everybody's, and says nothing of this one
	}
	for _, p := range i.Partial {
		n.rows = append(n.rows, row{p.Key, short(p.Value)})
	}
	if i.Method != spec.Call && i.ArgValues != nil {
		n.rows = append(n.rows, row{"each " + strings.Join(i.ArgNames, ", "), short(*i.ArgValues)})
	}
	return n
}

// connect adds an edge for each result that the node n takes; at has the nodes before it.
func (g *graph) connect(i *spec.Instance, n int, at map[string]int) {
	add := func(v spec.Value, r int) {
		seen := map[string]bool{}
		results(v, func(id string) {
			if from, ok := at[id]; ok && !seen[id] {
				seen[id] = true
				g.edges = append(g.edges, edge{from: from, to: n, row: r})
			}
		})
	}
	for r, p := range i.Partial {
		add(p.Value, r)
	}
	if i.Method != spec.Call && i.ArgValues != nil {
		add(*i.ArgValues, len(i.Partial))
	}
}

// results calls f with the id of each instance whose result is in v.
func results(v spec.Value, f func(id string)) {
	if v.Kind == spec.Return {
		f(v.Text)
	}
	for _, x := range v.List {
		results(x, f)
	}
	for _, e := range v.Dict {
		results(e.Value, f)
	}
}

// short gives what a row says of a value: nothing where only arrows lead to it.
func short(v spec.Value) string {
	switch v.Kind {
	case spec.Return:
		return ""
	case spec.Env:
		return "$" + v.Text
	case spec.String:
		return `"` + v.Text + `"`
	case spec.List:
		if all(v, spec.Return) {
			return ""
		}
		return "[…]"
	case spec.Dict:
		return "{…}"
	case spec.Null:
		return "null"
	}
	return v.Text
}

func all(v spec.Value, k spec.Kind) bool {
	for _, x := range v.List {
		if x.Kind != k {
			return false
		}
	}
	return len(v.List) > 0
}
