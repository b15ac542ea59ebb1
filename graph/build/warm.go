package build

import (
	"context"

	"github.com/cairn-build/cairn/graph/state"
)

// warm has the runner start its first helper, which takes milliseconds, while the rest of the workspace is looked at. Without
// a runner the build says why.
func (e *Engine) warm() {
	if r, err := e.run(); err == nil {
		if r, ok := r.(interface{ Warm() }); ok {
			r.Warm()
		}
	}
}

// warm has the runner start its first helper, which takes milliseconds, while the tools of the first action that is not done
// are looked up. Where outputs are just to be put back nothing will run, and nothing starts.
func (s *session) warm(ctx context.Context, dirty []state.ActionID) {
	r, ok := s.x.Runner.(interface{ Warm() })
	if !ok {
		return
	}
	for _, a := range dirty {
		if s.g.Done(a) || len(s.g.ActionTools(a)) == 0 {
			continue // only commands have tools
		}
		r.Warm()
		_, _ = s.toolsOf(ctx, a) // the action that needs them says what is wrong
		return
	}
}
