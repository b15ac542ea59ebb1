package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cairn-build/cairn/graph/build"
)

type nopCloser struct{ *bytes.Buffer }

func (nopCloser) Close() error { return nil }

// clock goes on by a second each time it is asked.
func clock() func() time.Time {
	t := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	return func() time.Time { t = t.Add(time.Second); return t }
}

func newUI(s Settings) (*UI, *bytes.Buffer, *bytes.Buffer) {
	var out, err bytes.Buffer
	s.Stdout, s.Stderr, s.Now = &out, &err, clock()
	return New(s), &out, &err
}

func TestSummaryLine(t *testing.T) {
	for _, c := range []struct {
		s    build.Summary
		want string
	}{
		{build.Summary{Actions: 12, Cached: 9, Remote: 1, Run: 2, Wall: 1320 * time.Millisecond}, "cairn: 12 actions: 9 cached, 1 remote, 2 run; 0 failed; 1.32s"},
		{build.Summary{NoOp: true, Targets: 1043, Wall: 21 * time.Millisecond}, "cairn: up to date (1043 targets, 0.021s)"},
		{build.Summary{NoOp: true, Targets: 1}, "cairn: up to date (1 target, 0.000s)"},
		{build.Summary{Actions: 1, Failed: 1, Skipped: 3}, "cairn: 1 action: 0 cached, 0 remote, 0 run; 1 failed, 3 skipped; 0.00s"},
	} {
		u, _, err := newUI(Settings{})
		u.Summary(&c.s)
		if got := err.String(); got != c.want+"\n" {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

func TestFailureForm(t *testing.T) {
	f := &build.Failure{Label: "//app:main", File: "app/BUILD.hcl", Line: 12, Summary: "exit code 2", Command: "sh -eu ... (3 lines)",
		Output: []byte("one\r\ntwo"), Repro: "cairn exec --failed //app:main", Log: "cairn-out/.state/log/1", Hints: []string{"PYTHONPATH is set here and was not passed on"}}
	want := `failed: //app:main (app/BUILD.hcl:12): exit code 2
  command: sh -eu ... (3 lines)
  | one
  | two
  hint: PYTHONPATH is set here and was not passed on
  again: cairn exec --failed //app:main
  log: cairn-out/.state/log/1
`
	for _, m := range []Logs{Grouped, Errors} {
		u, _, err := newUI(Settings{Logs: m})
		u.Event(build.Event{Finish: &build.FinishEvent{Label: "//app:main", Status: build.Failed, Stdout: []byte("one\ntwo"), Failure: f}})
		if got := err.String(); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", m, got, want)
		}
	}
	if got := string(appendFailure(nil, false, &build.Failure{Label: "//a:b", Summary: "timed out after 1s"})); got != "failed: //a:b: timed out after 1s\n" {
		t.Errorf("what is not known has no line: %q", got)
	}
}

func TestLogModes(t *testing.T) {
	for _, c := range []struct {
		mode Logs
		want string
	}{
		{Grouped, "//a:b:\nout\nwarn\n"},
		{Stream, "//a:b: out\n//a:b: warn\n"},
		{Errors, ""},
	} {
		u, _, err := newUI(Settings{Logs: c.mode})
		u.Event(build.Event{Finish: &build.FinishEvent{ID: 1, Label: "//a:b", Status: build.Ran, Stdout: []byte("out\n"), Stderr: []byte("warn")}})
		u.Event(build.Event{Finish: &build.FinishEvent{ID: 2, Label: "//a:c", Status: build.Hit}})
		if err.String() != c.want {
			t.Errorf("%s: got %q want %q", c.mode, err, c.want)
		}
	}
}

func TestStreamTellsOnce(t *testing.T) {
	u, _, err := newUI(Settings{Logs: Stream})
	u.Event(build.Event{Output: &build.OutputEvent{Label: "//a:b", Text: []byte("one\ntwo\n")}})
	u.Event(build.Event{Output: &build.OutputEvent{Label: "//a:b", Stderr: true, Text: []byte("no end")}})
	u.Event(build.Event{Finish: &build.FinishEvent{ID: 1, Label: "//a:b", Status: build.Ran, Stdout: []byte("one\ntwo\n"), Stderr: []byte("no end"), Told: true}})
	if want := "//a:b: one\n//a:b: two\n//a:b: no end\n"; err.String() != want {
		t.Errorf("got %q want %q", err, want)
	}
}

func TestNoticesAreSaidOnce(t *testing.T) {
	u, _, err := newUI(Settings{})
	for range 3 {
		u.Event(build.Event{Notice: &build.NoticeEvent{Text: "no sandbox here"}})
		u.Event(build.Event{Waiting: &build.WaitingEvent{Label: "//a:b", PID: 7, Command: "cairn build"}})
	}
	want := "cairn: no sandbox here\ncairn: waiting for process 7 (cairn build), which works on //a:b\n"
	if err.String() != want {
		t.Errorf("got %q", err)
	}
}

func TestBlockIsErased(t *testing.T) {
	u, _, err := newUI(Settings{Block: true, Size: func() (int, int) { return 30, 24 }})
	u.Event(build.Event{Start: &build.StartEvent{ID: 1, Label: "//a:" + strings.Repeat("long", 20), Mnemonic: "Command"}})
	u.Event(build.Event{Progress: &build.ProgressEvent{Done: 3, Total: 9, Running: 1}})
	u.tick()
	for _, line := range strings.Split(err.String(), "\n") {
		if len([]rune(line)) >= 30 {
			t.Errorf("a line of the block would wrap: %q", line)
		}
	}
	if !strings.Contains(err.String(), "3 of 9 actions") {
		t.Errorf("no count in %q", err)
	}
	u.Say("above")
	err.Reset()
	u.Close()
	if got := err.String(); !strings.HasSuffix(got, "A\r\x1b[J") {
		t.Errorf("the block was not erased: %q", got)
	}
}

// However small the terminal, no line wraps, the block leaves a line for the cursor, and labels that differ in their end look
// different.
func TestBlockFits(t *testing.T) {
	for columns := 1; columns < 90; columns += 3 {
		for rows := 1; rows < 15; rows++ {
			u, _, err := newUI(Settings{Block: true, Size: func() (int, int) { return columns, rows }})
			for i := range 11 {
				name := "//some/package:very-long-name-of-a-target-" + string(rune('a'+i))
				if i == 1 {
					name = "//パッケージ/パッケージパッケージ:x"
				}
				u.Event(build.Event{Start: &build.StartEvent{ID: i, Label: name, Mnemonic: "Command"}})
			}
			u.Event(build.Event{Fetch: &build.FetchEvent{Label: "//some/package:very-long-name-of-a-target-a", Done: 5e6, Total: 9e6}})
			u.endTicker()
			err.Reset()
			u.tick()
			if columns < leastColumns || rows < 2 {
				if err.Len() > 0 {
					t.Fatalf("%d columns, %d rows: %q", columns, rows, err)
				}
				continue
			}
			lines := strings.Split(strings.TrimSuffix(err.String(), "\n"), "\n")
			if len(lines) >= rows || len(lines) != u.lines || len(lines) > blockRows+2 {
				t.Fatalf("%d rows: %d lines, %d to be erased", rows, len(lines), u.lines)
			}
			seen := map[string]bool{}
			for _, l := range lines {
				if width(l) >= columns || seen[l] {
					t.Fatalf("%d columns: %q of %q", columns, l, lines)
				}
				seen[l] = true
			}
		}
	}
}

func TestPlainLinesAreRare(t *testing.T) {
	u, _, err := newUI(Settings{}) // each look at the clock is a second
	u.Event(build.Event{Start: &build.StartEvent{ID: 1, Label: "//a:b", Mnemonic: "Command"}})
	for range 10 {
		u.tick()
	}
	u.Close()
	if n := strings.Count(err.String(), "\n"); n != 2 {
		t.Errorf("10 s gave %d lines of progress: %q", n, err)
	}
}

// TestStartsTwice: an action that began, found an input lost and was put back begins once more and ends once.
func TestStartsTwice(t *testing.T) {
	for _, block := range []bool{true, false} {
		u, _, err := newUI(Settings{Block: block, Size: func() (int, int) { return 80, 24 }})
		defer u.Close()
		for range 2 {
			u.Event(build.Event{Start: &build.StartEvent{ID: 1, Label: "//:a", Mnemonic: "Wheels"}})
		}
		u.Event(build.Event{Start: &build.StartEvent{ID: 2, Label: "//:b", Mnemonic: "Write"}})
		u.Event(build.Event{Finish: &build.FinishEvent{ID: 1, Label: "//:a"}})
		for range 10 {
			u.tick()
		}
		if got := err.String(); !strings.Contains(got, "//:b Write") || strings.Contains(got, "//:a") {
			t.Errorf("block %v: %q", block, got)
		}
	}
}

func TestColorOnlyWhereAsked(t *testing.T) {
	for _, on := range []bool{false, true} {
		u, out, err := newUI(Settings{ErrColor: on, OutColor: on})
		u.Error(errors.New("bad"), "try this")
		u.Tests([]build.TestResult{{Label: "//a:t", Status: build.Failed}})
		u.Close()
		if got := strings.Contains(out.String()+err.String(), "\x1b["); got != on {
			t.Errorf("colour %v: %q %q", on, out, err)
		}
	}
}

func TestDetect(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	r, w := pipe(t)
	defer r.Close()
	if s := Detect(w, w, none, "auto"); s.Block || s.ErrColor || s.OutColor {
		t.Errorf("a pipe is no terminal: %+v", s)
	}
	if s := Detect(w, w, none, "always"); s.Block || !s.ErrColor || !s.OutColor {
		t.Errorf("always means colour, and no block: %+v", s)
	}
}

func TestTestLines(t *testing.T) {
	u, out, _ := newUI(Settings{})
	u.Tests([]build.TestResult{
		{Label: "//a:t", Status: build.Ran, Wall: 1500 * time.Millisecond}, {Label: "//a:u", Status: build.Hit},
		{Label: "//a:v", Status: build.Failed, Run: 2, Wall: time.Second}, {Label: "//a:w", Status: build.Skipped}})
	u.Close()
	want := "ok    //a:t  1.50s\nok    //a:u  (cached)\nFAIL  //a:v (run 2)  1.00s\nskip  //a:w\n"
	if out.String() != want {
		t.Errorf("got\n%s", out)
	}
}

func events() []build.Event {
	at := time.Date(2026, 11, 21, 10, 0, 5, 0, time.UTC)
	return []build.Event{
		{Phase: &build.PhaseEvent{Name: "loading"}},
		{Phase: &build.PhaseEvent{Name: "execution"}},
		{Start: &build.StartEvent{ID: 1, Label: "//a:b", Mnemonic: "Command", Slot: 1, Why: "first build"}},
		{Fetch: &build.FetchEvent{Label: "//a:f", Done: 1, Total: -1}},
		{Waiting: &build.WaitingEvent{Label: "//a:b", PID: 7, Command: "cairn build"}},
		{Notice: &build.NoticeEvent{Text: "<note>"}},
		{Progress: &build.ProgressEvent{Done: 1, Total: 2, Running: 1}},
		{Finish: &build.FinishEvent{ID: 1, Label: "//a:b", Mnemonic: "Command", Status: build.Failed, StartedAt: at, Slot: 1, Wall: time.Second,
			Stdout: []byte("x"), Failure: &build.Failure{Label: "//a:b", Summary: "exit code 2"}}},
	}
}

func TestEventLog(t *testing.T) {
	var b bytes.Buffer
	l := NewEventLog(nopCloser{&b}, "1.2.3", "cairn build", clock())
	var wg sync.WaitGroup
	for _, e := range events() {
		wg.Go(func() { l.Event(e) })
	}
	wg.Wait()
	if err := l.Close(&build.Summary{Actions: 2, Failed: 1, RunID: "r"}, 1); err != nil {
		t.Fatal(err)
	}
	seen := map[string]map[string]any{}
	for line := range strings.Lines(b.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if _, err := time.Parse(time.RFC3339Nano, m["time"].(string)); err != nil {
			t.Error(err)
		}
		seen[m["type"].(string)] = m
	}
	for _, k := range []string{"cairn", "phase", "start", "fetch", "waiting", "notice", "progress", "finish", "summary"} {
		if seen[k] == nil {
			t.Errorf("no event of type %q", k)
		}
	}
	if seen["finish"]["failure"].(map[string]any)["summary"] != "exit code 2" || seen["summary"]["exit"] != 1.0 || seen["cairn"]["schema"] != 1.0 {
		t.Errorf("got %v", seen)
	}
	if !strings.Contains(b.String(), "<note>") {
		t.Error("text is escaped for HTML")
	}
}

func TestProfile(t *testing.T) {
	var b bytes.Buffer
	p := NewProfile(nopCloser{&b}, clock())
	for _, e := range events() {
		p.Event(e)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	var got struct {
		TraceEvents []traceEvent `json:"traceEvents"`
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	var action, phases int
	for _, e := range got.TraceEvents {
		switch {
		case e.Phase == "X" && e.Cat == "phase":
			phases++
		case e.Phase == "X":
			action++
			if e.TID != 2 || e.Dur != 1e6 || e.Name != "//a:b" {
				t.Errorf("got %+v", e)
			}
		}
	}
	if action != 1 || phases != 2 {
		t.Errorf("%d actions, %d phases in %s", action, phases, b.String())
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left") }
func (brokenWriter) Close() error              { return nil }

func TestWritersSayWhatFailed(t *testing.T) {
	l := NewEventLog(brokenWriter{}, "", "", clock())
	if err := l.Close(nil, 0); err == nil {
		t.Error("an event log that could not be written is closed without an error")
	}
	p := NewProfile(brokenWriter{}, clock())
	if err := p.Close(); err == nil {
		t.Error("a profile that could not be written is closed without an error")
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1500: "1.5 kB", 999_949: "999.9 kB", 999_960: "1.0 MB", 88_000_000: "88.0 MB", 5e15: "5000.0 TB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

// A hit that shows nothing is what a build of a thousand actions is made of: it must cost next to nothing.
func BenchmarkEventHit(b *testing.B) {
	u := New(Settings{Stdout: io.Discard, Stderr: io.Discard})
	e := build.Event{Finish: &build.FinishEvent{ID: 1, Label: "//a:b", Status: build.Hit}}
	for b.Loop() {
		u.Event(e)
	}
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return r, w
}
