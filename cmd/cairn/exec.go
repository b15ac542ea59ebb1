package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
)

func execCommand(a *app) *cobra.Command {
	var failed bool
	c := &cobra.Command{
		Use:   "exec TARGET -- CMD [ARG...]",
		Short: "Runs one command in exactly the environment of a target's action.",
		Long: "Runs one command where a target's action runs: its inputs, tools and environment, and nothing else. With --failed, in the\n" +
			"sandbox that its last failure left behind.",
		Example: "  cairn exec //docs:table -- env\n  cairn exec --failed //docs:table -- sh",
		RunE: func(c *cobra.Command, args []string) error {
			n := c.ArgsLenAtDash()
			if n != 1 || len(args) < 2 {
				return &usageError{"exec takes one target, and a command after --", "Usage: " + useLine(c)}
			}
			return a.with(func(s *session) error {
				l, err := s.target(args[0])
				if err != nil {
					return err
				}
				code, err := s.engine.ExecIn(c.Context(), l.String(), "", args[1:], failed, os.Stdin, os.Stdout, os.Stderr)
				switch {
				case failed && errors.Is(err, fs.ErrNotExist):
					return usagef("no failed action of %s is kept: the last one succeeded, or there was none", l)
				case err == nil && code != 0:
					return exitError(code)
				}
				return err
			})
		},
	}
	c.Flags().BoolVar(&failed, "failed", false, "in the sandbox that the target's last failure left")
	return c
}
