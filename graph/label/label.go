// Package label names targets and sets of targets. It knows nothing of files, HCL or graphs.
package label

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Label is the name of one target: `//Pkg:Name`. Pkg is slash-separated and relative to the workspace's
// root ("" is the root package). Name includes an instance's key: "oso@py311". Labels are comparable; the
// zero Label names nothing.
type Label struct {
	Pkg  string
	Name string
}

// IsZero says whether l names nothing.
func (l Label) IsZero() bool { return l.Name == "" }

// String gives the full form, `//pkg:name`.
func (l Label) String() string { return "//" + l.Pkg + ":" + l.Name }

// Short gives `//pkg` where the name is the package's last part, the full form elsewhere.
func (l Label) Short() string {
	if l.Pkg != "" && l.Name == l.Pkg[strings.LastIndexByte(l.Pkg, '/')+1:] {
		return "//" + l.Pkg
	}
	return l.String()
}

// Base is the name without an instance's key: "oso" for "oso@py311".
func (l Label) Base() string {
	name, _, _ := strings.Cut(l.Name, "@")
	return name
}

// Key is the for_each key of an instance, "" where the target is none.
func (l Label) Key() string {
	_, key, _ := strings.Cut(l.Name, "@")
	return key
}

// Compare orders labels by package, then by name.
func Compare(a, b Label) int {
	if c := strings.Compare(a.Pkg, b.Pkg); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

// Parse reads a label as it is written in package pkg: `//a/b:c`, `//a/b` (short for `//a/b:b`), `//a/b@k` (for `//a/b:b@k`) or `:c`. The
// error says which rule the text breaks, in words for a user; the text itself is quoted in it.
func Parse(text, pkg string) (Label, error) {
	if strings.HasPrefix(text, "@") {
		return Label{}, fmt.Errorf("%q: labels of other workspaces (@repo//...) are reserved for later", text)
	}
	var l Label
	switch {
	case strings.HasPrefix(text, "//"):
		rest := text[2:]
		p, n, has := strings.Cut(rest, ":")
		if !has {
			if p == "" {
				return Label{}, fmt.Errorf("%q names no target: the root package has no short form, write //:name", text)
			}
			n = p[strings.LastIndexByte(p, '/')+1:]
			if base, key, of := strings.Cut(n, "@"); of && base != "" {
				p = strings.TrimSuffix(p, "@"+key)
			}
		}
		l = Label{Pkg: p, Name: n}
	case strings.HasPrefix(text, ":"):
		l = Label{Pkg: pkg, Name: text[1:]}
	default:
		return Label{}, fmt.Errorf("%q is not a label, which starts with // or a colon", text)
	}
	if err := CheckPkg(l.Pkg); err != nil {
		return Label{}, fmt.Errorf("%q: %w", text, err)
	}
	if err := CheckName(l.Name); err != nil {
		return Label{}, fmt.Errorf("%q: %w", text, err)
	}
	if l.Name == "all" {
		return Label{}, fmt.Errorf("%q: all stands for every target of a package, so no target is called that", text)
	}
	return l, nil
}

// CheckName says what is wrong with a target's name, instance key included; nil if nothing is.
func CheckName(name string) error {
	base, key, has := strings.Cut(name, "@")
	if err := checkPart(base, "a target's name"); err != nil {
		return err
	}
	if has {
		return CheckKey(key)
	}
	return nil
}

// CheckKey says what is wrong with a for_each key: [A-Za-z0-9_.+-]+, not "." or "..".
func CheckKey(key string) error { return checkPart(key, "an instance's key") }

// CheckPkg says what is wrong with a package's path; "" is the root and is fine.
func CheckPkg(pkg string) error {
	if pkg == "" {
		return nil
	}
	if !utf8.ValidString(pkg) {
		return fmt.Errorf("a package's path is UTF-8")
	}
	for _, part := range strings.Split(pkg, "/") {
		switch part {
		case "":
			return fmt.Errorf("a package's path has no empty part, and no slash at its end")
		case ".", "..":
			return fmt.Errorf("a package's path has no %q in it", part)
		case "cairn-out":
			return fmt.Errorf("cairn-out holds outputs, not packages")
		}
		if i := strings.IndexFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune(`\:@*?"<>|`, r) }); i >= 0 {
			return fmt.Errorf("a package's path cannot hold %q", part[i:i+1])
		}
	}
	return nil
}

func checkPart(s, what string) error {
	if s == "" {
		return fmt.Errorf("%s is empty", what)
	}
	if s == "." || s == ".." {
		return fmt.Errorf("%s cannot be %q", what, s)
	}
	for _, r := range s {
		if !nameRune(r) {
			return fmt.Errorf("%s is made of letters, digits and _ . + -, not %q", what, r)
		}
	}
	return nil
}

func nameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.' || r == '+' || r == '-'
}
