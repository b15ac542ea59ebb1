package dbd

import (
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
)

// File is a dbd file as it is written. It may be a part of a record type, as dbCommon.dbd is: fields that stand alone.
type File struct {
	Name  string
	Items []Item
}

// Item is one statement: `field(VAL, DBF_LONG) { ... }` has the word "field", two arguments and a body. A line of C has the word "%"
// and its text as the argument; a point of a breakpoint table has the word "point" and two numbers. `include "x"`, `path "x"` and
// `addpath "x"` have one argument.
type Item struct {
	Word  string
	Args  []Arg
	Body  []Item
	Range diag.Range // of the word
}

// Arg is one argument, without its quotes.
type Arg struct {
	Text   string
	Quoted bool
	Range  diag.Range
}

// form says what a statement looks like.
type form struct {
	args, most int      // how many arguments
	body       []string // what its body may hold; nil: it has none
	bodyless   bool     // the body may be left out
}

var forms = map[string]form{
	"menu":       {args: 1, most: 1, body: []string{"choice", "include"}},
	"choice":     {args: 2, most: 2},
	"recordtype": {args: 1, most: 1, body: []string{"field", "include", "%"}},
	"field":      {args: 2, most: 2, body: attributes, bodyless: true},
	"device":     {args: 4, most: 4},
	"driver":     {args: 1, most: 1},
	"link":       {args: 2, most: 2},
	"registrar":  {args: 1, most: 1},
	"function":   {args: 1, most: 1},
	"variable":   {args: 1, most: 2},
	"breaktable": {args: 1, most: 1, body: []string{"point"}},
}

// attributes are what a field may say, in the order that they are written in.
var attributes = []string{"size", "menu", "extra", "prompt", "promptgroup", "asl", "initial", "base", "prop", "pp", "special", "interest"}

// Parse reads one file and follows no include. It gives what it could read together with the first problem of the file, which is where
// reading stops: what follows a syntax error is rarely worth a word. In a file named .pod, documentation in Perl's form is passed over.
func Parse(name string, data []byte) (*File, diag.List) {
	text := strings.TrimPrefix(string(data), "\ufeff")
	if strings.HasSuffix(name, ".pod") {
		text = withoutPod(text)
	}
	p := &parser{lex: lexer{name: name, data: text, pos: diag.Pos{Line: 1, Column: 1}}}
	f := &File{Name: name}
	p.advance()
	for p.problem == nil && p.tok.kind != end {
		if it, ok := p.statement(nil); ok {
			f.Items = append(f.Items, it)
		}
	}
	if p.problem != nil {
		return f, diag.List{*p.problem}
	}
	return f, nil
}

// withoutPod leaves lines empty from one that starts with `=word` up to one that starts with `=cut`.
func withoutPod(text string) string {
	lines := strings.SplitAfter(text, "\n")
	in := false
	for i, l := range lines {
		starts := len(l) > 1 && l[0] == '=' && ('a' <= l[1] && l[1] <= 'z' || 'A' <= l[1] && l[1] <= 'Z')
		if in = in || starts; !in {
			continue
		}
		in = !strings.HasPrefix(l, "=cut")
		// Spaces keep the places of what follows.
		end := len(strings.TrimRight(l, "\r\n"))
		lines[i] = strings.Repeat(" ", end) + l[end:]
	}
	return strings.Join(lines, "")
}

type parser struct {
	lex     lexer
	tok     token // the next one
	problem *diag.Diag
}

func (p *parser) advance() {
	if p.problem == nil {
		p.tok, p.problem = p.lex.next()
	}
}

func (p *parser) fail(at diag.Range, summary, detail, hint string) {
	if p.problem == nil {
		p.problem = &diag.Diag{Code: "dbd-syntax", Summary: summary, Detail: detail, Hint: hint, Range: at}
	}
}

// statement reads one statement; within names the statement around it, nil for the file itself.
func (p *parser) statement(within *Item) (Item, bool) {
	if p.tok.kind == cLine {
		it := Item{Word: "%", Args: []Arg{{Text: p.tok.text, Range: p.tok.at}}, Range: p.tok.at}
		p.allowed(it, within)
		p.advance()
		return it, p.problem == nil
	}
	if within != nil && within.Word == "breaktable" && p.tok.text != "point" {
		return p.point(within)
	}
	if p.tok.kind != bare {
		p.fail(p.tok.at, "Unexpected "+p.tok.String(), "A statement starts with its word, such as `menu`, `field` or `device`.", "")
		return Item{}, false
	}
	it := Item{Word: p.tok.text, Range: p.tok.at}
	p.allowed(it, within)
	p.advance()
	switch it.Word {
	case "include", "path", "addpath":
		if p.problem == nil && p.tok.kind != quoted && p.tok.kind != bare {
			p.fail(p.tok.at, "Unexpected "+p.tok.String(), "After `"+it.Word+"` stands a name in quotes.", "")
		}
		it.Args = []Arg{{p.tok.text, p.tok.kind == quoted, p.tok.at}}
		p.advance()
		return it, p.problem == nil
	}
	f := forms[it.Word]
	if it.Word == "menu" && within != nil || f.args == 0 {
		f = form{args: 1, most: 1} // an attribute of a field
	}
	it.Args = p.args(it, f)
	switch {
	case p.problem != nil:
	case f.body == nil:
	case p.is("{"):
		it.Body = p.body(&it)
	case !f.bodyless:
		p.fail(p.tok.at, "Unexpected "+p.tok.String(), "The body of `"+it.Word+"(...)` starts with `{`.", "")
	}
	return it, p.problem == nil
}

