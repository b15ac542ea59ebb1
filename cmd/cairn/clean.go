package main

import "github.com/spf13/cobra"

func cleanCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "clean",
		Short: "Removes the outputs and the state of this workspace, and nothing else.",
		Long: "Removes cairn-out, which holds this workspace's outputs and state. It is never needed for a right build. The cache, which\n" +
			"all workspaces share, stays: see cairn cache trim.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(func(s *session) error {
				return s.engine.Clean(c.Context())
			})
		},
	}
}
