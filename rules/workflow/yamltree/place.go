package yamltree

import (
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"

	"github.com/cairn-build/cairn/graph/diag"
)

// places finds stretches of a file. Lines end with a line feed, as where a problem is shown.
type places struct {
	file  string
	src   string
	skip  int   // bytes before src that are no part of line 1: a byte order mark
	lines []int // where each line begins in src
	crs   []int // how many carriage returns are in the file before each line and are not in src; nil for none
	last  mark  // the place that was asked for last: the next one is mostly near, and lines may be long
}

// mark is an offset with its line, from 0, and how many runes of the line are before it.
type mark struct{ off, line, col int }

func newPlaces(file, src string, skip int) *places {
	p := &places{file: file, src: src, skip: skip}
	p.index()
	return p
}

func (p *places) index() {
	p.lines = make([]int, 1, 1+strings.Count(p.src, "\n"))
	for i := 0; i < len(p.src); i++ {
		if p.src[i] == '\n' {
			p.lines = append(p.lines, i+1)
		}
	}
}

// dropReturns takes the carriage returns before line feeds out of src; places stay those of the file.
func (p *places) dropReturns() {
	p.src = strings.TrimSuffix(p.src, "\r")
	if !strings.Contains(p.src, "\r\n") {
		return
	}
	p.crs = make([]int, len(p.lines))
	for i := 1; i < len(p.lines); i++ {
		p.crs[i] = p.crs[i-1]
		if strings.HasSuffix(p.src[:p.lines[i]], "\r\n") {
			p.crs[i]++
		}
	}
	p.src = strings.ReplaceAll(p.src, "\r\n", "\n")
	p.index()
	p.last = mark{}
}

// offset gives where a token begins in src, once locate has been called.
func (p *places) offset(t *token.Token) int {
	if t == nil || t.Position == nil {
		return 0
	}
	if t.Position.Offset < 0 { // see locate
		return min(-1-t.Position.Offset, len(p.src))
	}
	return p.lexed(t)
}

// lexed gives where the lexer says that a token begins.
func (p *places) lexed(t *token.Token) int {
	line, col := t.Position.Line-1, t.Position.Column-1
	if line < 0 {
		return 0
	}
	if line >= len(p.lines) {
		return len(p.src)
	}
	at := mark{p.lines[line], line, 0}
	if p.last.line == line && p.last.col <= col {
		at = p.last
	}
	for at.col < col && at.off < len(p.src) && p.src[at.off] != '\n' {
		_, n := utf8.DecodeRuneInString(p.src[at.off:])
		at.off, at.col = at.off+n, at.col+1
	}
	p.last = at
	return at.off
}

// locate puts into each token's Position.Offset where it begins, as -1-offset. The lexer's own lines are off by some now and then; but between two
// tokens there is nothing but white space and comments, so each begins at what follows the one before.
func (p *places) locate(tokens token.Tokens) {
	at := 0
	block := false // the token before was | or >
	for _, t := range tokens {
		if t.Position == nil {
			continue
		}
		if block {
			block = false
			t.Position.Offset = -1 - at
			at = p.blockEnd(at, t.Value == "")
			continue
		}
		if t.Type == token.CommentType {
			continue // next passes over it
		}
		begin := p.next(at)
		if !p.begins(t, begin) {
			begin = p.lexed(t)
		}
		t.Position.Offset = -1 - begin
		switch t.Type {
		case token.LiteralType, token.FoldedType:
			block, at = true, begin // the text begins below; its end is found from here
		case token.SingleQuoteType, token.DoubleQuoteType:
			at = p.quotedEnd(begin)
		case token.ImplicitNullType:
			at = begin
		default:
			at = p.plainEnd(begin, t.Value)
		}
	}
}

// next gives where the white space and the comments end that begin at off.
func (p *places) next(off int) int {
	for off < len(p.src) {
		switch {
		case isSpace(rune(p.src[off])):
			off++
		case p.src[off] == '#' && (off == 0 || isSpace(rune(p.src[off-1]))):
			n := strings.IndexByte(p.src[off:], '\n')
			if n < 0 {
				return len(p.src)
			}
			off += n
		default:
			return off
		}
	}
	return off
}

