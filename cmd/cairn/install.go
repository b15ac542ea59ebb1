package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/cmd/internal/site"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/resolve"
	iocversion "github.com/cairn-build/cairn/rules/ioc/version"
)

// installation is what `cairn install` is asked for.
type installation struct {
	to     string   // the pool, absolute
	pools  []string // further ones in which dependencies may lie, absolute
	dryRun bool
}

func installCommand(a *app) *cobra.Command {
	var (
		in    installation
		pools []string
	)
	c := prints(&cobra.Command{
		Use:   "install [PATTERN...] --to DIR",
		Short: "Builds modules of EPICS and puts their trees into a folder of modules.",
		Long: "Builds targets and copies the module trees among their outputs to DIR/<module>/<version>: read-only, each at one moment, and\n" +
			"never over something else. A version that is there with the same content stays; for a further architecture (--platform) it\n" +
			"gets what belongs to that. A numeric version that is there with other content is an error that names the next free revision;\n" +
			"a test version is replaced.\n\n" +
			"A module's dependencies that are targets and of which DIR and the pools have nothing that satisfies its .dep are installed\n" +
			"before it. Where the modules would not load together, or one that is needed is nowhere, nothing is installed.\n\n" +
			"Several processes may install into one folder: one waits for the other. One that is killed leaves nothing that counts, and\n" +
			"the next one cleans up.",
		Example: "  cairn install //modules/... --to /opt/epics/siteMods\n  cairn install //modules:asyn --to siteMods --dry-run\n" +
			"  cairn install //modules:asyn --to siteMods --platform linux-aarch64",
		RunE: func(c *cobra.Command, args []string) error {
			if in.to == "" {
				return &usageError{"install needs --to DIR", flagsHint(c)}
			}
			var err error
			if in.pools, err = a.searchPath(pools); err != nil {
				return err
			}
			if in.to, err = filepath.Abs(in.to); err != nil {
				return &environmentError{err}
			}
			return a.with(func(s *session) error { return s.install(c.Context(), args, in) })
		},
	})
	c.Flags().StringVar(&in.to, "to", "", "the folder of modules, `DIR`; it is made where it is not there")
	c.Flags().StringArrayVarP(&pools, "pool", "l", nil, "look for dependencies in `DIR`, too, before EPICS_DRIVER_PATH; several times")
	c.Flags().BoolVar(&in.dryRun, "dry-run", false, "say what would be installed, and install nothing")
	return c
}

// install builds, says what is wrong with what would come of it, and installs.
func (s *session) install(ctx context.Context, args []string, in installation) error {
	ps, err := s.patterns(args)
	if err != nil {
		return err
	}
	trees, below, err := s.moduleTrees(ctx, ps)
	if err != nil {
		return err
	}
	var problems diag.List
	for _, t := range trees {
		problems = append(problems, t.Check()...)
	}
	if problems.HasErrors() {
		s.siteProblems(problems)
		return exitError(exitFailed)
	}
	steps, problems, err := planAll(trees, below, in)
	do := func(site.Step) error { return nil }
	if err == nil && !problems.HasErrors() && !in.dryRun && slices.ContainsFunc(steps, func(p site.Step) bool { return p.Do != site.Unchanged }) {
		h, herr := site.Open(ctx, in.to, func() { s.ui.Say("waiting for somebody else who installs into %s", in.to) })
		if herr != nil {
			return cannotChange("install into", in.to, herr)
		}
		defer h.Close()
		do = func(p site.Step) error { return h.Do(ctx, p) }
		steps, problems, err = planAll(trees, below, in) // it may be another's pool by now
	}
	if err != nil {
		return cannotChange("install into", in.to, err)
	}
	if s.siteProblems(problems); problems.HasErrors() {
		return exitError(exitFailed)
	}
	return s.doAll(steps, in, do)
}

// cannotChange says that a folder of modules cannot be changed. What ended the command by itself stays what it is.
func cannotChange(what, dir string, err error) error {
	if errors.Is(err, errInterrupted) || errors.Is(err, context.Canceled) {
		return err
	}
	var p *fs.PathError
	if errors.As(err, &p) && p.Path != "" && p.Path != dir && !site.Passing(p.Path) {
		return &environmentError{fmt.Errorf("cannot %s %s: %s: %w", what, dir, p.Path, p.Err)}
	}
	return &environmentError{fmt.Errorf("cannot %s %s: %s", what, dir, plainError(err))}
}

// planAll says what is to be done, dependencies first, and what is wrong with it. below are dependencies that are targets: those that
// are missing are installed as well.
func planAll(trees, below []site.Tree, in installation) ([]site.Step, diag.List, error) {
	pools := append([]string{in.to}, in.pools...)
	all := slices.Clone(trees)
	var problems diag.List
	for todo := slices.Clone(trees); len(todo) > 0; todo = todo[1:] {
		t := todo[0]
		for _, arch := range t.Archs {
			f, l := t.Deps(arch)
			if l.HasErrors() {
				return nil, l, nil
			}
			have := site.NewSearch(arch, all, pools)
			for _, e := range f.Entries {
				_, _, err := iocversion.Select(e.Version, have.Versions(e.Module), false)
				i := slices.IndexFunc(below, func(b site.Tree) bool { return b.Module == e.Module && b.Version == e.Version })
				switch {
				case err != nil && i >= 0:
					all = append(all, below[i])
					todo = append(todo, below[i])
				case err == nil && i >= 0 && !slices.ContainsFunc(all, func(o site.Tree) bool { return o.Dir == below[i].Dir }):
					problems = append(problems, otherThanBuilt(t, below[i], in.to)...)
				}
			}
		}
	}
	for i, t := range all {
		problems = append(problems, loads(t, all, pools)...)
		for _, o := range all[:i] {
			if o.Name() == t.Name() {
				problems = append(problems, diag.Diag{Code: "made-twice", Summary: fmt.Sprintf("module %s is made by two targets: %s and %s", t.Name(), o.Label, t.Label)})
			}
		}
	}
	if problems.HasErrors() {
		return nil, problems.Sort(), nil
	}
	var steps []site.Step
	for _, t := range dependenciesFirst(all) {
		p, l, err := site.Plan(in.to, t)
		if err != nil {
			return nil, nil, err
		}
		problems, steps = append(problems, l...), append(steps, p)
	}
	return steps, problems, nil
}

