package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/rule"
)

// slowest is how many actions `cairn log RUN` names.
const slowest = 10

func logCommand(a *app) *cobra.Command {
	var last int
	c := prints(&cobra.Command{
		Use:   "log [RUN [RUN]]",
		Short: "Shows earlier runs: what ran, failed and took longest.",
		Long: "Without an argument, lists the runs that did something, the newest first. With a run, shows what it did, which actions took\n" +
			"longest and the chain of actions that nothing could have shortened by running more at once. With two runs, shows what they\n" +
			"did differently. A run is named by its id, a part of it, or by how long ago it was: 1 is the last, 2 the one before.",
		Example: "  cairn log\n  cairn log 1\n  cairn log 2 1",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 2 {
				return &usageError{"log takes two runs at most", "Usage: " + useLine(c)}
			}
			if last < 0 {
				return usagef("-n takes a number from 0 on, not %d", last)
			}
			return a.with(func(s *session) error {
				heads, err := s.engine.Runs(0)
				if err != nil {
					return err
				}
				var logs []*build.RunLog
				for _, name := range args {
					id, err := findRun(heads, name)
					if err != nil {
						return err
					}
					l, err := s.engine.Run(id)
					if err != nil {
						return err
					}
					logs = append(logs, l)
				}
				switch len(logs) {
				case 0:
					return s.showRuns(heads[:min(last, len(heads))])
				case 1:
					return s.showRun(logs[0])
				}
				return s.showDifference(logs[0], logs[1])
			})
		},
	})
	c.Flags().IntVarP(&last, "last", "n", 20, "list the last `N` runs")
	return c
}

