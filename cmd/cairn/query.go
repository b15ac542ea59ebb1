package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/diag"
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
		Use:   "deps [PATTERN...]",
		Short: "Lists what targets depend on: query 'deps(X)'.",
	}, over("deps"))
}

func rdepsCommand(a *app) *cobra.Command {
	return question(a, &cobra.Command{
		Use:   "rdeps [PATTERN...]",
		Short: "Lists what depends on targets: query 'rdeps(X)'.",
	}, over("rdeps"))
}

func outputsCommand(a *app) *cobra.Command {
	return question(a, &cobra.Command{
		Use:   "outputs [PATTERN...]",
		Short: "Lists what targets put below cairn-out: query 'outputs(X)'.",
	}, over("outputs"))
}

func pathCommand(a *app) *cobra.Command {
	return asks(a, &cobra.Command{
		Use:   "path FROM TO",
		Short: "Shows how one target comes to depend on another: query 'path(A, B)'.",
	}, func(_ *session, args []string) (string, error) {
		if len(args) != 2 {
			return "", usagef("path takes two targets: from the one that depends to the one that is depended on")
		}
		return "path(" + args[0] + ", " + args[1] + ")", nil
	}, func(s *session, args []string, set query.Set) error {
		if len(set.IDs) == 0 {
			s.ui.Say("%s does not depend on %s", args[0], args[1])
		}
		return nil
	})
}

func graphCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "graph [PATTERN...]",
		Short: "Prints the graph of targets and what they depend on, in Graphviz's language.",
		Long: "Prints the targets, all that they depend on and the edges between them, in Graphviz's language; with --json as an array\n" +
			"of targets with what they name. Without a pattern: everything below the current directory.",
		Example: "  cairn graph //app | dot -Tsvg > graph.svg\n  cairn graph --json",
	}
	return question(a, c, func(args []string) (string, error) {
		if dot := c.Flags().Lookup("dot"); !dot.Changed && !a.flags.json {
			if err := dot.Value.Set("true"); err != nil {
				return "", err
			}
		}
		return over("deps")(args)
	})
}

func ownersCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "owners FILE...",
		Short: "Lists the targets that name a file or make it: query 'owners(FILE)'.",
		Long: "Lists the targets that name a file, that it declares where it is a BUILD.hcl, or whose output it is. FILE starts at the\n" +
			"current directory, or with // at the root of the workspace.",
		Example: "  cairn owners src/main.c\n  cairn owners //net/BUILD.hcl",
	}
	return asks(a, c, func(s *session, args []string) (string, error) {
		if len(args) == 0 {
			return "", usagef("owners takes a file")
		}
		var parts []string
		for _, f := range args {
			word := &query.Expr{Word: s.fromRoot(f)}
			parts = append(parts, "owners("+word.String()+")")
		}
		return strings.Join(parts, " + "), nil
	}, func(s *session, args []string, set query.Set) error {
		if len(set.IDs) > 0 {
			return nil
		}
		for _, f := range args {
			at := strings.TrimPrefix(s.fromRoot(f), "//")
			if _, err := os.Lstat(filepath.Join(s.root, filepath.FromSlash(at))); errors.Is(err, fs.ErrNotExist) {
				return &usageError{fmt.Sprintf("there is no file %s, and no target names one", at), s.nearFile(at)}
			}
		}
		s.ui.Say("no target names %s", strings.Join(args, " or "))
		return nil
	})
}

// fromRoot gives a file as queries name it wherever they start: //a/b.txt. A path that is absolute may lie in the workspace.
func (s *session) fromRoot(file string) string {
	if strings.HasPrefix(file, "//") {
		return file
	}
	if filepath.IsAbs(file) {
		if rel, err := filepath.Rel(s.root, file); err == nil {
			return "//" + filepath.ToSlash(rel)
		}
	}
	return "//" + path.Join(s.pkg, file)
}

// nearFile gives the hint that names the file of the same folder whose name is spelled alike.
func (s *session) nearFile(file string) string {
	dir := path.Dir(file)
	entries, err := os.ReadDir(filepath.Join(s.root, filepath.FromSlash(dir)))
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range entries {
		names = append(names, path.Join(dir, e.Name()))
	}
	return diag.DidYouMean(file, names)
}

// over gives the query that applies a function to all arguments, or to what is below the current directory.
func over(function string) func([]string) (string, error) {
	return func(args []string) (string, error) {
		if len(args) == 0 {
			args = []string{"..."}
		}
		return function + "(" + strings.Join(args, " ") + ")", nil
	}
}

// question completes a command that asks one query and prints the answer.
func question(a *app, c *cobra.Command, text func(args []string) (string, error)) *cobra.Command {
	return asks(a, c, func(_ *session, args []string) (string, error) { return text(args) }, nil)
}

// asks is question for who needs to know where in the workspace it is asked. after is told the answer before it is printed;
// it may be nil.
func asks(a *app, c *cobra.Command, text func(s *session, args []string) (string, error), after func(*session, []string, query.Set) error) *cobra.Command {
	var dot bool
	c.RunE = func(c *cobra.Command, args []string) error {
		args = showMinus(args)
		return a.with(func(s *session) error {
			q, err := text(s, args)
			if err != nil {
				return err
			}
			e, err := query.Parse(q)
			if err != nil {
				return queryProblem(err)
			}
			g, err := s.graph(c.Context())
			if err != nil {
				return err
			}
			set, err := query.Eval(g, e, q, s.pkg)
			if err != nil {
				return queryProblem(err)
			}
			if after != nil {
				if err := after(s, args, set); err != nil {
					return err
				}
			}
			return s.answer(g, set, dot)
		})
	}
	prints(c).Flags().BoolVar(&dot, "dot", false, "print a graph in Graphviz's language")
	return c
}

func (s *session) answer(g query.Graph, set query.Set, dot bool) error {
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
