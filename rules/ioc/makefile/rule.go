package makefile

import "strings"

// ruleLine takes a line that is a rule.
func (r *reader) ruleLine(text string) {
	// What follows a semicolon is a recipe, and is expanded only when it runs.
	head, recipe, has := cutRecipe(text)
	colon := colonOf(head)
	if colon < 0 {
		if strings.TrimSpace(r.Expand(head)) != "" {
			r.note(r.here, text, "this is neither an assignment nor a rule")
		}
		return
	}
	after := strings.TrimLeft(head[colon+1:], ":")
	if strings.HasPrefix(after, "=") {
		r.note(r.here, text, "the variable has no name")
		return
	}
	targets := strings.TrimSuffix(strings.TrimRight(head[:colon], " \t"), "&")
	if a, ok := parseAssignment(stripModifiers(after)); ok {
		r.note(r.here, text, "a variable for some targets only is not translated: "+a.name)
		return
	}
	rule := &Rule{At: r.here, Targets: words(r.Expand(targets))}
	after = r.Expand(after)
	if at := strings.IndexByte(after, ':'); at >= 0 {
		rule.Pattern, after = strings.TrimSpace(after[:at]), after[at+1:]
	}
	for _, w := range words(after) {
		if w != "|" {
			rule.Needs = append(rule.Needs, w)
		}
	}
	if has {
		rule.Recipe = []Line{{strings.TrimLeft(recipe, " \t"), r.here}}
	}
	r.rule = rule
	if len(rule.Targets) > 0 && len(r.Maker.rules) < maxFound {
		r.Maker.rules = append(r.Maker.rules, rule)
	}
}

func (r *reader) recipe(text string) {
	r.rule.Recipe = append(r.rule.Recipe, Line{text, r.here})
}

// cutRecipe splits a rule's line at the first semicolon outside of references.
func cutRecipe(s string) (head, recipe string, has bool) {
	if at := outsideIndex(s, ';'); at >= 0 {
		return s[:at], s[at+1:], true
	}
	return s, "", false
}

func colonOf(s string) int { return outsideIndex(s, ':') }

// outsideIndex finds a byte outside of references, -1 where it is not there.
func outsideIndex(s string, c byte) int {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '$' && i+1 < len(s) && (s[i+1] == '(' || s[i+1] == '{'):
			end := closing(s[i+1:])
			if end < 0 {
				return -1
			}
			i += 1 + end
		case s[i] == c:
			return i
		}
	}
	return -1
}
