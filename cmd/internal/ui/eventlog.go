package ui

import (
	"bufio"
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/procedure"
)

// EventLog writes events as newline JSON: one object a line, each with "time" (RFC 3339, UTC) and "type". The first line
// is of type "cairn" and names the schema's number; the last one is of type "summary". docs/reference/events.md lists the
// types and fields. New fields and types may come; what is there stays. What happens can be read a tenth of a second later,
// so that a build that hangs or is killed leaves what it did. Safe for concurrent use.
type EventLog struct {
	mu     sync.Mutex
	w      *bufio.Writer
	c      io.Closer
	enc    *json.Encoder
	now    func() time.Time
	err    error
	due    bool // a flush is on its way
	closed bool
}

// flushAfter is how long a line may wait for others to be written with it.
const flushAfter = 100 * time.Millisecond

// EventSchema is the number that the first line carries; it grows when a field changes its meaning.
const EventSchema = 1

// NewEventLog starts a log on w and writes its first line. Close closes w.
func NewEventLog(w io.WriteCloser, version, command string, now func() time.Time) *EventLog {
	l := &EventLog{w: bufio.NewWriterSize(w, 64<<10), c: w, now: now}
	l.enc = json.NewEncoder(l.w)
	l.enc.SetEscapeHTML(false)
	l.write(eventHead{l.stamp(time.Time{}, "cairn"), EventSchema, version, command})
	return l
}

type eventStamp struct {
	Time string `json:"time"`
	Type string `json:"type"`
}

type eventHead struct {
	eventStamp
	Schema  int    `json:"schema"`
	Version string `json:"version"`
	Command string `json:"command"`
}

type eventPhase struct {
	eventStamp
	Name string `json:"name"`
}

type eventStart struct {
	eventStamp
	ID       int    `json:"id"`
	Label    string `json:"label"`
	Mnemonic string `json:"mnemonic"`
	Subject  string `json:"subject,omitempty"`
	Case     string `json:"case,omitempty"`
	Slot     int    `json:"slot"`
	Why      string `json:"why,omitempty"`
}

type eventFinish struct {
	eventStamp
	ID        int           `json:"id"`
	Label     string        `json:"label"`
	Mnemonic  string        `json:"mnemonic"`
	Subject   string        `json:"subject,omitempty"`
	Status    string        `json:"status"`
	Test      bool          `json:"test,omitempty"`
	Case      string        `json:"case,omitempty"`
	Started   string        `json:"started,omitempty"`
	WallMS    float64       `json:"wall_ms"`
	Key       string        `json:"key,omitempty"`
	Isolation string        `json:"isolation,omitempty"`
	Same      bool          `json:"output_same,omitempty"`
	Stdout    string        `json:"stdout,omitempty"`
	Stderr    string        `json:"stderr,omitempty"`
	Failure   *eventFailure `json:"failure,omitempty"`
}

type eventFailure struct {
	Label       string   `json:"label"`
	Case        string   `json:"case,omitempty"`
	Kind        string   `json:"kind,omitempty"`
	File        string   `json:"file,omitempty"`
	Line        int      `json:"line,omitempty"`
	Summary     string   `json:"summary"`
	Command     string   `json:"command,omitempty"`
	Output      string   `json:"output,omitempty"`
	Again       string   `json:"again,omitempty"`
	Log         string   `json:"log,omitempty"`
	Kept        string   `json:"kept,omitempty"`
	Environment bool     `json:"environment,omitempty"`
	Hints       []string `json:"hints,omitempty"`

	Problems []problemJSON `json:"problems,omitempty"`
}

type eventWaiting struct {
	eventStamp
	Label   string `json:"label"`
	PID     int    `json:"pid"`
	Command string `json:"command"`
}

type eventResolved struct {
	eventStamp
	Label  string            `json:"label"`
	Entry  map[string]string `json:"entry"`
	Locked bool              `json:"locked,omitempty"`
}

type eventFetch struct {
	eventStamp
	Label string `json:"label"`
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
}

type eventNotice struct {
	eventStamp
	Text string `json:"text"`
}

type eventProgress struct {
	eventStamp
	Done    int `json:"done"`
	Total   int `json:"total"`
	Running int `json:"running"`
}

type eventProcedure struct {
	eventStamp
	Seq       int             `json:"seq"`
	Procedure int             `json:"procedure"`
	Kind      procedure.Kind  `json:"kind"`
	State     procedure.State `json:"state"`
	Cached    *bool           `json:"cached,omitempty"`
	Prep      *procedure.Prep `json:"prep,omitempty"`
	Text      string          `json:"text,omitempty"`
	Stderr    bool            `json:"stderr,omitempty"`
	Exit      *int            `json:"exit,omitempty"`
}

