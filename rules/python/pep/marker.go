package pep

import (
	"fmt"
	"slices"
	"strings"
)

// Env is what markers are about: the variables of PEP 508 by name, and the extras and dependency groups that are wanted.
type Env struct {
	Vars   map[string]string
	Extras []string // normalised names
	Groups []string
}

// Unknowable are variables that no environment has: they say which kernel runs, and two machines that are otherwise equal
// would come to different environments.
var Unknowable = []string{"platform_release", "platform_version"}

// Eval says whether a marker holds in an environment. An empty marker always does.
func Eval(marker string, env Env) (bool, error) {
	if strings.TrimSpace(marker) == "" {
		return true, nil
	}
	words, err := scan(marker)
	if err != nil {
		return false, err
	}
	p := &markerParser{words: words, env: env}
	v := p.or()
	if p.err == nil && p.at < len(p.words) {
		p.fail("%q is not expected there", p.words[p.at].text)
	}
	if p.err != nil {
		return false, fmt.Errorf("marker %q: %w", marker, p.err)
	}
	return v, nil
}

type word struct {
	text   string
	quoted bool
}

func scan(s string) ([]word, error) {
	var out []word
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '(' || c == ')':
			out = append(out, word{text: s[i : i+1]})
			i++
		case c == '"' || c == '\'':
			end := strings.IndexByte(s[i+1:], c)
			if end < 0 {
				return nil, fmt.Errorf("marker %q: a text is not closed", s)
			}
			out = append(out, word{s[i+1 : i+1+end], true})
			i += end + 2
		case strings.IndexByte("=!<>~", c) >= 0:
			n := i
			for n < len(s) && strings.IndexByte("=!<>~", s[n]) >= 0 {
				n++
			}
			out = append(out, word{text: s[i:n]})
			i = n
		case isWord(c):
			n := i
			for n < len(s) && isWord(s[n]) {
				n++
			}
			out = append(out, word{text: s[i:n]})
			i = n
		default:
			return nil, fmt.Errorf("marker %q: %q has no meaning", s, c)
		}
	}
	return out, nil
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.'
}

type markerParser struct {
	words []word
	at    int
	deep  int
	env   Env
	err   error
}

func (p *markerParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

func (p *markerParser) take(text string) bool {
	if p.err == nil && p.at < len(p.words) && !p.words[p.at].quoted && p.words[p.at].text == text {
		p.at++
		return true
	}
	return false
}

func (p *markerParser) or() bool {
	v := p.and()
	for p.take("or") {
		w := p.and() // evaluated in any case: its mistakes count
		v = v || w
	}
	return v
}

func (p *markerParser) and() bool {
	v := p.atom()
	for p.take("and") {
		w := p.atom()
		v = v && w
	}
	return v
}

func (p *markerParser) atom() bool {
	if p.deep++; p.deep > 100 {
		p.fail("it is too deep")
		return false
	}
	defer func() { p.deep-- }()
	if p.take("(") {
		v := p.or()
		if !p.take(")") {
			p.fail("a bracket is not closed")
		}
		return v
	}
	left := p.operand()
	op := p.operator()
	right := p.operand()
	if p.err != nil {
		return false
	}
	return p.compare(left, op, right)
}

func (p *markerParser) operand() word {
	if p.err != nil || p.at >= len(p.words) {
		p.fail("something is missing at its end")
		return word{}
	}
	p.at++
	return p.words[p.at-1]
}

func (p *markerParser) operator() string {
	switch {
	case p.take("in"):
		return "in"
	case p.take("not"):
		if !p.take("in") {
			p.fail("not is followed by in")
		}
		return "not in"
	}
	w := p.operand()
	if p.err == nil && (w.quoted || !slices.Contains([]string{"==", "!=", "<", "<=", ">", ">=", "~=", "==="}, w.text)) {
		p.fail("%q is no comparison", w.text)
	}
	return w.text
}

// versioned are the variables that are compared as versions.
var versioned = []string{"python_version", "python_full_version", "implementation_version"}

func (p *markerParser) compare(left word, op string, right word) bool {
	name, swapped := left, false
	if left.quoted {
		name, swapped = right, true
	}
	if name.quoted {
		p.fail("it compares two texts")
		return false
	}
	if l := p.list(name.text); l != nil || name.text == "extra" || name.text == "extras" || name.text == "dependency_groups" {
		return p.member(name.text, l, left, op, right)
	}
	value := func(w word) string {
		if w.quoted {
			return w.text
		}
		v, ok := p.env.Vars[w.text]
		switch {
		case slices.Contains(Unknowable, w.text):
			p.fail("%s says which kernel runs; an environment cannot hang on that", w.text)
		case !ok:
			p.fail("there is no variable %s", w.text)
		}
		return v
	}
	a, b := value(left), value(right)
	if p.err != nil {
		return false
	}
	switch op {
	case "in":
		return strings.Contains(b, a)
	case "not in":
		return !strings.Contains(b, a)
	}
	if slices.Contains(versioned, name.text) {
		if swapped {
			a, b, op = b, a, flip(op)
		}
		if v, err := ParseVersion(a); err == nil {
			ok, err := meets(v, op, b)
			if err != nil {
				p.fail("%v", err)
			}
			return ok
		}
	}
	return compareText(a, op, b)
}

func compareText(a, op, b string) bool {
	switch op {
	case "==", "===":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	case ">=":
		return a >= b
	}
	return false
}

func flip(op string) string {
	if f, ok := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]; ok {
		return f
	}
	return op
}

func (p *markerParser) list(name string) []string {
	switch name {
	case "extra", "extras":
		return p.env.Extras
	case "dependency_groups":
		return p.env.Groups
	}
	return nil
}

// member evaluates `extra == "x"` and PEP 751's `"x" in extras`.
func (p *markerParser) member(name string, l []string, left word, op string, right word) bool {
	text := right
	if left.quoted {
		text = left
	}
	if !text.quoted {
		p.fail("%s is compared with a text", name)
		return false
	}
	has := slices.Contains(l, Normalize(text.text)) || text.text == "" && len(l) == 0
	switch {
	case name == "extra" && op == "==", name != "extra" && op == "in" && left.quoted:
		return has
	case name == "extra" && op == "!=", name != "extra" && op == "not in" && left.quoted:
		return !has
	}
	p.fail("%s cannot be compared so", name)
	return false
}
