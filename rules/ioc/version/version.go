// Package version is what require makes of the versions of modules: how they are read and compared, which one a request means and
// whether a loaded one satisfies another request. It knows no folders; the order of what is installed is given to it.
package version

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Version is a version as require reads it: MAJOR.MINOR.PATCH, or any text, which makes it a test version; then a revision, if it
// has one. A test version has no numbers but the revision's.
type Version struct {
	Major, Minor, Patch int
	Rev                 int    // -1: none
	Test                string // the text without the revision; "" for a numeric version
}

// String gives MAJOR.MINOR.PATCH[+REVISION] without leading zeros, or the text of a test version with its revision.
func (v Version) String() string {
	s := v.Base()
	if v.Rev >= 0 {
		s += "+" + strconv.Itoa(v.Rev)
	}
	return s
}

// Base gives the version without its revision.
func (v Version) Base() string {
	if v.Test != "" {
		return v.Test
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}

// IsTest says whether v may be installed over itself and is never preferred to a numeric version.
func (v Version) IsTest() bool { return v.Test != "" }

// Lenient reads a version as require does, which refuses nothing: what has a `+` that is not followed by digits alone, up to the
// end, is numeric 0.0.0 to it. A number too large for an int is the largest one.
func Lenient(s string) Version {
	v, ok := read(s)
	if !ok {
		return Version{Rev: -1}
	}
	return v
}

// read reads an optional N.N.N, then any text without a plus, then an optional +N.
func read(s string) (Version, bool) {
	v := Version{Rev: -1}
	text, rev, revised := strings.Cut(s, "+")
	if revised {
		n, rest := number(rev)
		if rev == "" || rest != "" {
			return Version{}, false
		}
		v.Rev = n
	}
	if core, ok := numeric(text); ok {
		v.Major, v.Minor, v.Patch = core[0], core[1], core[2]
		return v, true
	}
	v.Test = text
	return v, true
}

// numeric reads N.N.N. The empty text is 0.0.0.
func numeric(text string) (core [3]int, ok bool) {
	if text == "" {
		return core, true
	}
	for i := range core {
		if i > 0 {
			if text, ok = strings.CutPrefix(text, "."); !ok {
				return core, false
			}
		}
		before := text
		if core[i], text = number(text); len(text) == len(before) {
			return core, false
		}
	}
	return core, text == ""
}

// number reads the digits that s starts with and gives what follows them.
func number(s string) (n int, rest string) {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil && end > 0 {
		n = math.MaxInt
	}
	return n, s[end:]
}

// Compare orders versions: test versions come before all numeric ones and among each other go by their text, numeric ones by their
// three numbers; then the revision counts, where none is less than +0. Semantic versioning's own order leaves revisions out.
func Compare(a, b Version) int {
	if a.IsTest() != b.IsTest() {
		if a.IsTest() {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Test, b.Test), a.core().Compare(b.core()), cmp.Compare(a.Rev, b.Rev))
}

func (v Version) core() *semver.Version {
	return semver.New(uint64(v.Major), uint64(v.Minor), uint64(v.Patch), "", "")
}

// Satisfies says whether v is what request means: the same but for the revision, which counts only where request has one.
func (v Version) Satisfies(request Version) bool {
	if request.Rev < 0 {
		v.Rev = -1
	}
	return v == request
}

// Loaded says whether a module that is loaded as have satisfies a further request for it. The empty request asks for no version,
// and None for nothing at all.
func Loaded(have, request string) bool {
	return request == "" || request == None || have == request || Lenient(have).Satisfies(Lenient(request))
}

// None is the version of a request that asks for nothing: it is skipped.
const None = "none"
