package spec

import (
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/quote"
)

// maxParens is how deep a version spec nests.
const maxParens = 32

// isBuild says whether s is a build, with stars, or an expression from ^ to $.
func isBuild(s string) bool {
	if strings.HasPrefix(s, "^") && strings.HasSuffix(s, "$") {
		return true
	}
	return s != "" && !strings.Contains(s, "**") && strings.IndexFunc(s, func(r rune) bool { return !versionRune(r) || r == '!' }) < 0
}

// CheckVersion says what keeps text from being a conda match spec without a name: a version spec, and after a space or "=" a build. A
// version spec is constraints joined by "," (and, which binds closer) and "|" (or), with parentheses. The grammar is the one that rattler reads
// (conda's VersionSpec but for its regular expressions); text that rattler takes for an odd build, as in "1.2;x", is refused.
func CheckVersion(text string) error {
	p := &versionParser{rest: strings.TrimSpace(text)}
	if p.rest == "" {
		return fmt.Errorf("it is empty")
	}
	if strings.Contains(text, "[") {
		return fmt.Errorf("the form with brackets is not read")
	}
	if err := p.alternatives(0); err != nil {
		return err
	}
	if p.rest == "" {
		return nil
	}
	build := strings.TrimSpace(strings.TrimPrefix(p.rest, "="))
	if p.spaced || p.rest[0] == '=' {
		if isBuild(build) {
			return nil
		}
		return fmt.Errorf("`%s` is no build", quote.Clip(build))
	}
	return fmt.Errorf("`%s` is left over", quote.Clip(p.rest))
}

type versionParser struct {
	rest   string
	spaced bool // white space was skipped before rest
}

func (p *versionParser) space() {
	t := strings.TrimLeft(p.rest, " \t\n")
	p.spaced = len(t) < len(p.rest)
	p.rest = t
}

func (p *versionParser) take(prefix string) bool {
	t, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = t
	return ok
}

// alternatives reads a|b, whose parts are a,b.
func (p *versionParser) alternatives(depth int) error {
	for {
		if err := p.term(depth); err != nil {
			return err
		}
		p.space()
		if !p.take(",") && !p.take("|") {
			return nil
		}
		p.space()
	}
}

func (p *versionParser) term(depth int) error {
	if !p.take("(") {
		return p.constraint()
	}
	if depth == maxParens {
		return fmt.Errorf("it nests too deep")
	}
	p.space()
	if err := p.alternatives(depth + 1); err != nil {
		return err
	}
	if !p.take(")") {
		return fmt.Errorf("`)` is missing")
	}
	return nil
}

var operators = []string{"==", "!=", "<=", ">=", "~=", "<", ">", "="}

func (p *versionParser) constraint() error {
	if p.rest == "" {
		return fmt.Errorf("a constraint is missing at its end")
	}
	op := ""
	for _, o := range operators {
		if p.take(o) {
			op = o
			break
		}
	}
	p.space()
	n := strings.IndexFunc(p.rest, func(r rune) bool { return !versionRune(r) })
	if n < 0 {
		n = len(p.rest)
	}
	v := p.rest[:n]
	if v == "" {
		if op == "" {
			return fmt.Errorf("`%s` begins no constraint", quote.Clip(p.rest))
		}
		return fmt.Errorf("`%s` has no version", op)
	}
	p.rest, p.spaced = p.rest[n:], false
	if strings.Trim(v, "*.") == "" {
		if strings.ReplaceAll(v, "*.", "") != "*" {
			return fmt.Errorf("`%s` is no version", quote.Clip(v))
		}
		if op != "" && op != "=" && op != "==" {
			return fmt.Errorf("`*` does not go with `%s`", op)
		}
		return nil
	}
	return checkVersion(v)
}

func versionRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-+!*", r)
}

// checkVersion checks [epoch!]version[+local] with stars at its end.
func checkVersion(v string) error {
	whole := v
	if strings.HasSuffix(v, "*") {
		v = strings.TrimSuffix(v, "*")
		for strings.HasSuffix(v, ".*.") {
			v = strings.TrimSuffix(v, "*.")
		}
		v = strings.TrimSuffix(v, ".")
	}
	if strings.Contains(v, "*") {
		return fmt.Errorf("a `*` stands in the middle of `%s`", quote.Clip(whole))
	}
	if epoch, after, ok := strings.Cut(v, "!"); ok {
		if epoch == "" || strings.Trim(epoch, "0123456789") != "" || len(epoch) > 18 {
			return fmt.Errorf("`%s` is no epoch", quote.Clip(epoch))
		}
		v = after
	}
	v, local, hasLocal := strings.Cut(v, "+")
	if err := checkSegments(v, whole); err != nil {
		return err
	}
	if hasLocal {
		return checkSegments(local, whole)
	}
	return nil
}

// checkSegments checks letters and digits with ".", "-" or "_" between them; the last two may also end it.
func checkSegments(v, whole string) error {
	bad := fmt.Errorf("`%s` is no version", quote.Clip(whole))
	if strings.Contains(v, "-") && strings.Contains(v, "_") {
		return fmt.Errorf("`%s` has both - and _ as separators", quote.Clip(whole))
	}
	v = strings.TrimRight(v, "-_")
	if v == "" || strings.ContainsAny(v, "!+") {
		return bad
	}
	gap := true
	for _, r := range v {
		sep := r == '.' || r == '-' || r == '_'
		if sep && gap {
			return bad
		}
		gap = sep
	}
	if gap {
		return bad
	}
	return nil
}

// versionHint says how a constraint of another world is written for conda.
func versionHint(v string) string {
	v = strings.TrimSpace(v)
	rest := strings.TrimLeft(v, "^~<>=! ")
	switch {
	case strings.HasPrefix(v, "^"), strings.HasPrefix(v, "~") && !strings.HasPrefix(v, "~="):
		return fmt.Sprintf("Conda has no %s; write a range: \">=1.2,<2\".", v[:1])
	case strings.HasPrefix(v, "===") && CheckVersion(rest) == nil:
		return fmt.Sprintf("Write %q.", "=="+rest)
	case (strings.HasPrefix(v, "=>") || strings.HasPrefix(v, "=<")) && CheckVersion(v[1:2]+"="+rest) == nil:
		return fmt.Sprintf("Write %q.", v[1:2]+"="+rest)
	case strings.Contains(v, "||") && CheckVersion(strings.ReplaceAll(v, "||", "|")) == nil:
		return fmt.Sprintf("Write %q.", strings.ReplaceAll(v, "||", "|"))
	case strings.HasSuffix(v, ","):
		return "Take the last comma out."
	}
	return ""
}
