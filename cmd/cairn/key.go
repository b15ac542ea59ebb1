package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/cache/digest"
)

func keyCommand(a *app) *cobra.Command {
	return prints(&cobra.Command{
		Use:   "key TARGET",
		Short: "Shows what a target's keys are made of.",
		Long: "Shows the keys of a target's actions and the named components of each: what would have to change for it to run again. The\n" +
			"workspace's path, the user, the clock and the formatting of BUILD.hcl are not among them.",
		Args: exactly(1, "one target"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(func(s *session) error {
				l, err := s.target(args[0])
				if err != nil {
					return err
				}
				keys, err := s.engine.Key(c.Context(), l.String(), "")
				if err != nil {
					return err
				}
				out := []keyJSON{}
				for _, k := range keys {
					j := keyJSON{Action: k.Action, Key: k.Key, Narrow: k.Narrow}
					for _, p := range k.Parts {
						j.Parts = append(j.Parts, keyPartJSON{p.Name, p.Digest, p.Value})
					}
					out = append(out, j)
				}
				if s.flags.json {
					return s.ui.JSON(out)
				}
				if len(out) == 0 {
					s.ui.Say("%s has no actions, and so no key", l)
				}
				for _, k := range out {
					s.showKey(k)
				}
				return nil
			})
		},
	})
}

type keyJSON struct {
	Action string        `json:"action"`
	Key    string        `json:"key"`
	Narrow string        `json:"narrow,omitempty"`
	Parts  []keyPartJSON `json:"parts"`
}

type keyPartJSON struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	Value  string `json:"value,omitempty"`
}

func (s *session) showKey(k keyJSON) {
	s.ui.Printf("%s key %s\n", k.Action, k.Key)
	if k.Narrow != "" {
		s.ui.Printf("  narrow key %s\n", k.Narrow)
	}
	for _, p := range k.Parts {
		what := p.Value
		if what == "" {
			what = p.Digest[:min(12, len(p.Digest))]
		}
		s.ui.Printf("  %s = %s\n", p.Name, what)
	}
}

// keysOf gives the keys, full and narrow, of a target's actions.
func (s *session) keysOf(ctx context.Context, target string) ([]digest.Hash, error) {
	l, err := s.target(target)
	if err != nil {
		return nil, err
	}
	keys, err := s.engine.Key(ctx, l.String(), "")
	if err != nil {
		return nil, err
	}
	var out []digest.Hash
	for _, k := range keys {
		for _, text := range []string{k.Key, k.Narrow} {
			if text == "" {
				continue
			}
			h, err := digest.ParseHash(text)
			if err != nil {
				return nil, err
			}
			out = append(out, h)
		}
	}
	return out, nil
}
