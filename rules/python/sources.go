package python

import (
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

// checkouts gives the git sources that attributes name, straight or as what a wheel is built from.
func checkouts(c *rule.Context, attrs ...string) []rule.Checkout {
	var out []rule.Checkout
	for _, a := range attrs {
		for _, d := range c.Deps(a) {
			if k, ok := rule.Get[rule.Checkout](d); ok {
				out = append(out, k)
			}
			if w, ok := rule.Get[Wheel](d); ok {
				out = append(out, w.From...)
			}
		}
	}
	return out
}

// oneSource reports a script whose environment, or the library in it, is of another repository or revision than the script itself: that is a
// slip more often than not, and it is all right where the target says so.
func oneSource(c *rule.Context, e *Env) {
	if e == nil || c.Bool("mixed_sources") {
		return
	}
	for _, own := range checkouts(c, "source") {
		for _, k := range e.From {
			if k.URL != own.URL || k.Ref != own.Ref {
				c.Problem("python_env", "mixed-sources", "The script and its environment are of different sources",
					fmt.Sprintf("The script is of %s, the environment of %s. Write mixed_sources = true if that is meant.", sourceText(own), sourceText(k)))
				return
			}
		}
	}
}

// sourceText names a source for people: "branch main of https://...".
func sourceText(k rule.Checkout) string {
	ref := k.Ref
	for prefix, word := range map[string]string{"refs/heads/": "branch ", "refs/tags/": "tag "} {
		if rest, ok := strings.CutPrefix(ref, prefix); ok {
			ref = word + rest
		}
	}
	if ref == "HEAD" {
		ref = "the default branch"
	}
	return ref + " of " + k.URL
}
