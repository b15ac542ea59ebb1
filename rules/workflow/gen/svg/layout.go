package svg

import (
	"cmp"
	"slices"
)

// Sizes in pixels.
const (
	rowH    = 18
	headH   = 36 // of a box: id and task
	gapY    = 16 // between boxes
	passH   = 10 // what a passing edge takes
	gapX    = 64 // between columns
	pad     = 14 // between a frame and what is in it
	titleH  = 22 // of a frame
	gapB    = 26 // between blocks
	margin  = 20 // around all
	passMax = 20000
)

// layout gives all nodes and blocks their places. Columns are layers: a node stands right of all that it takes results from. Within a
// block nodes are put so that few edges cross; blocks are stacked where they would overlap.
func (g *graph) layout() {
	g.layers()
	g.passes()
	columns := g.columns()
	in, out := g.neighbours()
	for b := range g.blocks {
		g.arrange(b, in, out)
	}
	g.stack(columns)
}

// layers puts each node one right of the last one that it takes from, and what takes nothing next to what first takes from it.
// Edges lead forward, so the order of the nodes is one in which this can be done.
func (g *graph) layers() {
	first := make([]int, len(g.nodes)) // the leftmost layer that takes from a node, plus one
	takes := make([]bool, len(g.nodes))
	for _, e := range g.edges { // sorted by e.to
		g.nodes[e.to].layer = max(g.nodes[e.to].layer, g.nodes[e.from].layer+1)
		takes[e.to] = true
	}
	for _, e := range g.edges {
		if l := g.nodes[e.to].layer; first[e.from] == 0 || l < first[e.from] {
			first[e.from] = l
		}
	}
	for i := range g.nodes {
		if n := &g.nodes[i]; !takes[i] && first[i] > 0 {
			n.layer = first[i] - 1
		}
	}
}

// passes makes places for edges that go over more than one column. All edges of a node share them. An edge has none in columns that
// neither its own block nor that of its end reaches, and none has any where there would be too many.
func (g *graph) passes() {
	sum := 0
	for _, e := range g.edges {
		sum += g.nodes[e.to].layer - g.nodes[e.from].layer - 1
	}
	if sum > passMax {
		return
	}
	lo, hi := make([]int, len(g.blocks)), make([]int, len(g.blocks))
	for b := range g.blocks {
		for i, n := range g.blocks[b].nodes {
			l := g.nodes[n].layer
			if i == 0 {
				lo[b], hi[b] = l, l
			}
			lo[b], hi[b] = min(lo[b], l), max(hi[b], l)
		}
	}
	type place struct{ from, block, layer int }
	made := map[place]int{}
	for i := range g.edges {
		e := &g.edges[i]
		from, to := g.nodes[e.from], g.nodes[e.to]
		for l := from.layer + 1; l < to.layer; l++ {
			b := from.block
			if l > hi[b] {
				b = to.block
				if l < lo[b] || from.block == to.block {
					continue
				}
			}
			p := place{e.from, b, l}
			n, ok := made[p]
			if !ok {
				n = len(g.nodes)
				made[p] = n
				g.nodes = append(g.nodes, node{pass: true, block: b, layer: l, h: passH})
				g.blocks[b].nodes = append(g.blocks[b].nodes, n)
			}
			e.via = append(e.via, n)
		}
	}
}

// columns gives the place and the width of each layer, and all nodes their size and x.
func (g *graph) columns() []int {
	var width []int
	for i := range g.nodes {
		n := &g.nodes[i]
		for len(width) <= n.layer {
			width = append(width, 0)
		}
		if !n.pass {
			n.w, n.h = n.size()
			width[n.layer] = max(width[n.layer], n.w)
		}
	}
	x := make([]int, len(width)+1)
	for l, w := range width {
		x[l+1] = x[l] + w + gapX
	}
	for i := range g.nodes {
		n := &g.nodes[i]
		n.x, n.w = x[n.layer], width[n.layer]
	}
	return x
}

// link is a neighbour in the next or an earlier column: the height in the node, and the other one with the height there.
type neighbour struct{ node, here, there int }