// begins says whether t's text may begin at off.
func (p *places) begins(t *token.Token, off int) bool {
	rest := p.src[off:]
	switch t.Type {
	case token.SingleQuoteType:
		return strings.HasPrefix(rest, "'")
	case token.DoubleQuoteType:
		return strings.HasPrefix(rest, `"`)
	case token.LiteralType, token.FoldedType:
		return rest != "" && (rest[0] == '|' || rest[0] == '>')
	}
	word, _, _ := strings.Cut(t.Value, "\n")
	if word, _, _ = strings.Cut(word, " "); word == "" {
		return false
	}
	return strings.HasPrefix(rest, word)
}

// pos gives a place by its offset.
func (p *places) pos(off int) diag.Pos {
	off = min(max(off, 0), len(p.src))
	at := mark{off: off, line: p.line(off)}
	switch l := p.last; {
	case l.line == at.line && l.off <= off:
		at.col = l.col + utf8.RuneCountInString(p.src[l.off:off])
	case l.line == at.line && l.off-off < off-p.lines[at.line]:
		at.col = l.col - utf8.RuneCountInString(p.src[off:l.off])
	default:
		at.col = utf8.RuneCountInString(p.src[p.lines[at.line]:off])
	}
	p.last = at
	b := off + p.skip
	if p.crs != nil {
		b += p.crs[at.line]
	}
	return diag.Pos{Line: at.line + 1, Column: at.col + 1, Byte: b}
}

// line gives the last line that begins at or before off.
func (p *places) line(off int) int {
	lo, hi := 0, len(p.lines)
	for l := p.last.line; l < min(p.last.line+3, len(p.lines)) && p.lines[l] <= off; l++ {
		if lo = l; l+1 == len(p.lines) || off < p.lines[l+1] {
			return l
		}
	}
	for lo+1 < hi {
		if mid := (lo + hi) / 2; p.lines[mid] <= off {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

func (p *places) span(from, to int) diag.Range {
	return diag.Range{File: p.file, Start: p.pos(from), End: p.pos(max(from, to))}
}

// plainEnd gives where a scalar without quotes ends that begins at off: its letters are those of the file but for folded white space.
func (p *places) plainEnd(off int, value string) int {
	if strings.HasPrefix(p.src[off:], value) {
		return off + len(value)
	}
	end := off
	for _, r := range value {
		if isSpace(r) {
			continue
		}
		for end < len(p.src) && isSpace(rune(p.src[end])) {
			end++
		}
		got, n := utf8.DecodeRuneInString(p.src[end:])
		if got != r {
			break
		}
		end += n
	}
	return end
}

// quotedEnd gives where a scalar in quotes ends that begins at off.
func (p *places) quotedEnd(off int) int {
	if off >= len(p.src) {
		return off
	}
	q := p.src[off]
	for i := off + 1; i < len(p.src); i++ {
		switch {
		case q == '"' && p.src[i] == '\\':
			i++
		case p.src[i] == q && q == '\'' && i+1 < len(p.src) && p.src[i+1] == q:
			i++
		case p.src[i] == q:
			return i + 1
		}
	}
	return len(p.src)
}

// blockEnd gives where a block of text ends whose mark, | or >, is at off: after the last line that is indented as the first one is.
func (p *places) blockEnd(off int, empty bool) int {
	eol := func(i int) int {
		if n := strings.IndexByte(p.src[i:], '\n'); n >= 0 {
			return i + n
		}
		return len(p.src)
	}
	end := eol(off)
	if empty {
		return end
	}
	indent := -1
	for at := end + 1; at < len(p.src); {
		to := eol(at)
		line := p.src[at:to]
		deep := len(line) - len(strings.TrimLeft(line, " "))
		if strings.TrimSpace(line) != "" {
			if indent < 0 {
				indent = deep
			}
			if deep < indent {
				break
			}
			end = at + len(line)
		}
		at = to + 1
	}
	return end
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }
