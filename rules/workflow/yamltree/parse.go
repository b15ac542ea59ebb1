package yamltree

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
)

const (
	// maxFile bounds what is read at all, in bytes.
	maxFile = 8 << 20
	// maxDepth is how deep values nest. Python itself takes no more than 200 brackets.
	maxDepth = 100
	// maxOpen is how many brackets or marks may be open before the parser, which recurses, is asked at all. Brackets in text count.
	maxOpen = 2000
	// maxKeys is how many lines a mapping by indentation may have that the library reads: its time grows with the square.
	maxKeys = 10000
	// budget bounds what aliases may stand for, in about bytes: with them a short text can mean a great deal.
	budget = 16 << 20
)

// Parse reads a file of one document; file is its name in messages, relative to the workspace. The Node is nil where the file is
// no YAML at all, or empty; the list says why. All else that is wrong is said at once, and the Node then lacks it.
func Parse(file string, src []byte) (n *Node, ds diag.List) {
	text := bytes.TrimPrefix(src, []byte("\ufeff"))
	p := newPlaces(file, string(text), len(src)-len(text))
	if d := unreadable(p, src); d != nil {
		return nil, diag.List{*d}
	}
	p.dropReturns()
	if n := quick(p); n != nil {
		return n, nil
	}
	return library(p)
}

// library reads YAML with the library.
func library(p *places) (n *Node, ds diag.List) {
	// The parser is the library's, and its input anyone's.
	defer func() {
		if r := recover(); r != nil {
			n, ds = nil, diag.List{{Code: "syntax", Summary: "Not YAML", Detail: fmt.Sprintf("The reader gave up: %v.", r), Range: diag.Range{File: p.file}}}
		}
	}()
	if off := crowded(p.src); off >= 0 {
		return nil, diag.List{{Code: "syntax", Summary: "Too many keys", Detail: fmt.Sprintf("More than %d lines of one indentation are a mapping here.", maxKeys), Range: p.span(off, off+1)}}
	}
	tokens := lexer.Tokenize(p.src)
	p.locate(tokens)
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, diag.List{syntax(p, err)}
	}
	r := &reader{places: p, anchors: map[string]anchor{}, open: map[string]int{}, left: budget}
	for _, doc := range f.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		if _, directive := doc.Body.(*ast.DirectiveNode); directive {
			continue
		}
		if n != nil {
			at := p.offset(doc.Start)
			r.report(diag.Diag{Code: "syntax", Summary: "More than one YAML document", Detail: "A document ends where a line is ---; this file has one.",
				Hint: "Take the line out, or put what follows into a file of its own.", Range: p.span(at, min(at+3, len(p.src)))})
			break
		}
		n = r.read(doc.Body, 0)
	}
	return n, r.diags
}

// unreadable says what keeps a file from being read as YAML at all.
func unreadable(p *places, src []byte) *diag.Diag {
	fail := func(off, n int, summary, detail, hint string) *diag.Diag {
		return &diag.Diag{Code: "syntax", Summary: summary, Detail: detail, Hint: hint, Range: p.span(off, off+n)}
	}
	whole := func(summary, detail, hint string) *diag.Diag {
		return &diag.Diag{Code: "syntax", Summary: summary, Detail: detail, Hint: hint, Range: diag.Range{File: p.file}}
	}
	if len(src) > maxFile {
		return whole("File too large", fmt.Sprintf("It has %d bytes; %d are read at most.", len(src), maxFile), "")
	}
	if utf16(src) {
		return whole("Not UTF-8", "The file is UTF-16.", "Save it as UTF-8.")
	}
	for i, r := range p.src {
		switch {
		case r == utf8.RuneError && !utf8.RuneStart(p.src[i]) || r == utf8.RuneError && !strings.HasPrefix(p.src[i:], "\ufffd"):
			return fail(i, 1, "Not UTF-8", fmt.Sprintf("Byte 0x%02x begins no letter here.", p.src[i]), "Save the file as UTF-8.")
		case r == '\r' && !strings.HasPrefix(p.src[i:], "\r\n") && i+1 < len(p.src):
			return fail(i, 1, "A carriage return without a line feed", "", "End lines with a line feed.")
		case r < ' ' && r != '\n' && r != '\t' && r != '\r', r >= 0x7f && r < 0xa0 && r != 0x85, r == '\ufeff':
			return fail(i, utf8.RuneLen(r), fmt.Sprintf("A character that YAML does not take: U+%04X", r), "",
				`In text in double quotes it is written as an escape, "\u`+fmt.Sprintf("%04x", r)+`".`)
		}
	}
	if off := deep(p.src); off >= 0 {
		return fail(off, 1, "Nested too deep", fmt.Sprintf("More than %d brackets or marks are open here.", maxOpen), "")
	}
	return nil
}

