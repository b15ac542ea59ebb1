package startup

import "strings"

// word is one word of a line of the IOC's shell, and where it stands in it.
type word struct {
	text       string // quotes, and backslashes outside of them, taken away
	start, end int    // bytes of the line, with the quotes
}

// split takes a line apart as the IOC's shell does: at spaces, commas and parentheses, but not within quotes. A macro is a part of one
// word, though the shell puts macros in first: what it stands for is taken apart by who does that. balanced is false where a quote is
// never closed, in which case the shell refuses the line.
func split(line string) (words []word, balanced bool) {
	for i := 0; ; {
		for i < len(line) && separates(line[i]) {
			i++
		}
		if i >= len(line) {
			return words, true
		}
		w := word{start: i}
		var b strings.Builder
		quote := byte(0)
		for ; i < len(line); i++ {
			c := line[i]
			switch {
			case c == '\\' && quote == 0 && i+1 < len(line):
				i++
				b.WriteByte(line[i])
				continue
			case c == '$' && quote != '\'' && i+1 < len(line) && (line[i+1] == '(' || line[i+1] == '{'):
				if n := closing(line[i+1:]); n >= 0 {
					b.WriteString(line[i : i+1+n+1])
					i += n + 1
					continue
				}
			case quote != 0:
				if c == quote {
					quote = 0
					continue
				}
			case c == '"' || c == '\'':
				quote = c
				continue
			case separates(c):
				goto ended
			}
			b.WriteByte(c)
		}
		if quote != 0 {
			return words, false
		}
	ended:
		w.text, w.end = b.String(), i
		words = append(words, w)
	}
}

func separates(c byte) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == ',' || c == '(' || c == ')'
}

// comment says whether the shell skips a line.
func comment(line string) bool {
	return strings.HasPrefix(strings.TrimLeft(line, " \t\r"), "#")
}

// isInit says whether a line is one that iocsh takes for a call of iocInit: ^\s*iocInit\b.
func isInit(line string) bool {
	rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t\r\v\f"), "iocInit")
	return ok && (rest == "" || !wordByte(rest[0]))
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// quote writes a word so that the shell reads it as it is; macros in it are still put in. Within quotes the shell knows no backslash:
// a double quote stands in single ones, and what is written without a gap is one word.
func quote(s string) string {
	return `"` + strings.ReplaceAll(s, `"`, `"'"'"`) + `"`
}
