package ui

import (
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/diag"
)

// SummaryJSON is what `build --json` and `test --json` print, and the last event.
type SummaryJSON struct {
	Targets  int            `json:"targets"`
	Actions  int            `json:"actions"`
	Cached   int            `json:"cached"`
	Remote   int            `json:"remote"`
	Run      int            `json:"run"`
	Failed   int            `json:"failed"`
	Skipped  int            `json:"skipped"`
	UpToDate bool           `json:"up_to_date"`
	WallMS   float64        `json:"wall_ms"`
	RunID    string         `json:"run_id,omitempty"`
	Exit     int            `json:"exit"`
	Tests    []testJSON     `json:"tests,omitempty"`
	Failures []eventFailure `json:"failures,omitempty"`
}

type testJSON struct {
	Label  string  `json:"label"`
	Case   string  `json:"case,omitempty"`
	Status string  `json:"status"`
	Run    int     `json:"run,omitempty"`
	WallMS float64 `json:"wall_ms"`
}

// SummaryOf gives the JSON form of s.
func SummaryOf(s *build.Summary) SummaryJSON {
	j := SummaryJSON{Targets: s.Targets, Actions: s.Actions, Cached: s.Cached, Remote: s.Remote, Run: s.Run, Failed: s.Failed,
		Skipped: s.Skipped, UpToDate: s.NoOp, WallMS: milliseconds(s.Wall), RunID: s.RunID}
	for _, t := range s.Tests {
		j.Tests = append(j.Tests, testJSON{t.Label, t.Case, t.Status.String(), t.Run, milliseconds(t.Wall)})
	}
	for i := range s.Failures {
		j.Failures = append(j.Failures, *failureOf(&s.Failures[i]))
	}
	return j
}

// problemJSON is one problem that a failure consists of. Lines and columns count from 1; the end is exclusive.
type problemJSON struct {
	Warning   bool   `json:"warning,omitempty"`
	Code      string `json:"code,omitempty"`
	Summary   string `json:"summary"`
	Detail    string `json:"detail,omitempty"`
	Hint      string `json:"hint,omitempty"`
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"end_line,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`
}

func problemsOf(l diag.List) []problemJSON {
	var out []problemJSON
	for _, d := range l {
		r := d.Range
		out = append(out, problemJSON{d.Warning, d.Code, d.Summary, d.Detail, d.Hint, r.File, r.Start.Line, r.Start.Column, r.End.Line, r.End.Column})
	}
	return out
}
