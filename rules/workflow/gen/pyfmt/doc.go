package pyfmt

import "strings"

// A doc is text that can be laid out in one line or in several. The kinds are few: what our code needs, in the way in which ruff's
// own layout engine has them, so that the choice where to break is the same.
type doc any

type (
	text   string // without a line's end
	concat []doc
	// line is a space in a line, and a line's end in several.
	line struct{}
	// soft is nothing in a line, and a line's end in several.
	soft struct{}
	// hard always ends the line; a group that holds one is in several.
	hard   struct{}
	indent struct{ doc }
	group  struct{ doc }
	// broken is text that is only there where its group is in several lines: a trailing comma, parentheses.
	broken string
)

// columns is how long a line may be.
const columns = 88

// piece is a doc with what is around it.
type piece struct {
	doc     doc
	indent  int
	several bool
}

// printer lays docs out.
type printer struct {
	out  strings.Builder
	col  int
	todo []piece // the last is next
	look []piece // of fits, kept for the next time
}

// layout prints d from column indent on, whose lines are indented by it.
func layout(d doc, indented int) string {
	p := &printer{col: indented, todo: []piece{{d, indented, true}}}
	p.out.WriteString(strings.Repeat(" ", indented))
	for len(p.todo) > 0 {
		n := p.todo[len(p.todo)-1]
		p.todo = p.todo[:len(p.todo)-1]
		p.print(n)
	}
	return p.out.String()
}

func (p *printer) print(n piece) {
	switch d := n.doc.(type) {
	case text:
		p.out.WriteString(string(d))
		p.col += width(string(d))
	case broken:
		if n.several {
			p.print(piece{doc: text(d)})
		}
	case concat:
		for i := len(d) - 1; i >= 0; i-- {
			p.todo = append(p.todo, piece{d[i], n.indent, n.several})
		}
	case indent:
		p.todo = append(p.todo, piece{d.doc, n.indent + 4, n.several})
	case group:
		p.todo = append(p.todo, piece{d.doc, n.indent, !p.fits(d.doc)})
	case line, soft, hard:
		_, must := d.(hard)
		if n.several || must {
			p.out.WriteString("\n" + strings.Repeat(" ", n.indent))
			p.col = n.indent
		} else if _, ok := d.(line); ok {
			p.out.WriteByte(' ')
			p.col++
		}
	}
}

// fits says whether d fits in the line, with all that follows it up to where the line may end.
func (p *printer) fits(d doc) bool {
	left := columns - p.col
	todo := append(p.look[:0], piece{doc: d})
	defer func() { p.look = todo[:0] }()
	rest := len(p.todo)
	for left >= 0 {
		if len(todo) == 0 {
			if rest == 0 {
				return true
			}
			rest--
			todo = append(todo, p.todo[rest])
		}
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch d := n.doc.(type) {
		case text:
			left -= width(string(d))
		case broken:
			if n.several {
				left -= width(string(d))
			}
		case concat:
			for i := len(d) - 1; i >= 0; i-- {
				todo = append(todo, piece{d[i], 0, n.several})
			}
		case indent:
			todo = append(todo, piece{d.doc, 0, n.several})
		case group:
			todo = append(todo, piece{d.doc, 0, n.several})
		case hard:
			return n.several
		case line, soft:
			if n.several {
				return true
			}
			if _, ok := d.(line); ok {
				left--
			}
		}
	}
	return false
}
