// Package svg draws a workflow's graph as a picture that needs no fonts, scripts or files beside it. Equal workflows give equal bytes.
package svg

import (
	"bytes"
	"fmt"

	"github.com/cairn-build/cairn/rules/workflow/link"
)

// style has colours for light and dark screens; what draws PNGs takes the first. Pages that show a run lay theirs over it: a box is
// g.node with the instance's id, and in it .box and .head.
const style = `text{font-family:"DejaVu Sans Mono",Menlo,Consolas,"Liberation Mono",monospace;font-size:11px;fill:#333}
.paper{fill:#fff}
.group{fill:#f4f6f8;stroke:#c5ced6}
.title{font-size:13px;font-weight:bold;fill:#566472}
.box{fill:#fff;stroke:#5b6b7a}
.skips{stroke-dasharray:5 3}
.head{fill:#dde7f0}
.io .head{fill:#f7e3c4}
.id{font-size:13px;font-weight:bold;fill:#1c2733}
.task{fill:#566472}
.row{stroke:#d5dce3}
.return{font-style:italic;text-anchor:end}
.edge{fill:none;stroke:#7a8b9a;stroke-width:1.3}
.tip{fill:#7a8b9a}
@media (prefers-color-scheme:dark){
text{fill:#cdd6df}
.paper{fill:#12171c}
.group{fill:#1a2129;stroke:#3a4652}
.title,.task{fill:#93a3b2}
.box{fill:#1f2831;stroke:#6d7f90}
.head{fill:#2b3947}
.io .head{fill:#4d3c20}
.id{fill:#eef3f7}
.row{stroke:#33404c}
.edge{stroke:#8193a3}
.tip{fill:#8193a3}
}
`

// Render draws a workflow from left to right: a box for each instance with its id, its task, its bound arguments and what it returns;
// an arrow for each dependency, from what an instance returns to the argument that takes it; a frame for each group.
// Boxes of instances with a condition of their own to be skipped are dashed, and those of tasks that are mocked have another colour.
func Render(w *link.Workflow) []byte {
	g := newGraph(w)
	boxes := len(g.nodes)
	g.layout()
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">`+"\n", g.w, g.h, g.w, g.h)
	fmt.Fprintf(&b, "<title>%s</title>\n<style>\n%s</style>\n", text(w.Spec.ID), style)
	b.WriteString(`<defs><marker id="edge-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>` + "\n")
	fmt.Fprintf(&b, `<rect class="paper" width="%d" height="%d"/>`+"\n", g.w, g.h)
	for _, bl := range g.blocks {
		if bl.title != "" && len(bl.nodes) > 0 {
			fmt.Fprintf(&b, `<g><title>%s</title><rect class="group" x="%d" y="%d" width="%d" height="%d" rx="8"/><text class="title" x="%d" y="%d">%s</text></g>`+"\n",
				text(bl.title), bl.x, bl.y, bl.w, bl.h, bl.x+pad, bl.y+titleH-4, text(clip(bl.title, 60)))
		}
	}
	for _, e := range g.edges {
		g.edge(&b, e)
	}
	for i := range boxes {
		g.box(&b, &g.nodes[i])
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func (g *graph) box(b *bytes.Buffer, n *node) {
	class, box := "node", "box"
	if n.io {
		class += " io"
	}
	if n.skips {
		box += " skips"
	}
	title := n.title
	if title == "" {
		title = n.id
	}
	fmt.Fprintf(b, `<g class="%s" id="%s"><title>%s</title><rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="4"/>`, class, text(n.id), text(title), box, n.x, n.y, n.w, n.h)
	fmt.Fprintf(b, `<rect class="head" x="%d" y="%d" width="%d" height="%d" rx="3"/>`, n.x+1, n.y+1, n.w-2, headH-2)
	fmt.Fprintf(b, `<text class="id" x="%d" y="%d">%s</text><text class="task" x="%d" y="%d">%s</text>`+"\n", n.x+10, n.y+15, text(n.id), n.x+10, n.y+29, text(n.task))
	for i, r := range n.rows {
		y := n.y + rowY(i)
		fmt.Fprintf(b, `<text x="%d" y="%d">%s</text><path class="row" d="M%d %dh%d"/>`+"\n", n.x+10, y+4, text(r.text()), n.x+1, y+rowH/2, n.w-2)
	}
	fmt.Fprintf(b, `<text class="return" x="%d" y="%d">return</text></g>`+"\n", n.x+n.w-10, n.y+n.port()+4)
}

// edge draws an arrow. Between columns it is a curve, in the columns that it passes a straight line.
func (g *graph) edge(b *bytes.Buffer, e edge) {
	from, to := &g.nodes[e.from], &g.nodes[e.to]
	name := to.rows[e.row].name
	fmt.Fprintf(b, `<path class="edge" marker-end="url(#edge-tip)" data-from="%s" data-to="%s" data-argument="%s" d="M%d %d`,
		text(from.id), text(to.id), text(name), from.x+from.w, from.y+from.port())
	x, y := from.x+from.w, from.y+from.port()
	curve := func(x2, y2 int) {
		bend := min((x2-x)/2, 160)
		fmt.Fprintf(b, "C%d %d %d %d %d %d", x+bend, y, x2-bend, y2, x2, y2)
		x, y = x2, y2
	}
	for _, v := range e.via {
		n := &g.nodes[v]
		curve(n.x, n.y+n.port())
		x = n.x + n.w
		fmt.Fprintf(b, "H%d", x)
	}
	curve(to.x, to.y+rowY(e.row))
	fmt.Fprintf(b, `"><title>%s</title></path>`+"\n", text(from.id+" → "+to.id+": "+name))
}
