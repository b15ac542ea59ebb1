package startup

import "strings"

// expand puts the values of macros into a text, as macLib does: $(NAME), ${NAME}, $(NAME=default), and these within one another. known is
// false where the text has a macro that nobody knows the value of; that one stays as it is written. Single quotes keep macros from
// being put in.
func expand(text string, value func(name string) (string, bool)) (out string, known bool) {
	e := expander{value: value, known: true}
	return e.text(text, 0), e.known
}

// deepest is how far macros may lie within one another, and within their values.
const deepest = 20

// longest is how long a line may become.
const longest = 1 << 16

type expander struct {
	value func(string) (string, bool)
	known bool
	wrote int
}

func (e *expander) text(s string, depth int) string {
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			b.WriteByte(c)
			i++
			c = s[i]
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		case c == '$' && quote != '\'' && i+1 < len(s) && (s[i+1] == '(' || s[i+1] == '{'):
			n := closing(s[i+1:])
			if n < 0 {
				e.known = false
				break
			}
			b.WriteString(e.macro(s[i:i+1+n+1], s[i+2:i+1+n], depth))
			i += n + 1
			continue
		}
		b.WriteByte(c)
	}
	e.wrote += b.Len()
	return b.String()
}

// macro gives the value of what stands between the parentheses.
func (e *expander) macro(whole, inside string, depth int) string {
	if depth >= deepest || e.wrote > longest {
		e.known = false
		return whole
	}
	name, other, hasDefault := cutDefault(inside)
	name, _, _ = strings.Cut(name, ",") // what follows sets further macros, for the value alone
	name = strings.TrimSpace(e.text(name, depth+1))
	if v, ok := e.value(name); ok {
		return e.text(v, depth+1)
	}
	if hasDefault {
		return e.text(other, depth+1)
	}
	e.known = false
	return whole
}

// deepestOpen is how many parentheses may be open at once: with very many of them each would be looked for through the whole line.
const deepestOpen = 100

// closing gives where the parenthesis or brace that s starts with is closed, -1 where it is not.
func closing(s string) int {
	var open []byte
	for i := 0; i < len(s) && len(open) <= deepestOpen; i++ {
		switch c := s[i]; c {
		case '\\':
			i++
		case '(':
			open = append(open, ')')
		case '{':
			open = append(open, '}')
		case ')', '}':
			if len(open) == 0 || open[len(open)-1] != c {
				continue
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				return i
			}
		}
	}
	return -1
}

// cutDefault cuts at the first = that is not within a macro of its own.
func cutDefault(s string) (name, other string, ok bool) {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(', '{':
			depth++
		case ')', '}':
			depth--
		case '=':
			if depth == 0 {
				return s[:i], s[i+1:], true
			}
		}
	}
	return s, "", false
}

// definitions reads a list of macros: "P=A:, R=b". What is in quotes or behind a backslash may be a comma.
func definitions(list string) map[string]string {
	m := map[string]string{}
	for _, part := range commas(list) {
		name, v, ok := strings.Cut(part, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			continue
		}
		m[name] = unquoted(strings.TrimSpace(v))
	}
	return m
}

// unquoted takes away the quotes of a macro's value, and backslashes before what they stand for.
func unquoted(v string) string {
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\' && i+1 < len(v):
			i++
			b.WriteByte(v[i])
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func commas(s string) []string {
	var parts []string
	quote, from := byte(0), 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == ',':
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}
