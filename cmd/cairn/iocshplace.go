package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/cairn-build/cairn/cmd/internal/site"
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/load"
	iocbase "github.com/cairn-build/cairn/rules/ioc/base"
	"github.com/cairn-build/cairn/rules/ioc/startup"
	iocversion "github.com/cairn-build/cairn/rules/ioc/version"
)

// iocPlace is where an IOC starts from.
type iocPlace struct {
	startup.Place
	trees  []site.Tree // of targets that are asked for
	others []site.Tree // and of those that they stand on
	dirs   []string    // folders that modules are looked for in
}

// all gives the trees of targets.
func (p *iocPlace) all() []site.Tree { return append(slices.Clone(p.trees), p.others...) }

// place finds the base, require and the modules that are targets, which are built.
func (x *iocsh) place(ctx context.Context) (*iocPlace, error) {
	dirs, err := x.searchPath(x.locate)
	if err != nil {
		return nil, err
	}
	p := &iocPlace{dirs: dirs, Place: startup.Place{Arch: x.arch()}}
	if arch, _ := x.getenv("EPICS_HOST_ARCH"); arch != "" && x.flags.platform == "" {
		p.Arch = arch
	}
	var labels []string
	for _, m := range x.modules {
		if isLabel(m) {
			labels = append(labels, m)
		}
	}
	base, err := x.ofWorkspace()
	if err != nil {
		return nil, err
	}
	if base == "" {
		if err := x.installed(p); err != nil {
			return nil, err
		}
	}
	if base != "" || len(labels) > 0 {
		err := x.with(func(s *session) error { return x.built(ctx, s, p, base, labels) })
		if err != nil {
			return nil, err
		}
	}
	for _, t := range p.all() {
		if pool := filepath.Dir(filepath.Dir(t.Dir)); !slices.Contains(p.Pools, pool) {
			p.Pools = append(p.Pools, pool)
		}
	}
	p.Pools = append(p.Pools, p.dirs...)
	p.SiteMods, _ = x.getenv("E3_SITEMODS_PATH")
	return p, x.check(p)
}

// ofWorkspace gives the target that the base is, "" for an installed one.
func (x *iocsh) ofWorkspace() (string, error) {
	if x.base != "" {
		if isLabel(x.base) {
			return x.base, nil
		}
		return "", nil
	}
	if b, _ := x.getenv("EPICS_BASE"); b != "" {
		return "", nil
	}
	root, _, err := findWorkspace()
	if err == nil {
		if l := load.WorkspaceLabel(root, "epics_base"); !l.IsZero() {
			return l.String(), nil
		}
	}
	return "", &usageError{"there is no EPICS base: no environment is active, and no workspace names one",
		"Run `. DIR/require/VERSION/bin/activate`, or give --base; a workspace has epics_base = \"//epics:base\"."}
}

// built builds the base, where it is a target, and modules.
func (x *iocsh) built(ctx context.Context, s *session, p *iocPlace, base string, labels []string) error {
	patterns := func(texts ...string) (ps []label.Pattern, err error) {
		for _, t := range texts {
			l, err := s.target(t)
			if err != nil {
				return nil, err
			}
			ps = append(ps, label.Pattern{Target: l})
		}
		return ps, nil
	}
	if base != "" {
		ps, err := patterns(base)
		if err != nil {
			return err
		}
		if err := s.carried(ctx, p, ps); err != nil {
			return err
		}
	}
	if len(labels) == 0 {
		return nil
	}
	ps, err := patterns(labels...)
	if err != nil {
		return err
	}
	p.trees, p.others, err = s.moduleTrees(ctx, ps)
	return err
}

// carried builds a base and finds the require that it carries.
func (s *session) carried(ctx context.Context, p *iocPlace, base []label.Pattern) error {
	if err := s.buildQuietly(ctx, build.Request{Patterns: base}); err != nil {
		return err
	}
	g, err := s.engine.Graph(ctx)
	if err != nil {
		return err
	}
	for _, t := range s.matching(g, base) {
		for _, tree := range s.defaultTrees(g, t) {
			if g.TargetKind(t) == iocbase.Kind.Kind && tree.Module == "require" {
				p.Require, p.Version = tree.Dir, tree.Version
				// An epics_base has its outputs side by side: require/require/<version>, and runtime.
				p.Base = filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(tree.Dir))), "runtime")
				return nil
			}
		}
	}
	return usagef("%s is no epics_base", base[0])
}

// installed finds the base and require of the active environment, or around the folder of --base.
func (x *iocsh) installed(p *iocPlace) error {
	p.Base, _ = x.getenv("EPICS_BASE")
	if x.base != "" {
		abs, err := filepath.Abs(x.base)
		if err != nil {
			return &environmentError{err}
		}
		p.Base = abs
	}
	if p.Require, _ = x.getenv("E3_REQUIRE_LOCATION"); p.Require != "" {
		p.Version, _ = x.getenv("E3_REQUIRE_VERSION")
		if p.Version == "" {
			p.Version = filepath.Base(p.Require)
		}
		return nil
	}
	find := site.NewSearch(p.Arch, nil, append(slices.Clone(p.dirs), p.Base))
	have := find.Versions("require")
	i, _, err := iocversion.Select("", have, false)
	if err != nil || i < 0 {
		return &usageError{"there is no module require, which IOCs are started with", "Run `. DIR/require/VERSION/bin/activate`, or name the folder that has it with -l."}
	}
	p.Require, p.Version = find.Dir("require", have[i]), have[i].Version
	return nil
}

// check says what is missing, before anything is started.
func (x *iocsh) check(p *iocPlace) error {
	for _, f := range []struct{ what, path string }{
		{"program", filepath.Join(p.Base, "bin", p.Arch, "softIocPVA")},
		{"dbd file", filepath.Join(p.Base, "dbd", "softIocPVA.dbd")},
		{"library", filepath.Join(p.Require, "lib", p.Arch, "librequire.so")},
		{"dbd file", filepath.Join(p.Require, "dbd", "require.dbd")},
	} {
		if _, err := os.Stat(f.path); err != nil {
			return &environmentError{fmt.Errorf("there is no %s %s", f.what, f.path)}
		}
	}
	return nil
}
