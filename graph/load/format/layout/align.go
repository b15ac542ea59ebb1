package layout

import "github.com/hashicorp/hcl/v2/hclsyntax"

// align puts the column that at finds in each line below that of the line before. It is done for each run of lines that have
// one.
func align(ls []line, at func(line) int) {
	for len(ls) > 0 {
		run, most := 0, 0
		for ; run < len(ls) && at(ls[run]) > 0; run++ {
			most = max(most, ls[run].before(at(ls[run])))
		}
		for _, l := range ls[:run] {
			i := at(l)
			l[i].blanks = most - l.before(i) + 1
		}
		ls = ls[max(run, 1):]
	}
}

// before is the width of what l holds before its token i, without the blanks next to that.
func (l line) before(i int) (n int) {
	for _, t := range l[:i] {
		n += t.blanks + t.width()
	}
	return n
}

// assignment is the index of the equals sign of a definition that ends on its line, 0 for none.
func (l line) assignment() int {
	for i, t := range l {
		if i > 0 && t.Type == hclsyntax.TokenEqual {
			if l[i:].balance() == 0 {
				return i
			}
			return 0
		}
	}
	return 0
}

// remark is the index of the comment that l ends with, 0 for none, and where there is nothing before it.
func (l line) remark() int {
	last := len(l) - 1
	if l[last].Type == hclsyntax.TokenEOF && last > 0 {
		last--
	}
	if l[last].Type == hclsyntax.TokenComment {
		return last
	}
	return 0
}
