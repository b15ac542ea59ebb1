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
}

func newPlaces(file, src string, skip int) *places {
	p := &places{file: file, src: src, skip: skip, lines: make([]int, 1, 1+strings.Count(src, "\n"))}
	for i := 0; i < len(src); i++ {
		if src[i] == '\n' {
			p.lines = append(p.lines, i+1)
		}
	}
	return p
}

// offset gives where a token begins in src.
func (p *places) offset(t *token.Token) int {
	if t == nil || t.Position == nil || t.Position.Line < 1 {
		return 0
	}
	if t.Position.Line > len(p.lines) {
		return len(p.src)
	}
	at := p.lines[t.Position.Line-1]
	for col := 1; col < t.Position.Column && at < len(p.src) && p.src[at] != '\n'; col++ {
		_, n := utf8.DecodeRuneInString(p.src[at:])
		at += n
	}
	return at
}

// pos gives a place by its offset.
func (p *places) pos(off int) diag.Pos {
	off = min(max(off, 0), len(p.src))
	lo, hi := 0, len(p.lines) // the last line that begins at or before off
	for lo+1 < hi {
		if mid := (lo + hi) / 2; p.lines[mid] <= off {
			lo = mid
		} else {
			hi = mid
		}
	}
	return diag.Pos{Line: lo + 1, Column: 1 + utf8.RuneCountInString(p.src[p.lines[lo]:off]), Byte: off + p.skip}
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
func (p *places) blockEnd(off int) int {
	eol := func(i int) int {
		if n := strings.IndexByte(p.src[i:], '\n'); n >= 0 {
			return i + n
		}
		return len(p.src)
	}
	end := eol(off)
	indent := -1
	for at := end + 1; at < len(p.src); {
		to := eol(at)
		line := strings.TrimRight(p.src[at:to], "\r")
		deep := len(line) - len(strings.TrimLeft(line, " "))
		if strings.TrimSpace(line) != "" {
			if indent < 0 {
				indent = deep
			}
			if deep < max(indent, 1) {
				break
			}
			end = at + len(line)
		}
		at = to + 1
	}
	return end
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }
