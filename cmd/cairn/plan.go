package main

import (
	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/rule"
)

func planCommand(a *app) *cobra.Command {
	var tests bool
	c := prints(&cobra.Command{
		Use:   "plan [PATTERN...]",
		Short: "Says what a build would run, and why; changes nothing at all.",
		Long: "Says what a build would do with which actions, and why: `run` them, take a `hit` from the cache, or `place` outputs that are\n" +
			"known. What hangs on the outputs of such an action `may run`. Nothing is run and nothing is written, not even state.",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(func(s *session) error {
				ps, err := s.patterns(args)
				if err != nil {
					return err
				}
				items, sum, err := s.engine.Plan(c.Context(), build.Request{Patterns: ps, Tests: tests})
				if err != nil {
					return err
				}
				if s.flags.json {
					return s.ui.JSON(planJSON(items))
				}
				for _, i := range items {
					s.ui.Printf("%s %s %s: %s\n", i.Will, build.TestID{Label: i.Label, Case: i.Case}, rule.Title(i.Mnemonic, i.Subject), i.Reason)
				}
				s.ui.Plan(items, sum)
				return nil
			})
		},
	})
	c.Flags().BoolVar(&tests, "tests", false, "plan `cairn test` instead of `cairn build`")
	return c
}

type planItemJSON struct {
	Label    string `json:"label"`
	Mnemonic string `json:"mnemonic"`
	Subject  string `json:"subject,omitempty"`
	Case     string `json:"case,omitempty"`
	Will     string `json:"will"`
	Reason   string `json:"reason"`
}

func planJSON(items []build.PlanItem) []planItemJSON {
	out := make([]planItemJSON, len(items))
	for n, i := range items {
		out[n] = planItemJSON{i.Label, i.Mnemonic, i.Subject, i.Case, i.Will, i.Reason}
	}
	return out
}
