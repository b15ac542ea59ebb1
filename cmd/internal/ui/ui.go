// Package ui is the only package that prints. Results go to standard output; progress, logs, failures and problems go to
// standard error. It decides how things look, never what happened: that comes as build events, summaries and diag values.
package ui

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Logs says when the output of actions is shown.
type Logs string

const (
	Grouped Logs = "grouped" // an action's output, whole, when it is over
	Stream  Logs = "stream"  // each line as it comes, with the label before it
	Errors  Logs = "errors"  // only what failed
)

// LogModes are the words that --logs takes.
var LogModes = []string{string(Grouped), string(Stream), string(Errors)}

// Settings is what a UI needs to know. Now and Size are asked again and again and must be cheap.
type Settings struct {
	Stdout, Stderr io.Writer
	OutColor       bool // standard output takes colour
	ErrColor       bool // standard error takes colour
	Block          bool // standard error is a terminal that can redraw
	Logs           Logs
	Now            func() time.Time
	Size           func() (columns, rows int)
}

// UI prints. It is safe for concurrent use. Close it before the process ends.
type UI struct {
	s   Settings
	out *bufio.Writer

	mu       sync.Mutex
	running  map[int]*action
	order    []int // ids of running, oldest first
	done     int
	total    int
	began    time.Time
	lines    int // of the block that is on the screen
	lastLine time.Time
	scratch  []byte
	stop     chan struct{}
	stopped  chan struct{}
	fetching map[string]fetchState
	noticed  map[string]bool
}

// New gives a UI; it starts nothing.
func New(s Settings) *UI {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Size == nil {
		s.Size = func() (int, int) { return 80, 24 }
	}
	if s.Logs == "" {
		s.Logs = Grouped
	}
	return &UI{s: s, out: bufio.NewWriterSize(s.Stdout, 32<<10), running: map[int]*action{}, began: s.Now()}
}

// Close erases the progress block and writes what is still held back. The UI can be used again afterwards.
func (u *UI) Close() error {
	u.endTicker()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.erase()
	return u.out.Flush()
}

// Restart begins another round in the same process: the progress block is gone, and counts and clock start anew.
func (u *UI) Restart() {
	u.endTicker()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.erase()
	clear(u.running)
	clear(u.fetching)
	u.order, u.done, u.total, u.began = nil, 0, 0, u.s.Now()
}

// Out is where results go: buffered, written by Close.
func (u *UI) Out() io.Writer { return u.out }

// Printf writes a result to standard output.
func (u *UI) Printf(format string, args ...any) { fmt.Fprintf(u.out, format, args...) }

// Line writes one line of a result to standard output.
func (u *UI) Line(s string) {
	u.out.WriteString(s)
	u.out.WriteByte('\n')
}

// JSON writes v to standard output as indented JSON; HTML characters are left alone.
func (u *UI) JSON(v any) error {
	e := json.NewEncoder(u.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Say writes one line to standard error, above the progress block: `cairn: ` and the text.
func (u *UI) Say(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.results()
	u.above(fmt.Appendf(u.scratch[:0], "cairn: "+format+"\n", args...))
}

// Error writes what ended the command, and what helps where hint is not empty.
func (u *UI) Error(err error, hint string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.results()
	b := append(u.scratch[:0], "cairn: "...)
	b = paint(b, u.s.ErrColor, red, "error: ")
	b = append(b, err.Error()...)
	b = append(b, '\n')
	if hint != "" {
		b = append(b, "  hint: "...)
		b = append(b, hint...)
		b = append(b, '\n')
	}
	u.above(b)
}

// results writes what was printed to standard output, so that it stands before what follows on standard error.
func (u *UI) results() {
	if u.out.Buffered() > 0 {
		u.erase()
		u.out.Flush()
	}
}

// above writes text where the block stands and draws the block again below it. u.mu is held.
func (u *UI) above(text []byte) {
	had := u.lines > 0
	u.erase()
	u.s.Stderr.Write(harmless(text))
	if cap(text) <= 64<<10 {
		u.scratch = text[:0]
	}
	if had {
		u.draw()
	}
}

// Detect gives the settings for a process whose standard output and error are these files. color is auto, always or
// never; NO_COLOR and TERM=dumb are honoured by auto.
func Detect(stdout, stderr *os.File, getenv func(string) (string, bool), color string) Settings {
	s := Settings{Stdout: stdout, Stderr: stderr}
	dumb := false
	if t, _ := getenv("TERM"); t == "dumb" {
		dumb = true
	}
	plain, _ := getenv("NO_COLOR")
	errTTY := isTerminal(stderr)
	switch color {
	case "always":
		s.OutColor, s.ErrColor = true, true
	case "never":
	default:
		ok := plain == "" && !dumb
		s.ErrColor = ok && errTTY
		s.OutColor = ok && isTerminal(stdout)
	}
	s.Block = errTTY && !dumb
	if s.Block {
		s.Size = func() (int, int) { return terminalSize(stderr) }
	}
	return s
}
