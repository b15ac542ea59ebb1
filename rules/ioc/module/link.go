package module

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// mostMinors bounds how many minor versions a library says it is compatible with: some count their minors by date.
const mostMinors = 1000

// link declares the action that makes lib<m>.so. Symbols of EPICS and of other modules stay undefined, as the IOC has loaded them before; so
// one library serves several bases.
func (m *moduleBuild) link() {
	if len(m.objects) == 0 {
		return // only dbd and db: require says "has no library"
	}
	name := "lib" + m.s.Name + ".so"
	m.library = m.file("lib/" + name)
	linker := m.linker()
	argv := []string{rule.HostTool(linker), "-shared", "-fPIC", "-Wl,-soname," + name, "-Wl,--as-needed", "-Wl,--build-id=sha1", "-Wl,--hash-style=gnu"}
	v, err := version.Parse(m.s.Version)
	if err == nil && v.Test == "" {
		for minor := max(0, v.Minor-mostMinors); minor <= v.Minor; minor++ {
			argv = append(argv, fmt.Sprintf("-Wl,--defsym=%sLib_%d.%d=0", m.s.Name, v.Major, minor))
		}
	}
	in := []rule.Artifact{}
	argv = append(argv, "-o", m.library.Path)
	for _, o := range m.objects {
		argv = append(argv, o.file.Path)
		in = append(in, o.file)
	}
	argv = append(argv, m.s.LDFlags...)
	needed, picks, libs := m.condaNeeded()
	argv, in = append(argv, needed...), append(in, libs...)
	rpath := m.s.Conda
	for _, l := range m.s.VendorLibs {
		if path.Ext(l.At) == ".a" {
			argv = append(argv, l.At)
		} else {
			// By its name alone, so that the library asks for a name and not for a path.
			argv = append(argv, "-L"+path.Dir(l.At), "-l:"+path.Base(l.At))
			rpath = true
		}
		in = append(in, l.In)
	}
	if rpath {
		argv = append(argv, "-Wl,-rpath,$ORIGIN")
	}
	if linker == m.cc.cc {
		argv = append(argv, "-lm") // that of C++ adds it by itself, and modules are used to it
	}
	m.c.Declare(rule.Action{Mnemonic: "Link", Inputs: ioc.Distinct(in), Picks: picks, Outputs: []rule.Artifact{m.library},
		Spawn: &rule.Spawn{Argv: argv, Env: cwdEnv, HostTools: []string{linker}}})
	m.add("lib/"+m.cc.arch+"/"+name, Item{In: m.library, At: m.library.Path}, true)
	for _, l := range m.s.VendorLibs {
		if path.Ext(l.At) != ".a" {
			m.add("lib/"+m.cc.arch+"/"+path.Base(l.At), l, true)
			m.contents[len(m.contents)-1].Library = true
		}
	}
}

// linker gives the compiler that links: that of C++ where something may need C++'s library.
func (m *moduleBuild) linker() string {
	if len(m.s.VendorLibs) > 0 || slices.ContainsFunc(m.objects, func(o object) bool { return o.cxx }) {
		return m.cc.cxx
	}
	return m.cc.cc
}

// isLibrary says that a name is one of a shared or static library.
func isLibrary(name string) bool {
	return path.Ext(name) == ".a" || path.Ext(name) == ".so" || slices.Contains(strings.Split(name, "."), "so")
}
