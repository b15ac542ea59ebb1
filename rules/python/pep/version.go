// Package pep holds the parts of Python's packaging rules that decide which file of which package is installed where:
// versions (PEP 440), markers (PEP 508), names (PEP 503) and the tags of wheels (PEP 425, 427, 600, 656).
package pep

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Version is a version as PEP 440 orders it.
type Version struct {
	epoch    int
	release  []int
	pre      string // "a", "b", "rc", "" for none
	preN     int
	post     int // -1 for none
	dev      int // -1 for none
	local    string
	original string
}

var versionForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?` +
		`(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$`)
})

// ParseVersion reads a version in any of the spellings that PEP 440 allows.
func ParseVersion(s string) (Version, error) {
	m := versionForm().FindStringSubmatch(strings.ToLower(strings.TrimSpace(s)))
	if m == nil || len(s) > 200 {
		return Version{}, fmt.Errorf("%q is no version", s)
	}
	num := func(text string, none int) int {
		if text == "" {
			return none
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			n = 1 << 40 // longer than any version that is meant
		}
		return n
	}
	v := Version{epoch: num(m[1], 0), post: -1, dev: -1, local: m[10], original: s}
	for _, p := range strings.Split(m[2], ".") {
		v.release = append(v.release, num(p, 0))
	}
	if m[3] != "" {
		v.pre = map[string]string{"alpha": "a", "a": "a", "beta": "b", "b": "b"}[m[3]]
		if v.pre == "" {
			v.pre = "rc"
		}
		v.preN = num(m[4], 0)
	}
	switch {
	case m[5] != "":
		v.post = num(m[5], 0)
	case m[6] != "":
		v.post = num(m[7], 0)
	}
	if m[8] != "" {
		v.dev = num(m[9], 0)
	}
	return v, nil
}

// Compare orders versions: -1, 0 or +1.
func (v Version) Compare(w Version) int {
	if c := cmp.Compare(v.epoch, w.epoch); c != 0 {
		return c
	}
	for i := range max(len(v.release), len(w.release)) {
		if c := cmp.Compare(part(v.release, i), part(w.release, i)); c != 0 {
			return c
		}
	}
	if c := cmp.Compare(v.preRank(), w.preRank()); c != 0 {
		return c
	}
	if c := cmp.Compare(v.preN, w.preN); c != 0 {
		return c
	}
	if c := cmp.Compare(v.post, w.post); c != 0 {
		return c
	}
	dev := func(x Version) int {
		if x.dev < 0 {
			return 1 << 50 // a release follows its development
		}
		return x.dev
	}
	if c := cmp.Compare(dev(v), dev(w)); c != 0 {
		return c
	}
	return compareLocal(v.local, w.local)
}

// preRank puts 1.0.dev1 before 1.0a1, that before 1.0b1 and 1.0rc1, and those before 1.0.
func (v Version) preRank() int {
	switch v.pre {
	case "a":
		return 1
	case "b":
		return 2
	case "rc":
		return 3
	}
	if v.post < 0 && v.dev >= 0 {
		return 0
	}
	return 4
}

func part(l []int, i int) int {
	if i < len(l) {
		return l[i]
	}
	return 0
}

func compareLocal(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(len(a), len(b))
	}
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == '-' || r == '_' })
	}
	return slices.CompareFunc(split(a), split(b), func(x, y string) int {
		n, e1 := strconv.Atoi(x)
		m, e2 := strconv.Atoi(y)
		switch {
		case e1 == nil && e2 == nil:
			return cmp.Compare(n, m)
		case e1 == nil:
			return 1
		case e2 == nil:
			return -1
		}
		return cmp.Compare(x, y)
	})
}

// Allows says whether a version meets a set of specifiers such as ">=3.9,<4,!=3.10.*". Pre-releases are treated as any other.
func Allows(set, version string) (bool, error) {
	v, err := ParseVersion(version)
	if err != nil {
		return false, err
	}
	for _, one := range strings.Split(set, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		op := one[:len(one)-len(strings.TrimLeft(one, "=!<>~"))]
		ok, err := meets(v, op, strings.TrimSpace(one[len(op):]))
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// meets compares v by one operator of PEP 440.
func meets(v Version, op, text string) (bool, error) {
	if op == "===" {
		return strings.EqualFold(v.original, text), nil
	}
	base, star := strings.CutSuffix(text, ".*")
	w, err := ParseVersion(base)
	if err != nil {
		return false, err
	}
	if star && op != "==" && op != "!=" {
		return false, fmt.Errorf("%s%s: .* goes with == and != only", op, text)
	}
	if w.local == "" {
		v.local = ""
	}
	c := v.Compare(w)
	switch op {
	case "==", "!=":
		same := c == 0
		if star {
			same = v.startsWith(w)
		}
		return same == (op == "=="), nil
	case "<=":
		return c <= 0, nil
	case ">=":
		return c >= 0, nil
	case "<": // 1.0rc1 does not meet <1.0
		return c < 0 && (w.pre != "" || w.dev >= 0 || v.pre == "" && v.dev < 0 || !v.sameRelease(w)), nil
	case ">": // nor 1.0.post1 >1.0
		return c > 0 && (w.post >= 0 || v.post < 0 || !v.sameRelease(w)), nil
	case "~=":
		if len(w.release) < 2 {
			return false, fmt.Errorf("~=%s: it needs two numbers or more", text)
		}
		up := Version{epoch: w.epoch, release: w.release[:len(w.release)-1], post: -1, dev: -1}
		return c >= 0 && v.startsWith(up), nil
	}
	return false, fmt.Errorf("%q is no comparison of versions", op)
}

func (v Version) sameRelease(w Version) bool {
	a := Version{epoch: v.epoch, release: v.release, post: -1, dev: -1}
	b := Version{epoch: w.epoch, release: w.release, post: -1, dev: -1}
	return a.Compare(b) == 0
}

func (v Version) startsWith(w Version) bool {
	if v.epoch != w.epoch {
		return false
	}
	for i := range w.release {
		if part(v.release, i) != w.release[i] {
			return false
		}
	}
	return true
}

// Normalize gives a package's name as PEP 503 compares it.
func Normalize(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '-' || r == '_' || r == '.' }), "-")
}
