// Package toml reads TOML 1.0, as lock files of Python are written in it. It only reads, keeps no comments, and gives values
// of six kinds: string, int64, float64, bool, []any and map[string]any; dates and times come as strings, as they were
// written. Source: the specification at toml.io, version 1.0.0.
package toml

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error says where a document is not TOML.
type Error struct {
	Line int // from 1 on
	Text string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// maxDepth is how deep values may lie in each other.
const maxDepth = 100

// Parse reads a document. The error is an *Error.
func Parse(doc string) (root map[string]any, err error) {
	p := &parser{text: doc, line: 1, root: &table{values: map[string]any{}}}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			root, err = nil, e
		}
	}()
	if !utf8.ValidString(doc) {
		p.fail("it is not UTF-8")
	}
	p.text = strings.TrimPrefix(p.text, "\ufeff")
	p.document()
	return p.root.plain(), nil
}

// table is a table while the document is read: what may still be added to it hangs on how it came about.
type table struct {
	values   map[string]any // *table, *array or a finished value
	explicit bool           // has had a header of its own
	closed   bool           // written inline, or made of dotted keys: no header may add to it
}

// array is an array of tables.
type array struct{ items []*table }

func (t *table) plain() map[string]any {
	for k, v := range t.values {
		switch x := v.(type) {
		case *table:
			t.values[k] = x.plain()
		case *array:
			l := make([]any, len(x.items))
			for i, it := range x.items {
				l[i] = it.plain()
			}
			t.values[k] = l
		}
	}
	return t.values
}

type parser struct {
	text string
	pos  int
	line int
	deep int
	root *table
}

func (p *parser) fail(format string, args ...any) {
	panic(&Error{p.line, fmt.Sprintf(format, args...)})
}

func (p *parser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *parser) eof() bool { return p.pos >= len(p.text) }

func (p *parser) next() byte {
	c := p.peek()
	p.pos++
	if c == '\n' {
		p.line++
	}
	return c
}

func (p *parser) has(s string) bool { return strings.HasPrefix(p.text[p.pos:], s) }

func (p *parser) blanks() {
	for p.peek() == ' ' || p.peek() == '\t' {
		p.pos++
	}
}

// space skips blanks, new lines and comments.
func (p *parser) space() {
	for !p.eof() {
		switch c := p.peek(); {
		case c == ' ' || c == '\t':
			p.pos++
		case c == '\n' || c == '\r' && p.has("\r\n"):
			p.next()
		case c == '#':
			p.comment()
		default:
			return
		}
	}
}

func (p *parser) comment() {
	for !p.eof() && p.peek() != '\n' && !p.has("\r\n") {
		if c := p.next(); c < ' ' && c != '\t' || c == 0x7f {
			p.fail("a control character in a comment")
		}
	}
}

// endLine wants nothing but a comment up to the end of the line.
func (p *parser) endLine() {
	p.blanks()
	if p.peek() == '#' {
		p.comment()
	}
	if p.has("\r\n") {
		p.pos++
	}
	if !p.eof() && p.next() != '\n' {
		p.fail("something follows where the line should end")
	}
}

func (p *parser) document() {
	at := p.root
	for {
		p.space()
		switch {
		case p.eof():
			return
		case p.has("[["):
			p.pos += 2
			path := p.header("]]")
			at = p.appendTable(path)
		case p.peek() == '[':
			p.pos++
			path := p.header("]")
			at = p.openTable(path)
		default:
			p.pair(at)
			p.endLine()
		}
	}
}

func (p *parser) header(end string) []string {
	path := p.key()
	if !p.has(end) {
		p.fail("a table's name ends with %s", end)
	}
	p.pos += len(end)
	p.endLine()
	return path
}

// descend goes down to the table that a header's path lies in, making what is missing.
func (p *parser) descend(path []string) *table {
	t := p.root
	for _, k := range path {
		switch x := t.values[k].(type) {
		case nil:
			n := &table{values: map[string]any{}}
			t.values[k] = n
			t = n
		case *table:
			if x.closed {
				p.fail("table %q is complete; nothing can be added", k)
			}
			t = x
		case *array:
			t = x.items[len(x.items)-1]
		default:
			p.fail("%q is a value, not a table", k)
		}
	}
	return t
}

func (p *parser) openTable(path []string) *table {
	in, k := p.descend(path[:len(path)-1]), path[len(path)-1]
	switch x := in.values[k].(type) {
	case nil:
		t := &table{values: map[string]any{}, explicit: true}
		in.values[k] = t
		return t
	case *table:
		if !x.explicit && !x.closed {
			x.explicit = true
			return x
		}
	}
	p.fail("%q is there twice", strings.Join(path, "."))
	return nil
}

func (p *parser) appendTable(path []string) *table {
	in, k := p.descend(path[:len(path)-1]), path[len(path)-1]
	t := &table{values: map[string]any{}, explicit: true}
	switch x := in.values[k].(type) {
	case nil:
		in.values[k] = &array{items: []*table{t}}
	case *array:
		x.items = append(x.items, t)
	default:
		p.fail("%q is there already, and is no array of tables", strings.Join(path, "."))
	}
	return t
}

// pair reads `key = value` into t.
func (p *parser) pair(t *table) {
	path := p.key()
	if p.peek() != '=' {
		p.fail("a key is followed by =")
	}
	p.pos++
	p.blanks()
	for _, k := range path[:len(path)-1] {
		switch x := t.values[k].(type) {
		case nil:
			n := &table{values: map[string]any{}, explicit: true}
			t.values[k] = n
			t = n
		case *table:
			if x.closed {
				p.fail("table %q is complete; nothing can be added", k)
			}
			t = x
		default:
			p.fail("%q is a value, not a table", k)
		}
	}
	k := path[len(path)-1]
	if _, ok := t.values[k]; ok {
		p.fail("%q is there twice", strings.Join(path, "."))
	}
	t.values[k] = p.value()
}

