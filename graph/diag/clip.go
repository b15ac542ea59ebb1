package diag

import (
	"strings"
	"unicode/utf8"
)

// Clip shortens a text to at most that many letters, and shows that by three dots. What is no UTF-8 is left out.
func Clip(s string, most int) string {
	if len(s) <= most || utf8.RuneCountInString(s[:min(len(s), utf8.UTFMax*most+1)]) <= most {
		return s
	}
	n := 0
	for i := range s {
		if n++; n > most {
			return strings.ToValidUTF8(s[:i], "") + "..."
		}
	}
	return s
}
