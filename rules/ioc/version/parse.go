package version

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Parse reads the version of a module that is to be built or installed. Besides what require cannot read it refuses what it reads
// as something else and what no folder can be called.
func Parse(s string) (Version, error) {
	switch {
	case s == "":
		return Version{}, errors.New("a version is needed")
	case s == None || s == "ifexists":
		return Version{}, fmt.Errorf("%q is a word of require's own and no version", s)
	case s[0] == '.':
		return Version{}, fmt.Errorf("version %q starts with a dot, and require ignores hidden folders", s)
	case s[0] == '-':
		return Version{}, fmt.Errorf("version %q starts with a minus, which makes a flag of it", s)
	case strings.Count(s, "+") > 1:
		return Version{}, fmt.Errorf("version %q has more than one plus: a revision is one number at the end", s)
	}
	for _, r := range s {
		if !plain(r) {
			return Version{}, fmt.Errorf("version %q has %q in it: letters, digits and . _ - may be there, and one + before the revision", s, r)
		}
	}
	v, ok := read(s)
	switch {
	case !ok:
		return Version{}, fmt.Errorf("version %q has no number after the plus: a revision is digits alone", s)
	case s[0] == '+':
		return Version{}, fmt.Errorf("version %q is a revision of nothing", s)
	case max(v.Major, v.Minor, v.Patch, v.Rev) > math.MaxInt32:
		return Version{}, fmt.Errorf("version %q has a number above %d in it", s, math.MaxInt32)
	}
	return v, nil
}

// plain says whether a letter can be in a version: no shell, no iocsh and no search path sees anything else in it.
func plain(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("._-+", r)
}

// Warning says in a sentence what is unexpected about a version that Parse accepts, "" where nothing is.
func Warning(s string) string {
	v, ok := read(s)
	if !ok || s == "" {
		return ""
	}
	if !v.IsTest() {
		if v.String() != s {
			return fmt.Sprintf("Version %s is the same as %s to require.", s, v)
		}
		return ""
	}
	if base, rev, ok := oldRevision(s); ok {
		return fmt.Sprintf("Version %s is a test version; was revision %s of %s meant, %s+%s?", s, rev, base, base, rev)
	}
	if n := strings.TrimPrefix(v.Test, "v"); onlyNumbers(n) {
		parts := strings.Split(n, ".")
		for len(parts) < 3 {
			parts = append(parts, "0")
		}
		meant := Version{Rev: v.Rev, Test: strings.Join(parts[:3], ".")}
		return fmt.Sprintf("Version %s is a test version, because it is not three numbers; was %s meant?", s, meant)
	}
	return ""
}

// oldRevision reads MAJOR.MINOR.PATCH-REVISION, as revisions were written once.
func oldRevision(s string) (base, rev string, ok bool) {
	base, rev, ok = strings.Cut(s, "-")
	if !ok || base == "" || rev == "" {
		return "", "", false
	}
	_, rest := number(rev)
	_, three := numeric(base)
	return base, rev, three && rest == ""
}

// onlyNumbers says whether s is numbers with dots between them.
func onlyNumbers(s string) bool {
	for _, part := range strings.Split(s, ".") {
		if _, rest := number(part); part == "" || rest != "" {
			return false
		}
	}
	return true
}
