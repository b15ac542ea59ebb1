package ui

import (
	"bufio"
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/cairn-build/cairn/graph/build"
)

// Profile writes what happened in Chrome's trace format (the JSON object form: {"traceEvents": [...]}, times in
// microseconds since the command began), for chrome://tracing and Perfetto. Each slot is a thread of process 1; phases are
// thread 0. Safe for concurrent use.
type Profile struct {
	mu    sync.Mutex
	w     *bufio.Writer
	c     io.Closer
	begin time.Time
	now   func() time.Time
	named map[int]bool
	phase string
	since time.Time
	some  bool
	err   error
}

type traceEvent struct {
	Name  string         `json:"name"`
	Cat   string         `json:"cat,omitempty"`
	Phase string         `json:"ph"`
	TS    int64          `json:"ts"`
	Dur   int64          `json:"dur,omitempty"`
	PID   int            `json:"pid"`
	TID   int            `json:"tid"`
	Args  map[string]any `json:"args,omitempty"`
}

// NewProfile starts a trace on w at the moment that now gives. Close closes w.
func NewProfile(w io.WriteCloser, now func() time.Time) *Profile {
	p := &Profile{w: bufio.NewWriterSize(w, 64<<10), c: w, begin: now(), now: now, named: map[int]bool{}}
	p.text("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n")
	p.name(0, "phases")
	return p
}

// Event takes one event. It may be called from several goroutines.
func (p *Profile) Event(e build.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case e.Phase != nil:
		p.endPhase()
		p.phase, p.since = e.Phase.Name, p.now()
	case e.Finish != nil && !e.Finish.StartedAt.IsZero():
		f := e.Finish
		tid := f.Slot + 1
		p.name(tid, "slot")
		p.put(traceEvent{Name: f.Label, Cat: f.Mnemonic, Phase: "X", TS: p.at(f.StartedAt), Dur: max(1, f.Wall.Microseconds()), PID: 1, TID: tid,
			Args: map[string]any{"mnemonic": f.Mnemonic, "subject": f.Subject, "status": f.Status.String(), "key": f.Key}})
	case e.Progress != nil:
		p.put(traceEvent{Name: "running", Phase: "C", TS: p.at(p.now()), PID: 1, Args: map[string]any{"actions": e.Progress.Running}})
	}
}

// Close ends the trace. The error is the first that happened.
func (p *Profile) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endPhase()
	p.text("\n]}\n")
	if err := p.w.Flush(); p.err == nil {
		p.err = err
	}
	if err := p.c.Close(); p.err == nil {
		p.err = err
	}
	return p.err
}

func (p *Profile) endPhase() {
	if p.phase == "" {
		return
	}
	p.put(traceEvent{Name: p.phase, Cat: "phase", Phase: "X", TS: p.at(p.since), Dur: max(1, p.now().Sub(p.since).Microseconds()), PID: 1})
	p.phase = ""
}

func (p *Profile) name(tid int, what string) {
	if p.named[tid] {
		return
	}
	p.named[tid] = true
	p.put(traceEvent{Name: "thread_name", Phase: "M", PID: 1, TID: tid, Args: map[string]any{"name": what}})
}

func (p *Profile) at(t time.Time) int64 { return t.Sub(p.begin).Microseconds() }

func (p *Profile) put(e traceEvent) {
	b, err := json.Marshal(e)
	if err != nil && p.err == nil {
		p.err = err
	}
	if p.some {
		p.text(",\n")
	}
	p.some = true
	p.text(string(b))
}

func (p *Profile) text(s string) {
	if _, err := p.w.WriteString(s); err != nil && p.err == nil {
		p.err = err
	}
}