// otherThanBuilt warns of a dependency that is installed with other content than the one that t was built with.
func otherThanBuilt(t, dep site.Tree, to string) diag.List {
	p, l, err := site.Plan(to, dep)
	if err != nil || len(l) == 0 && p.Do != site.Replace {
		return nil
	}
	return diag.List{{Warning: true, Code: "built-with-other", Summary: fmt.Sprintf("module %s was built with another %s than the one that is installed", t.Name(), dep.Name()),
		Hint: fmt.Sprintf("Where that matters, give %s a new version, or install it.", dep.Label), Range: diag.Range{File: p.To}, Context: t.Label}}
}

// loads says whether what a tree wants is there, and goes together.
func loads(t site.Tree, all []site.Tree, pools []string) diag.List {
	var problems diag.List
	for _, arch := range t.Archs {
		f, _ := t.Deps(arch) // read before
		var ask []resolve.Request
		for _, e := range f.Entries {
			ask = append(ask, resolve.Request{Module: e.Module, Version: e.Version, By: t.Name()})
		}
		find := site.NewSearch(arch, all, pools)
		_, l := resolve.Resolve(ask, find, find.Options(false))
		for _, d := range l {
			if !d.Warning { // what a version means is said where it is asked for
				d.Context = t.Label
				if d.Code == "ioc-missing" && d.Hint == "" {
					d.Hint = "Where it lies in a folder that was not looked in, name that with --pool."
				}
				problems = append(problems, d)
			}
		}
	}
	return problems
}

// dependenciesFirst puts trees into the order in which each is there before what depends on it.
func dependenciesFirst(trees []site.Tree) []site.Tree {
	var out []site.Tree
	done := map[string]bool{}
	var visit func(site.Tree)
	visit = func(t site.Tree) {
		if done[t.Dir] {
			return
		}
		done[t.Dir] = true
		for _, arch := range t.Archs {
			f, _ := t.Deps(arch) // read before
			for _, e := range f.Entries {
				for _, d := range trees {
					if d.Module == e.Module && iocversion.Loaded(d.Version, e.Version) {
						visit(d)
					}
				}
			}
		}
		out = append(out, t)
	}
	slices.SortFunc(trees, func(a, b site.Tree) int { return strings.Compare(a.Name(), b.Name()) })
	for _, t := range trees {
		visit(t)
	}
	return out
}

// installedJSON is one line of `cairn install --json`.
type installedJSON struct {
	Label   string   `json:"label"`
	Module  string   `json:"module"`
	Version string   `json:"version"`
	Archs   []string `json:"archs"`
	Do      string   `json:"do"`
	Path    string   `json:"path"`
	Lost    []string `json:"lost,omitempty"`
}

// doAll does the steps and tells of them.
func (s *session) doAll(steps []site.Step, in installation, do func(site.Step) error) error {
	told := []installedJSON{}
	for _, p := range steps {
		revisions := meant(in.to, p)
		if err := do(p); err != nil {
			return cannotChange("install into", in.to, err)
		}
		archs := p.Archs
		if p.Do == site.Add {
			archs = p.New
		}
		told = append(told, installedJSON{p.Label, p.Module, p.Version, archs, p.Do, p.To, p.Lost})
		if !s.flags.json {
			s.ui.Line(fmt.Sprintf("%s %s (%s) %s", stepWord(p.Do, in.dryRun), p.Name(), strings.Join(archs, ", "), p.To))
		}
		for _, arch := range p.Lost {
			s.ui.Say("warning: %s for %s was of the former content, and is gone; install it anew with --platform %s", p.Name(), arch, arch)
		}
		for _, text := range revisions {
			s.ui.Say("warning: %s", text)
		}
	}
	if s.flags.json {
		return s.ui.JSON(told)
	}
	return nil
}

func stepWord(do string, dryRun bool) string {
	if dryRun {
		return map[string]string{site.Install: "would install", site.Add: "would add", site.Replace: "would replace", site.Unchanged: "is there:"}[do]
	}
	return map[string]string{site.Install: "installed", site.Add: "added", site.Replace: "replaced", site.Unchanged: "unchanged"}[do]
}

// meant says in sentences what requests mean otherwise once a step is done, or what require cannot tell apart then.
func meant(to string, p site.Step) []string {
	if p.Do != site.Install {
		return nil
	}
	base := iocversion.Lenient(p.Version).Base()
	before := site.NewSearch(p.Archs[0], nil, []string{to}).Versions(p.Module)
	after := append(slices.Clone(before), iocversion.Installed{Version: p.Version})
	j, remarks, err := iocversion.Select(base, after, false)
	if err != nil {
		return nil
	}
	i, known, err := iocversion.Select(base, before, false)
	if err == nil && before[i].Version != after[j].Version {
		text := fmt.Sprintf("Who asks for %s %s gets %s from now on, and no longer %s.", p.Module, base, p.Version, before[i].Version)
		return append([]string{text}, remarks...)
	}
	if slices.Equal(remarks, known) {
		return nil
	}
	return remarks
}
