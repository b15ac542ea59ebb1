package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/procedure"
)

// tracker tells what a build does as the preparation of a script.
type tracker struct {
	say   func(procedure.Prep)
	now   func() time.Time
	began time.Time

	mu      sync.Mutex
	policy  string // how environments are keyed, where it is known
	worked  bool   // something was done for an environment
	told    map[string]time.Time
	links   []procedure.Prep // not yet told
	builds  int              // of wheels of own code whose names are not known yet
	named   map[string]bool  // wheels that were told
	failure string           // of the first action that failed, in a line
	words   string           // the end of what that one wrote
}

// fetchEvery is how often the bytes of one fetch are told.
const fetchEvery = 200 * time.Millisecond

func newTracker(say func(procedure.Prep), now func() time.Time) *tracker {
	return &tracker{say: say, now: now, began: now(), policy: "content", told: map[string]time.Time{}, named: map[string]bool{}}
}

// keyed notes how the environment is keyed.
func (t *tracker) keyed(policy string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if policy != "" {
		t.policy = policy
	}
}

// event takes in what a build tells. It may be called from several goroutines.
func (t *tracker) event(e build.Event) {
	switch {
	case e.Resolved != nil:
		r := e.Resolved
		t.say(procedure.Prep{Step: procedure.StepResolve, Target: r.Label, Ref: r.Entry["ref"], Commit: r.Entry["commit"]})
	case e.Fetch != nil:
		t.fetch(e.Fetch)
	case e.Start != nil && ofEnv(e.Start.Kind, e.Start.Mnemonic):
		t.start(e.Start)
	case e.Piece != nil && ofEnv(e.Piece.Kind, e.Piece.Mnemonic):
		t.piece(e.Piece)
	case e.Linked != nil && ofEnv(e.Linked.Kind, e.Linked.Mnemonic):
		t.linked(e.Linked)
	case e.Waiting != nil:
		t.waiting(e.Waiting)
	case e.Finish != nil && e.Finish.Failure != nil:
		t.failed(e.Finish)
	}
}

// ofEnv says whether an action is work for an environment, and not for a source or the script itself.
func ofEnv(kind, mnemonic string) bool {
	switch kind {
	case "python_env", "python_wheel", "python_lock":
		return mnemonic != "Write"
	case "script":
		return mnemonic != "Write" && mnemonic != "Script"
	}
	return false
}

func (t *tracker) fetch(f *build.FetchEvent) {
	t.mu.Lock()
	now := t.now()
	early := now.Sub(t.told[f.Label]) < fetchEvery && f.Done != f.Total
	if !early {
		t.told[f.Label] = now
	}
	t.mu.Unlock()
	if !early {
		t.say(procedure.Prep{Step: procedure.StepFetch, Target: f.Label, Bytes: f.Done, Total: f.Total})
	}
}

// missing tells, the first time, that the environment is not there, and why.
func (t *tracker) missing(label, why string) {
	t.mu.Lock()
	first, policy := !t.worked, t.policy
	t.worked = true
	t.mu.Unlock()
	if first {
		t.say(procedure.Prep{Step: procedure.StepKey, Target: label, Policy: policy, Result: procedure.Miss, Reason: why})
	}
}

func (t *tracker) waiting(w *build.WaitingEvent) {
	if ofEnv(w.Kind, w.Mnemonic) {
		t.missing(w.Label, "it is being made")
	}
	builder := fmt.Sprintf("process %d (%s)", w.PID, w.Command)
	if w.PID == os.Getpid() {
		builder = "another script of this service"
	}
	t.say(procedure.Prep{Step: procedure.StepWaiting, Target: w.Label, Builder: builder})
}

// start is the start of an action.
func (t *tracker) start(s *build.StartEvent) {
	t.missing(s.Label, s.Why)
	if s.Mnemonic == "Build" {
		t.mu.Lock()
		t.builds++
		t.mu.Unlock()
	}
	switch s.Mnemonic {
	case "Install":
		t.say(procedure.Prep{Step: procedure.StepCompile, Target: s.Label})
	case "Probe":
		t.say(procedure.Prep{Step: procedure.StepVerify, Target: s.Label, Name: "the interpreter"})
	default:
		t.say(procedure.Prep{Step: procedure.StepNote, Target: s.Label, Stage: s.Mnemonic, Text: s.Mnemonic + " of " + s.Label + ": " + s.Why})
	}
}

