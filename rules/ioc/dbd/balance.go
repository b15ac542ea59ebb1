package dbd

import (
	"github.com/cairn-build/cairn/graph/diag"
)

// Balanced says where the braces and quotes of a substitution file do not match. msi itself takes a file that ends within braces, and
// leaves out what would have come.
func Balanced(name string, data []byte) diag.List {
	l := lexer{name: name, data: string(data), pos: diag.Pos{Line: 1, Column: 1}}
	fail := func(at diag.Range, summary, detail string) diag.List {
		return diag.List{{Code: "unbalanced", Summary: summary, Detail: detail, Range: at}}
	}
	var open []diag.Range
	for l.pos.Byte < len(l.data) {
		from := l.pos
		switch l.data[from.Byte] {
		case '#':
			l.step(l.lineLen())
		case '"':
			if _, p := l.text(); p != nil {
				p.Code = "unbalanced"
				return diag.List{*p}
			}
		case '{':
			l.step(1)
			open = append(open, diag.Range{File: name, Start: from, End: l.pos})
		case '}':
			l.step(1)
			if len(open) == 0 {
				return fail(diag.Range{File: name, Start: from, End: l.pos}, "A `}` too many", "Nothing is open here.")
			}
			open = open[:len(open)-1]
		default:
			l.step(1)
		}
	}
	if len(open) > 0 {
		return fail(open[len(open)-1], "A `{` that is not closed", "msi would take the file and leave records out.")
	}
	return nil
}
