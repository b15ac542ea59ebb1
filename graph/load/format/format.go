// Package format writes BUILD.hcl in its one canonical form. It knows nothing of kinds or values.
//
// Canonical is: package layout's blanks and columns, lines that end with a line feed alone and without blanks before it, no
// byte order mark, no blank line at the file's start or end, at most one blank line in a row, and a line end at the end of
// a file that is not empty. Heredocs keep every byte.
package format

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/load"
	"github.com/cairn-build/cairn/graph/load/format/layout"
)

// rounds bounds how often the form is applied until it stays the same.
const rounds = 5

// Source gives src in canonical form. Applied to its own result it changes nothing. A file with a syntax error is not
// formatted: nil and the errors come back. file is its name in ranges.
func Source(src []byte, file string) ([]byte, diag.List) {
	if ds := load.CheckSyntax(src, file); ds.HasErrors() {
		return nil, ds
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	out := src
	for range rounds {
		next := once(out)
		if bytes.Equal(next, out) {
			break
		}
		out = next
	}
	if !sameTokens(src, out) {
		return nil, diag.List{{Code: "internal", Summary: "internal error: formatting would change the file's meaning",
			Detail: "It was left as it is. Please report this with the file.", Range: diag.Range{File: file}}}
	}
	return out, nil
}

func once(src []byte) []byte { return layout.Source(lines(src)) }

// lines mends line ends, blanks at line ends and blank lines, outside heredocs.
func lines(src []byte) []byte {
	kept := heredocs(src)
	var out []byte
	blank := 0
	for at := 0; at < len(src); {
		end := bytes.IndexByte(src[at:], '\n')
		next := len(src)
		if end < 0 {
			end = len(src)
		} else {
			end += at
			next = end + 1
		}
		if kept.holds(end) {
			// The line's end is a heredoc's content, or that of its first line; blanks there may count.
			out = append(out, pad(out, blank)...)
			blank = 0
			out = append(out, src[at:next]...)
			at = next
			continue
		}
		line := src[at:end]
		if !kept.holds(at) {
			line = bytes.TrimRight(line, " \t\r")
		} else {
			line = bytes.TrimRight(line, "\r")
		}
		at = next
		if len(line) == 0 {
			blank++
			continue
		}
		out = append(out, pad(out, blank)...)
		blank = 0
		out = append(out, line...)
		out = append(out, '\n')
	}
	return out
}

// pad gives the blank line that stands for n of them.
func pad(out []byte, n int) []byte {
	if n > 0 && len(out) > 0 {
		return []byte("\n")
	}
	return nil
}

// spans are stretches of a file, in order.
type spans [][2]int

func (s spans) holds(at int) bool {
	for _, x := range s {
		if at >= x[0] && at < x[1] {
			return true
		}
	}
	return false
}

// heredocs finds the stretches from `<<X` to the line before the closing mark.
func heredocs(src []byte) spans {
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	var s spans
	depth, start := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOHeredoc:
			if depth == 0 {
				start = t.Range.Start.Byte
			}
			depth++
		case hclsyntax.TokenCHeredoc:
			if depth--; depth == 0 {
				s = append(s, [2]int{start, t.Range.End.Byte})
			}
		}
	}
	return s
}

// sameTokens says whether a and b mean the same: their tokens are equal but for spacing and line ends.
func sameTokens(a, b []byte) bool {
	x, y := meaningful(a), meaningful(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i].Type != y[i].Type || !bytes.Equal(trim(x[i]), trim(y[i])) {
			return false
		}
	}
	return true
}

func trim(t hclsyntax.Token) []byte {
	switch t.Type {
	case hclsyntax.TokenComment:
		// A block comment's inner lines lose blanks at their ends, as all lines do.
		var out []byte
		for _, line := range bytes.Split(t.Bytes, []byte("\n")) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				out = append(append(out, line...), '\n')
			}
		}
		return out
	case hclsyntax.TokenOHeredoc, hclsyntax.TokenCHeredoc:
		return bytes.TrimSpace(t.Bytes)
	}
	return t.Bytes
}

func meaningful(src []byte) hclsyntax.Tokens {
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	var out hclsyntax.Tokens
	for _, t := range tokens {
		if t.Type != hclsyntax.TokenNewline && t.Type != hclsyntax.TokenEOF {
			out = append(out, t)
		}
	}
	return out
}
