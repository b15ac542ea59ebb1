package toml

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// literal reads up to the closing ', on one line, as it stands.
func (p *parser) literal() string {
	start := p.pos
	for !p.eof() && p.peek() != '\'' {
		p.plain(false)
	}
	if p.eof() {
		p.fail("a text is not closed")
	}
	p.pos++
	return p.text[start : p.pos-1]
}

// plain takes one byte of a text.
func (p *parser) plain(lines bool) byte {
	c := p.peek()
	if c == '\n' && !lines || c == '\r' && (!lines || !p.has("\r\n")) || c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
		p.fail("a text holds a control character or a new line")
	}
	return p.next()
}

func (p *parser) basic() string {
	var b strings.Builder
	for {
		if p.eof() {
			p.fail("a text is not closed")
		}
		switch c := p.plain(false); c {
		case '"':
			return b.String()
		case '\\':
			p.escape(&b)
		default:
			b.WriteByte(c)
		}
	}
}

func (p *parser) escape(b *strings.Builder) {
	const from, to = `btnfr"\`, "\b\t\n\f\r\"\\"
	c := p.next()
	if i := strings.IndexByte(from, c); i >= 0 {
		b.WriteByte(to[i])
		return
	}
	n := map[byte]int{'u': 4, 'U': 8}[c]
	if n == 0 || p.pos+n > len(p.text) {
		p.fail(`there is no \%c in a text`, c)
	}
	r, err := strconv.ParseUint(p.text[p.pos:p.pos+n], 16, 32)
	if err != nil || r > utf8.MaxRune || !utf8.ValidRune(rune(r)) {
		p.fail(`\%c%s is no character`, c, p.text[p.pos:p.pos+n])
	}
	p.pos += n
	b.WriteRune(rune(r))
}

// firstLine drops the new line that may follow the opening quotes.
func (p *parser) firstLine() {
	if p.has("\r\n") {
		p.pos++
	}
	if p.peek() == '\n' {
		p.next()
	}
}

// quotes takes the closing quotes of a long text: up to two more may belong to the text.
func (p *parser) quotes(q string) (more string) {
	p.pos += 3
	for len(more) < 2 && p.has(q) {
		p.pos++
		more += q
	}
	return more
}

func (p *parser) longLiteral() string {
	p.firstLine()
	start := p.pos
	for !p.has("'''") {
		if p.eof() {
			p.fail("a text is not closed")
		}
		p.plain(true)
	}
	text := p.text[start:p.pos]
	return text + p.quotes("'")
}

func (p *parser) longBasic() string {
	p.firstLine()
	var b strings.Builder
	for !p.has(`"""`) {
		if p.eof() {
			p.fail("a text is not closed")
		}
		c := p.plain(true)
		if c != '\\' {
			b.WriteByte(c)
			continue
		}
		if !p.lineEnd() {
			p.escape(&b)
		}
	}
	return b.String() + p.quotes(`"`)
}

// lineEnd takes what a backslash at a line's end swallows: all space up to the next thing.
func (p *parser) lineEnd() bool {
	rest := p.text[p.pos:]
	line, _, _ := strings.Cut(rest, "\n")
	if strings.Trim(line, " \t\r") != "" || !strings.Contains(rest, "\n") {
		return false
	}
	for !p.eof() && strings.IndexByte(" \t\r\n", p.peek()) >= 0 {
		p.next()
	}
	return true
}
