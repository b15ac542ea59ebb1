package diag

import "github.com/agext/levenshtein"

// Nearest gives the candidate whose spelling is closest to name, "" where none is close enough to be what was meant
// (more than a third of the letters differ; two
// that changed places count as one).
func Nearest(name string, candidates []string) string {
	best, at := "", 1+max(1, len(name)/3)
	for _, c := range candidates {
		d := levenshtein.Distance(name, c, nil)
		if d == 2 && swapped(name, c) {
			d = 1
		}
		if d < at {
			best, at = c, d
		}
	}
	return best
}

// DidYouMean gives a hint in words for Nearest, "" where there is none.
func DidYouMean(name string, candidates []string) string {
	if n := Nearest(name, candidates); n != "" {
		return "Did you mean \"" + n + "\"?"
	}
	return ""
}

// swapped says whether a and b differ by two neighbouring letters that changed places.
func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
