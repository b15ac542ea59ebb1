package wrapper

import (
	"path"
	"strings"

	"github.com/cairn-build/cairn/rules/ioc/makefile"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// outside are variables that e3, base and make itself have, and a wrapper has not.
var outside = []string{
	"EPICS_BASE", "EPICS_MODULES", "E3_SITEMODS_PATH", "E3_SITELIBS_PATH", "E3_SITEAPPS_PATH", "E3_REQUIRE_TOOLS", "E3_REQUIRE_CONFIG", "E3_REQUIRE_LOCATION",
	"E3_REQUIRE_BIN", "E3_REQUIRE_DB", "E3_REQUIRE_DBD", "E3_REQUIRE_INC", "E3_REQUIRE_LIB", "REQUIRE_TOOLS", "REQUIRE_CONFIG", "SDKTARGETSYSROOT",
	"MSI", "MSI3_15", "PERL", "PYTHON", "CC", "CXX", "CCC", "CPP", "LD", "AR", "RM", "MV", "CP", "MKDIR", "INSTALL", "SED", "DBTORECORDTYPEH", "DBTOMENUH", "DBEXPAND",
	"COMPILE.c", "COMPILE.cpp", "LINK.c", "LINK.cpp", "TOOLS", "EPICS_BASE_BIN", "EPICS_BASE_HOST_BIN", "EPICS_BASE_LIB", "EPICS_BASE_INCLUDE", "INSTALL_DB", "INSTALL_DBD", "INSTALL_INCLUDE", "INSTALL_REV",
	"COMMON_DIR", "HOME", "USER",
}

// known says which includes hold nothing that a draft needs: e3's own rules, and the flags that hide other modules' headers.
func known(name string) bool {
	switch path.Base(name) {
	case "driver.makefile", "DECOUPLE_FLAGS", "CONFIG", "RULES", "RULES_E3", "CONFIG_E3":
		return true
	}
	for _, v := range []string{"$(E3_REQUIRE_TOOLS)/", "$(E3_REQUIRE_CONFIG)/", "$(REQUIRE_TOOLS)/", "$(REQUIRE_CONFIG)/", "$(EPICS_BASE)/configure/"} {
		if strings.HasPrefix(name, v) {
			return true
		}
	}
	return false
}

// maker makes a reader of makefiles for one architecture, with what configure says.
func (r *reading) maker(dir, arch string) *makefile.Maker {
	set := map[string]string{"TOP": makefile.Root, "DEP": ".d", "OBJ": ".o", "EPICS_HOST_ARCH": "linux-x86_64", "OS_CLASS": "Linux", "USR_TOP": makefile.Root}
	if arch != "" {
		set["T_A"] = arch
	}
	if r.EPICSVersion != "" {
		set["EPICSVERSION"], set["EPICS_VERSION"] = r.EPICSVersion, r.EPICSVersion
	}
	m := makefile.New(makefile.Options{Files: r.fs, Above: r.Above, Dir: dir, Set: set, Outside: outside, Known: known, Unseen: func(d string) bool {
		return r.Git != nil && !r.Seen && (d == r.Src || strings.HasPrefix(d, r.Src+"/"))
	}})
	suffix := ""
	if r.Dev {
		suffix = "_DEV"
	}
	for _, f := range []string{"RELEASE", "CONFIG_MODULE"} {
		if !m.Read("configure/"+f+suffix) && suffix != "" {
			m.Read("configure/" + f)
		}
	}
	if arch != "" { // what of a module lies in a base or a site is another matter in a draft
		for _, v := range outside {
			m.Forget(v)
		}
	}
	return m
}

// config reads configure: which module at which version, and where its sources are.
func (r *reading) config() bool {
	m := r.maker(".", "")
	get := func(names ...string) (string, makefile.Place) {
		for _, n := range names {
			if v := strings.TrimSpace(m.Value(n)); v != "" && !strings.Contains(v, "$(") {
				return v, m.At(n)
			}
		}
		return "", makefile.Place{}
	}
	r.Name, _ = get("E3_MODULE_NAME", "EPICS_MODULE_NAME")
	r.Version, _ = get("E3_MODULE_VERSION")
	r.Base, _ = get("EPICS_BASE")
	r.Require, _ = get("E3_REQUIRE_VERSION")
	r.Makefile, _ = get("E3_MODULE_MAKEFILE")
	if r.Makefile == "" && r.Name != "" {
		r.Makefile = r.Name + ".Makefile"
	}
	if r.Makefile == "" || !r.exists(r.Makefile) {
		switch all := r.list(".", ".Makefile"); {
		case len(all) == 1:
			r.Makefile = all[0]
		case r.Makefile == "":
			r.miss(Note{At: makefile.Place{File: "configure/CONFIG_MODULE"}, Reason: "this is no wrapper of e3: there is neither a configure/CONFIG_MODULE that names the module nor one file that ends in .Makefile"})
			return false
		default:
			r.miss(Note{At: makefile.Place{File: r.Makefile}, Reason: "the module's makefile is not there"})
			return false
		}
	}
	if !r.exists(r.Makefile) {
		r.miss(Note{At: makefile.Place{File: r.Makefile}, Reason: "the module's makefile cannot be read: it is a link that leads out of the wrapper, or to nothing"})
		return false
	}
	if r.Name == "" {
		r.Name = strings.TrimSuffix(path.Base(r.Makefile), ".Makefile")
	}
	if r.EPICSVersion == "" {
		if _, v, ok := strings.Cut(path.Base(r.Base), "base-"); ok {
			r.EPICSVersion = strings.TrimPrefix(v, "R")
		}
	}
	r.version(m)
	src, at := get("E3_MODULE_SRC_PATH")
	if src == "" {
		src, at = r.Name, makefile.Place{File: "configure/CONFIG_MODULE"}
	}
	r.sources(m, src, at)
	for _, n := range m.Notes() {
		r.miss(n)
	}
	return true
}

func (r *reading) version(m *makefile.Maker) {
	at := m.At("E3_MODULE_VERSION")
	if r.Version == "" {
		r.Version = "dev"
		if at.File == "" {
			at = makefile.Place{File: "configure/CONFIG_MODULE"}
		}
		r.miss(Note{At: at, Text: "E3_MODULE_VERSION", Reason: `the module has no version; the draft says "dev"`})
		return
	}
	if _, err := version.Parse(r.Version); err != nil {
		r.miss(Note{At: at, Text: "E3_MODULE_VERSION := " + r.Version, Reason: err.Error()})
	}
}

// sources finds out where the sources are: in a folder of the wrapper, or in a submodule of git.
func (r *reading) sources(m *makefile.Maker, src string, at makefile.Place) {
	in, ok := m.Inside(src)
	if !ok {
		r.miss(Note{At: at, Text: "E3_MODULE_SRC_PATH := " + src, Reason: "the sources lie outside of the wrapper"})
		in = "."
	}
	r.Src = in
	url, line := submodule(r.read(".gitmodules"), in)
	r.Seen = len(r.list(in, "")) > 0 || r.hasFolder(in)
	if url == "" {
		if !r.isDir(in) {
			r.miss(Note{At: at, Text: "E3_MODULE_SRC_PATH := " + src, Reason: "the folder of the sources is not there, and .gitmodules does not name it"})
		}
		return
	}
	r.Git = &Git{URL: url}
	place := makefile.Place{File: ".gitmodules", Line: line}
	if strings.HasPrefix(url, "./") || strings.HasPrefix(url, "../") {
		r.miss(Note{At: place, Text: "url = " + url, Reason: "the address is relative to where the wrapper was cloned from"})
	}
	tag := strings.TrimSpace(m.Value("EPICS_MODULE_TAG"))
	switch {
	case strings.HasPrefix(tag, "tags/"):
		r.Git.Tag = strings.TrimPrefix(tag, "tags/")
	case isHash(tag):
		r.Git.Hash = tag
	case tag == "main", tag == "master", strings.HasPrefix(tag, "origin/"):
		r.Git.Branch = strings.TrimPrefix(tag, "origin/")
	case tag == "":
		r.miss(Note{At: place, Text: "url = " + url, Reason: "EPICS_MODULE_TAG does not say which commit it is"})
	default:
		r.Git.Tag = tag
		r.remark(Note{At: m.At("EPICS_MODULE_TAG"), Text: "EPICS_MODULE_TAG := " + tag, Reason: "taken for a tag; where it is a branch, write branch instead"})
	}
	if !r.Seen {
		r.remark(Note{At: place, Text: "path = " + in, Reason: "the submodule is not checked out, so patterns could not be looked up and names not be checked; after `git submodule update --init` the draft says more"})
	}
}

func (r *reading) hasFolder(dir string) bool {
	found := false
	r.walk(dir, 1, func(p string, isDir bool) {
		if isDir {
			found = true
		}
	})
	return found
}

// isHash says whether a word is a commit's number.
func isHash(s string) bool {
	return len(s) >= 7 && len(s) <= 40 && strings.Trim(s, "0123456789abcdef") == ""
}

// submodule finds the address of the submodule at a path, and the line that says it.
func submodule(text, at string) (url string, line int) {
	var here, there string
	urlLine := 0
	done := func() bool { return here == at && there != "" }
	for n, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, "[") {
			if done() {
				break
			}
			here, there = "", ""
			continue
		}
		k, v, _ := strings.Cut(l, "=")
		switch strings.ToLower(strings.TrimSpace(k)) {
		case "path":
			here = path.Clean(strings.TrimSpace(v))
		case "url":
			there, urlLine = strings.TrimSpace(v), n+1
		}
	}
	if done() {
		return there, urlLine
	}
	return "", 0
}
