package build

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/graph/action"
)

// Those who wait for a key's lock while somebody else works on it get the outcome, a failure too: eight processes that want one
// environment do not find out one after the other that it cannot be made. The failure is recorded under the key before the lock is given up,
// and counts for who was waiting at that moment. Who comes later works anew.

// maxToldOutput is how much of what a command said is passed on; the end says most.
const maxToldOutput = 256 << 10

// toldFailure is the record of a failure (cache.Failure), as JSON.
type toldFailure struct {
	At      time.Time `json:"at"`
	Summary string    `json:"summary"`
	Work    bool      `json:"work"` // the work itself failed; otherwise what it stands on did
	Env     bool      `json:"env,omitempty"`
	Argv    []string  `json:"argv,omitempty"`
	Stdout  []byte    `json:"stdout,omitempty"`
	Stderr  []byte    `json:"stderr,omitempty"`
}

// tell records how an action failed, while its key is locked. What this process was forbidden says nothing to others.
func (s *session) tell(ctx context.Context, t *turn, err error) {
	var missing *action.MissingInputError
	if err == nil || ctx.Err() != nil || errors.As(err, &missing) || s.x.NoSave || s.e.o.Offline || s.e.o.Locked {
		return
	}
	f := toldFailure{At: s.e.o.Now(), Summary: err.Error()}
	var work *action.Failed
	if errors.As(err, &work) {
		f.Work, f.Env, f.Argv, f.Stdout, f.Stderr = true, work.Env, work.Argv, last(work.Stdout), last(work.Stderr)
	}
	if b, err := json.Marshal(f); err == nil {
		_ = s.store.Record(cache.Failure, t.job.Key, b) // who waits finds out for himself then
	}
}

func last(b []byte) []byte { return b[max(0, len(b)-maxToldOutput):] }

// told gives the failure of what this action waited for, nil where there was none.
func (s *session) told(t *turn) error {
	since, waited := s.waiting.Load(t.id)
	if !waited || s.mustRun(t) {
		return nil
	}
	b, ok := s.store.Lookup(cache.Failure, t.job.Key)
	if !ok {
		return nil
	}
	var f toldFailure
	if json.Unmarshal(b, &f) != nil || f.At.Before(since.(time.Time)) {
		return nil
	}
	if !f.Work {
		return &action.EnvError{Err: errors.New(f.Summary)}
	}
	return &action.Failed{Summary: f.Summary, Env: f.Env, Argv: f.Argv, Stdout: f.Stdout, Stderr: f.Stderr}
}
