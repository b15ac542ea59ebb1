package ui

import "github.com/cairn-build/cairn/graph/build"

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
	Status string  `json:"status"`
	Run    int     `json:"run,omitempty"`
	WallMS float64 `json:"wall_ms"`
}

// SummaryOf gives the JSON form of s.
func SummaryOf(s *build.Summary) SummaryJSON {
	j := SummaryJSON{Targets: s.Targets, Actions: s.Actions, Cached: s.Cached, Remote: s.Remote, Run: s.Run, Failed: s.Failed,
		Skipped: s.Skipped, UpToDate: s.NoOp, WallMS: milliseconds(s.Wall), RunID: s.RunID}
	for _, t := range s.Tests {
		j.Tests = append(j.Tests, testJSON{t.Label, t.Status.String(), t.Run, milliseconds(t.Wall)})
	}
	for i := range s.Failures {
		j.Failures = append(j.Failures, *failureOf(&s.Failures[i]))
	}
	return j
}
