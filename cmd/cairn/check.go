package main

import "github.com/spf13/cobra"

func checkCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Loads and analyses the whole workspace and builds nothing.",
		Long:  "Loads and analyses every target of the workspace and shows every problem there is. Nothing is built.",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(func(s *session) error {
				n, ds := s.engine.Check(c.Context())
				if err := ds.Err(); err != nil {
					return err
				}
				s.problems(ds)
				s.ui.Say("%d targets are fine", n)
				return nil
			})
		},
	}
}
