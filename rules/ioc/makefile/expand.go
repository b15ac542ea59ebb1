package makefile

import "strings"

// Expand replaces the references in s: $(name), ${name}, $x, $(name:a=b), $(function args). $$ becomes $.
func (m *Maker) Expand(s string) string {
	if !strings.Contains(s, "$") {
		return s
	}
	if m.depth >= maxDepth {
		m.note(m.here, s, "references lie too deep in each other")
		return ""
	}
	m.depth++
	defer func() { m.depth-- }()
	var b strings.Builder
	for {
		at := strings.IndexByte(s, '$')
		if at < 0 || at == len(s)-1 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:at])
		rest := s[at+1:]
		switch rest[0] {
		case '$':
			b.WriteByte('$')
			s = rest[1:]
			continue
		case '(', '{':
			end := closing(rest)
			if end < 0 {
				m.note(m.here, s[at:], "a reference has no end")
				s = ""
				continue
			}
			b.WriteString(m.reference(rest[1:end], rest[0]))
			s = rest[end+1:]
		default:
			b.WriteString(m.lookup(rest[:1]))
			s = rest[1:]
		}
		if m.tooLong(b.Len()) {
			return ""
		}
	}
	m.work += b.Len()
	return b.String()
}

// closing gives the index of the bracket that ends what s starts with, -1 where there is none. Only brackets of the same kind count.
func closing(s string) int {
	open, shut := s[0], pair(s[0])
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func pair(open byte) byte {
	if open == '{' {
		return '}'
	}
	return ')'
}

// reference expands the inside of $(...).
func (m *Maker) reference(in string, open byte) string {
	if at := strings.IndexAny(in, " \t\n"); at > 0 {
		if f, ok := find(in[:at]); ok {
			return f.call(m, in[:at], strings.TrimLeft(in[at:], " \t\n"), open)
		}
	}
	if at := substitution(in); at >= 0 {
		from, to, _ := strings.Cut(in[at+1:], "=")
		from, to = m.Expand(from), m.Expand(to)
		value := m.lookup(m.Expand(in[:at]))
		if !strings.Contains(from, "%") {
			from, to = "%"+from, "%"+to
		}
		return m.patsubst(from, to, value)
	}
	return m.lookup(m.Expand(in))
}

// substitution finds the colon of `name:a=b` outside of references, -1 where there is none.
func substitution(in string) int {
	colon := -1
	for i := 0; i < len(in); i++ {
		switch {
		case in[i] == '$' && i+1 < len(in) && (in[i+1] == '(' || in[i+1] == '{'):
			end := closing(in[i+1:])
			if end < 0 {
				return -1
			}
			i += 1 + end
		case in[i] == ':' && colon < 0:
			colon = i
		case in[i] == '=' && colon >= 0:
			return colon
		}
	}
	return -1
}

// arguments splits at commas outside of brackets of the kind that the call has, at most n of them.
func arguments(s string, open byte, n int) []string {
	var out []string
	shut := pair(open)
	depth, from := 0, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == open:
			depth++
		case s[i] == shut:
			depth--
		case s[i] == ',' && depth == 0 && (n == 0 || len(out) < n-1):
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}
