package wrapper

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/rules/ioc/makefile"
)

// byDefault are the files in the folder of the sources that e3 takes where a variable is not set.
var byDefault = []struct {
	attr, variable string
	ends           []string
	old            bool // before require 5 only
}{
	{"sources", "SOURCES", []string{".c", ".cc", ".cpp", ".st", ".stt", ".gt"}, true},
	{"dbds", "DBDS", []string{".dbd"}, false},
	{"templates", "TEMPLATES", []string{".template", ".db", ".subs"}, false},
	{"scripts", "SCRIPTS", []string{".cmd", ".iocsh"}, false},
}

// defaults takes the files that e3 takes without being told.
func (t *translator) defaults() {
	for _, d := range byDefault {
		if d.old && !t.old() || t.isSet(d.variable) {
			continue
		}
		if !t.known(path.Join(t.Src, "x")) {
			t.remark(Note{At: makefile.Place{File: t.Makefile}, Text: d.variable, Reason: "it is not set, so e3 takes all *" + strings.Join(d.ends, " *") + " at the top of the sources, which are not there"})
			continue
		}
		for _, p := range t.list(t.Src, d.ends...) {
			t.add(d.attr, t.spell(p))
		}
	}
}

// isSet says whether a variable or one of its variants that count here is set.
func (t *translator) isSet(name string) bool {
	return t.m.Set(name) || slices.ContainsFunc(t.suffixes, func(s string) bool { return t.m.Set(name + "_" + s) })
}

var included = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[ \t]*(?:#[ \t]*|%%#)?(?:include|import|file)[ \t]*["< \t]([^">\s{]+)`)
})

// private finds the files that sources, dbd files and substitutions include and that no attribute names: where sources lie in the wrapper,
// an action sees only what is named.
func (t *translator) private() {
	if t.Git != nil {
		return
	}
	listed := map[string]bool{}
	var todo []string
	for _, attr := range []string{"headers", "sources", "dbds", "templates", "subs", "tmps"} {
		for _, p := range t.values[attr] {
			listed[p] = true
			todo = append(todo, p)
		}
	}
	dirs := slices.Concat(t.values["usr_includes"], t.dbFolders())
	for _, p := range todo {
		if d := path.Dir(p); !slices.Contains(dirs, d) {
			dirs = append(dirs, d)
		}
	}
	var found []string
	for len(todo) > 0 && len(listed) < maxWalk {
		p := todo[0]
		todo = todo[1:]
		for _, m := range included().FindAllStringSubmatch(t.read(p), -1) {
			at, ok := t.lookFor(m[1], append([]string{path.Dir(p)}, dirs...))
			if ok && !listed[at] {
				listed[at] = true
				found, todo = append(found, at), append(todo, at)
			}
		}
	}
	slices.Sort(found)
	for _, p := range found {
		t.add(attrOf(p), p)
	}
}

// lookFor finds an included file in folders.
func (t *translator) lookFor(name string, dirs []string) (string, bool) {
	for _, d := range dirs {
		if at := path.Join(d, name); fs.ValidPath(at) && t.exists(at) && !t.isDir(at) {
			return at, true
		}
	}
	return "", false
}

// attrOf says which attribute an included file belongs to.
func attrOf(p string) string {
	switch path.Ext(p) {
	case ".dbd":
		return "dbds"
	case ".db", ".template", ".tmpl", ".vdb", ".substitutions", ".subs", ".proto", ".protocol":
		return "templates"
	}
	return "private_headers"
}

// dbFolders gives the folders that msi looks in.
func (t *translator) dbFolders() []string {
	var out []string
	for _, w := range t.wordsOf("USR_DBFLAGS") {
		if p, ok := t.m.Inside(strings.TrimPrefix(w.Text, "-I")); ok && w.Text != "-I" && t.isDir(p) && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// patches takes the patches of the site, in order of their names.
func (r *reading) patches() {
	var all []string
	for _, dir := range []string{"patch/Site", "patch/Site/" + r.Version, "patch"} {
		all = append(all, r.list(dir, ".p0.patch")...)
	}
	for _, p := range all {
		switch of := versionOf(path.Base(p)); {
		case of != "" && of != r.Version && of != plain(r.Version):
			r.remark(Note{At: makefile.Place{File: p}, Reason: "the patch is for version " + of + ", so it was left out"})
		case r.Git == nil:
			r.remark(Note{At: makefile.Place{File: p}, Reason: "the sources lie in the wrapper, where the patch may have been applied; where not, name it in patches"})
		default:
			r.Patches = append(r.Patches, p)
		}
	}
}

// versionOf gives the version that a patch's name starts with, `1.2.3-what.p0.patch`, "" for none.
func versionOf(name string) string {
	v, _, ok := strings.Cut(name, "-")
	if !ok || strings.Count(v, ".") != 2 || strings.Trim(v, "0123456789.+") != "" {
		return ""
	}
	return v
}

// plain is a version without its revision.
func plain(v string) string {
	v, _, _ = strings.Cut(v, "+")
	return v
}

// rulesOfModule lists the recipes of configure/module/RULES_MODULE, and what else lies in the wrapper and has a place elsewhere in cairn.
func (r *reading) rulesOfModule() {
	m := r.maker(".", r.Platforms[0])
	seen := len(m.Notes())
	if m.Read("configure/module/RULES_MODULE") {
		for _, n := range m.Notes()[seen:] {
			r.miss(n)
		}
		r.translator(m, r.Platforms[0]).recipes(true)
	}
	if cmds := r.list("cmds", ".cmd"); len(cmds) > 0 {
		r.remark(Note{At: makefile.Place{File: cmds[0]}, Reason: "a startup script is no part of a module; an ioc starts from it"})
	}
}