// Procedure writes an event of a script's life. It may be called from several goroutines.
func (l *EventLog) Procedure(e procedure.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write(eventProcedure{l.stamp(e.Time, "procedure"), e.Seq, e.Procedure, e.Kind, e.State, e.Cached, e.Prep, e.Text, e.Stderr, e.Exit})
}

type eventPiece struct {
	eventStamp
	Label    string `json:"label"`
	Mnemonic string `json:"mnemonic"`
	Name     string `json:"name"`
	How      string `json:"how"`
	N        int    `json:"n"`
	Of       int    `json:"of"`
}

type eventLinked struct {
	eventStamp
	Label    string `json:"label"`
	Mnemonic string `json:"mnemonic"`
	Files    int    `json:"files"`
	Copies   int    `json:"copies"`
}

type eventSummary struct {
	eventStamp
	SummaryJSON
}

// Event writes one event. It may be called from several goroutines.
func (l *EventLog) Event(e build.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case e.Phase != nil:
		l.write(eventPhase{l.stamp(e.Time, "phase"), e.Phase.Name})
	case e.Start != nil:
		s := e.Start
		l.write(eventStart{l.stamp(e.Time, "start"), s.ID, s.Label, s.Mnemonic, s.Subject, s.Case, s.Slot, s.Why})
	case e.Finish != nil:
		f := e.Finish
		started := ""
		if !f.StartedAt.IsZero() {
			started = stampOf(f.StartedAt)
		}
		l.write(eventFinish{l.stamp(e.Time, "finish"), f.ID, f.Label, f.Mnemonic, f.Subject, f.Status.String(), f.Test, f.Case, started,
			milliseconds(f.Wall), f.Key, string(f.Isolation), f.OutputSame, string(f.Stdout), string(f.Stderr), failureOf(f.Failure)})
	case e.Waiting != nil:
		l.write(eventWaiting{l.stamp(e.Time, "waiting"), e.Waiting.Label, e.Waiting.PID, e.Waiting.Command})
	case e.Resolved != nil:
		l.write(eventResolved{l.stamp(e.Time, "resolved"), e.Resolved.Label, e.Resolved.Entry, e.Resolved.Locked})
	case e.Fetch != nil:
		l.write(eventFetch{l.stamp(e.Time, "fetch"), e.Fetch.Label, e.Fetch.Done, e.Fetch.Total})
	case e.Piece != nil:
		p := e.Piece
		l.write(eventPiece{l.stamp(e.Time, "piece"), p.Label, p.Mnemonic, p.Name, p.How, p.N, p.Of})
	case e.Linked != nil:
		k := e.Linked
		l.write(eventLinked{l.stamp(e.Time, "linked"), k.Label, k.Mnemonic, k.Files, k.Copies})
	case e.Notice != nil:
		l.write(eventNotice{l.stamp(e.Time, "notice"), e.Notice.Text})
	case e.Progress != nil:
		l.write(eventProgress{l.stamp(e.Time, "progress"), e.Progress.Done, e.Progress.Total, e.Progress.Running})
	}
}

// Summary writes what a round came to and lets readers have all lines up to here.
func (l *EventLog) Summary(s *build.Summary, exit int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.summary(s, exit)
	if err := l.w.Flush(); l.err == nil {
		l.err = err
	}
}

func (l *EventLog) summary(s *build.Summary, exit int) {
	j := SummaryOf(s)
	j.Exit = exit
	l.write(eventSummary{l.stamp(time.Time{}, "summary"), j})
}

// Close writes the last line, where s is not nil, and ends the log. The error is the first that happened.
func (l *EventLog) Close(s *build.Summary, exit int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s != nil {
		l.summary(s, exit)
	}
	if err := l.w.Flush(); l.err == nil {
		l.err = err
	}
	l.closed = true
	if err := l.c.Close(); l.err == nil {
		l.err = err
	}
	return l.err
}

func (l *EventLog) write(v any) {
	if err := l.enc.Encode(v); l.err == nil {
		l.err = err
	}
	if !l.due {
		l.due = true
		time.AfterFunc(flushAfter, l.flush)
	}
}

func (l *EventLog) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.due = false; l.err == nil && !l.closed {
		l.err = l.w.Flush()
	}
}

func (l *EventLog) stamp(t time.Time, kind string) eventStamp {
	if t.IsZero() {
		t = l.now()
	}
	return eventStamp{stampOf(t), kind}
}

func stampOf(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func failureOf(f *build.Failure) *eventFailure {
	if f == nil {
		return nil
	}
	return &eventFailure{f.Label, f.Case, f.Kind, f.File, f.Line, f.Summary, f.Command, string(f.Output), f.Repro, f.Log, f.Kept, f.Env, f.Hints, problemsOf(f.Problems)}
}
