package layout

import (
	"bytes"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// space sets the blanks between l's tokens.
func (l line) space() {
	var before token
	for i := 1; i < len(l); i++ {
		if l[i].Type != hclsyntax.TokenEOF && gap(before, l[i-1], l[i]) {
			l[i].blanks = 1
		}
		before = l[i-1]
	}
}

// gap says whether a blank is between a and b. before is what a follows, nothing at a line's start.
func gap(before, a, b token) bool {
	switch b.Type {
	case hclsyntax.TokenNewline, hclsyntax.TokenComma, hclsyntax.TokenDot, hclsyntax.TokenEllipsis,
		hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc:
		return false
	}
	switch a.Type {
	case hclsyntax.TokenOQuote, hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit, hclsyntax.TokenOHeredoc,
		hclsyntax.TokenBang, hclsyntax.TokenDot:
		return false
	case hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		return b.Type == hclsyntax.TokenOBrace
	case hclsyntax.TokenOParen, hclsyntax.TokenOBrack:
		return b.Type == hclsyntax.TokenCBrace
	case hclsyntax.TokenOBrace:
		return b.Type != hclsyntax.TokenCBrace
	case hclsyntax.TokenMinus:
		return !startsOperand(before)
	case hclsyntax.TokenComma:
		return true
	}
	switch b.Type {
	case hclsyntax.TokenOParen:
		return a.Type != hclsyntax.TokenIdent
	case hclsyntax.TokenOBrack:
		return isIn(before, a) || !endsOperand(a)
	case hclsyntax.TokenCParen, hclsyntax.TokenCBrack:
		return isIn(before, a)
	case hclsyntax.TokenTemplateSeqEnd:
		return isIn(before, a) || a.Type == hclsyntax.TokenCBrace
	case hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		return a.Type != hclsyntax.TokenTemplateSeqEnd
	case hclsyntax.TokenDoubleColon:
		return a.Type != hclsyntax.TokenIdent
	case hclsyntax.TokenIdent:
		return a.Type != hclsyntax.TokenDoubleColon
	}
	return true
}

// endsOperand says whether a bracket after t calls or indexes what ends with t.
func endsOperand(t token) bool {
	switch t.Type {
	case hclsyntax.TokenIdent, hclsyntax.TokenNumberLit, hclsyntax.TokenTemplateSeqEnd, hclsyntax.TokenCParen, hclsyntax.TokenCBrack, hclsyntax.TokenCBrace:
		return true
	}
	return false
}

// startsOperand says whether a minus after t is a sign.
func startsOperand(t token) bool {
	switch t.Type {
	case hclsyntax.TokenNil, hclsyntax.TokenOParen, hclsyntax.TokenOBrack, hclsyntax.TokenOBrace, hclsyntax.TokenComma, hclsyntax.TokenEqual,
		hclsyntax.TokenPlus, hclsyntax.TokenMinus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
		hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq, hclsyntax.TokenGreaterThan,
		hclsyntax.TokenGreaterThanEq, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenBang, hclsyntax.TokenQuestion, hclsyntax.TokenColon:
		return true
	}
	return false
}

// isIn says whether t, after before, is the word between the names and the collection of a for expression.
func isIn(before, t token) bool {
	return before.Type == hclsyntax.TokenIdent && t.Type == hclsyntax.TokenIdent && bytes.Equal(t.Bytes, []byte("in"))
}
