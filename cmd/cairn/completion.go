package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/state"
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
				hint := ""
				if len(args) == 1 {
					hint = diag.DidYouMean(args[0], shells)
				}
				return &usageError{"completion takes the name of a shell: bash, fish or zsh", hint}
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

// completesWords lets a shell complete a flag's values.
func completesWords(c *cobra.Command, flag string, words ...string) {
	// It fails for a flag that is not there, or that has one already.
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic("internal error: " + err.Error())
	}
}

// completesLabels lets a shell complete labels where the command takes them.
func completesLabels(a *app, c *cobra.Command) *cobra.Command {
	c.ValidArgsFunction = func(c *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return labelsFor(a, c, begun)
	}
	return c
}

func labelsFor(a *app, c *cobra.Command, begun string) ([]string, cobra.ShellCompDirective) {
	labels, err := a.labels(c.Context(), begun)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return labels, cobra.ShellCompDirectiveNoFileComp
}

// labels gives the labels that start with begun, in the form in which that is written: //a/b:c, or :c in the current package.
func (a *app) labels(ctx context.Context, begun string) ([]string, error) {
	var out []string
	err := a.with(func(s *session) error {
		g, err := s.engine.Graph(ctx)
		if err != nil {
			return err
		}
		for t := range (state.Targets{Last: state.TargetID(g.NumTargets())}).All() {
			l := g.Label(t)
			text := l.String()
			if strings.HasPrefix(begun, ":") && l.Pkg == s.pkg {
				text = ":" + l.Name
			}
			if strings.HasPrefix(text, begun) {
				out = append(out, text)
			}
		}
		return nil
	})
	return slices.Compact(out), err
}
