package ui

import (
	"bytes"
	"unicode/utf8"
)

// Much of what is shown was written by others: programs that ran, servers, repositories. What a terminal would act on stays out
// of it: whoever builds a stranger's code has given no one leave to name the window, fill the clipboard, or write over lines that
// cairn has written.

// harmless gives text for a terminal. Lines, tabs and colours stay, moves of the cursor go, and other control characters become
// U+FFFD. Where nothing is to change it is text itself.
func harmless(text []byte) []byte {
	i := bytes.IndexFunc(text, controls)
	if i < 0 {
		return text
	}
	out := append(make([]byte, 0, len(text)+16), text[:i]...)
	for i < len(text) {
		if n, colour := sequence(text[i:]); n > 0 {
			if colour {
				out = append(out, text[i:i+n]...)
			}
			i += n
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if controls(r) {
			r = utf8.RuneError
		}
		out = utf8.AppendRune(out, r)
		i += n
	}
	return out
}

// controls says whether a terminal may do more with r than show it; text that is no UTF-8 may hold anything.
func controls(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError
}

// sequence gives the length of the control sequence (ECMA-48: CSI) that text begins with, and whether it sets no more than how
// characters look.
func sequence(text []byte) (n int, colour bool) {
	if len(text) < 3 || text[0] != 0x1b || text[1] != '[' {
		return 0, false
	}
	colour = true
	for i, c := range text[2:] {
		switch {
		case c >= 0x40 && c < 0x7f:
			return i + 3, colour && c == 'm'
		case c >= '0' && c <= ';':
		case c >= 0x20 && c < 0x40:
			colour = false
		default:
			return 0, false
		}
	}
	return 0, false
}

// plainLines gives an action's output with line feeds alone at the ends of lines. A carriage return in their midst begins a line
// of its own: what comes after it must not take the place of what stands before.
func plainLines(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
}

// uncoloured ends the colours that text may have left behind, so that what follows can be read.
func uncoloured(b, text []byte) []byte {
	if bytes.Contains(text, []byte("\x1b[")) {
		b = append(b, "\x1b[0m"...)
	}
	return b
}

// Of a failure's output the terminal is shown this much of the beginning and the end, where a file has all of it.
const (
	shownFirst = 16 << 10
	shownLast  = 48 << 10
)

// excerpt gives beginning and end of text, in whole lines where they are not endless, and how many bytes are left out between them.
func excerpt(text []byte) (first, last []byte, left int) {
	if len(text) <= shownFirst+shownLast {
		return text, nil, 0
	}
	first, last = text[:shownFirst], text[len(text)-shownLast:]
	if i := bytes.LastIndexByte(first, '\n'); i >= 0 {
		first = first[:i+1]
	}
	if i := bytes.IndexByte(last, '\n'); i >= 0 && i+1 < len(last) {
		last = last[i+1:]
	}
	return first, last, len(text) - len(first) - len(last)
}
