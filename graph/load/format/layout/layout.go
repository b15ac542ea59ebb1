// Package layout puts HCL's tokens where HCL's own formatter puts them: indentation, blanks between tokens, columns. It
// knows no syntax tree and changes nothing but blanks.
//
// The result is, byte for byte, that of hclwrite.Format, which its tests compare it with. That package itself stays out
// of the binary: with what it imports it costs each start of cairn half a millisecond.
package layout

import (
	"bufio"
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// step is how far a level is indented.
const step = 2

// token is one of the lexer's, with the number of blanks before it.
type token struct {
	hclsyntax.Token
	blanks int
}

// line is the tokens up to a line end that is one of the language: those in heredocs and in comments of more lines are not.
type line []token

// Source gives src laid out. It may hold syntax errors. Text in quotes, heredocs and comments stays as it is, and so do line
// ends.
func Source(src []byte) []byte {
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	ls := split(tokens)
	indent(ls)
	for _, l := range ls {
		l.space()
	}
	align(ls, line.assignment)
	align(ls, line.remark)
	out := make([]byte, 0, len(src)+len(src)/8)
	for _, l := range ls {
		for _, t := range l {
			out = append(out, bytes.Repeat([]byte(" "), t.blanks)...)
			out = append(out, t.Bytes...)
		}
	}
	return out
}

func split(tokens hclsyntax.Tokens) []line {
	var ls []line
	var l line
	end := 0
	for _, t := range tokens {
		at := token{Token: t}
		if t.Type == hclsyntax.TokenEOF {
			at.blanks = t.Range.Start.Byte - end
		}
		end = t.Range.End.Byte
		l = append(l, at)
		// A comment up to the line's end holds that end.
		if t.Type == hclsyntax.TokenNewline || t.Type == hclsyntax.TokenComment && bytes.HasSuffix(t.Bytes, []byte("\n")) {
			ls, l = append(ls, l), nil
		}
	}
	return append(ls, l)
}

// indent sets the blanks before each line. However many brackets a line opens, those after it are one level deeper, until
// as many are closed; a line that closes some is on the level that they were opened on.
func indent(ls []line) {
	var open []int // how many brackets each level waits for
	for _, l := range ls {
		head := l
		if i := l.assignment(); i > 0 {
			head = l[:i] // what follows closes all that it opens
		}
		n := head.toHeredoc().balance()
		for m := -n; m > 0 && len(open) > 0; {
			last := &open[len(open)-1]
			if *last > m {
				*last -= m
				break
			}
			m -= *last
			open = open[:len(open)-1]
		}
		if l[0].Type != hclsyntax.TokenNewline && l[0].Type != hclsyntax.TokenEOF {
			l[0].blanks = step * len(open)
		}
		if n > 0 {
			open = append(open, n)
		}
	}
}

// balance is the number of brackets that l opens, less those that it closes.
func (l line) balance() (n int) {
	for _, t := range l {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			n++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			n--
		}
	}
	return n
}

// toHeredoc is l up to where a heredoc begins on it.
func (l line) toHeredoc() line {
	for i, t := range l {
		if t.Type == hclsyntax.TokenOHeredoc {
			return l[:i]
		}
	}
	return l
}

// width is the number of columns that t takes; a line end within it counts as one.
func (t token) width() int {
	if t.Range.Start.Line == t.Range.End.Line {
		return t.Range.End.Column - t.Range.Start.Column
	}
	n := bytes.Count(t.Bytes, []byte("\n"))
	for s := hcl.NewRangeScanner(t.Bytes, "", bufio.ScanLines); s.Scan(); {
		n += s.Range().End.Column - 1
	}
	return n
}
