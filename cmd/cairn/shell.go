package main

import "github.com/spf13/cobra"

func shellCommand(a *app) *cobra.Command {
	var (
		failed bool
		of     string
	)
	c := &cobra.Command{
		Use:   "shell TARGET",
		Short: "Opens a shell in exactly the environment of a target's action.",
		Long: "Opens the sandbox's sh where a target's action runs: its inputs, tools and environment, and nothing else (no startup\n" +
			"files, not the caller's PATH). What is written there is gone afterwards. With --failed, in the sandbox that its last\n" +
			"failure left behind, where what is written stays. Commands may come from a pipe; the shell's exit code is passed on.",
		Example: "  cairn shell //docs:table\n  cairn shell --failed //docs:table",
		Args:    exactly(1, "one target; cairn exec runs a command there"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(func(s *session) error {
				return s.enterTarget(c.Context(), args[0], of, []string{"/bin/sh"}, failed)
			})
		},
	}
	c.Flags().StringVar(&of, "case", "", "of a target with several tests, the one called `NAME`")
	c.Flags().BoolVar(&failed, "failed", false, "in the sandbox that the target's last failure left")
	return c
}
