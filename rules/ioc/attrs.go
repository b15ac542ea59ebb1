package ioc

import (
	"fmt"

	"github.com/cairn-build/cairn/graph/rule"
)

// BaseAttr is the attribute of all kinds that stand on a base.
var BaseAttr = rule.Attr{Name: "base", Type: rule.LabelRef, Needs: Base{}.ProviderName(), Workspace: "epics_base",
	Doc: "The `epics_base`; by default the workspace's `epics_base`."}

// BaseOf gives the base that BaseAttr names; that there is none is a problem.
func BaseOf(c *rule.Context) (Base, bool) {
	for _, d := range c.Deps(BaseAttr.Name) {
		if b, ok := rule.Get[Base](d); ok {
			return b, true
		}
	}
	c.Problem(BaseAttr.Name, "no-base", "No EPICS base is named",
		`Give base = "//epics:base" here, or once for all: workspace "w" { epics_base = "//epics:base" }. Its target is epics_base "base" {}.`)
	return Base{}, false
}

// PoolsAttr is the attribute of all kinds that look for modules.
var PoolsAttr = rule.Attr{Name: "pools", Type: rule.LabelRefs, Needs: Pool{}.ProviderName(),
	Doc: "Where `require` looks for modules: `ioc_pool` targets, in the order of EPICS_DRIVER_PATH."}

// PoolsOf gives the pools that PoolsAttr names, in order.
func PoolsOf(c *rule.Context) []Pool {
	var ps []Pool
	for _, d := range c.Deps(PoolsAttr.Name) {
		if p, ok := rule.Get[Pool](d); ok {
			ps = append(ps, p)
		}
	}
	return ps
}

// LayoutConda is the layout of a module that installs into lib, include, bin and epics-modules/<module> of one prefix: require 6.
const LayoutConda = "conda"

// ModulesOf gives the modules that an attribute names. One that is not built for this architecture is a problem.
func ModulesOf(c *rule.Context, attr string) []Module {
	var ms []Module
	for _, d := range c.Deps(attr) {
		m, ok := rule.Get[Module](d)
		switch {
		case !ok: // told by the engine
		case m.Excluded != "":
			c.Problem(attr, "excluded-module", fmt.Sprintf("%s is not built for %s", m.Label, c.Platform()), m.Excluded)
		case m.Conda && c.Target.Kind != "ioc_module":
			c.Problem(attr, "other-layout", fmt.Sprintf("%s has layout %q", m.Label, LayoutConda), "Only modules in trees of versions lie in pools and are loaded by name and version.")
		default:
			ms = append(ms, m)
		}
	}
	return ms
}

// ArchOf gives a platform in EPICS' words, as EPICS_HOST_ARCH has it.
func ArchOf(p rule.Platform) string {
	if p.OS == "darwin" && p.Arch == "arm64" {
		return "darwin-aarch64"
	}
	if p.OS == "darwin" {
		return "darwin-x86"
	}
	return p.String()
}