// key reads a dotted key and the blanks after it.
func (p *parser) key() []string {
	var path []string
	for {
		p.blanks()
		switch c := p.peek(); {
		case c == '"':
			p.pos++
			path = append(path, p.basic())
		case c == '\'':
			p.pos++
			path = append(path, p.literal())
		default:
			start := p.pos
			for bare(p.peek()) {
				p.pos++
			}
			if p.pos == start {
				p.fail("a key is missing")
			}
			path = append(path, p.text[start:p.pos])
		}
		p.blanks()
		if len(path) > maxDepth {
			p.fail("tables lie too deep in each other")
		}
		if p.peek() != '.' {
			return path
		}
		p.pos++
	}
}

func bare(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

func (p *parser) value() any {
	if p.deep++; p.deep > maxDepth {
		p.fail("values lie too deep in each other")
	}
	defer func() { p.deep-- }()
	switch c := p.peek(); {
	case p.has(`"""`):
		p.pos += 3
		return p.longBasic()
	case p.has("'''"):
		p.pos += 3
		return p.longLiteral()
	case c == '"':
		p.pos++
		return p.basic()
	case c == '\'':
		p.pos++
		return p.literal()
	case c == '[':
		p.pos++
		return p.list()
	case c == '{':
		p.pos++
		return p.inline()
	}
	return p.scalar()
}

func (p *parser) list() []any {
	l := []any{}
	for {
		p.space()
		if p.peek() == ']' {
			p.pos++
			return l
		}
		v := p.value()
		if t, ok := v.(*table); ok {
			v = t.plain()
		}
		l = append(l, v)
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
		default:
			p.fail("a list's elements are separated by commas and end with ]")
		}
	}
}

func (p *parser) inline() *table {
	t := &table{values: map[string]any{}, explicit: true}
	p.blanks()
	if p.peek() == '}' {
		p.pos++
		return closed(t)
	}
	for {
		p.pair(t)
		p.blanks()
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return closed(t)
		default:
			p.fail("an inline table's pairs are separated by commas and end with }")
		}
	}
}

func closed(t *table) *table {
	t.closed = true
	for _, v := range t.values {
		if x, ok := v.(*table); ok {
			closed(x)
		}
	}
	return t
}

// scalar reads booleans, numbers, dates and times.
func (p *parser) scalar() any {
	start := p.pos
	for c := p.peek(); bare(c) || c == '+' || c == '.' || c == ':'; c = p.peek() {
		p.pos++
	}
	word := p.text[start:p.pos]
	// A date and a time may be parted by one blank.
	if len(word) == 10 && word[4] == '-' && p.peek() == ' ' && p.pos+1 < len(p.text) && digit(p.text[p.pos+1]) {
		p.pos++
		for c := p.peek(); bare(c) || c == '+' || c == '.' || c == ':'; c = p.peek() {
			p.pos++
		}
		word = p.text[start:p.pos]
	}
	switch word {
	case "":
		p.fail("a value is missing")
	case "true":
		return true
	case "false":
		return false
	}
	if v, ok := number(word); ok {
		return v
	}
	if date(word) {
		return word
	}
	p.fail("%q is no value", word)
	return nil
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// date says whether a word has the form of a date, a time or both; it does not look at a calendar.
func date(w string) bool {
	isTime := func(s string) bool {
		return len(s) >= 8 && digit(s[0]) && digit(s[1]) && s[2] == ':' && digit(s[3]) && digit(s[4]) && s[5] == ':' && digit(s[6]) && digit(s[7])
	}
	isDate := len(w) >= 10 && w[4] == '-' && w[7] == '-'
	for i := 0; isDate && i < 10; i++ {
		isDate = i == 4 || i == 7 || digit(w[i])
	}
	return isTime(w) || isDate && (len(w) == 10 || strings.IndexByte("Tt ", w[10]) >= 0 && isTime(w[11:]))
}

func number(w string) (any, bool) {
	body := strings.TrimLeft(w, "+-")
	if len(w)-len(body) > 1 || body == "" {
		return nil, false
	}
	switch body {
	case "inf":
		return math.Inf(map[bool]int{true: -1, false: 1}[w[0] == '-']), true
	case "nan":
		return math.NaN(), true
	}
	if strings.HasPrefix(body, "_") || strings.HasSuffix(body, "_") || strings.Contains(body, "__") {
		return nil, false
	}
	clean := strings.ReplaceAll(body, "_", "")
	if len(clean) > 2 && clean[0] == '0' && strings.IndexByte("xob", clean[1]) >= 0 && body == w {
		n, err := strconv.ParseInt(clean[2:], map[byte]int{'x': 16, 'o': 8, 'b': 2}[clean[1]], 64)
		return n, err == nil && bare(clean[2])
	}
	if !digit(clean[0]) || len(clean) > 1 && clean[0] == '0' && digit(clean[1]) {
		return nil, false
	}
	if strings.IndexFunc(clean, func(r rune) bool { return r < '0' || r > '9' }) < 0 {
		n, err := strconv.ParseInt(strings.TrimPrefix(w[:len(w)-len(body)], "+")+clean, 10, 64)
		return n, err == nil
	}
	for i := range clean {
		if !digit(clean[i]) && strings.IndexByte("+-.eE", clean[i]) < 0 ||
			clean[i] == '.' && (i+1 == len(clean) || !digit(clean[i+1])) {
			return nil, false
		}
	}
	f, err := strconv.ParseFloat(clean, 64)
	if w[0] == '-' {
		f = -f
	}
	return f, err == nil
}
