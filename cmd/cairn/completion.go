package main

import (
	"slices"

	"github.com/spf13/cobra"
)

func completionCommand(a *app) *cobra.Command {
	shells := []string{"bash", "fish", "zsh"}
	return &cobra.Command{
		Use:       "completion bash|fish|zsh",
		Short:     "Prints a script that completes commands, flags and labels in a shell.",
		Example:   "  source <(cairn completion bash)",
		ValidArgs: shells,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return &usageError{"completion takes the name of a shell: bash, fish or zsh", ""}
			}
			switch args[0] {
			case "bash":
				return c.Root().GenBashCompletionV2(a.ui.Out(), true)
			case "fish":
				return c.Root().GenFishCompletion(a.ui.Out(), true)
			}
			return c.Root().GenZshCompletion(a.ui.Out())
		},
	}
}
