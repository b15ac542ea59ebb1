package build

import (
	"strings"

	"github.com/cairn-build/cairn/graph/state"
)

// peek tells what the request's one target would start.
func (e *Engine) peek(g *state.Graph, r Request) {
	sel, err := e.selectFor(g, r)
	if err != nil || len(sel.targets) != 1 {
		return // the build says what is wrong
	}
	if p, err := programOf(g, sel.targets[0]); err == nil {
		r.Peek(Runnable{Label: strings.Clone(g.LabelText(sel.targets[0])), Script: p.Script})
	}
}
