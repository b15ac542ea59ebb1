package version

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Installed is a version of a module that is there: the name of its folder as it stands, and which pool of the search path it lies
// in, from 0.
type Installed struct {
	Version string
	Pool    int
}

// NotAvailable is the error of a request that nothing installed satisfies. Others are the versions that are there, in order, each
// once; none where the module is not there at all.
type NotAvailable struct {
	Request string
	Others  []string
}

// Error says which versions there are.
func (e *NotAvailable) Error() string {
	what := "no version"
	if e.Request != "" {
		what = "version " + e.Request
	}
	if len(e.Others) == 0 {
		return what + " is available"
	}
	return what + " is not available; there are: " + strings.Join(e.Others, ", ")
}

// Select gives the index of the installed version that a request means, and warnings where the choice may be unexpected, each a
// sentence. The request "" means any version, None means nothing: the index is then -1. Installed versions are in the order of
// the search path, and within a pool in that of the folder.
//
// Numeric versions come before test versions, and the highest is taken: for 1.0.0 the highest revision of it. Of equal ones the
// first pool's is taken. What require leaves to the order of folders is settled here: +0 is higher than no revision; and of test
// versions, where none is named, it is the first pool's, there the first by name, and of that the highest revision in any pool,
// as if it had been named. With strictOrder it is as in require: of 1.0.0 and 1.0.0+0, and of test versions with different
// names, the first in the order given.
func Select(request string, installed []Installed, strictOrder bool) (i int, warnings []string, err error) {
	if request == None {
		return -1, nil, nil
	}
	read := make([]Version, len(installed))
	var fit []int
	for i, have := range installed {
		read[i] = Lenient(have.Version)
		if Loaded(have.Version, request) {
			fit = append(fit, i)
		}
	}
	if len(fit) == 0 {
		return -1, nil, &NotAvailable{request, Others(installed)}
	}
	if strictOrder {
		best := slices.MinFunc(fit, func(a, b int) int { return -inOrder(read[a], read[b]) }) // the first of equal ones
		return best, remarks(request, best, fit, installed, read), nil
	}
	byPool := func(a, b int) int {
		return cmp.Or(cmp.Compare(installed[a].Pool, installed[b].Pool), cmp.Compare(read[a].Test, read[b].Test))
	}
	among := fit
	if request == "" && !slices.ContainsFunc(fit, func(i int) bool { return !read[i].IsTest() }) {
		text := read[slices.MinFunc(fit, byPool)].Test
		among = slices.DeleteFunc(slices.Clone(fit), func(i int) bool { return read[i].Test != text })
	}
	best := slices.MinFunc(among, func(a, b int) int {
		return cmp.Or(-Compare(read[a], read[b]), cmp.Compare(installed[a].Pool, installed[b].Pool), cmp.Compare(installed[a].Version, installed[b].Version))
	})
	return best, remarks(request, best, fit, installed, read), nil
}

// inOrder is how require compares what it meets with what it has: no revision is the same as +0, and test versions with different
// texts are as good as each other.
func inOrder(a, b Version) int {
	a.Rev, b.Rev = max(a.Rev, 0), max(b.Rev, 0)
	if a.IsTest() && b.IsTest() && a.Test != b.Test {
		return 0
	}
	return Compare(a, b)
}

// remarks says what may be unexpected about the choice of best among those that fit.
func remarks(request string, best int, fit []int, installed []Installed, read []Version) []string {
	var out []string
	have := installed[best].Version
	if request == "" && read[best].IsTest() {
		out = append(out, fmt.Sprintf("There is no numeric version, so that the test version %s is taken.", have))
	}
	if !readable(have) {
		out = append(out, fmt.Sprintf("Version %s cannot be read, and counts as 0.0.0.", have))
	}
	var rivals []string
	for _, i := range fit {
		if read[i] != read[best] && inOrder(read[i], read[best]) == 0 && !slices.Contains(rivals, installed[i].Version) {
			rivals = append(rivals, installed[i].Version)
		}
	}
	if slices.Sort(rivals); len(rivals) > 0 {
		out = append(out, fmt.Sprintf("Between %s and %s require takes the one that its folder lists first; %s is taken.",
			have, strings.Join(rivals, ", "), have))
	}
	return out
}

func readable(s string) bool {
	_, ok := read(s)
	return ok
}

// Others gives the versions of installed, the highest first, each once.
func Others(installed []Installed) []string {
	var all []string
	for _, have := range installed {
		all = append(all, have.Version)
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(-Compare(Lenient(a), Lenient(b)), cmp.Compare(a, b))
	})
	return slices.Compact(all)
}

// NextRevision gives the first revision that is free after what is installed of a version, "1.0.0+3" for 1.0.0, 1.0.0+2 and others.
// It is never +0: require cannot tell that from no revision.
func NextRevision(v string, installed []string) string {
	next := Lenient(v)
	next.Rev = max(next.Rev, 0)
	for _, s := range installed {
		if have := Lenient(s); have.Base() == next.Base() {
			next.Rev = max(next.Rev, have.Rev)
		}
	}
	next.Rev++
	return next.String()
}
