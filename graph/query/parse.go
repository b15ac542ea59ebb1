package query

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cairn-build/cairn/graph/diag"
)

// Expr is a parsed query. Op is a function's name, one of "+", "-", "&", or "" for a word (a pattern, a file, a number).
type Expr struct {
	Op   string
	Args []*Expr
	Word string
	At   int
}

// String writes e so that Parse reads it as the same.
func (e *Expr) String() string {
	switch e.Op {
	case "":
		if plainWord(e.Word) {
			return e.Word
		}
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(e.Word) + `"`
	case "+", "-", "&":
		return e.Args[0].operand(e.Op, true) + " " + e.Op + " " + e.Args[1].operand(e.Op, false)
	}
	parts := make([]string, len(e.Args))
	for i, a := range e.Args {
		parts[i] = a.String()
	}
	return e.Op + "(" + strings.Join(parts, ", ") + ")"
}

// operand writes e as a side of op, in brackets where it would be read differently without.
func (e *Expr) operand(op string, left bool) string {
	s := e.String()
	sum := e.Op == "+" || e.Op == "-"
	if sum && (!left || op == "&") || e.Op == "&" && op == "&" && !left {
		return "(" + s + ")"
	}
	return s
}

func plainWord(s string) bool {
	if s == "" || s[0] == '-' || s[0] == '+' || s[0] == '&' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !wordByte(s[i]) {
			return false
		}
	}
	return true
}

func wordByte(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', '(', ')', ',', '"', '\\', '&':
		return false
	}
	return c >= ' ' && c != 0x7f
}

// maxDepth bounds how deep brackets nest, so that no query exhausts the stack.
const maxDepth = 200

// Parse reads a query. The error is an *Error.
func Parse(text string) (*Expr, error) {
	if !utf8.ValidString(text) {
		return nil, &Error{Query: text, Text: "a query is UTF-8"}
	}
	p := &parser{text: text}
	p.next()
	e, err := p.sum()
	if err != nil {
		return nil, err
	}
	if p.tok != end {
		return nil, p.fail("unexpected %s", p.word())
	}
	return e, nil
}

type token uint8

const (
	end token = iota
	word
	quoted
	open
	shut
	comma
	plus
	minus
	and
	bad
)

type parser struct {
	text  string
	pos   int // behind the token
	at    int // where the token starts
	tok   token
	val   string
	depth int
}

func (p *parser) next() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
	p.at = p.pos
	if p.pos == len(p.text) {
		p.tok = end
		return
	}
	c := p.text[p.pos]
	p.pos++
	switch c {
	case '(':
		p.tok = open
	case ')':
		p.tok = shut
	case ',':
		p.tok = comma
	case '+':
		p.tok = plus
	case '-':
		p.tok = minus
	case '&':
		p.tok = and
	case '"':
		p.quoted()
	default:
		if !wordByte(c) {
			p.tok = bad
			return
		}
		for p.pos < len(p.text) && wordByte(p.text[p.pos]) {
			p.pos++
		}
		p.tok, p.val = word, p.text[p.at:p.pos]
	}
}

func (p *parser) quoted() {
	var b strings.Builder
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		p.pos++
		switch {
		case c == '"':
			p.tok, p.val = quoted, b.String()
			return
		case c == '\\' && p.pos < len(p.text):
			b.WriteByte(p.text[p.pos])
			p.pos++
		default:
			b.WriteByte(c)
		}
	}
	p.tok = bad
}

func (p *parser) sum() (*Expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail("brackets nest deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	e, err := p.inter()
	for err == nil {
		at, op := p.at, "+"
		switch p.tok {
		case plus:
			p.next()
		case minus:
			op = "-"
			p.next()
		case word, quoted, open:
		default:
			return e, nil
		}
		var r *Expr
		r, err = p.inter()
		e = &Expr{Op: op, Args: []*Expr{e, r}, At: at}
	}
	return nil, err
}

func (p *parser) inter() (*Expr, error) {
	e, err := p.atom()
	for err == nil && p.tok == and {
		at := p.at
		p.next()
		var r *Expr
		r, err = p.atom()
		e = &Expr{Op: "&", Args: []*Expr{e, r}, At: at}
	}
	return e, err
}

func (p *parser) atom() (*Expr, error) {
	at := p.at
	switch p.tok {
	case quoted:
		e := &Expr{Word: p.val, At: at}
		p.next()
		return e, nil
	case word:
		e := &Expr{Word: p.val, At: at}
		called := p.pos < len(p.text) && p.text[p.pos] == '('
		p.next()
		if !called {
			return e, nil
		}
		return p.call(e.Word, at)
	case open:
		p.next()
		e, err := p.sum()
		if err != nil {
			return nil, err
		}
		if p.tok != shut {
			return nil, p.fail("expected ) and not %s", p.word())
		}
		p.next()
		return e, nil
	}
	return nil, p.fail("expected a pattern, a function or ( and not %s", p.word())
}

func (p *parser) call(name string, at int) (*Expr, error) {
	f, ok := functions[name]
	if !ok {
		return nil, &Error{Query: p.text, At: at, Text: fmt.Sprintf("there is no function %q", name),
			Hint: cmp.Or(diag.DidYouMean(name, FunctionNames()), "The functions are "+strings.Join(FunctionNames(), ", ")+".")}
	}
	p.next() // the bracket
	e := &Expr{Op: name, At: at}
	for p.tok != shut {
		a, err := p.sum()
		if err != nil {
			return nil, err
		}
		e.Args = append(e.Args, a)
		if p.tok == comma {
			p.next()
			continue
		}
		if p.tok != shut {
			return nil, p.fail("expected , or ) and not %s", p.word())
		}
	}
	p.next()
	if len(e.Args) < f.least || len(e.Args) > f.most {
		return nil, &Error{Query: p.text, At: at, Text: fmt.Sprintf("%s takes %s", f.usage, f.count())}
	}
	return e, nil
}

func (p *parser) fail(format string, args ...any) error {
	return &Error{Query: p.text, At: p.at, Text: fmt.Sprintf(format, args...)}
}

// word names the token for a message.
func (p *parser) word() string {
	if p.tok == end {
		return "the end"
	}
	if p.tok == bad && p.text[p.at] == '"' {
		return "a quote that is not closed"
	}
	return fmt.Sprintf("%q", p.text[p.at:p.pos])
}