func (t *tracker) piece(p *build.PieceEvent) {
	if p.Mnemonic == "Wheels" {
		t.mu.Lock()
		t.named[p.Name] = true
		t.mu.Unlock()
	}
	step := procedure.Prep{Step: procedure.StepWheel, Target: p.Label, N: p.N, Of: p.Of, Name: p.Name, How: p.How}
	if p.How == "ran" {
		step.How = "built"
	}
	if p.Mnemonic == "Install" {
		if t.ownWheel(p) {
			t.say(procedure.Prep{Step: procedure.StepWheel, Target: p.Label, N: 1, Of: 1, Name: p.Name, How: "built"})
		}
		step.Step = procedure.StepCompile
	}
	t.say(step)
}

// ownWheel says whether what was installed is a wheel that was built just now: its build does not say what its name is.
func (t *tracker) ownWheel(p *build.PieceEvent) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.Of != 1 || t.builds == 0 || t.named[p.Name] {
		return false
	}
	t.builds--
	return true
}

// linked is that an environment was put where it is used. Where nothing else was done for it, that is said when it is ready.
func (t *tracker) linked(l *build.LinkedEvent) {
	p := procedure.Prep{Step: procedure.StepLink, Target: l.Label, Files: l.Files, How: "hard links"}
	switch {
	case l.Copies == l.Files:
		p.How = "copies"
	case l.Copies > 0:
		p.How = fmt.Sprintf("hard links, and %d copies", l.Copies)
	}
	t.mu.Lock()
	worked := t.worked
	if !worked {
		t.links = append(t.links, p)
	}
	t.mu.Unlock()
	if worked {
		t.say(p)
	}
}

func (t *tracker) failed(f *build.FinishEvent) {
	t.mu.Lock()
	if t.failure == "" {
		t.failure = fmt.Sprintf("%s of %s: %s", f.Mnemonic, f.Label, f.Failure.Summary)
		t.words = tailOf(string(f.Failure.Output))
	}
	t.mu.Unlock()
	t.say(procedure.Prep{Step: procedure.StepFailed, Target: f.Label, Stage: f.Mnemonic, Error: f.Failure.Summary, Log: tailOf(string(f.Failure.Output))})
}

// tailOf gives the end of a tool's own words.
func tailOf(s string) string {
	const most = 16 << 10
	if len(s) <= most {
		return s
	}
	s = s[len(s)-most:]
	_, s, _ = strings.Cut(s, "\n")
	return "[...]\n" + s
}

// ready tells the end of a preparation that went well, with the environment whose interpreter is at python.
func (t *tracker) ready(python string) {
	p := procedure.Prep{Step: procedure.StepReady, MS: float64(t.now().Sub(t.began).Microseconds()) / 1000, Path: filepath.Dir(filepath.Dir(python))}
	p.ID = filepath.Base(p.Path)
	t.mu.Lock()
	hit, policy, links := !t.worked, t.policy, t.links
	t.links = nil
	t.mu.Unlock()
	if hit {
		t.say(procedure.Prep{Step: procedure.StepKey, Policy: policy, ID: p.ID, Result: procedure.Hit})
	}
	for _, l := range links {
		t.say(l)
	}
	t.say(p)
}

// cached says that nothing was done for an environment.
func (t *tracker) cached() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.worked
}

// prepareError is why a script could not be prepared, in a line; what Unwrap gives was shown, or will be.
type prepareError struct {
	text  string
	words string // the end of what the tool that failed wrote
	err   error
}

// Error implements error.
func (e *prepareError) Error() string { return e.text }

// Unwrap gives the cause.
func (e *prepareError) Unwrap() error { return e.err }

// because gives err with the words of what failed, where err has none of its own.
func (t *tracker) because(err error) error {
	t.mu.Lock()
	text, words := t.failure, t.words
	t.mu.Unlock()
	if text == "" || err == nil || !errors.As(err, new(exitError)) {
		return err
	}
	return &prepareError{text, words, err}
}
