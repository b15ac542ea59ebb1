package action

import (
	"context"
	"fmt"

	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/rule"
)

// relaying is what a command's client asks through; its zero value is for commands that have none.
type relaying struct{ r fetch.Relay }

// relay begins what p's client asks through. The variables that say where it is are in no key and change nothing in a result.
func (x *Executor) relay(ctx context.Context, p *rule.Spawn) (relaying, error) {
	if p.Relay == "" {
		return relaying{}, nil
	}
	if x.Offline {
		return relaying{}, &EnvError{fetch.Offlinef("it asks a server, and --offline forbids the network")}
	}
	f, err := x.Fetcher(p.Relay)
	if err != nil {
		return relaying{}, &EnvError{err}
	}
	l, ok := f.(fetch.Relayer)
	if !ok {
		return relaying{}, &EnvError{fmt.Errorf("internal error: nothing can be asked through fetcher %q", p.Relay)}
	}
	r, err := l.Relay(ctx)
	if err != nil {
		return relaying{}, fetchError(ctx, err)
	}
	return relaying{r}, nil
}

func (r relaying) env() []string {
	if r.r == nil {
		return nil
	}
	return r.r.Env()
}

func (r relaying) close() {
	if r.r != nil {
		_ = r.r.Close() // nobody asks any more
	}
}

// blame says of a command that failed what its client could not be given: the environment is at fault then.
func (r relaying) blame(f *Failed) {
	if r.r == nil {
		return
	}
	if err := r.r.Err(); err != nil {
		f.Env = true
		f.Summary += ": " + err.Error()
	}
}
