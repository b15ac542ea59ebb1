package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules"
)

func docsCommand(a *app) *cobra.Command {
	var write string
	c := &cobra.Command{
		Use:   "docs [KIND]",
		Short: "Prints a kind's page; without one, lists the kinds.",
		Long: "Prints the page of a kind: what it is for, and each attribute with its type, default and meaning. Without a kind, lists\n" +
			"the kinds. With --write, writes the whole reference as Markdown files.",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return kindNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("docs takes one kind at most")
			}
			if write != "" {
				return writeReference(c.Root(), write)
			}
			if len(args) == 0 {
				for _, r := range rules.All() {
					a.ui.Printf("%-14s %s\n", r.Kind, firstSentence(r.Doc))
				}
				return nil
			}
			page, ok := kindPage(args[0])
			if !ok {
				return &usageError{fmt.Sprintf("there is no kind %q", args[0]), diag.DidYouMean(args[0], kindNames())}
			}
			a.ui.Printf("%s", page)
			return nil
		},
	}
	c.Flags().StringVar(&write, "write", "", "write the reference pages into `DIR`")
	return c
}

// writeReference writes the generated pages of docs/reference.
func writeReference(root *cobra.Command, dir string) error {
	for name, text := range referencePages(root) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return &environmentError{err}
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			return &environmentError{err}
		}
	}
	return nil
}
