package action

import (
	"errors"
	"strings"
)

// errDepfile is what a depfile without a rule gives.
var errDepfile = errors.New("the depfile is not in Make's syntax: no \"target: files\" rule in it")

// ParseDepfile gives the prerequisites that a depfile in Make's syntax names, in order, repeats kept. It understands what
// compilers write: several targets and rules, lines joined by a backslash, `\ ` for a space, `\#`, `$$`, CRLF, and the empty
// rules that -MP adds for headers. Source: GCC's documentation of -M and GNU Make's rule syntax.
func ParseDepfile(b []byte) ([]string, error) {
	s := string(b)
	var names []string
	var word strings.Builder
	rules, after, space := 0, false, true
	end := func() {
		if word.Len() > 0 {
			if after {
				names = append(names, word.String())
			}
			word.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s) && s[i+1] == '\n':
			end()
			i++
		case c == '\\' && i+2 < len(s) && s[i+1] == '\r' && s[i+2] == '\n':
			end()
			i += 2
		case c == '\\' && i+1 < len(s) && (s[i+1] == ' ' || s[i+1] == '#' || s[i+1] == '\\' && i+2 < len(s) && s[i+2] == ' '):
			i++
			word.WriteByte(s[i])
		case c == '$' && i+1 < len(s) && s[i+1] == '$':
			i++
			word.WriteByte('$')
		case c == '\n' || c == '\r':
			end()
			after = false
		case c == ' ' || c == '\t':
			end()
		case c == ':' && !after && (i+1 == len(s) || strings.IndexByte(" \t\r\n\\", s[i+1]) >= 0):
			word.Reset()
			after = true
			rules++
		case c == '#' && space:
			for i+1 < len(s) && s[i+1] != '\n' {
				i++
			}
		default:
			word.WriteByte(c)
		}
		space = c == ' ' || c == '\n' || c == '\t'
	}
	end()
	if rules == 0 && strings.TrimSpace(s) != "" {
		return nil, errDepfile
	}
	return names, nil
}