// allowed says where it cannot stand.
func (p *parser) allowed(it Item, within *Item) {
	if within == nil {
		if it.Word == "%" || it.Word == "include" || it.Word == "path" || it.Word == "addpath" {
			return
		}
		if _, ok := forms[it.Word]; ok {
			return
		}
		words := []string{"include", "path", "addpath"}
		for w := range forms {
			words = append(words, w)
		}
		switch it.Word {
		case "record", "grecord", "alias", "info":
			p.fail(it.Range, "`"+it.Word+"` in a dbd file", "Record instances stand in databases: .db files and templates.", "")
			return
		}
		p.fail(it.Range, fmt.Sprintf("Unknown statement %q", shorten(it.Word)), "", diag.DidYouMean(it.Word, words))
		return
	}
	for _, w := range forms[within.Word].body {
		if w == it.Word {
			return
		}
	}
	head := within.Word + "(" + within.name() + ")"
	if it.Word == "%" {
		p.fail(it.Range, "A line of C in `"+head+"`", "Lines that start with % stand in record types.", "")
		return
	}
	p.fail(it.Range, fmt.Sprintf("%q does not belong in `%s`", shorten(it.Word), head), "A `}` may be missing before it.",
		diag.DidYouMean(it.Word, forms[within.Word].body))
}

// point reads one pair of numbers of a breakpoint table; a comma may stand between them and after them.
func (p *parser) point(within *Item) (Item, bool) {
	it := Item{Word: "point", Range: p.tok.at}
	for len(it.Args) < 2 {
		if p.tok.kind != bare && p.tok.kind != quoted || !isNumber(p.tok.text) {
			p.fail(p.tok.at, "Unexpected "+p.tok.String(), "A breakpoint table holds pairs of numbers: the raw value, then the engineering value.", "")
			return it, false
		}
		it.Args = append(it.Args, Arg{p.tok.text, false, p.tok.at})
		p.advance()
		if p.is(",") {
			p.advance()
		}
	}
	return it, p.problem == nil
}

func (p *parser) is(text string) bool {
	return p.problem == nil && p.tok.kind == punct && p.tok.text == text
}

// args reads `(a, b)`.
func (p *parser) args(it Item, f form) []Arg {
	if p.problem != nil {
		return nil
	}
	if !p.is("(") {
		p.fail(p.tok.at, "Unexpected "+p.tok.String(), "After `"+it.Word+"` stands `(`.", "")
		return nil
	}
	p.advance()
	var out []Arg
	for p.problem == nil {
		if p.tok.kind != bare && p.tok.kind != quoted {
			p.fail(p.tok.at, "Unexpected "+p.tok.String(), fmt.Sprintf("Here stands argument %d of `%s`.", len(out)+1, it.Word), "")
			return out
		}
		if len(out) == f.most {
			p.fail(p.tok.at, fmt.Sprintf("Too many arguments for `%s`", it.Word), fmt.Sprintf("It takes %s.", f.count()), "")
			return out
		}
		out = append(out, Arg{p.tok.text, p.tok.kind == quoted, p.tok.at})
		p.advance()
		if p.is(")") {
			if len(out) < f.args {
				p.fail(p.tok.at, fmt.Sprintf("Too few arguments for `%s`", it.Word), fmt.Sprintf("It takes %s.", f.count()), "")
				return out
			}
			p.advance()
			return out
		}
		if p.problem == nil && !p.is(",") {
			p.fail(p.tok.at, "Unexpected "+p.tok.String(), "Arguments of `"+it.Word+"` are parted by `,` and end with `)`.", "")
			return out
		}
		p.advance()
	}
	return out
}

func (f form) count() string {
	if f.args == f.most {
		return plural(f.args, "argument")
	}
	return fmt.Sprintf("%d or %d arguments", f.args, f.most)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// body reads `{ ... }`.
func (p *parser) body(it *Item) []Item {
	open := p.tok.at
	out := []Item{}
	for p.advance(); p.problem == nil && !p.is("}"); {
		if p.tok.kind == end {
			p.fail(open, "A `{` that is not closed", fmt.Sprintf("The file ends in the body of `%s(%s)`.", it.Word, it.name()), "")
			return out
		}
		s, ok := p.statement(it)
		if !ok {
			return out
		}
		out = append(out, s)
	}
	p.advance()
	return out
}

// name gives the first argument for messages.
func (it Item) name() string {
	if len(it.Args) == 0 {
		return ""
	}
	return shorten(it.Args[0].Text)
}
