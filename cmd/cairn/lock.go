package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/label"
)

func lockCommand(a *app) *cobra.Command {
	return prints(&cobra.Command{
		Use:   "lock [TARGET...]",
		Short: "Moves the entries of BUILD.lock.hcl to what their sources are now.",
		Long: "Asks anew what the branches and tags of declared sources are and writes BUILD.lock.hcl: those of the given targets, or all. Entries of\n" +
			"targets that are no longer there go. With --locked, changes nothing and fails where there would be a change.",
		Example: "  cairn lock\n  cairn lock //:scripting",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(func(s *session) error {
				ps, err := s.patterns(args)
				if err != nil {
					return err
				}
				if len(args) == 0 {
					ps = []label.Pattern{{Kind: label.Below}}
				}
				moved, entries, err := s.engine.Lock(c.Context(), func(l label.Label) bool { return covered(ps, l) })
				if err != nil {
					return err
				}
				if len(args) > 0 && entries == 0 && len(moved) == 0 {
					return &usageError{strings.Join(showMinus(args), " ") + " covers no source that BUILD.lock.hcl is about", "`cairn query 'kind(git_source, //...)'` lists them."}
				}
				return s.showLock(moved, entries)
			})
		},
	})
}

// showLock prints what moved, one line for each entry.
func (s *session) showLock(moved []build.LockChange, entries int) error {
	if s.flags.json {
		type change struct {
			Kind  string            `json:"kind"`
			Label string            `json:"label"`
			Old   map[string]string `json:"old"`
			New   map[string]string `json:"new"`
		}
		out := []change{}
		for _, m := range moved {
			out = append(out, change(m))
		}
		return s.ui.JSON(out)
	}
	for _, m := range moved {
		s.ui.Line(m.Kind + " " + m.String())
	}
	if len(moved) == 0 {
		s.ui.Say("BUILD.lock.hcl is up to date (%d sources)", entries)
	}
	return nil
}

// covered says whether patterns, in order, cover a label.
func covered(ps []label.Pattern, l label.Label) bool {
	in := false
	for _, p := range ps {
		if p.Covers(l) {
			in = !p.Minus
		}
	}
	return in
}
