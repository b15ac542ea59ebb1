package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/load"
)

func varsCommand(a *app) *cobra.Command {
	return prints(&cobra.Command{
		Use:   "vars",
		Short: "Shows the workspace's variables: each value, where it comes from, and what it wins over.",
		Long: "Shows each variable's value and where it comes from, then the values that lost. They win in this order: --var, CAIRN_VAR_x in\n" +
			"the environment, cairn.local.hcl, the default. Sensitive values are not shown.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(func(s *session) error {
				ws, ds := s.engine.Workspace(c.Context())
				if err := ds.Err(); err != nil {
					return err
				}
				if s.flags.json {
					out := []varJSON{}
					for _, v := range ws.Vars {
						out = append(out, varOf(v))
					}
					return s.ui.JSON(out)
				}
				for _, v := range ws.Vars {
					s.ui.Printf("%s = %s  (%s)\n", v.Name, shownValue(v, v.Winner), origin(v.Winner))
					for _, l := range v.Losers {
						s.ui.Printf("    not %s  (%s)\n", shownValue(v, l), origin(l))
					}
				}
				return nil
			})
		},
	})
}

type varJSON struct {
	Name        string          `json:"name"`
	Type        string          `json:"type"`
	Description string          `json:"description,omitempty"`
	Sensitive   bool            `json:"sensitive,omitempty"`
	Winner      candidateJSON   `json:"winner"`
	Losers      []candidateJSON `json:"losers,omitempty"`
}

type candidateJSON struct {
	Origin string `json:"origin"`
	Value  string `json:"value,omitempty"`
	Place  string `json:"place,omitempty"`
}

func varOf(v load.Var) varJSON {
	candidate := func(c load.Candidate) candidateJSON {
		j := candidateJSON{Origin: c.Origin}
		if !v.Sensitive {
			j.Value = c.Value
		}
		if !c.Range.IsZero() {
			j.Place = c.Range.String()
		}
		return j
	}
	j := varJSON{Name: v.Name, Type: v.Type, Description: v.Description, Sensitive: v.Sensitive, Winner: candidate(v.Winner)}
	for _, l := range v.Losers {
		j.Losers = append(j.Losers, candidate(l))
	}
	return j
}

func shownValue(v load.Var, c load.Candidate) string {
	if v.Sensitive {
		return "(sensitive)"
	}
	if c.Value == "" {
		return strconv.Quote("")
	}
	return c.Value
}

// origin says where a value stands.
func origin(c load.Candidate) string {
	if c.Range.IsZero() {
		return c.Origin
	}
	return c.Origin + ", " + c.Range.String()
}
