package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/cmd/internal/site"
	"github.com/cairn-build/cairn/graph/diag"
)

func modulesUninstall(a *app) *cobra.Command {
	var (
		from  string
		pools []string
		force bool
	)
	c := &cobra.Command{
		Use:   "uninstall MODULE,VERSION --from DIR",
		Short: "Removes one version of a module, where no other depends on it.",
		Long: "Removes one version of a module, all its architectures, from a folder of modules. It stays, and it is said who needs it, where\n" +
			"the .dep file of something installed in DIR, in the pools or in EPICS_DRIVER_PATH means it: a line with a version that would\n" +
			"then mean another one or none, or a line without one that would then find none.",
		Example: "  cairn modules uninstall asyn,4.42.0+1 --from /opt/epics/siteMods",
		Args:    exactly(1, "one MODULE,VERSION"),
		RunE: func(c *cobra.Command, args []string) error {
			name, v, err := parseModule(args[0])
			switch {
			case err != nil:
				return err
			case v == "":
				return &usageError{"uninstall takes MODULE,VERSION: all versions at once are never removed", "cairn modules list says which there are."}
			case from == "":
				return &usageError{"uninstall needs --from DIR", flagsHint(c)}
			case filepath.Base(v) != v || v[0] == '.':
				return usagef("%q cannot be a version", v)
			}
			dirs, err := a.searchPath(append([]string{from}, pools...))
			if err != nil {
				return err
			}
			return a.uninstall(c.Context(), site.Tree{Module: name, Version: v, Dir: filepath.Join(dirs[0], name, v)}, dirs, force)
		},
	}
	c.Flags().StringVar(&from, "from", "", "the folder of modules, `DIR`")
	c.Flags().StringArrayVarP(&pools, "pool", "l", nil, "look for who depends on it in `DIR`, too, besides EPICS_DRIVER_PATH; several times")
	c.Flags().BoolVar(&force, "force", false, "remove it whoever depends on it")
	return c
}

// uninstall removes a version from the first of the pools.
func (a *app) uninstall(ctx context.Context, t site.Tree, pools []string, force bool) error {
	versions := site.Versions(pools[0], t.Module)
	if !slices.Contains(versions, t.Version) {
		d := noModule(t.Module, pools[:1])
		if len(versions) > 0 {
			d = diag.Diag{Code: "ioc-missing", Summary: fmt.Sprintf("there is no version %s of module %s in %s", t.Version, t.Module, pools[0]), Hint: diag.DidYouMean(t.Version, versions)}
		}
		if _, err := os.Lstat(t.Dir); err == nil {
			d = diag.Diag{Code: "ioc-missing", Summary: t.Dir + " is no version of a module", Detail: "It is not a folder as cairn or require's makefiles install it.", Hint: "Remove it by hand, if nobody needs it."}
		}
		a.siteProblems(diag.List{d})
		return exitError(exitFailed)
	}
	h, err := site.Open(ctx, pools[0], func() { a.ui.Say("waiting for somebody else who installs into %s", pools[0]) })
	if err != nil {
		return cannotChange("remove from", pools[0], err)
	}
	defer h.Close()
	all, damaged := site.List(pools)
	for _, e := range all {
		if e.Dir == t.Dir {
			t.Archs = e.Archs
		}
	}
	var needed, changed []site.Dependant
	for _, d := range site.Dependants(t, pools, all) {
		if d.Needs() {
			needed = append(needed, d)
		} else {
			changed = append(changed, d)
		}
	}
	problems := append(stillNeeded(t, needed, force), stillNeeded(t, changed, true)...)
	for _, d := range damaged {
		if !d.Warning && !force {
			d.Detail += " Whether it depends on what is to be removed cannot be said."
			problems = append(problems, d)
		}
	}
	if a.siteProblems(problems); problems.HasErrors() {
		return exitError(exitFailed)
	}
	if err := h.Uninstall(t); err != nil {
		return cannotChange("remove from", pools[0], err)
	}
	a.ui.Line(fmt.Sprintf("removed %s %s", t.Name(), t.Dir))
	return nil
}

// stillNeeded is the problem of who depends on what is to be removed, a warning where it is removed all the same.
func stillNeeded(t site.Tree, by []site.Dependant, warning bool) diag.List {
	if len(by) == 0 {
		return nil
	}
	const most = 20
	d := diag.Diag{Warning: warning, Code: "still-needed"}
	var names []string
	for i, b := range by {
		if !slices.Contains(names, b.Name()) {
			names = append(names, b.Name())
		}
		if i < most {
			then := "would then have nothing"
			if b.Then != "" {
				then = "would then get " + b.Then
			}
			d.Related = append(d.Related, diag.Related{Range: b.Deps[b.Arch].Range(b.Line), Text: fmt.Sprintf("%s asks for %s, and %s", b.Name(), b.Line, then)})
		}
	}
	who := strings.Join(names[:min(len(names), 5)], ", ")
	if n := len(names) - 5; n > 0 {
		who += fmt.Sprintf(" and %d more", n)
	}
	d.Summary = fmt.Sprintf("module %s is needed by %s", t.Name(), who)
	if n := len(by) - most; n > 0 {
		d.Detail = fmt.Sprintf("There are %d more such lines.", n)
	}
	return diag.List{d}
}
