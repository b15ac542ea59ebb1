package load

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/cairn-build/cairn/graph/diag"
)

const (
	// maxFile bounds a BUILD file: its syntax tree takes some thirty times its size.
	maxFile = 8 << 20
	// maxDepth bounds how deep an expression's tree can be. Parser and evaluator recurse, and a Go stack that
	// overflows cannot be caught.
	maxDepth = 1000
)

var bom = []byte("\ufeff")

// parse reads one file's syntax. file is its name in ranges. Where there are errors the body is nil.
func parse(src []byte, file string) (*hclsyntax.Body, diag.List) {
	src = bytes.TrimPrefix(src, bom)
	if d := checkText(src, file); d != nil {
		return nil, diag.List{*d}
	}
	f, ds := hclsyntax.ParseConfig(src, file, hcl.InitialPos)
	if ds.HasErrors() {
		return nil, syntaxDiags(ds)
	}
	return f.Body.(*hclsyntax.Body), nil
}

// parseExpr reads one expression, such as a --var value. The expression is nil where there are errors.
func parseExpr(src []byte, file string) (hclsyntax.Expression, diag.List) {
	if d := checkText(src, file); d != nil {
		return nil, diag.List{*d}
	}
	e, ds := hclsyntax.ParseExpression(src, file, hcl.InitialPos)
	if ds.HasErrors() {
		return nil, syntaxDiags(ds)
	}
	return e, nil
}

// checkText refuses what the parser must not see.
func checkText(src []byte, file string) *diag.Diag {
	if len(src) > maxFile {
		return &diag.Diag{Code: "syntax", Summary: "File too large", Range: diag.Range{File: file},
			Detail: fmt.Sprintf("The file has %d bytes; at most %d are read.", len(src), maxFile)}
	}
	if i := bytes.IndexByte(src, 0); i >= 0 {
		return &diag.Diag{Code: "syntax", Summary: "NUL byte in the file", Range: at(src, i, file),
			Detail: "A BUILD file is UTF-8 text."}
	}
	if !utf8.Valid(src) {
		i := 0
		for i < len(src) {
			r, n := utf8.DecodeRune(src[i:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			i += n
		}
		return &diag.Diag{Code: "syntax", Summary: "Not UTF-8", Range: at(src, i, file),
			Detail: fmt.Sprintf("A BUILD file is UTF-8 text; byte %#02x is none.", src[i])}
	}
	if suspicious(src) {
		return checkDepth(src, file)
	}
	return nil
}

// at gives the range of the byte at offset i.
func at(src []byte, i int, file string) diag.Range {
	line := 1 + bytes.Count(src[:i], []byte("\n"))
	col := 1 + utf8.RuneCount(src[bytes.LastIndexByte(src[:i], '\n')+1:i])
	p := diag.Pos{Line: line, Column: col, Byte: i}
	e := diag.Pos{Line: line, Column: col + 1, Byte: i + 1}
	return diag.Range{File: file, Start: p, End: e}
}

// suspicious says whether src could break a rule of checkDepth. It is cheap, and wrong on the safe side.
func suspicious(src []byte) bool {
	n := 0
	for i, c := range src {
		switch c {
		case '(', '[', '{', '!', '-', '+', '*', '/', '%', '?', '<', '>', '=', '&', '|', '.':
			n++
		case 'e', 'E':
			if i > 0 && src[i-1] >= '0' && src[i-1] <= '9' {
				return true
			}
		}
	}
	return n > maxDepth
}

// checkDepth bounds the depth of expressions by what their tokens allow: open brackets, and operators since the last
// comma or line end in each of them. It refuses numbers with an exponent of more than three digits, too: written out
// they fill the memory.
func checkDepth(src []byte, file string) *diag.Diag {
	tokens, _ := hclsyntax.LexConfig(src, file, hcl.InitialPos)
	type level struct {
		ops    int
		object bool // a line end is a comma
	}
	stack := []level{{object: true}}
	depth := 0
	for _, t := range tokens {
		top := &stack[len(stack)-1]
		switch t.Type {
		case hclsyntax.TokenOParen, hclsyntax.TokenOBrack, hclsyntax.TokenOBrace, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc,
			hclsyntax.TokenTemplateInterp:
			stack = append(stack, level{object: t.Type == hclsyntax.TokenOBrace})
			depth++
		case hclsyntax.TokenCParen, hclsyntax.TokenCBrack, hclsyntax.TokenCBrace, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc,
			hclsyntax.TokenTemplateSeqEnd:
			if len(stack) > 1 {
				depth -= 1 + top.ops
				stack = stack[:len(stack)-1]
			}
		case hclsyntax.TokenTemplateControl:
			// The directive counts for the string around it, which its own level closes into.
			top.ops++
			depth += 2
			stack = append(stack, level{})
		case hclsyntax.TokenComma:
			depth -= top.ops
			top.ops = 0
		case hclsyntax.TokenNewline:
			if top.object {
				depth -= top.ops
				top.ops = 0
			}
		case hclsyntax.TokenNumberLit:
			if hugeExponent(t.Bytes) {
				return &diag.Diag{Code: "syntax", Summary: "Number too large", Range: rangeOf(t.Range),
					Detail: "An exponent has at most three digits."}
			}
		case hclsyntax.TokenIdent, hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit, hclsyntax.TokenComment, hclsyntax.TokenEOF:
		default:
			top.ops++
			depth++
		}
		if depth > maxDepth {
			return &diag.Diag{Code: "syntax", Summary: "Expression nested too deeply", Range: rangeOf(t.Range),
				Detail: fmt.Sprintf("An expression can have at most %d brackets and operators around one place.", maxDepth)}
		}
	}
	return nil
}

func hugeExponent(num []byte) bool {
	i := bytes.IndexAny(num, "eE")
	return i >= 0 && len(bytes.TrimLeft(num[i+1:], "+-0")) > 3
}

// hasWorkspace says whether src has a workspace block, by its tokens alone: the file may be broken elsewhere.
func hasWorkspace(src []byte) bool {
	src = bytes.TrimPrefix(src, bom)
	word := []byte("workspace")
	i := bytes.Index(src, word)
	if i < 0 {
		return false
	}
	// Most often the block stands at a line's start, and nothing before it could hide it: then its word says it all.
	if rest := src[i+len(word):]; (i == 0 || src[i-1] == '\n') && !bytes.ContainsAny(src[:i], "<*{") && len(rest) > 1 && rest[0] == ' ' && (rest[1] == '"' || rest[1] == '{') {
		return true
	}
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	depth, start, candidate := 0, true, false
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace:
			if depth == 0 && candidate {
				return true
			}
			depth++
		case hclsyntax.TokenCBrace:
			depth--
		case hclsyntax.TokenNewline, hclsyntax.TokenComment:
			start = true
			candidate = false
			continue
		case hclsyntax.TokenIdent:
			if start && depth == 0 {
				candidate = string(t.Bytes) == "workspace"
			}
		case hclsyntax.TokenEqual:
			candidate = false
		}
		start = false
	}
	return false
}

// CheckSyntax gives the syntax errors of a BUILD file's text, and nothing about what it means. file is its name in ranges.
func CheckSyntax(src []byte, file string) diag.List {
	_, ds := parse(src, file)
	return ds
}
