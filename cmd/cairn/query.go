package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/query"
)

func queryCommand(a *app) *cobra.Command {
	return question(a, &cobra.Command{
		Use:   "query EXPR",
		Short: "Asks about the graph of targets.",
		Long: "Asks about the graph of targets. EXPR is an expression over sets: patterns, deps(X), rdeps(X), path(A, B), owners(FILE),\n" +
			"outputs(X), kind(KIND, X), tag(TAG, X), tests(X), and + - & between them. docs/reference/query.md says more.",
		Example: "  cairn query 'kind(command, deps(//app))'\n  cairn query 'tests(rdeps(//lib)) - tag(slow, //...)'\n  cairn query --dot 'deps(//app)' | dot -Tsvg > graph.svg",
	}, func(args []string) (string, error) {
		if len(args) == 0 {
			return "...", nil
		}
		return strings.Join(args, " "), nil
	})
}

func depsCommand(a *app) *cobra.Command {
	return question(a, &cobra.Command{
		Use:   "deps PATTERN...",
		Short: "Lists what targets depend on: query 'deps(X)'.",
	}, over("deps"))
}

func rdepsCommand(a *app) *cobra.Command {
	return question(a, &cobra.Command{
		Use:   "rdeps PATTERN...",
		Short: "Lists what depends on targets: query 'rdeps(X)'.",
	}, over("rdeps"))
}

func outputsCommand(a *app) *cobra.Command {
	return question(a, &cobra.Command{
		Use:   "outputs [PATTERN...]",
		Short: "Lists what targets put below cairn-out: query 'outputs(X)'.",
	}, func(args []string) (string, error) {
		if len(args) == 0 {
			args = []string{"..."}
		}
		return over("outputs")(args)
	})
}

func pathCommand(a *app) *cobra.Command {
	return question(a, &cobra.Command{
		Use:   "path FROM TO",
		Short: "Shows how one target comes to depend on another: query 'path(A, B)'.",
	}, func(args []string) (string, error) {
		if len(args) != 2 {
			return "", usagef("path takes two targets: from the one that depends to the one that is depended on")
		}
		return "path(" + args[0] + ", " + args[1] + ")", nil
	})
}

func ownersCommand(a *app) *cobra.Command {
	return question(a, &cobra.Command{
		Use:   "owners FILE...",
		Short: "Lists the targets that name a file or make it: query 'owners(FILE)'.",
	}, func(args []string) (string, error) {
		if len(args) == 0 {
			return "", usagef("owners takes a file")
		}
		var parts []string
		for _, f := range args {
			word := &query.Expr{Word: f}
			parts = append(parts, "owners("+word.String()+")")
		}
		return strings.Join(parts, " + "), nil
	})
}

// over gives the query that applies a function to all arguments.
func over(function string) func([]string) (string, error) {
	return func(args []string) (string, error) {
		if len(args) == 0 {
			return "", usagef("%s takes a target", function)
		}
		return function + "(" + strings.Join(args, " ") + ")", nil
	}
}

// question completes a command that asks one query and prints the answer.
func question(a *app, c *cobra.Command, text func(args []string) (string, error)) *cobra.Command {
	var dot bool
	c.RunE = func(c *cobra.Command, args []string) error {
		q, err := text(showMinus(args))
		if err != nil {
			return err
		}
		e, err := query.Parse(q)
		if err != nil {
			return queryProblem(err)
		}
		return a.with(func(s *session) error { return s.answer(c.Context(), e, q, dot) })
	}
	prints(c).Flags().BoolVar(&dot, "dot", false, "print a graph in Graphviz's language")
	return c
}

func (s *session) answer(ctx context.Context, e *query.Expr, text string, dot bool) error {
	g, err := s.graph(ctx)
	if err != nil {
		return err
	}
	set, err := query.Eval(g, e, text, s.pkg)
	if err != nil {
		return queryProblem(err)
	}
	switch {
	case dot:
		return query.WriteDOT(s.ui.Out(), g, set)
	case s.flags.json:
		return query.WriteJSON(s.ui.Out(), g, set)
	}
	return query.WriteText(s.ui.Out(), set)
}

// queryProblem puts a query's error into the form of a request that makes no sense, with the place marked.
func queryProblem(err error) error {
	var q *query.Error
	if !errors.As(err, &q) {
		return err
	}
	mark := strings.Repeat(" ", len([]rune(q.Query[:min(q.At, len(q.Query))]))) + "^"
	if q.Query == "" || strings.ContainsAny(q.Query, "\n\t") {
		return &usageError{q.Text, q.Hint}
	}
	return &usageError{fmt.Sprintf("%s\n  %s\n  %s", q.Text, q.Query, mark), q.Hint}
}
