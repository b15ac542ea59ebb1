package label

import (
	"fmt"
	"strings"
)

// PatternKind is how much a Pattern covers.
type PatternKind uint8

const (
	// One covers a target, and all instances of it where it has a for_each.
	One PatternKind = iota
	// Package covers all targets of one package: `//a:all`, `//a:*`.
	Package
	// Below covers all targets of a package and of those below it: `//a/...`.
	Below
)

// Pattern is a set of targets as the command line and BUILD.hcl write it. It is comparable.
type Pattern struct {
	Kind   PatternKind
	Minus  bool // leaves out what it covers: `-//a/b/...`
	Target Label
}

// ParsePattern reads one pattern as written in package pkg: a label, `//a:all`, `//a/...`, `...`, `:all`, a bare
// path `a/b` or `a/b:c` relative to pkg, each with a `-` before it to leave out.
func ParsePattern(text, pkg string) (Pattern, error) {
	t := text
	p := Pattern{}
	if strings.HasPrefix(t, "-") {
		p.Minus, t = true, t[1:]
	}
	if t != "" && !strings.HasPrefix(t, "//") && !strings.HasPrefix(t, ":") && !strings.HasPrefix(t, "@") {
		t = "//" + join(pkg, strings.TrimPrefix(t, "./"))
	}
	if rest, ok := strings.CutSuffix(t, "..."); ok && strings.HasPrefix(t, "//") && (rest == "//" || strings.HasSuffix(rest, "/")) {
		p.Kind = Below
		p.Target.Pkg = strings.TrimSuffix(strings.TrimPrefix(rest, "//"), "/")
		if err := CheckPkg(p.Target.Pkg); err != nil {
			return Pattern{}, fmt.Errorf("%q: %w", text, err)
		}
		return p, nil
	}
	for _, all := range []string{":all", ":*"} {
		if rest, ok := strings.CutSuffix(t, all); ok {
			p.Kind = Package
			p.Target.Pkg = strings.TrimPrefix(rest, "//")
			if rest == "" {
				p.Target.Pkg = pkg
			}
			if err := CheckPkg(p.Target.Pkg); err != nil {
				return Pattern{}, fmt.Errorf("%q: %w", text, err)
			}
			return p, nil
		}
	}
	l, err := Parse(t, pkg)
	if err != nil {
		return Pattern{}, err
	}
	p.Target = l
	return p, nil
}

func join(pkg, rest string) string {
	if pkg == "" || rest == "" {
		return pkg + rest
	}
	if strings.HasPrefix(rest, ":") {
		return pkg + rest
	}
	return pkg + "/" + rest
}

// Covers says whether the pattern's set, sign aside, holds l.
func (p Pattern) Covers(l Label) bool {
	switch p.Kind {
	case Below:
		return p.Target.Pkg == "" || l.Pkg == p.Target.Pkg || strings.HasPrefix(l.Pkg, p.Target.Pkg+"/")
	case Package:
		return l.Pkg == p.Target.Pkg
	}
	return l == p.Target || l.Pkg == p.Target.Pkg && l.Base() == p.Target.Name && l.Key() != ""
}

// Exact says whether p names one target outright, so that `manual` does not leave it out.
func (p Pattern) Exact() bool { return p.Kind == One }

// String writes p as it would be typed.
func (p Pattern) String() string {
	s := ""
	if p.Minus {
		s = "-"
	}
	switch p.Kind {
	case Below:
		if p.Target.Pkg == "" {
			return s + "//..."
		}
		return s + "//" + p.Target.Pkg + "/..."
	case Package:
		return s + "//" + p.Target.Pkg + ":all"
	}
	return s + p.Target.String()
}
