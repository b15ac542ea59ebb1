package diag

import "github.com/agext/levenshtein"

// Nearest gives the candidate whose spelling is closest to name, "" where none is close enough to be what was meant
// (more than a third of the letters differ).
func Nearest(name string, candidates []string) string {
	best, at := "", 1+max(1, len(name)/3)
	for _, c := range candidates {
		if d := levenshtein.Distance(name, c, nil); d < at {
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
