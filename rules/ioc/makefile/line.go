package makefile

import "strings"

// source hands out the lines of a file.
type source struct {
	name string
	rest string
	line int // of what comes next
	step int // 0 where all lines count as one, as those of $(eval) do

	ended bool // the last line had a line feed
}

// raw gives the next physical line without its end, and its number.
func (s *source) raw() (text string, line int, ok bool) {
	if s.rest == "" {
		return "", 0, false
	}
	text, s.rest, s.ended = strings.Cut(s.rest, "\n")
	line = s.line
	s.line += s.step
	return strings.TrimSuffix(text, "\r"), line, true
}

// next gives the next line with those that it goes on in, still with the backslashes and line feeds between them.
func (s *source) next() (text string, line int, ok bool) {
	text, line, ok = s.raw()
	if !ok || !continues(text) {
		return text, line, ok
	}
	var b strings.Builder
	b.WriteString(text)
	for continues(text) {
		if text, _, ok = s.raw(); !ok {
			if s.ended {
				b.WriteByte('\n')
			}
			break
		}
		b.WriteByte('\n')
		b.WriteString(text)
	}
	return b.String(), line, true
}

// continues says whether a line ends in an odd number of backslashes.
func continues(text string) bool {
	n := len(text) - len(strings.TrimRight(text, `\`))
	return n%2 == 1
}

// unbreak makes one line of a line and those that it goes on in: each break and the blanks around it become one space.
func unbreak(text string) string {
	if !strings.Contains(text, "\\\n") {
		return strings.TrimSuffix(text, "\n")
	}
	parts := strings.Split(text, "\\\n")
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			p = strings.TrimLeft(p, " \t")
			b.WriteByte(' ')
		}
		if i < len(parts)-1 {
			p = strings.TrimRight(p, " \t")
		}
		b.WriteString(p)
	}
	return b.String()
}

// uncomment cuts a comment off, which `#` starts outside of references; `\#` stands for itself.
func uncomment(text string) string {
	if !strings.Contains(text, "#") {
		return text
	}
	var b strings.Builder
	open := false // a reference has no end
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '$' && !open && i+1 < len(text) && (text[i+1] == '(' || text[i+1] == '{'):
			if end := closing(text[i+1:]); end >= 0 {
				b.WriteString(text[i : i+2+end])
				i += 1 + end
				continue
			}
			open = true
			b.WriteByte(c)
		case c == '\\' && i+1 < len(text) && text[i+1] == '#':
			b.WriteByte('#')
			i++
		case c == '#':
			return b.String()
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// firstWord gives the first word of a line and what follows it, without the blanks around.
func firstWord(s string) (word, rest string) {
	s = strings.TrimLeft(s, " \t")
	at := strings.IndexAny(s, " \t")
	if at < 0 {
		return s, ""
	}
	return s[:at], strings.TrimLeft(s[at:], " \t")
}

// assignment is `name op value` in a line, unexpanded.
type assignment struct{ name, op, value string }

// operator finds the first operator of an assignment outside of references: its index and length, -1 where a colon (a rule's) or nothing comes first.
func operator(s string) (at, n int) {
	for i := 0; i < len(s); i++ {
		rest := s[i:]
		switch {
		case s[i] == '$' && i+1 < len(s) && (s[i+1] == '(' || s[i+1] == '{'):
			end := closing(s[i+1:])
			if end < 0 {
				return -1, 0
			}
			i += 1 + end
		case strings.HasPrefix(rest, ":::="):
			return i, 4
		case strings.HasPrefix(rest, "::="):
			return i, 3
		case strings.HasPrefix(rest, ":="), strings.HasPrefix(rest, "?="), strings.HasPrefix(rest, "+="), strings.HasPrefix(rest, "!="):
			return i, 2
		case s[i] == '=':
			return i, 1
		case s[i] == ':':
			return -1, 0
		}
	}
	return -1, 0
}

// parseAssignment reads a line as an assignment; ok is false where it is none.
func parseAssignment(s string) (a assignment, ok bool) {
	at, n := operator(s)
	if at < 0 {
		return a, false
	}
	a = assignment{strings.Trim(s[:at], " \t"), s[at : at+n], strings.TrimLeft(s[at+n:], " \t")}
	if a.name == "" || blankOutside(a.name) {
		return a, false
	}
	return a, true
}

// blankOutside says whether a name has a blank outside of references.
func blankOutside(s string) bool {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '$' && i+1 < len(s) && (s[i+1] == '(' || s[i+1] == '{'):
			end := closing(s[i+1:])
			if end < 0 {
				return strings.ContainsAny(s[i:], " \t")
			}
			i += 1 + end
		case s[i] == ' ', s[i] == '\t':
			return true
		}
	}
	return false
}
