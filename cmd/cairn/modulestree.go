package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/cmd/internal/site"
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/rules/ioc/resolve"
	iocversion "github.com/cairn-build/cairn/rules/ioc/version"
)

// closureName is the output of an IOC that says what it loads, resolvedName the one that says it to programs.
const (
	closureName  = "modules.txt"
	resolvedName = "modules.json"
)

func modulesTree(a *app) *cobra.Command {
	var (
		pools  []string
		strict bool
		dot    bool
	)
	c := prints(&cobra.Command{
		Use:   "tree MODULE[,VERSION]|TARGET...",
		Short: "Shows all that is loaded with some modules, or why they do not go together.",
		Long: "Resolves modules before any IOC starts: which version of which module would be loaded, with all that their .dep files name. Two\n" +
			"that exclude each other are an error with both chains; so are circles, and what is nowhere, with the versions that there are.\n" +
			"The order of the arguments and of folders plays no part; with --strict-order it is require's own: what is loaded first stays.\n\n" +
			"A TARGET (//pkg:name) is built; it and the targets that it depends on are found before what is installed. For an ioc it is what\n" +
			"it loads.",
		Example: "  cairn modules tree sis8300llrf\n  cairn modules tree asyn,4.42.0 calc -l ./siteMods\n  cairn modules tree //modules:llrf --json",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{"modules tree takes modules or targets", "Usage: " + useLine(c)}
			}
			dirs, err := a.searchPath(pools)
			if err != nil {
				return err
			}
			return a.showTree(c.Context(), args, dirs, strict, dot)
		},
	})
	c.Flags().StringArrayVarP(&pools, "pool", "l", nil, "look in `DIR` before EPICS_DRIVER_PATH; several times")
	c.Flags().BoolVar(&strict, "strict-order", false, "load one after another, in the order given and in that of folders, as require does")
	c.Flags().BoolVar(&dot, "dot", false, "print a graph in Graphviz's language")
	return c
}

func (a *app) showTree(ctx context.Context, args, dirs []string, strict, dot bool) error {
	var ask []resolve.Request
	var targets []string
	for _, text := range args {
		if strings.HasPrefix(text, "//") || strings.HasPrefix(text, ":") {
			targets = append(targets, text)
			continue
		}
		name, v, err := parseModule(text)
		if err != nil {
			return err
		}
		ask = append(ask, resolve.Request{Module: name, Version: v, By: "the command line"})
	}
	if len(targets) == 0 {
		return a.resolved(ask, nil, dirs, strict, dot)
	}
	return a.with(func(s *session) error {
		var ps []label.Pattern
		for _, t := range targets {
			l, err := s.target(t)
			if err != nil {
				return err
			}
			ps = append(ps, label.Pattern{Target: l})
		}
		if len(args) == 1 {
			if shown, err := s.showIoc(ctx, ps[0], dot); shown || err != nil {
				return err
			}
		}
		trees, below, err := s.moduleTrees(ctx, ps)
		if err != nil {
			return err
		}
		for _, t := range trees {
			ask = append(ask, resolve.Request{Module: t.Module, Version: t.Version, By: t.Label})
		}
		return a.resolved(ask, append(trees, below...), dirs, strict, dot)
	})
}

// showIoc shows what an IOC loads, where that is what a target is: its build has resolved it.
func (s *session) showIoc(ctx context.Context, p label.Pattern, dot bool) (bool, error) {
	g, err := s.engine.Graph(ctx)
	if err != nil {
		return false, err
	}
	file := ""
	for _, t := range s.matching(g, []label.Pattern{p}) {
		for _, a := range g.Default(t) {
			if !g.IsSource(a) && path.Base(g.Path(a)) == closureName && len(s.treesOf(g, t)) == 0 {
				file = filepath.Join(s.root, filepath.FromSlash(g.Path(a)))
			}
		}
	}
	if file == "" {
		return false, nil
	}
	if err := s.buildQuietly(ctx, build.Request{Patterns: []label.Pattern{p}}); err != nil {
		return true, err
	}
	forPrograms := dot || s.flags.json
	if forPrograms {
		file = filepath.Join(filepath.Dir(file), resolvedName)
	}
	b, err := os.ReadFile(file)
	switch {
	case err != nil:
		return true, &environmentError{err}
	case forPrograms:
		return true, s.showIocModules(b, dot)
	}
	s.ui.Printf("%s", b)
	return true, nil
}

// showIocModules shows what an IOC loads as the modules are shown that are asked for by name.
func (s *session) showIocModules(text []byte, dot bool) error {
	var read struct {
		Modules []struct {
			resolvedJSON
			Pool, Tree string
		}
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return &environmentError{err}
	}
	all := []resolvedJSON{}
	for _, m := range read.Modules {
		r := m.resolvedJSON
		r.Test, r.Path = iocversion.Lenient(r.Version).IsTest(), filepath.Join(m.Pool, r.Module, r.Version)
		if m.Tree != "" {
			r.Path = filepath.Join(s.root, filepath.FromSlash(m.Tree))
		}
		if r.Deps == nil {
			r.Deps = []dependedJSON{}
		}
		all = append(all, r)
	}
	return s.showResolved(all, dot)
}

// resolvedJSON is one module in `cairn modules tree --json`: dependencies come before what depends on them.
type resolvedJSON struct {
	Module  string         `json:"module"`
	Version string         `json:"version"`
	Test    bool           `json:"test"`
	Path    string         `json:"path"`
	Asked   bool           `json:"asked"` // by the command line
	Deps    []dependedJSON `json:"deps"`
}

type dependedJSON struct {
	Module string `json:"module"`
	Wanted string `json:"wanted"` // "" for any version
	Gets   string `json:"gets"`
}

// resolved resolves some requests and prints what they come to.
func (a *app) resolved(ask []resolve.Request, trees []site.Tree, dirs []string, strict, dot bool) error {
	find := site.NewSearch(a.arch(), trees, dirs)
	c, problems := resolve.Resolve(ask, find, find.Options(strict))
	if a.siteProblems(problems); problems.HasErrors() {
		return exitError(exitFailed)
	}
	if !dot && !a.flags.json {
		a.ui.Printf("%s", c.Tree())
		return nil
	}
	all := []resolvedJSON{}
	for _, m := range c.Modules {
		r := resolvedJSON{Module: m.Name, Version: m.Version, Test: iocversion.Lenient(m.Version).IsTest(),
			Path: find.Dir(m.Name, iocversion.Installed{Version: m.Version, Pool: m.Pool}), Asked: slices.Contains(c.Roots, m.Name), Deps: []dependedJSON{}}
		for _, e := range m.Deps {
			d, _ := c.Find(e.Module)
			r.Deps = append(r.Deps, dependedJSON{e.Module, e.Version, d.Version})
		}
		all = append(all, r)
	}
	return a.showResolved(all, dot)
}

// showResolved prints modules for programs: as JSON, or as a graph for Graphviz.
func (a *app) showResolved(all []resolvedJSON, dot bool) error {
	if !dot {
		return a.ui.JSON(all)
	}
	a.ui.Line("digraph modules {")
	for _, m := range all {
		a.ui.Line(fmt.Sprintf("  %q;", m.Module+" "+m.Version))
		for _, d := range m.Deps {
			if d.Gets != "" {
				a.ui.Line(fmt.Sprintf("  %q -> %q;", m.Module+" "+m.Version, d.Module+" "+d.Gets))
			}
		}
	}
	a.ui.Line("}")
	return nil
}
