package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/cmd/internal/ui"
	"github.com/cairn-build/cairn/graph/build"
)

func checkCommand(a *app) *cobra.Command {
	return prints(&cobra.Command{
		Use:   "check [PATTERN...]",
		Short: "Says what is wrong with the workspace, and what in the source tree is out of date.",
		Long: "Loads and analyses every target of the workspace and shows every problem there is. Then, of the targets that the patterns\n" +
			"cover, it builds what is to be checked, such as the package of a workflow, into the cache alone, and compares what targets\n" +
			"keep in the source tree with what they make. `cairn build --write` renews what is out of date.",
		Example: "  cairn check\n  cairn check //flows/...",
		RunE: func(c *cobra.Command, args []string) error {
			a.flags.keepGoing = true // every problem of every file
			return a.with(func(s *session) error {
				n, keeps, ds := s.engine.Check(c.Context())
				if err := ds.Err(); err != nil {
					return err
				}
				s.problems(ds)
				out := checked{Targets: n}
				if keeps || len(args) > 0 {
					ps, err := s.patterns(args)
					if err != nil {
						return err
					}
					if err := s.checkKept(c, build.Request{Patterns: ps, Check: true}, &out); err != nil {
						return err
					}
				}
				return s.showChecked(&out)
			})
		},
	})
}

// checked is what `cairn check --json` prints.
type checked struct {
	Targets int             `json:"targets"`
	Built   *ui.SummaryJSON `json:"built,omitempty"`
	Places  []placeJSON     `json:"places"`
}

// checkKept builds what is to be checked and compares it with the source tree.
func (s *session) checkKept(c *cobra.Command, r build.Request, out *checked) error {
	sum, err := s.engine.Build(c.Context(), r)
	if s.last = sum; err != nil {
		return err
	}
	j := ui.SummaryOf(sum)
	j.Exit = summaryCode(sum)
	out.Built = &j
	if sum.Failed > 0 {
		s.ui.Summary(sum)
	}
	ks, err := s.engine.Keepings(c.Context(), r)
	out.Places = placesOf(ks)
	return err
}

// showChecked shows what is out of date, and gives the error that the command ends with.
func (s *session) showChecked(out *checked) error {
	bad, stale := exitOK, 0
	for _, p := range out.Places {
		if p.Made && !p.UpToDate {
			stale++
		}
	}
	if out.Built != nil && out.Built.Exit != exitOK {
		bad = out.Built.Exit
	} else if stale > 0 {
		bad = exitFailed
	}
	switch {
	case s.flags.json:
		if err := s.ui.JSON(out); err != nil {
			return err
		}
	default:
		s.showPlaces(out.Places, false)
		if bad == exitOK {
			s.ui.Say("%d targets are fine%s", out.Targets, alsoPlaces(len(out.Places)))
		} else if stale > 0 {
			s.ui.Say("%s; cairn build --write renews what can be", outOfDate(stale))
		}
	}
	if bad != exitOK {
		return exitError(bad)
	}
	return nil
}

func alsoPlaces(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", and 1 place in the source tree is up to date"
	}
	return fmt.Sprintf(", and %d places in the source tree are up to date", n)
}

func outOfDate(n int) string {
	if n == 1 {
		return "1 place in the source tree is out of date"
	}
	return fmt.Sprintf("%d places in the source tree are out of date", n)
}
