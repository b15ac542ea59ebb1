package spec

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cairn-build/cairn/rules/workflow/quote"
)

// The longest ids, in letters.
const (
	maxTaskID = 32
	maxSpecID = 64
)

func words(text string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(text) {
		m[w] = true
	}
	return m
}

// IsIdentifier says whether Python's str.isidentifier does. The tables are those of Unicode as this program has it; a letter
// that is newer than a Python's own tables is no letter there.
func IsIdentifier(s string) bool {
	for i, r := range s {
		if r == utf8.RuneError {
			return false
		}
		if i == 0 && !xidStart(r) || i > 0 && !xidContinue(r) {
			return false
		}
	}
	return s != ""
}

func xidStart(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start) && !unicode.In(r, unicode.Pattern_Syntax, unicode.Pattern_White_Space) &&
		!unicode.Is(notXID, r) && !unicode.Is(notXIDStart, r)
}

func xidContinue(r rune) bool {
	if r < utf8.RuneSelf {
		return xidStart(r) || r >= '0' && r <= '9'
	}
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue) &&
		!unicode.In(r, unicode.Pattern_Syntax, unicode.Pattern_White_Space) && !unicode.Is(notXID, r)
}

// notXID are letters whose compatibility form is no identifier (UAX 31, section 5.1), notXIDStart those that only may not come first.
var (
	notXID = &unicode.RangeTable{R16: []unicode.Range16{{0x037a, 0x037a, 1}, {0x309b, 0x309c, 1}, {0xfc5e, 0xfc63, 1}, {0xfdfa, 0xfdfb, 1},
		{0xfe70, 0xfe7e, 2}}}
	notXIDStart = &unicode.RangeTable{R16: []unicode.Range16{{0x0e33, 0x0e33, 1}, {0x0eb3, 0x0eb3, 1}, {0xff9e, 0xff9f, 1}}}
)

// IsName says whether s can be a name in Python: an identifier that is no keyword, as Python itself writes it.
func IsName(s string) bool {
	why, _ := badName(s)
	return why == ""
}

// badName says in the words of the ecosystem why s is no name of an argument, "" where it is one; hint may be "".
func badName(s string) (why, hint string) {
	switch n := norm.NFKC.String(s); {
	case !IsIdentifier(s):
		if fixed := identifierOf(s); fixed != "" {
			hint = fmt.Sprintf("Write %q.", fixed)
		}
		return fmt.Sprintf("`%s` is not a valid python identifier.", quote.Clip(s)), hint
	case keywords()[s]:
		return fmt.Sprintf("`%s` is a python keyword.", s), fmt.Sprintf("Write %q.", s+"_")
	case n != s:
		return fmt.Sprintf("`%s` is not a valid python identifier. Python reads it as `%s`.", quote.Clip(s), quote.Clip(n)), fmt.Sprintf("Write %q.", quote.Clip(n))
	}
	return "", ""
}

// badID is badName for an id of at most longest letters.
func badID(s string, longest int) (why, hint string) {
	if why, hint := badName(s); why != "" {
		return why, hint
	}
	switch {
	case builtins()[s]:
		return fmt.Sprintf("`%s` is a built-in python function.", s), fmt.Sprintf("Write %q.", s+"_")
	case utf8.RuneCountInString(s) > longest:
		return fmt.Sprintf("`%s` is too long; max length is %d characters.", quote.Clip(s), longest), fmt.Sprintf("It has %d.", utf8.RuneCountInString(s))
	}
	return "", ""
}

// identifierOf gives an identifier that is near s, "" where there is none.
func identifierOf(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKC.String(s) {
		if !xidContinue(r) {
			r = '_'
		}
		if b.Len() == 0 && !xidStart(r) {
			b.WriteByte('_')
		}
		b.WriteRune(r)
		if b.Len() > maxTaskID {
			return ""
		}
	}
	out := b.String()
	if strings.Trim(out, "_") == "" || !IsIdentifier(out) || keywords()[out] || builtins()[out] {
		return ""
	}
	return out
}
