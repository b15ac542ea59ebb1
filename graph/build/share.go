package build

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/diag"
)

// Those who wait for a key's lock while somebody else works on it get the outcome, a failure too: eight processes that want one
// environment do not find out one after the other that it cannot be made. Who fails tells those that wait at that moment, before the lock is
// given up. Who comes later works anew.

// maxToldOutput is how much of what a command said is passed on; the end says most.
const maxToldOutput = 256 << 10

// toldFailure is a failure as one process tells it to others, as JSON.
type toldFailure struct {
	Summary string   `json:"summary"`
	Work    bool     `json:"work"` // the work itself failed; otherwise what it stands on did
	Env     bool     `json:"env,omitempty"`
	Argv    []string `json:"argv,omitempty"`
	Stdout  []byte   `json:"stdout,omitempty"`
	Stderr  []byte   `json:"stderr,omitempty"`

	Problems diag.List         `json:"problems,omitempty"`
	Sources  map[string][]byte `json:"sources,omitempty"`
}

// tell tells those who wait how an action failed, while its key is locked. What this process was forbidden says nothing to others.
func (s *session) tell(ctx context.Context, t *turn, err error) {
	var missing *action.MissingInputError
	if err == nil || ctx.Err() != nil || errors.As(err, &missing) || s.x.NoSave || s.e.o.Offline || s.e.o.Locked {
		return
	}
	f := toldFailure{Summary: err.Error()}
	var work *action.Failed
	if errors.As(err, &work) {
		f.Work, f.Env, f.Argv, f.Stdout, f.Stderr = true, work.Env, work.Argv, last(work.Stdout), last(work.Stderr)
		f.Problems, f.Sources = work.Problems, work.Sources
	}
	if b, err := json.Marshal(f); err == nil {
		s.store.TellWaiters(t.job.Key, b)
	}
}

func last(b []byte) []byte { return b[max(0, len(b)-maxToldOutput):] }

// told gives the failure of what this action waited for, nil where there was none.
func (s *session) told(t *turn) error {
	key, waited := s.waiting.Load(t.id)
	if !waited || key != t.job.Key || s.mustRun(t) {
		return nil
	}
	var f toldFailure
	if json.Unmarshal(s.store.Told(t.job.Key), &f) != nil {
		return nil
	}
	if !f.Work {
		return &action.EnvError{Err: errors.New(f.Summary)}
	}
	return &action.Failed{Summary: f.Summary, Env: f.Env, Argv: f.Argv, Stdout: f.Stdout, Stderr: f.Stderr, Problems: f.Problems, Sources: f.Sources}
}

// waitNoMore ends what waitFor said in the cache.
func (s *session) waitNoMore() {
	s.waiting.Range(func(_, key any) bool {
		s.store.Unawait(key.(digest.Hash))
		return true
	})
}
