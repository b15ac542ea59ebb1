package main

import "github.com/spf13/cobra"

func execCommand(a *app) *cobra.Command {
	var (
		failed bool
		of     string
	)
	c := &cobra.Command{
		Use:   "exec TARGET -- CMD [ARG...]",
		Short: "Runs one command in exactly the environment of a target's action.",
		Long: "Runs one command where a target's action runs: its inputs, tools and environment, and nothing else. What\n" +
			"the action reads is built first. Of a workflow, which starts no command while it is built, it is what the program itself runs in,\n" +
			"with the caller's variables. With --failed, in the sandbox that its last failure left behind; without a command, the one that\n" +
			"failed runs there once more.",
		Example: "  cairn exec //docs:table -- env\n  cairn exec --failed //docs:table\n  cairn exec --failed //docs:table -- sh",
		RunE: func(c *cobra.Command, args []string) error {
			n := c.ArgsLenAtDash()
			again := failed && n < 0 && len(args) == 1
			if !again && (n != 1 || len(args) < 2) {
				return &usageError{"exec takes one target, and a command after --", "Usage: " + useLine(c)}
			}
			return a.with(func(s *session) error {
				return s.enterTarget(c.Context(), args[0], of, args[1:], failed)
			})
		},
	}
	c.Flags().StringVar(&of, "case", "", "of a target with several tests, the one called `NAME`")
	c.Flags().BoolVar(&failed, "failed", false, "in the sandbox that the target's last failure left")
	return c
}
