package ui

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/build"
)

func TestHarmless(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"plain\ttext\nü", "plain\ttext\nü"},
		{"\x1b[1;31mred\x1b[0m \x1b[38:2::1:2:3mmany\x1b[m", "\x1b[1;31mred\x1b[0m \x1b[38:2::1:2:3mmany\x1b[m"},
		{"a\x1b[2K\x1b[1Ab\x1b[?25lc\x1b[>4md", "abcd"},
		{"\x1b]0;title\x07x", "\ufffd]0;title\ufffdx"},
		{"\x1b]52;c;ZXZpbA==\x1b\\", "\ufffd]52;c;ZXZpbA==\ufffd\\"},
		{"a\rb\x00c\x7fd\x08", "a\ufffdb\ufffdc\ufffdd\ufffd"},
		{"\u009b31mC1 \x9b31m", "\ufffd31mC1 \ufffd31m"},
		{"cut \x1b[31", "cut \ufffd[31"},
		{"\x1b[3\x1b]0;x", "\ufffd[3\ufffd]0;x"},
		{"\x1b", "\ufffd"},
	} {
		if got := string(harmless([]byte(c.text))); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

// What an action wrote cannot take the place of what cairn says, and leaves no colours behind.
func TestOutputStaysInItsPlace(t *testing.T) {
	text := []byte("10%\r20%\r\n\x1b[8mhidden\x1b]0;x\x07\n")
	for _, c := range []struct {
		name string
		logs Logs
		e    build.Event
		want string
	}{
		{"failure", Grouped, build.Event{Finish: &build.FinishEvent{Failure: &build.Failure{Label: "//:x", Summary: "exit code 1\x1b[A", Output: text, Log: "log"}}},
			"failed: //:x: exit code 1\n  | 10%\n  | 20%\n  | \x1b[8mhidden\ufffd]0;x\ufffd\n\x1b[0m  log: log\n"},
		{"success", Grouped, build.Event{Finish: &build.FinishEvent{Label: "//:x", Stdout: text}}, "//:x:\n10%\n20%\n\x1b[8mhidden\ufffd]0;x\ufffd\n\x1b[0m"},
		{"stream", Stream, build.Event{Output: &build.OutputEvent{Label: "//:x", Text: text}}, "//:x: 10%\n//:x: 20%\n//:x: \x1b[8mhidden\ufffd]0;x\ufffd\n\x1b[0m"},
	} {
		u, _, err := newUI(Settings{Logs: c.logs})
		u.Event(c.e)
		if got := err.String(); got != c.want {
			t.Errorf("%s: got\n%q, want\n%q", c.name, got, c.want)
		}
	}
}

// A flood is shown from both ends where a file has all of it, and whole where none has.
func TestFailureOfManyLines(t *testing.T) {
	line := strings.Repeat("x", 99) + "\n"
	flood := []byte("first\n" + strings.Repeat(line, 100000) + "last\n")
	for _, log := range []string{"a.log", ""} {
		u, _, err := newUI(Settings{})
		u.Event(build.Event{Finish: &build.FinishEvent{Failure: &build.Failure{Label: "//:x", Summary: "exit code 1", Output: flood, Log: log}}})
		got := err.String()
		if !strings.Contains(got, "  | first\n") || !strings.Contains(got, "  | last\n") {
			t.Errorf("log %q: an end is missing", log)
		}
		if short := len(got) < 100<<10; short != (log != "") || short != strings.Contains(got, "  [9.9 MB left out here]\n") {
			t.Errorf("log %q: %d bytes are shown", log, len(got))
		}
	}
	endless := bytes.Repeat([]byte("x"), 1<<20)
	if first, last, left := excerpt(endless); len(first) != shownFirst || len(last) != shownLast || left != 1<<20-shownFirst-shownLast {
		t.Errorf("one endless line: %d, %d, %d", len(first), len(last), left)
	}
}