func utf16(src []byte) bool {
	return len(src) >= 2 && (src[0] == 0xff && src[1] == 0xfe || src[0] == 0xfe && src[1] == 0xff || (src[0] == 0) != (src[1] == 0))
}

// deep gives where too many brackets, marks or tags are open, -1 where there is no such place. The parser recurses for each of them, and a
// stack that is full is nothing that can be recovered from.
func deep(src string) int {
	open, marks, props := 0, 0, 0 // marks that begin a line or follow a key; tags and anchors with nothing but white space between
	word, lead := true, true      // the next byte begins a word; marks count
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch c {
		case '\n':
			marks, word, lead = 0, true, true
			continue
		case ' ', '\t':
			word, lead = true, lead || src[max(i-1, 0)] == ':'
			continue
		case '[', '{':
			open++
		case ']', '}':
			open = max(0, open-1)
		}
		if word {
			switch {
			case c == '&' || c == '!':
				props++
			case lead && (c == '-' || c == '?' || c == ':'):
				marks, props = marks+1, 0
			default:
				marks, props, lead = 0, 0, false
			}
			word = false
		}
		if open > maxOpen || marks > maxOpen || props > maxOpen {
			return i
		}
	}
	return -1
}

// crowded gives where a mapping has too many lines, -1 where none has. Lines of text that have a colon count.
func crowded(src string) int {
	var counts []int // by indentation, of lines since the last one that was indented less
	for at := 0; at < len(src); {
		line, _, _ := strings.Cut(src[at:], "\n")
		if text := strings.TrimLeft(line, " "); text != "" && text[0] != '#' {
			indent := len(line) - len(text)
			if len(counts) > indent+1 {
				counts = counts[:indent+1]
			}
			if strings.Contains(text, ":") && text[0] != '-' {
				for len(counts) <= indent {
					counts = append(counts, 0)
				}
				if counts[indent]++; counts[indent] > maxKeys {
					return at + indent
				}
			}
		}
		at += len(line) + 1
	}
	return -1
}

// syntax gives the parser's error as a problem.
func syntax(p *places, err error) diag.Diag {
	d := diag.Diag{Code: "syntax", Summary: "Not YAML", Range: diag.Range{File: p.file}}
	e, ok := err.(interface {
		GetMessage() string
		GetToken() *token.Token
	})
	if !ok {
		d.Detail = sentence(err.Error())
		return d
	}
	off := p.offset(e.GetToken())
	d.Range, d.Detail = p.span(off, off+1), sentence(e.GetMessage())
	line := p.src[p.lines[d.Range.Start.Line-1]:]
	line, _, _ = strings.Cut(line, "\n")
	trimmed := strings.TrimLeft(line, " ")
	switch {
	case strings.HasPrefix(trimmed, "\t"):
		at := p.lines[d.Range.Start.Line-1] + len(line) - len(trimmed)
		d.Range = p.span(at, at+1)
		d.Hint = "YAML is indented by spaces, never by tabs."
	case strings.HasPrefix(d.Detail, "Mapping value") && strings.Count(line, ": ") > 1:
		d.Hint = `Text that holds ": " stands in quotes.`
	case strings.Contains(line, "{{") && !strings.Contains(line, "${{"):
		d.Hint = "A variable is written ${{ workflow.<id>.return }}."
	case strings.HasSuffix(d.Detail, "in this context."):
		d.Hint = "Compare the indentation of this line with that of the lines before."
	}
	return d
}

func sentence(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	s = quote.Clip(strings.TrimSuffix(s, "."))
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