// findRun gives the id of the run that name stands for.
func findRun(heads []build.RunRecord, name string) (string, error) {
	var found []string
	for i, h := range heads {
		if h.ID == name || fmt.Sprint(i+1) == name {
			return h.ID, nil
		}
		if len(name) > 2 && strings.Contains(h.ID, name) {
			found = append(found, h.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", &usageError{fmt.Sprintf("there is no run %q in the log", name), "cairn log lists the runs."}
	}
	return "", &usageError{fmt.Sprintf("%q stands for %d runs", name, len(found)), strings.Join(found, ", ")}
}

func (s *session) showRuns(heads []build.RunRecord) error {
	if s.flags.json {
		return s.ui.JSON(append([]build.RunRecord{}, heads...))
	}
	for i, h := range heads {
		s.ui.Printf("%2d  %s  %s  %s  %d run, %d cached, %d failed  %s\n", i+1, h.ID, h.Time.Local().Format("2006-01-02 15:04:05"), short(h.Wall), h.Run, h.Cached, h.Failed, h.Command)
	}
	return nil
}

func (s *session) showRun(l *build.RunLog) error {
	path := criticalPath(l.Records)
	if s.flags.json {
		var labels []string
		for _, r := range path {
			labels = append(labels, r.Label)
		}
		return s.ui.JSON(struct {
			build.RunRecord
			Records      []build.ActionRecord `json:"records"`
			CriticalPath []string             `json:"critical_path"`
		}{l.RunRecord, l.Records, labels})
	}
	s.ui.Printf("run %s: %s\n", l.ID, l.Command)
	s.ui.Printf("%d targets, %d actions: %d cached, %d run; %d failed; %s\n", l.Targets, l.Actions, l.Cached, l.Run, l.Failed, short(l.Wall))
	for _, of := range slices.Sorted(maps.Keys(l.Sources)) {
		s.ui.Printf("source %s\n", &build.ResolvedEvent{Label: of, Entry: l.Sources[of]})
	}
	for _, r := range l.Records {
		if r.Status == build.Failed.String() {
			s.ui.Printf("failed: %s %s: %s\n", called(r), title(r), r.Summary)
			for _, p := range r.Problems {
				s.ui.Printf("  %s\n", p)
			}
		}
	}
	ran := slices.DeleteFunc(slices.Clone(l.Records), func(r build.ActionRecord) bool { return r.Wall == 0 || r.Status != build.Ran.String() })
	slices.SortStableFunc(ran, func(a, b build.ActionRecord) int { return cmp.Compare(b.Wall, a.Wall) })
	s.list("slowest:", ran[:min(slowest, len(ran))])
	s.list(fmt.Sprintf("critical path (%s):", short(total(path))), path)
	return nil
}

// called names an action's target, and what of it a test tests.
func called(r build.ActionRecord) string { return build.TestID{Label: r.Label, Case: r.Case}.String() }

func title(r build.ActionRecord) string { return rule.Title(r.Mnemonic, r.Subject) }

func (s *session) list(head string, rs []build.ActionRecord) {
	if len(rs) == 0 {
		return
	}
	s.ui.Line(head)
	for _, r := range rs {
		why := ""
		if r.Why != "" {
			why = "  (" + r.Why + ")"
		}
		s.ui.Printf("  %7s  %s %s%s\n", short(r.Wall), called(r), title(r), why)
	}
}

// showDifference lists the actions that came to something else, or have another key, in b than in a.
func (s *session) showDifference(a, b *build.RunLog) error {
	type difference struct {
		Label    string `json:"label"`
		Mnemonic string `json:"mnemonic"`
		Subject  string `json:"subject,omitempty"`
		Before   string `json:"before"`
		After    string `json:"after"`
		Key      bool   `json:"key_differs"`
	}
	name := func(r build.ActionRecord) string {
		return called(r) + " " + r.Mnemonic + " " + strings.Join(r.Outputs, " ")
	}
	before := map[string]build.ActionRecord{}
	for _, r := range a.Records {
		before[name(r)] = r
	}
	out := []difference{}
	for _, r := range b.Records {
		old, ok := before[name(r)]
		delete(before, name(r))
		if !ok {
			old.Status = "-"
		}
		if old.Status != r.Status || old.Key != r.Key {
			out = append(out, difference{called(r), r.Mnemonic, r.Subject, old.Status, r.Status, ok && old.Key != r.Key})
		}
	}
	for _, r := range a.Records {
		if _, left := before[name(r)]; left {
			out = append(out, difference{called(r), r.Mnemonic, r.Subject, r.Status, "-", false})
		}
	}
	if s.flags.json {
		return s.ui.JSON(out)
	}
	for _, d := range out {
		note := ""
		if d.Key {
			note = "  (another key)"
		}
		s.ui.Printf("%s %s: %s, then %s%s\n", d.Label, rule.Title(d.Mnemonic, d.Subject), d.Before, d.After, note)
	}
	return nil
}

// failedTests gives the tests that failed in the last run that ran or looked up a test.
func (s *session) failedTests() ([]build.TestID, error) {
	heads, err := s.engine.Runs(0)
	if err != nil {
		return nil, err
	}
	for _, h := range heads {
		l, err := s.engine.Run(h.ID)
		if err != nil {
			return nil, err
		}
		some := false
		var failed []build.TestID
		for _, r := range l.Records {
			some = some || r.Test
			if r.Test && r.Status == build.Failed.String() {
				failed = append(failed, build.TestID{Label: r.Label, Case: r.Case})
			}
		}
		if some {
			return failed, nil
		}
	}
	return nil, nil
}

// criticalPath gives the chain of actions, each reading what the one before wrote, that took longest.
func criticalPath(rs []build.ActionRecord) []build.ActionRecord {
	writer := map[string]int{}
	for i, r := range rs {
		for _, o := range r.Outputs {
			writer[o] = i
		}
	}
	type state struct {
		sum        time.Duration
		next       int
		seen, done bool
	}
	states := make([]state, len(rs))
	var longest func(i int)
	longest = func(i int) {
		st := &states[i]
		if st.seen {
			return
		}
		st.seen, st.next, st.sum = true, -1, rs[i].Wall
		for _, d := range rs[i].Deps {
			j, ok := writer[d]
			if !ok {
				continue
			}
			longest(j)
			// One that is not done depends on i itself: just a damaged log says so.
			if t := states[j].sum + rs[i].Wall; states[j].done && t > st.sum {
				st.sum, st.next = t, j
			}
		}
		st.done = true
	}
	best := -1
	for i := range rs {
		longest(i)
		if states[i].sum > 0 && (best < 0 || states[i].sum > states[best].sum) {
			best = i
		}
	}
	var path []build.ActionRecord
	for ; best >= 0; best = states[best].next {
		if rs[best].Wall > 0 {
			path = append(path, rs[best])
		}
	}
	slices.Reverse(path)
	return path
}

func total(rs []build.ActionRecord) (t time.Duration) {
	for _, r := range rs {
		t += r.Wall
	}
	return t
}

// short writes a duration with as much as a person wants to see.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%.0fms", float64(d.Microseconds())/1000)
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}
