package diag

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The form of a rendered problem, after HCL's own:
//
//	Error: There is no file "tabel.csv"
//
//	  on pkg/BUILD.hcl line 3, in command "x":
//	   3:   srcs = ["tabel.csv"]
//	                ^^^^^^^^^^^
//	    name = value
//
//	It would lie in pkg.
//
//	Did you mean "table.csv"?  [missing-source]

const (
	maxShown  = 160 // runes of a line
	maxBefore = 60  // runes shown before the place, in a longer line
	maxLines  = 4   // lines of one range
)

// Render writes d for people, with the lines it is about and a mark under the place. source gives the bytes of a file, nil
// where they are not to be had. It ends with a line end. Control characters in d and in the lines are not passed on.
func Render(d Diag, source func(file string) []byte, color bool) string {
	var b strings.Builder
	paint := func(code, s string) string {
		if !color || s == "" {
			return s
		}
		return "\x1b[" + code + "m" + s + "\x1b[0m"
	}
	word, hue := "Error: ", "1;31"
	if d.Warning {
		word, hue = "Warning: ", "1;33"
	}
	b.WriteString(paint(hue, word) + paint("1", clean(d.Summary)) + "\n")
	if !d.Range.IsZero() {
		b.WriteString("\n  on " + place(d.Range))
		if d.Context != "" {
			b.WriteString(", in " + clean(d.Context))
		}
		if lines := snippet(d, source); lines != nil {
			b.WriteString(":\n")
			for _, l := range lines {
				b.WriteString(l.text + "\n")
				if l.mark != "" {
					b.WriteString(paint(hue, l.mark) + "\n")
				}
			}
		} else {
			b.WriteString("\n")
		}
	} else if d.Context != "" {
		b.WriteString("\n  in " + clean(d.Context) + "\n")
	}
	for _, v := range d.Values {
		b.WriteString("    " + clean(v) + "\n")
	}
	for _, r := range d.Related {
		fmt.Fprintf(&b, "  - %s: %s\n", clean(r.Range.String()), clean(r.Text))
	}
	if d.Detail != "" {
		b.WriteString("\n" + cleanText(d.Detail) + "\n")
	}
	if d.Hint != "" {
		b.WriteString("\n" + cleanText(d.Hint) + "\n")
	}
	if d.Code != "" {
		b.WriteString(paint("2", "["+clean(d.Code)+"]") + "\n")
	}
	return b.String()
}

func place(r Range) string {
	if r.Start.Line == 0 {
		return clean(r.File)
	}
	return fmt.Sprintf("%s line %d", clean(r.File), r.Start.Line)
}

type shownLine struct{ text, mark string }

func snippet(d Diag, source func(string) []byte) []shownLine {
	if d.NoSource || d.Range.Start.Line == 0 || source == nil {
		return nil
	}
	src := bytes.TrimPrefix(source(d.Range.File), []byte("\ufeff"))
	if len(src) == 0 {
		return nil
	}
	var out []shownLine
	last := max(d.Range.Start.Line, d.Range.End.Line)
	if d.Range.End.Column == 1 && last > d.Range.Start.Line {
		last-- // the range ends with a line's end
	}
	for n := 1; len(src) > 0 && n <= last; n++ {
		line, rest, _ := bytes.Cut(src, []byte("\n"))
		src = rest
		if n < d.Range.Start.Line {
			continue
		}
		if len(out) == maxLines {
			out = append(out, shownLine{text: "        ..."})
			break
		}
		from, to := 1, utf8.RuneCount(line)+1
		if n == d.Range.Start.Line {
			from = d.Range.Start.Column
		}
		if n == d.Range.End.Line {
			to = d.Range.End.Column
		}
		out = append(out, showLine(n, strings.TrimSuffix(string(line), "\r"), from, to))
	}
	return out
}

// showLine gives a line with a mark under the runes from..to (from 1, to exclusive), cut where it is too long.
func showLine(n int, line string, from, to int) shownLine {
	runes := []rune(line)
	start := 0
	head, tail := "", ""
	if len(runes) > maxShown {
		if from-1 > maxBefore {
			start = min(from-1-maxBefore/2, len(runes))
			head = "..."
		}
		if len(runes)-start > maxShown {
			runes = runes[:start+maxShown]
			tail = "..."
		}
	}
	var text, mark strings.Builder
	prefix := fmt.Sprintf("  %4d: %s", n, head)
	text.WriteString(prefix)
	mark.WriteString(strings.Repeat(" ", len(prefix)))
	marked := false
	for i := start; i < len(runes); i++ {
		r := runes[i]
		if r != '\t' && !unicode.IsPrint(r) {
			r = '\uFFFD'
		}
		text.WriteRune(r)
		switch {
		case i+1 >= from && i+1 < max(to, from+1):
			// Indentation of a line in the middle of a range is not marked.
			if unicode.IsSpace(r) && !marked {
				mark.WriteRune(keepTab(r))
				continue
			}
			mark.WriteByte('^')
			marked = true
		default:
			mark.WriteRune(keepTab(r))
		}
	}
	if !marked && from > len(runes) && tail == "" {
		mark.WriteByte('^') // the end of the line
		marked = true
	}
	text.WriteString(tail)
	if !marked {
		return shownLine{text: text.String()}
	}
	return shownLine{text: text.String(), mark: strings.TrimRight(mark.String(), " \t")}
}

func keepTab(r rune) rune {
	if r == '\t' {
		return '\t'
	}
	return ' '
}

// clean takes control characters and line ends out of s.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return printable(r)
	}, s)
}

// cleanText is clean for text of several lines.
func cleanText(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return printable(r)
	}, strings.TrimRight(s, "\n"))
}

func printable(r rune) rune {
	if unicode.IsControl(r) {
		return '\uFFFD'
	}
	return r
}
