package dep

import (
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
)

// The lengths that require has room for; beyond them it cuts and goes on.
const (
	MaxLine    = 38 // of "module version" in a .dep file
	MaxModule  = 24 // of a module's name in the PVs that publish it
	MaxPrefix  = 30 // of these PVs' prefix, REQUIRE_IOC
	MaxVersion = 39 // of the version that such a PV holds
	MaxRecord  = 60 // of any record's name
)

// CheckEntry says what is wrong with a module's name, or with a version of it that a .dep file is to name; the version may be "".
// The problems have no place yet.
func CheckEntry(module, version string) diag.List {
	l := CheckModule(module)
	if strings.ContainsAny(version, " \t\r\n\v\f") {
		l = append(l, diag.Diag{Code: "bad-dep", Summary: fmt.Sprintf("version %q of module %s has a blank in it", version, module)})
	}
	if n := len(Entry{Module: module, Version: version}.String()); n > MaxLine {
		l = append(l, diag.Diag{
			Code:    "dep-too-long",
			Summary: fmt.Sprintf("a module's name and version are too long together: %s %s", module, version),
			Detail:  fmt.Sprintf("The line of a .dep file would have %d characters; require reads %d, and would look for %q.", n, MaxLine, (module + " " + version)[:MaxLine]),
		})
	}
	if len(version) > MaxVersion {
		l = append(l, diag.Diag{
			Code:    "version-too-long",
			Summary: fmt.Sprintf("version %s of module %s is too long", version, module),
			Detail:  fmt.Sprintf("It has %d characters, and the PVs that publish it hold %d.", len(version), MaxVersion),
		})
	}
	return l
}

// CheckModule says what is wrong with the name of a module that is to be built.
func CheckModule(name string) diag.List {
	switch {
	case name == "":
		return diag.List{{Code: "bad-module-name", Summary: "a module needs a name"}}
	case !validName(name):
		return diag.List{{
			Code:    "bad-module-name",
			Summary: fmt.Sprintf("%q cannot be the name of a module", shorten(name)),
			Detail:  "It becomes a part of C's names: letters, digits and underscores, the first no digit.",
			Hint:    hintName(name),
		}}
	case len(name) > MaxModule:
		return diag.List{{
			Code:    "module-name-too-long",
			Summary: fmt.Sprintf("the module's name %s is too long", name),
			Detail:  fmt.Sprintf("It has %d characters; in the PVs that publish its version it is cut to %d, %q.", len(name), MaxModule, name[:MaxModule]),
		}}
	}
	return nil
}

// validName says whether name can stand in names of C.
func validName(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// hintName gives the name with underscores, where that would do.
func hintName(name string) string {
	if n := strings.NewReplacer("-", "_", ".", "_").Replace(name); validName(n) {
		return fmt.Sprintf("%q would do.", n)
	}
	return ""
}
