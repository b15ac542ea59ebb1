package dbd

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cairn-build/cairn/graph/diag"
)

// The words of a dbd file, after "Database Definition" in EPICS' own documentation: `#` starts a comment and `%` a line of C, both up to
// the line's end; text in double quotes has backslashes as in C and ends on its line; other words are made of letters, digits and
// _-+:./\[]<>; as record names are.
type kind uint8

const (
	end    kind = iota
	bare        // a word
	quoted      // text in quotes; token.text has neither the quotes nor the backslashes before a quote or a backslash
	cLine       // token.text is what follows the %
	punct       // one of ( ) { } ,
)

// token is one word and where it lies.
type token struct {
	kind kind
	text string
	at   diag.Range
}

// String names t for messages.
func (t token) String() string {
	switch t.kind {
	case end:
		return "end of the file"
	case quoted:
		return fmt.Sprintf("%q", shorten(t.text))
	case cLine:
		return "a line of C"
	}
	return "`" + shorten(t.text) + "`"
}

func shorten(s string) string { return diag.Clip(s, 40) }

// lexer cuts data into tokens.
type lexer struct {
	name string
	data string
	pos  diag.Pos // where the next byte lies
}

// next gives the next token. A text that does not end, or a letter that no word has, is a problem.
func (l *lexer) next() (token, *diag.Diag) {
	for l.pos.Byte < len(l.data) {
		switch c := l.data[l.pos.Byte]; c {
		case ' ', '\t', '\r', '\n', '\f', '\v':
			l.step(1)
		case '#':
			l.step(l.lineLen())
		case '%':
			from := l.pos
			text := strings.TrimSuffix(l.data[from.Byte+1:from.Byte+l.lineLen()], "\r")
			l.step(l.lineLen())
			return l.token(cLine, text, from), nil
		case '"':
			return l.text()
		case '(', ')', '{', '}', ',':
			from := l.pos
			l.step(1)
			return l.token(punct, string(c), from), nil
		default:
			return l.word()
		}
	}
	return l.token(end, "", l.pos), nil
}

// text reads what stands in quotes.
func (l *lexer) text() (token, *diag.Diag) {
	from := l.pos
	var b strings.Builder
	for i := from.Byte + 1; i < len(l.data); i++ {
		switch c := l.data[i]; {
		case c == '"':
			l.step(i + 1 - from.Byte)
			return l.token(quoted, b.String(), from), nil
		case c == '\n':
			i = len(l.data)
		case c == '\\' && i+1 < len(l.data) && (l.data[i+1] == '"' || l.data[i+1] == '\\'):
			i++
			b.WriteByte(l.data[i])
		default:
			b.WriteByte(c)
		}
	}
	l.step(l.lineLen())
	return token{}, l.problem(l.token(quoted, "", from).at, "Text that is not closed", "A text in quotes ends on the line it starts on.")
}

func (l *lexer) word() (token, *diag.Diag) {
	from := l.pos
	n := 0
	for from.Byte+n < len(l.data) && inWord(l.data[from.Byte+n]) {
		n++
	}
	if n == 0 {
		r, size := utf8.DecodeRuneInString(l.data[from.Byte:])
		l.step(size)
		return token{}, l.problem(l.token(bare, "", from).at, fmt.Sprintf("Unexpected %q", r), "Outside of quotes no word of a dbd file has it.")
	}
	l.step(n)
	return l.token(bare, l.data[from.Byte:l.pos.Byte], from), nil
}

func inWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(`_-+:./\[]<>;`, c) >= 0
}

// lineLen counts the bytes up to the line's end.
func (l *lexer) lineLen() int {
	if i := strings.IndexByte(l.data[l.pos.Byte:], '\n'); i >= 0 {
		return i
	}
	return len(l.data) - l.pos.Byte
}

// step goes n bytes on.
func (l *lexer) step(n int) {
	for stop := l.pos.Byte + n; l.pos.Byte < stop; {
		if l.data[l.pos.Byte] == '\n' {
			l.pos.Line, l.pos.Column = l.pos.Line+1, 0
		}
		_, size := utf8.DecodeRuneInString(l.data[l.pos.Byte:])
		l.pos.Byte += size
		l.pos.Column++
	}
}

func (l *lexer) token(k kind, text string, from diag.Pos) token {
	return token{k, text, diag.Range{File: l.name, Start: from, End: l.pos}}
}

func (l *lexer) problem(at diag.Range, summary, detail string) *diag.Diag {
	return &diag.Diag{Code: "dbd-syntax", Summary: summary, Detail: detail, Range: at}
}
