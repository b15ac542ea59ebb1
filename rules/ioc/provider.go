// Package ioc is what the kinds for EPICS have in common: providers, attributes, and what their actions read and write alike. The kinds lie
// in packages below it (base, module, start), and so do the parts that need no targets: versions, .dep files, resolution, dbd files, makefiles
// of wrappers, startup scripts.
package ioc

import (
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// Base is an EPICS base that modules are compiled against and IOCs run on: provider "epics_base".
type Base struct {
	Headers rule.Artifact // a tree: what is in <base>/include
	Dbd     rule.Artifact // a tree: what is in <base>/dbd, with all record types and menus in files of their own
	// Runtime is a tree in the layout of an installed base, whose programs run on the machine that builds: bin/<Arch>, lib/<Arch>, dbd.
	Runtime rule.Artifact
	Arch    string // EPICS_HOST_ARCH of Runtime: "linux-x86_64"
	Version string // "7.0.8.1"; "" where only an action knows
	// VersionFile holds it, one line.
	VersionFile rule.Artifact
	// Require is cairn's own module of that name, made against this base for the target's platform.
	Require *Module
}

// ProviderName implements rule.Provider.
func (Base) ProviderName() string { return "epics_base" }

// Program gives the path of one of the base's programs in an action's tree: "softIocPVA", "msi", "caget".
func (b Base) Program(name string) string { return b.Runtime.Path + "/bin/" + b.Arch + "/" + name }

// SoftIoc gives the program and the dbd file that IOCs are started with, as paths in an action's tree.
func (b Base) SoftIoc() (program, dbd string) {
	return b.Program("softIocPVA"), b.Runtime.Path + "/dbd/softIocPVA.dbd"
}

// Module is a module at one version, built for one architecture: provider "ioc_module".
type Module struct {
	Label   label.Label
	Name    string // as EPICS has it: "asyn"
	Version string // exact: "4.42.0+1"
	Arch    string // T_A: "linux-x86_64"
	// Tree is the installed form, at a path that ends in <Name>/<Version>, so that the folder two above it is a pool: lib/<Arch>, dbd, db, include.
	Tree rule.Artifact
	// Headers and Dbd are what dependants compile with: parts of Tree as trees of their own, which hang on nothing that is compiled. The
	// zero Artifact is for a module that installs none.
	Headers rule.Artifact
	Dbd     rule.Artifact
	// Dep is the .dep file alone.
	Dep rule.Artifact
	// VersionFile holds the exact version, one line, where Version is "" because only an action knows: for a module of a folder of this machine.
	VersionFile rule.Artifact
	// Index is a file with the paths below include of its headers, one a line; the zero Artifact where Headers is.
	Index rule.Artifact
	// Exports is a file with the names that its libraries define, one a line; the zero Artifact where only the libraries know.
	Exports rule.Artifact
	// Bins are the names of its programs, in bin/<Arch> of Tree.
	Bins []string
	// Conda says that Tree is a prefix of layout conda, which no pool holds.
	Conda bool
	// Excluded says why there is no such module for this architecture, "" where there is one. Then nothing else but names is set.
	Excluded string
	// Deps are the modules that its .dep names and that are targets, direct ones only: those it compiles with, and those it wants at run time.
	Deps []Module
}

// ProviderName implements rule.Provider.
func (Module) ProviderName() string { return "ioc_module" }

// LibDir gives the folder of a module's library in an action's tree.
func (m Module) LibDir() string {
	if m.Conda {
		return m.Tree.Path + "/lib"
	}
	return m.Tree.Path + "/lib/" + m.Arch
}

// Pool is where a `require` looks for modules: provider "ioc_pool". It is a folder of this machine, or some targets.
type Pool struct {
	Path    string   // the folder, "" for targets
	Modules []Module // the targets
	// Index is what is in the folder, for actions: AddHostPool reads it. The zero Artifact for targets.
	Index rule.Artifact
}

// ProviderName implements rule.Provider.
func (Pool) ProviderName() string { return "ioc_pool" }

// Closure gives the modules that deps stand on, deps first, each label with its name and version once.
func Closure(deps []Module) []Module {
	var out []Module
	seen := map[string]bool{}
	for next := deps; len(next) > 0; {
		var below []Module
		for _, d := range next {
			if key := d.Label.String() + " " + d.Name + " " + d.Version; !seen[key] {
				seen[key] = true
				out = append(out, d)
				below = append(below, d.Deps...)
			}
		}
		next = below
	}
	return out
}