// neighbours gives, for each node, what it is tied to on the left and on the right, in the same block.
func (g *graph) neighbours() (in, out [][]neighbour) {
	in, out = make([][]neighbour, len(g.nodes)), make([][]neighbour, len(g.nodes))
	type pair struct{ a, b, at int }
	seen := map[pair]bool{}
	for _, e := range g.edges {
		a := e.from
		for _, b := range append(e.via[:len(e.via):len(e.via)], e.to) {
			at := passH / 2
			if b == e.to {
				at = rowY(e.row)
			}
			if p := (pair{a, b, at}); !seen[p] && g.nodes[a].block == g.nodes[b].block {
				seen[p] = true
				port := g.nodes[a].port()
				out[a] = append(out[a], neighbour{b, port, at})
				in[b] = append(in[b], neighbour{a, at, port})
			}
			a = b
		}
	}
	return in, out
}

// port is the height, in the node, at which its edges leave.
func (n *node) port() int {
	if n.pass {
		return passH / 2
	}
	return n.h - rowH/2
}

func rowY(r int) int { return headH + r*rowH + rowH/2 }

func (n *node) size() (w, h int) {
	w = max(textW(n.id, 13), textW(n.task+" io", 11), textW("return", 11))
	for _, r := range n.rows {
		w = max(w, textW(r.text(), 11))
	}
	return w + 20, headH + (len(n.rows)+1)*rowH
}

func (r row) text() string {
	if r.value == "" {
		return clip(r.name, 40)
	}
	return clip(r.name, 30) + " = " + clip(r.value, 24)
}

// arrange orders a block's columns by where their neighbours are, to and fro, and then moves boxes up and down to where edges are
// straight. Afterwards the block's top is 0.
func (g *graph) arrange(b int, in, out [][]neighbour) {
	layers := map[int][]int{}
	var order []int
	for _, n := range g.blocks[b].nodes {
		l := g.nodes[n].layer
		if layers[l] == nil {
			order = append(order, l)
		}
		layers[l] = append(layers[l], n)
	}
	slices.Sort(order)
	for _, l := range order {
		g.pile(layers[l])
	}
	sweep := func(by [][]neighbour, sort bool) {
		for _, l := range order {
			if sort {
				slices.SortStableFunc(layers[l], func(x, y int) int { return cmp.Compare(g.wish(x, by), g.wish(y, by)) })
				g.pile(layers[l])
			} else {
				g.settle(layers[l], by)
			}
		}
	}
	for round := range 12 {
		sort := round < 8
		sweep(in, sort)
		slices.Reverse(order)
		if round < 11 {
			sweep(out, sort)
		}
		slices.Reverse(order)
	}
	top := 0
	for i, n := range g.blocks[b].nodes {
		if i == 0 || g.nodes[n].y < top {
			top = g.nodes[n].y
		}
	}
	for _, n := range g.blocks[b].nodes {
		g.nodes[n].y -= top
	}
}

// pile puts a column's nodes below each other around 0.
func (g *graph) pile(col []int) {
	h := -gapY
	for _, n := range col {
		h += g.nodes[n].h + gapY
	}
	y := -h / 2
	for _, n := range col {
		g.nodes[n].y = y
		y += g.nodes[n].h + gapY
	}
}

// wish is where a node's top would have to be for its edges to be straight on average; where it is if it has none on that side.
func (g *graph) wish(n int, by [][]neighbour) float64 {
	if len(by[n]) == 0 {
		return float64(g.nodes[n].y)
	}
	sum := 0
	for _, x := range by[n] {
		sum += g.nodes[x.node].y + x.there - x.here
	}
	return float64(sum) / float64(len(by[n]))
}

// settle puts a column's nodes as near to their wishes as their order and the gaps allow: where two would overlap they move together,
// to the mean of what they wish (pool adjacent violators).
func (g *graph) settle(col []int, by [][]neighbour) {
	type pool struct {
		at    float64 // where the first one's top is
		size  int
		nodes int
	}
	var pools []pool
	for _, n := range col {
		p := pool{g.wish(n, by), g.nodes[n].h + gapY, 1}
		for len(pools) > 0 {
			last := pools[len(pools)-1]
			if last.at+float64(last.size) <= p.at {
				break
			}
			// p's wish for the first of both is its own less the height of those before it.
			p.at = (last.at*float64(last.nodes) + (p.at-float64(last.size))*float64(p.nodes)) / float64(last.nodes+p.nodes)
			p.size += last.size
			p.nodes += last.nodes
			pools = pools[:len(pools)-1]
		}
		pools = append(pools, p)
	}
	i := 0
	for _, p := range pools {
		y := int(p.at)
		for range p.nodes {
			g.nodes[col[i]].y = y
			y += g.nodes[col[i]].h + gapY
			i++
		}
	}
}
