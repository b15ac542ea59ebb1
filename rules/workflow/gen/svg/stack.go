package svg

// fewBlocks is up to how many blocks places between others are tried.
const fewBlocks = 64

// stack puts each block near where its edges from the blocks before are straight on average. It may go above or below the others in
// its columns, where the picture grows least.
func (g *graph) stack(x []int) {
	from := make([][]edge, len(g.blocks))
	for _, e := range g.edges {
		if b := g.nodes[e.to].block; g.nodes[e.from].block < b {
			from[b] = append(from[b], e)
		}
	}
	s := &stacked{}
	for b := range g.blocks {
		bl := &g.blocks[b]
		if len(bl.nodes) == 0 {
			continue
		}
		lo, hi, h := len(x), 0, 0
		for _, n := range bl.nodes {
			lo, hi = min(lo, g.nodes[n].layer), max(hi, g.nodes[n].layer)
			h = max(h, g.nodes[n].y+g.nodes[n].h)
		}
		top, below := 0, 0
		if bl.title != "" {
			top, below = titleH+pad, pad
		}
		wish := 0
		for _, e := range from[b] {
			a, z := &g.nodes[e.from], &g.nodes[e.to]
			wish += a.y + a.port() - z.y - rowY(e.row) - top
		}
		wish /= max(1, len(from[b]))
		bl.x, bl.w, bl.h = x[lo]-pad, x[hi+1]-gapX-x[lo]+2*pad, top+h+below
		if bl.title != "" {
			bl.w = max(bl.w, textW(clip(bl.title, 60), 13)+2*pad)
		}
		bl.y = s.place(rect{bl.x, wish, bl.w, bl.h})
		for _, n := range bl.nodes {
			g.nodes[n].y += bl.y + top
		}
		g.w = max(g.w, bl.x+bl.w)
	}
	dx, dy := margin+pad, margin-s.top
	for b := range g.blocks {
		g.blocks[b].x += dx
		g.blocks[b].y += dy
	}
	for i := range g.nodes {
		g.nodes[i].x += dx
		g.nodes[i].y += dy
	}
	g.w, g.h = g.w+dx+margin, s.bottom+dy+margin
}

type rect struct{ x, y, w, h int }

// stacked are the rectangles that have a place, and the stretch that they take.
type stacked struct {
	rects       []rect
	top, bottom int
}

// place gives the height at which r overlaps no other: near the one that it has, and with little growth of the whole.
func (s *stacked) place(r rect) int {
	below := s.top
	tries := []int{r.y}
	for _, o := range s.rects {
		if r.x < o.x+o.w+gapB && o.x < r.x+r.w+gapB {
			below = max(below, o.y+o.h+gapB)
			tries = append(tries, o.y+o.h+gapB, o.y-r.h-gapB)
		}
	}
	best, cost := below, -1
	if len(s.rects) > fewBlocks {
		tries = nil
	}
	for _, y := range append(tries, below) {
		c := max(y-r.y, r.y-y)
		if len(s.rects) > 0 {
			c += 2*max(0, s.top-y) + 2*max(0, y+r.h-s.bottom)
		}
		if (cost < 0 || c < cost) && s.free(rect{r.x, y, r.w, r.h}) {
			best, cost = y, c
		}
	}
	r.y = best
	if len(s.rects) == 0 {
		s.top, s.bottom = r.y, r.y+r.h
	}
	s.rects = append(s.rects, r)
	s.top, s.bottom = min(s.top, r.y), max(s.bottom, r.y+r.h)
	return best
}

func (s *stacked) free(r rect) bool {
	for _, o := range s.rects {
		if r.x < o.x+o.w+gapB && o.x < r.x+r.w+gapB && r.y < o.y+o.h+gapB && o.y < r.y+r.h+gapB {
			return false
		}
	}
	return true
}
