package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/cmd/internal/site"
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
	iocbase "github.com/cairn-build/cairn/rules/ioc/base"
	iocversion "github.com/cairn-build/cairn/rules/ioc/version"
)

func modulesCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "modules",
		Short: "Works on folders of installed modules of EPICS: list, tree, uninstall.",
		Long: "Works on folders of installed modules of EPICS, <module>/<version>/..., and on modules that are targets. Where no folder\n" +
			"is named, those of EPICS_DRIVER_PATH are meant.",
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return &usageError{fmt.Sprintf("%s has no command %q", c.CommandPath(), args[0]), diag.DidYouMean(args[0], verbNames(c))}
		},
	}
	c.AddCommand(modulesList(a), modulesTree(a), modulesUninstall(a))
	return c
}

// searchPath gives pools in order, absolute: those that are named, which must be there, then those of EPICS_DRIVER_PATH. Each is there
// once.
func (a *app) searchPath(named []string) ([]string, error) {
	var out []string
	add := func(dir string) error {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return &environmentError{err}
		}
		if !slices.Contains(out, abs) {
			out = append(out, abs)
		}
		return nil
	}
	for _, d := range named {
		if fi, err := os.Stat(d); err != nil || !fi.IsDir() {
			return nil, usagef("there is no folder %s", d)
		}
		if err := add(d); err != nil {
			return nil, err
		}
	}
	path, _ := a.getenv("EPICS_DRIVER_PATH")
	for _, d := range site.DriverPath(path) {
		if err := add(d); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// arch gives the architecture that a command is about.
func (a *app) arch() string {
	if a.flags.platform != "" {
		return a.flags.platform
	}
	return build.HostPlatform().String()
}

// siteProblems shows problems with installed trees: files are absolute.
func (a *app) siteProblems(l diag.List) {
	if len(l) > 0 {
		a.ui.Problems(l, func(file string) []byte {
			if !filepath.IsAbs(file) {
				return nil
			}
			return readSource(file)
		})
	}
}

// parseModule reads MODULE or MODULE,VERSION.
func parseModule(text string) (name, v string, err error) {
	name, v, comma := strings.Cut(text, ",")
	if name == "" || strings.ContainsAny(name, "/ ") || strings.Contains(v, ",") || comma && v == "" {
		return "", "", &usageError{fmt.Sprintf("%q is no module", text), "It is written MODULE or MODULE,VERSION: asyn,4.42.0"}
	}
	if v == iocversion.None {
		return "", "", usagef("version none asks for nothing")
	}
	return name, v, nil
}

// moduleTrees builds targets and gives the module trees among their outputs, and those of the targets that they depend on and
// that their .dep files name, and so on. The latter are built as well.
func (s *session) moduleTrees(ctx context.Context, ps []label.Pattern) (wanted, below []site.Tree, err error) {
	if err := s.buildQuietly(ctx, build.Request{Patterns: ps}); err != nil {
		return nil, nil, err
	}
	g, err := s.engine.Graph(ctx)
	if err != nil {
		return nil, nil, err
	}
	targets := s.matching(g, ps)
	seen := map[string]bool{}
	for _, t := range targets {
		for _, tree := range s.treesOf(g, t) { // a pool gives those of others
			if !seen[tree.Dir] {
				seen[tree.Dir] = true
				wanted = append(wanted, tree)
			}
		}
	}
	if len(wanted) == 0 {
		what := "none of these targets makes a module tree"
		if len(targets) == 1 {
			what = fmt.Sprintf("%s, of kind %s, makes no module tree", g.LabelText(targets[0]), g.TargetKind(targets[0]))
		}
		return nil, nil, &usageError{what, "That is a folder <module>/<version> with lib/<arch>/<module>.dep, as ioc_module makes it for EPICS."}
	}
	for todo := wanted; len(todo) > 0; {
		labels, dirs, err := s.candidates(g, targets, todo, seen)
		if err != nil || len(labels) == 0 {
			return wanted, below, err
		}
		if err := s.buildQuietly(ctx, build.Request{Patterns: labels}); err != nil {
			return nil, nil, err
		}
		todo = nil
		for i, dir := range dirs {
			if t, ok := site.Look(dir); ok {
				t.Label = labels[i].Target.String()
				todo = append(todo, t)
			}
		}
		below = append(below, todo...)
	}
	return wanted, below, nil
}

// buildQuietly builds for a command that prints something else.
func (s *session) buildQuietly(ctx context.Context, r build.Request) error {
	sum, err := s.engine.Build(ctx, r)
	s.last = sum
	if err != nil {
		return err
	}
	if code := summaryCode(sum); code != exitOK {
		s.ui.Summary(sum)
		return exitError(code)
	}
	return nil
}

// matching gives the targets that patterns cover, as a build does.
func (s *session) matching(g *state.Graph, ps []label.Pattern) []state.TargetID {
	var out []state.TargetID
	for _, p := range ps {
		for _, t := range g.Matching(nil, p) {
			at, in := slices.BinarySearch(out, t)
			switch {
			case g.TargetPlatform(t) != s.arch():
			case p.Minus && in:
				out = slices.Delete(out, at, at+1)
			case !p.Minus && !in:
				out = slices.Insert(out, at, t)
			}
		}
	}
	return out
}

// treesOf gives the module trees among the outputs of a target that is built. The require that a base carries is what cairn starts IOCs
// with: the one that is installed, with what an IOC needs besides, is a require_module.
func (s *session) treesOf(g *state.Graph, t state.TargetID) []site.Tree {
	if g.TargetKind(t) == iocbase.Kind.Kind {
		return nil
	}
	return s.defaultTrees(g, t)
}

// defaultTrees gives all module trees among the outputs of a target that is built.
func (s *session) defaultTrees(g *state.Graph, t state.TargetID) []site.Tree {
	var out []site.Tree
	for _, a := range g.Default(t) {
		if g.IsSource(a) || g.Kind(a) != rule.OutputTree {
			continue
		}
		if tree, ok := site.Look(filepath.Join(s.root, filepath.FromSlash(g.Path(a)))); ok {
			tree.Label = strings.Clone(g.LabelText(t))
			if p, ok := g.Producer(a); ok {
				tree.Label = strings.Clone(g.LabelText(g.ActionTarget(p)))
			}
			out = append(out, tree)
		}
	}
	return out
}

// candidates gives the targets, and the folders that they make, which the .dep files of some trees name, of all that the targets
// depend on. What is in seen is left out; what is given comes into it.
func (s *session) candidates(g *state.Graph, targets []state.TargetID, trees []site.Tree, seen map[string]bool) (ps []label.Pattern, dirs []string, err error) {
	names := map[string]bool{}
	for _, t := range trees {
		for _, arch := range t.Archs {
			f, l := t.Deps(arch)
			if l.HasErrors() {
				s.siteProblems(l)
				return nil, nil, exitError(exitFailed)
			}
			for _, e := range f.Entries {
				names[e.Module+"/"+e.Version] = true
			}
		}
	}
	visited := map[state.TargetID]bool{}
	for todo := slices.Clone(targets); len(todo) > 0; todo = todo[1:] {
		t := todo[0]
		if visited[t] || g.TargetPlatform(t) != s.arch() {
			continue
		}
		visited[t] = true
		todo = append(todo, g.Deps(t)...)
		for _, a := range g.Default(t) {
			p := g.Path(a)
			dir := filepath.Join(s.root, filepath.FromSlash(p))
			if g.Kind(a) == rule.OutputTree && names[path.Base(path.Dir(p))+"/"+path.Base(p)] && !seen[dir] {
				seen[dir] = true
				ps, dirs = append(ps, label.Pattern{Target: g.Label(t)}), append(dirs, dir)
			}
		}
	}
	return ps, dirs, nil
}
