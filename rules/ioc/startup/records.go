package startup

import (
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/dep"
)

// Compat34 is the generation before 5: names of records in capitals.
const Compat34 = "3.4"

// Published are the records that say what an IOC has loaded. require cuts what does not fit into them (dep.MaxModule and others), and
// records of two IOCs or of two modules can then have one name.
type Published struct {
	Modules, Versions, ModuleVersions string // lists
	Base, Require                     string // versions
	Loaded                            string // the PVA group that is a table of all, "" where there is none
	old                               bool
	ioc                               string
}

// Records gives the names of an IOC's records; compat is "" for 5.1, else "3.4".
func Records(ioc, compat string) Published {
	ioc = ioc[:min(len(ioc), dep.MaxPrefix)]
	if compat == Compat34 {
		return Published{Modules: ioc + ":MODULES", Versions: ioc + ":VERSIONS", ModuleVersions: ioc + ":MOD_VER", Base: ioc + ":BaseVersion",
			Require: ioc + ":require_VER", old: true, ioc: ioc}
	}
	return Published{Modules: ioc + ":Modules", Versions: ioc + ":Versions", ModuleVersions: ioc + ":ModuleVersions", Base: ioc + ":BaseVersion",
		Require: ioc + ":RequireVersion", Loaded: ioc + ":LoadedModules", ioc: ioc}
}

// Version gives the record of a module's version.
func (p Published) Version(module string) string {
	module = module[:min(len(module), dep.MaxModule)]
	if p.old {
		return p.ioc + ":" + module + "_VER"
	}
	return p.ioc + ":" + module + "Version"
}

// CheckName says what is wrong with an IOC's name; problems have the place at.
func CheckName(ioc string, at diag.Range) diag.List {
	problem := func(detail string) diag.List {
		return diag.List{{Code: "ioc-name", Summary: fmt.Sprintf("%q is no name for an IOC", ioc), Detail: detail, Range: at}}
	}
	switch {
	case ioc == "":
		return problem("It is empty.")
	case len(ioc) > dep.MaxPrefix:
		return problem(fmt.Sprintf("Its records start with it: it has %d characters, and %d fit.", len(ioc), dep.MaxPrefix))
	}
	for _, c := range ioc {
		if !nameRune(c) {
			return problem(fmt.Sprintf("Its records start with it, so it is made of letters, digits and _-:[]<>; there is a %q in it.", c))
		}
	}
	return nil
}

// InName gives a text with an underline for each character that the name of a record has not.
func InName(text string) string {
	return strings.Map(func(c rune) rune {
		if nameRune(c) {
			return c
		}
		return '_'
	}, text)
}

func nameRune(c rune) bool {
	if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
		return true
	}
	for _, x := range "_-:[]<>;" {
		if c == x {
			return true
		}
	}
	return false
}

// CheckLimits says which modules do not fit into the records of an IOC. at gives the place of what asks for a module.
func CheckLimits(ioc, compat string, modules []Module, at func(Module) diag.Range) diag.List {
	var ds diag.List
	names := Records(ioc, compat)
	for _, m := range modules {
		add := func(summary, detail string) {
			ds = append(ds, diag.Diag{Code: "too-long", Summary: summary, Detail: detail, Range: at(m)})
		}
		switch pv := names.Version(m.Name); {
		case len(m.Name) > dep.MaxModule:
			add(fmt.Sprintf("The name of module %s is too long for its record", m.Name), fmt.Sprintf("It has %d characters, and %d fit.", len(m.Name), dep.MaxModule))
		case len(pv) > dep.MaxRecord:
			add(fmt.Sprintf("The record %s has too long a name", pv), fmt.Sprintf("It has %d characters, and %d fit: shorten the IOC's name.", len(pv), dep.MaxRecord))
		}
		if len(m.Version) > dep.MaxVersion {
			add(fmt.Sprintf("Version %s of module %s is too long for its record", m.Version, m.Name), fmt.Sprintf("It has %d characters, and %d fit.", len(m.Version), dep.MaxVersion))
		}
	}
	return ds
}
