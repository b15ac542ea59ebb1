package makefile

import "strings"

// branch is one open ifeq, ifneq, ifdef or ifndef.
type branch struct {
	at    Place
	text  string
	taken bool // one of its branches was, or it lies in one that is skipped
	skip  bool // the present one is not
	over  bool // the else without a condition was there
}

func (r *reader) skipping() bool {
	for _, b := range r.conds {
		if b.skip {
			return true
		}
	}
	return false
}

// conditional takes a line that is one, and says whether it was.
func (r *reader) conditional(word, rest, text string) bool {
	switch word {
	case "ifeq", "ifneq", "ifdef", "ifndef":
		b := branch{at: r.here, text: text}
		if r.skipping() {
			b.taken, b.skip = true, true
		} else {
			b.taken = r.holds(word, rest)
			b.skip = !b.taken
		}
		if len(r.conds) >= maxDepth {
			r.note(r.here, text, "conditionals lie too deep in each other")
		}
		r.conds = append(r.conds, b)
	case "else":
		r.otherwise(rest, text)
	case "endif":
		if len(r.conds) == 0 {
			r.note(r.here, text, "there is no conditional that it ends")
			break
		}
		r.conds = r.conds[:len(r.conds)-1]
	default:
		return false
	}
	return true
}

func (r *reader) otherwise(rest, text string) {
	if len(r.conds) == 0 {
		r.note(r.here, text, "there is no conditional that it belongs to")
		return
	}
	b := &r.conds[len(r.conds)-1]
	if b.over {
		r.note(r.here, text, "the conditional has an else already")
	}
	if b.taken {
		b.skip = true
		return
	}
	word, rest := firstWord(rest)
	switch word {
	case "ifeq", "ifneq", "ifdef", "ifndef":
		b.taken = r.holds(word, rest)
	default:
		b.taken, b.over = true, true
	}
	b.skip = !b.taken
}

// holds decides a condition.
func (r *reader) holds(word, rest string) bool {
	switch word {
	case "ifdef", "ifndef":
		name := strings.TrimSpace(r.Expand(rest))
		return (r.Raw(name) != "" || r.vars[name] == nil && r.outside[name]) == (word == "ifdef")
	}
	a, b, ok := sides(rest)
	if !ok {
		r.note(r.here, word+" "+rest, "the condition has another form than (a,b) or \"a\" \"b\"")
		return false
	}
	a, b = r.Expand(a), r.Expand(b)
	if a != b && (strings.Contains(a, "$(") || strings.Contains(b, "$(")) {
		r.note(r.here, word+" "+rest, "it hangs on what only an installed e3 knows; the two sides are taken as different")
	}
	return (a == b) == (word == "ifeq")
}

// sides gives what a condition compares, unexpanded.
func sides(s string) (a, b string, ok bool) {
	s = strings.Trim(s, " \t")
	if strings.HasPrefix(s, "(") {
		end := closing(s)
		if end < 0 {
			return "", "", false
		}
		depth := 0
		for i := 1; i < end; i++ {
			switch s[i] {
			case '(':
				depth++
			case ')':
				depth--
			case ',':
				if depth == 0 {
					return strings.TrimRight(s[1:i], " \t"), strings.TrimLeft(s[i+1:end], " \t"), true
				}
			}
		}
		return "", "", false
	}
	if a, s, ok = quoted(s); !ok {
		return "", "", false
	}
	b, _, ok = quoted(strings.TrimLeft(s, " \t"))
	return a, b, ok
}

// quoted gives the text between a pair of quotes and what follows.
func quoted(s string) (in, rest string, ok bool) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return "", "", false
	}
	return strings.Cut(s[1:], s[:1])
}
