package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/cmd/internal/site"
	"github.com/cairn-build/cairn/graph/diag"
	iocversion "github.com/cairn-build/cairn/rules/ioc/version"
)

func modulesList(a *app) *cobra.Command {
	var pools []string
	c := prints(&cobra.Command{
		Use:   "list [MODULE...]",
		Short: "Lists what is installed, with architectures.",
		Long: "Lists the modules that are installed in some folders, the highest version of each first: name, version, architectures and\n" +
			"folder. A .dep file that is damaged is an error that names its line.",
		Example: "  cairn modules list\n  cairn modules list --pool /opt/epics/siteMods asyn",
		RunE: func(c *cobra.Command, args []string) error {
			dirs, err := a.poolsOr(pools)
			if err != nil {
				return err
			}
			return a.listModules(dirs, args)
		},
	})
	c.Flags().StringArrayVarP(&pools, "pool", "l", nil, "list the modules in `DIR`, and not those of EPICS_DRIVER_PATH; several times")
	return c
}

// poolsOr gives the pools that are named, and where none is those of EPICS_DRIVER_PATH.
func (a *app) poolsOr(named []string) ([]string, error) {
	dirs, err := a.searchPath(named)
	switch {
	case err != nil:
		return nil, err
	case len(dirs) == 0:
		return nil, &usageError{"no folder of modules is named", "Give --pool DIR, or set EPICS_DRIVER_PATH."}
	case len(named) > 0:
		return dirs[:min(len(dirs), countDistinct(named))], nil
	}
	return dirs, nil
}

// countDistinct counts folders by their absolute paths.
func countDistinct(dirs []string) int {
	seen := map[string]bool{}
	for _, d := range dirs {
		if abs, err := filepath.Abs(d); err == nil {
			seen[abs] = true
		}
	}
	return len(seen)
}

// moduleJSON is one version in `cairn modules list --json`.
type moduleJSON struct {
	Module  string              `json:"module"`
	Version string              `json:"version"`
	Test    bool                `json:"test"`
	Archs   []string            `json:"archs"`
	Pool    string              `json:"pool"`
	Path    string              `json:"path"`
	Deps    map[string][]string `json:"deps"` // by architecture
}

func (a *app) listModules(pools, only []string) error {
	entries, problems := site.List(pools)
	entries = slices.DeleteFunc(entries, func(e site.Entry) bool { return len(only) > 0 && !slices.Contains(only, e.Module) })
	all := []moduleJSON{}
	wide := [3]int{}
	for _, e := range entries {
		m := moduleJSON{e.Module, e.Version, iocversion.Lenient(e.Version).IsTest(), e.Archs, e.Pool, e.Dir, map[string][]string{}}
		for _, arch := range slices.Sorted(maps.Keys(e.Deps)) {
			m.Deps[arch] = []string{}
			for _, d := range e.Deps[arch].Entries {
				m.Deps[arch] = append(m.Deps[arch], d.String())
			}
		}
		all = append(all, m)
		for i, text := range []string{m.Module, m.Version, strings.Join(m.Archs, ",")} {
			wide[i] = max(wide[i], len(text))
		}
	}
	if len(only) > 0 {
		problems = slices.DeleteFunc(problems, func(d diag.Diag) bool {
			return !slices.ContainsFunc(only, func(m string) bool {
				return slices.ContainsFunc(pools, func(p string) bool {
					return strings.HasPrefix(d.Range.File, filepath.Join(p, m)+string(os.PathSeparator))
				})
			})
		})
	}
	if a.flags.json {
		if err := a.ui.JSON(all); err != nil {
			return err
		}
	} else {
		for _, m := range all {
			a.ui.Line(fmt.Sprintf("%-*s  %-*s  %-*s  %s", wide[0], m.Module, wide[1], m.Version, wide[2], strings.Join(m.Archs, ","), m.Pool))
		}
	}
	for _, name := range only {
		if !slices.ContainsFunc(all, func(m moduleJSON) bool { return m.Module == name }) {
			problems = append(problems, noModule(name, pools))
		}
	}
	if a.siteProblems(problems); problems.HasErrors() {
		return exitError(exitFailed)
	}
	return nil
}

// noModule is the problem of a module that is in no pool.
func noModule(name string, pools []string) diag.Diag {
	return diag.Diag{Code: "ioc-missing", Summary: fmt.Sprintf("there is no module %s in %s", name, strings.Join(pools, ", ")),
		Hint: diag.DidYouMean(name, site.NewSearch("", nil, pools).Modules())}
}
