package module

import (
	"fmt"

	"github.com/cairn-build/cairn/graph/rule"
)

// compiler is what makes objects and libraries for one architecture: names of programs of the host.
type compiler struct {
	arch   string // T_A
	cc     string
	cxx    string
	flags  []string // that every object has
	cross  bool
	debian string // the package of Debian that has cxx
}

// Flags of all objects, as EPICS base has them for Linux and GCC. What `-g` says of paths is the same wherever the command runs:
// GCC takes its folder from PWD, and that is mapped to ".".
var commonFlags = []string{"-O3", "-g", "-Wall", "-fPIC", "-ffile-prefix-map=" + anyCwd + "=.", "-D_GNU_SOURCE", "-D_DEFAULT_SOURCE", "-DUNIX", "-Dlinux"}

// anyCwd is the name that a process has for its own current folder, wherever that is.
const anyCwd = "/proc/self/cwd"

// cwdEnv makes GCC believe that it runs in anyCwd.
var cwdEnv = []rule.EnvVar{{Name: "LC_ALL", Value: "C"}, {Name: "PWD", Value: anyCwd}}

// compilerFor gives the compiler that makes things for the target's platform; a platform without one is a problem.
func compilerFor(c *rule.Context) (compiler, bool) {
	p := c.Platform()
	cc := compiler{arch: p.String(), cc: "gcc", cxx: "g++", flags: commonFlags, debian: "g++"}
	switch {
	case p.OS != "linux" || p.Arch != "x86_64" && p.Arch != "aarch64":
		c.Problem("", "no-compiler", fmt.Sprintf("Modules cannot be built for %s", p), "They are built for linux-x86_64 and linux-aarch64, with GCC.")
		return cc, false
	case p != c.Host:
		cc.cross = true
		cc.cc, cc.cxx = p.Arch+"-linux-gnu-gcc", p.Arch+"-linux-gnu-g++"
		cc.debian = "g++-" + map[string]string{"x86_64": "x86-64", "aarch64": "aarch64"}[p.Arch] + "-linux-gnu"
	}
	if p.Arch == "x86_64" {
		cc.flags = append(cc.flags[:len(cc.flags):len(cc.flags)], "-D_X86_64_")
	}
	return cc, true
}
