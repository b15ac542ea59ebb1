// Package quote writes what messages about workflows quote from files.
package quote

import (
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
)

const (
	mostRunes = 80
	mostNames = 100
)

// Clip shortens a text to 80 letters, and shows that by three dots.
func Clip(s string) string {
	return diag.Clip(s, mostRunes)
}

// List writes names as Python prints a list of texts: the first hundred of them, each clipped.
func List(names []string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == mostNames {
			fmt.Fprintf(&b, "... and %d more", len(names)-mostNames)
			break
		}
		q := "'"
		if strings.Contains(n, "'") && !strings.Contains(n, `"`) {
			q = `"`
		}
		b.WriteString(q + strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(Clip(n)) + q)
	}
	b.WriteByte(']')
	return b.String()
}
