package startup

import "strings"

// Place is where the parts of a start lie. Paths are as their user writes them: absolute ones, or those of an action's tree.
type Place struct {
	Base     string // EPICS_BASE
	Arch     string // EPICS_HOST_ARCH
	Require  string // the folder of module require: .../require/<version>
	Version  string // of require
	Pools    []string
	SiteMods string // "" for the first pool
	CmdTop   string // E3_CMD_TOP: the folder of the startup script; "" for none
}

// Var is a variable. Paths says that its value is a list of paths, divided by colons.
type Var struct {
	Name, Value string
	Paths       bool
}

// Environ gives the variables that an IOC is started with, in the order of their names.
func Environ(p Place) []Var {
	site := p.SiteMods
	if site == "" && len(p.Pools) > 0 {
		site = p.Pools[0]
	}
	all := []Var{
		{"E3_CMD_TOP", p.CmdTop, true},
		{"E3_REQUIRE_BIN", p.Require + "/bin", true},
		{"E3_REQUIRE_DB", p.Require + "/db", true},
		{"E3_REQUIRE_DBD", p.Require + "/dbd", true},
		{"E3_REQUIRE_INC", p.Require + "/include", true},
		{"E3_REQUIRE_LIB", p.Require + "/lib", true},
		{"E3_REQUIRE_LOCATION", p.Require, true},
		{"E3_REQUIRE_NAME", "require", false},
		{"E3_REQUIRE_VERSION", p.Version, false},
		{"E3_SITEMODS_PATH", site, true},
		{"EPICS_BASE", p.Base, true},
		{"EPICS_DRIVER_PATH", strings.Join(p.Pools, ":"), true},
		{"EPICS_HOST_ARCH", p.Arch, false},
		{"T_A", p.Arch, false},
	}
	var out []Var
	for _, v := range all {
		if v.Value != "" {
			out = append(out, v)
		}
	}
	return out
}
