package pyfmt

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	eastasian "golang.org/x/text/width"
)

// Quote writes a string as a literal: in double quotes unless that needs more escapes. Letters of all scripts stay as they are; what
// cannot be seen is escaped, and bytes that are no UTF-8 are U+FFFD.
func Quote(s string) string {
	q := '"'
	if strings.Count(s, `"`) > strings.Count(s, "'") {
		q = '\''
	}
	var b strings.Builder
	b.WriteRune(q)
	for _, r := range s {
		switch {
		case r == q || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteRune(q)
	return b.String()
}

// Comment makes text fit to stand behind a "# ": one line, with nothing that cannot be seen.
func Comment(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }), " ")
}

// width is how many columns a text takes: wide letters take two, marks that stand on a letter none.
func width(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			n, i = n+1, i+1
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch p := eastasian.LookupRune(r); {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case p.Kind() == eastasian.EastAsianWide || p.Kind() == eastasian.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
