package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-build/cairn/graph/build"
)

// Summary writes the last line of a build to standard error. Its two forms are stable:
//
//	cairn: 12 actions: 9 cached, 1 remote, 2 run; 0 failed; 1.32s
//	cairn: up to date (1043 targets, 0.021s)
//
// Where actions were skipped, `, N skipped` follows the failed ones.
func (u *UI) Summary(s *build.Summary) {
	u.endTicker()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.erase()
	u.results()
	u.above(append(appendSummary(u.scratch[:0], s), '\n'))
}

func appendSummary(b []byte, s *build.Summary) []byte {
	if s.NoOp {
		return fmt.Appendf(b, "cairn: up to date (%s, %ss)", plural(s.Targets, "target"), fixed(s.Wall, 3))
	}
	b = fmt.Appendf(b, "cairn: %s: %d cached, %d remote, %d run; %d failed", plural(s.Actions, "action"), s.Cached, s.Remote, s.Run, s.Failed)
	if s.Skipped > 0 {
		b = fmt.Appendf(b, ", %d skipped", s.Skipped)
	}
	return fmt.Appendf(b, "; %ss", fixed(s.Wall, 2))
}

// Tests writes one line for each test, in order, to standard output: `ok`, `ok (cached)`, `FAIL` or `skip`.
func (u *UI) Tests(ts []build.TestResult) {
	for _, t := range ts {
		var b []byte
		switch t.Status {
		case build.Failed:
			b = paint(b, u.s.OutColor, red, "FAIL")
		case build.Skipped:
			b = paint(b, u.s.OutColor, yellow, "skip")
		default:
			b = paint(b, u.s.OutColor, green, "ok")
			b = append(b, "  "...)
		}
		b = fmt.Appendf(b, "  %s", build.TestID{Label: t.Label, Case: t.Case})
		if t.Run > 1 {
			b = fmt.Appendf(b, " (run %d)", t.Run)
		}
		switch t.Status {
		case build.Hit, build.Unchanged:
			b = append(b, "  (cached)"...)
		case build.Skipped:
		default:
			b = fmt.Appendf(b, "  %ss", fixed(t.Wall, 2))
		}
		u.Line(string(b))
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

func fixed(d time.Duration, digits int) string {
	return strconv.FormatFloat(d.Seconds(), 'f', digits, 64)
}

// Plan writes the last line of `cairn plan` to standard error: how many of each there are.
func (u *UI) Plan(items []build.PlanItem, s *build.Summary) {
	if len(items) == 0 {
		u.Say("nothing to do (%s)", plural(s.Targets, "target"))
		return
	}
	n := map[string]int{}
	for _, i := range items {
		n[i.Will]++
	}
	var parts []string
	for _, w := range []struct{ will, text string }{
		{"run", "%d would run"}, {"may run", "%d may run"}, {"hit", "%d from the cache"}, {"place", "%d to place"}, {"fail", "%d would fail"},
	} {
		if n[w.will] > 0 {
			parts = append(parts, fmt.Sprintf(w.text, n[w.will]))
		}
	}
	u.Say("%s: %s", plural(len(items), "action"), strings.Join(parts, ", "))
}
