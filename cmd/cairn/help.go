package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/diag"
)

func helpCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND|KIND|TOPIC]",
		Short: "Says more about a command, a kind of target, or a topic: attributes, functions, query.",
		Args:  cobra.ArbitraryArgs,
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return helpWords(c.Root()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Root().Help()
			}
			if v, rest, err := c.Root().Find(args); err == nil && len(rest) == 0 && v != c.Root() {
				return v.Help()
			}
			if page, ok := kindPage(args[0]); ok && len(args) == 1 {
				a.ui.Printf("%s", page)
				return nil
			}
			if page, ok := topics[args[0]]; ok && len(args) == 1 {
				a.ui.Printf("%s", page())
				return nil
			}
			hint := diag.DidYouMean(args[0], helpWords(c.Root()))
			if hint == "" {
				hint = "cairn help lists the commands, cairn docs the kinds."
			}
			return &usageError{fmt.Sprintf("there is no command and no kind %q", args[0]), hint}
		},
	}
}

// helpWords are all that there is a page about.
func helpWords(root *cobra.Command) []string {
	return slices.Concat(verbNames(root), kindNames(), slices.Sorted(maps.Keys(topics)))
}
