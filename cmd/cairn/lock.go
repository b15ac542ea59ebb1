package main

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/load"
)

func lockCommand(a *app) *cobra.Command {
	return prints(&cobra.Command{
		Use:   "lock [TARGET...]",
		Short: "Moves the entries of BUILD.lock.hcl to what their sources are now.",
		Long: "Resolves declared sources anew and writes BUILD.lock.hcl: those of the given targets, or all. Entries of targets that are no\n" +
			"longer there go. With --locked, changes nothing and fails where there would be a change.",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(func(s *session) error {
				ps, err := s.patterns(args)
				if err != nil {
					return err
				}
				if len(args) == 0 {
					ps = []label.Pattern{{Kind: label.Below}}
				}
				ws, ds := s.engine.Workspace(c.Context())
				if err := ds.Err(); err != nil {
					return err
				}
				return s.lock(ws, ps)
			})
		},
	})
}

// lock drops entries that no target stands behind any more and writes the file.
func (s *session) lock(ws *load.Workspace, ps []label.Pattern) error {
	type entry struct {
		Kind  string            `json:"kind"`
		Label string            `json:"label"`
		Words map[string]string `json:"entry"`
	}
	out := []entry{}
	for _, k := range ws.Lock.Keys() {
		if t := ws.Target(k.Label); covered(ps, k.Label) && (t == nil || t.Kind != k.Kind) {
			s.ui.Say("%s %s is gone", k.Kind, k.Label)
			ws.Lock.Set(k, nil)
			continue
		}
		words, _ := ws.Lock.Get(k)
		out = append(out, entry{k.Kind, k.Label.String(), words})
	}
	if ws.Lock.Changed() {
		if s.flags.locked {
			return usagef("BUILD.lock.hcl would change, and --locked forbids it")
		}
		if err := ws.Lock.Write(s.root); err != nil {
			return &environmentError{err}
		}
	}
	if s.flags.json {
		return s.ui.JSON(out)
	}
	for _, e := range out {
		s.ui.Printf("%s %s", e.Kind, e.Label)
		for _, name := range slices.Sorted(maps.Keys(e.Words)) {
			s.ui.Printf(" %s=%s", name, e.Words[name])
		}
		s.ui.Line("")
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
