package link

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// mayBeSkipped says whether an instance with these conditions is ever skipped. A condition called never turns the default off.
func mayBeSkipped(conds []*registry.Entry) bool {
	return slices.ContainsFunc(conds, func(e *registry.Entry) bool { return e.Function != "never" })
}

// skipped warns of an instance that is not skipped along with another that it takes a result of, and whose argument does not take what stands
// for that result then.
func (c *checker) skipped(id string, want *shape, at string) {
	from := c.l.byID[id]
	if from == nil || !c.sure || !c.l.skips[id] || c.l.skips[c.t.ID] {
		return
	}
	mapped := c.t.ArgValues != nil && strings.HasPrefix(at, c.t.At+"/"+string(c.t.Method)+"/")
	switch {
	case from.Method == spec.MapValues, mapped && from.Method == spec.Call:
		return // what is run over may be what stands for it; and pairs are seldom taken as they are
	case from.Method == spec.Map && !mapped:
		if want == nil || want.kind() != "array" {
			return
		}
		want = want.at("items")
	}
	if takesSkipped(want, 0) {
		return
	}
	c.l.report(diag.Diag{Warning: true, Code: "may-be-skipped", Summary: fmt.Sprintf("%q may be skipped, and %q is not then", quote.Clip(id), quote.Clip(c.t.ID)),
		Detail: fmt.Sprintf("The argument %q of `%s` takes `%s`, and no SkipSentinel.", c.arg, c.t.Entry.Name(), want),
		Hint:   "Give it a skipif too, with a condition that is true of a SkipSentinel, or the argument a SkippedDependencyFallback.", Range: c.l.s.Places.Value(at),
		Related: []diag.Related{{Range: c.l.s.Places.Value(from.At + "/id"), Text: "what may be skipped"}}})
}

// takesSkipped says whether what stands for a skipped result may be taken.
func takesSkipped(want *shape, depth int) bool {
	if want == nil || depth > maxDepth {
		return true
	}
	if l := want.anyOf(); len(l) > 0 {
		return slices.ContainsFunc(l, func(a *shape) bool { return takesSkipped(a, depth+1) })
	}
	if want.enum() != nil {
		return false
	}
	k := want.kind()
	return k == "" || strings.HasSuffix(k, ".SkipSentinel")
}
