package wrapper

import (
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/rules/ioc/makefile"
)

// kindOf says what the words of an attribute are.
type kindOf int

const (
	fileWords   kindOf = iota // files of the sources or of the wrapper
	folderWords               // folders of the sources
	flagWords
	plainWords
)

// attribute is what one attribute of ioc_module comes from.
type attribute struct {
	name string
	kind kindOf
	vars []string // of the makefile; all count
}

// attributes is the translation, in the order in which a draft has them.
var attributes = []attribute{
	{"sources", fileWords, []string{"SOURCES", "SRCS", "LIB_SRCS"}},
	{"headers", fileWords, []string{"HEADERS", "INC"}},
	{"keep_header_subdirs", folderWords, []string{"KEEP_HEADER_SUBDIRS"}},
	{"private_headers", fileWords, nil},
	{"dbds", fileWords, []string{"DBDS", "DBD_SRCS", "DBDFILES"}},
	{"templates", fileWords, []string{"TEMPLATES"}},
	{"subs", fileWords, []string{"SUBS"}},
	{"tmps", fileWords, []string{"TMPS"}},
	{"scripts", fileWords, []string{"SCRIPTS"}},
	{"bins", fileWords, []string{"BINS"}},
	{"vendor_libs", fileWords, []string{"VENDOR_LIBS"}},
	{"usr_cflags", flagWords, []string{"USR_CFLAGS"}},
	{"usr_cppflags", flagWords, []string{"USR_CPPFLAGS"}},
	{"usr_cxxflags", flagWords, []string{"USR_CXXFLAGS"}},
	{"usr_includes", folderWords, []string{"USR_INCLUDES"}},
	{"usr_ldflags", flagWords, []string{"USR_LDFLAGS", "USR_LIBS", "LIB_SYS_LIBS", "LIB_LIBS"}},
	{"usr_sncflags", flagWords, []string{"USR_SNCFLAGS", "SNCFLAGS"}},
	{"exclude_archs", plainWords, []string{"EXCLUDE_ARCHS"}},
}

// untranslated are variables that mean something to e3 and have no attribute.
var untranslated = map[string]string{
	"DBD_INSTALLS":  "dbd files that are installed as they are have no attribute; a module's one dbd file is what is loaded",
	"CONFIGS":       "makefiles for dependent modules have no attribute; what they add to others belongs into those",
	"LIBOBJS":       "objects that are linked as they are have no attribute; name their sources",
	"USR_LIBOBJS":   "objects that are linked as they are have no attribute; name their sources",
	"USR_DBDFLAGS":  "flags for the expansion of dbd files have no attribute",
	"USR_ARFLAGS":   "flags for archives have no attribute",
	"OPI":           "panels for operators have no attribute",
	"QT":            "panels for operators have no attribute",
	"PRODS":         "programs have no attribute; bins takes programs that another target makes",
	"PROD_HOST":     "programs have no attribute; bins takes programs that another target makes",
	"BUILDCLASSES":  "which classes of systems are built for says the platform",
	"CMD_OVERRIDES": "e3's own rules cannot be replaced",
}

// made are the targets of recipes, by the path that a word would have.
type made map[string]*makefile.Rule

// translator translates for one platform.
type translator struct {
	*reading
	m        *makefile.Maker
	arch     string
	suffixes []string // of variables, those that count here
	made     made
	values   map[string][]string
	has      map[string]bool            // an attribute and a word of it
	words    map[string][]makefile.Word // of wordsOf
	dirs     []string                   // of sourceDirs
	bases    map[string]bool            // of named
	looked   int                        // how often a file was looked for beside others
}

// maxDirs bounds in how many folders a file is looked for.
const maxDirs = 200

func (r *reading) translator(m *makefile.Maker, arch string) *translator {
	return &translator{reading: r, m: m, arch: arch, suffixes: suffixesOf(arch, r.EPICSVersion), made: made{}, values: map[string][]string{}, has: map[string]bool{},
		words: map[string][]makefile.Word{}}
}

// platform reads the module's makefile as it is for one architecture.
func (r *reading) platform(arch string, first bool) {
	m := r.maker(r.Src, arch)
	m.ReadAs(r.Makefile, path.Join(r.Src, path.Base(r.Makefile)))
	t := r.translator(m, arch)
	t.recipes(first)
	for _, a := range attributes {
		t.attribute(a)
	}
	t.defaults()
	t.inflated()
	t.archFilter()
	if first {
		t.modules()
		t.rest()
	}
	t.private()
	for _, n := range m.Notes() { // those of expansions just now, too
		r.miss(n)
	}
	for _, a := range attributes {
		if ws := t.values[a.name]; len(ws) > 0 {
			if r.Values[a.name] == nil {
				r.Values[a.name] = Value{}
			}
			r.Values[a.name][arch] = ws
		}
	}
	if v := strings.TrimSpace(m.Value("LEGACY_RSET")); v == "YES" || v == "1" {
		r.Values["legacy_rset"] = Value{arch: {"true"}}
	}
}

// suffixesOf gives what may follow a variable's name and an underscore for a platform, in e3's order.
func suffixesOf(arch, epics string) []string {
	var out []string
	if epics != "" {
		out = append(out, epics)
		parts := strings.Split(epics, ".")
		for n := len(parts) - 1; n > 0; n-- {
			out = append(out, strings.Join(parts[:n], "."))
		}
	}
	return append(append(append(out, arch), strings.Split(arch, "-")...), "Linux")
}

// wordsOf gives the words of a variable and of its variants that count here.
func (t *translator) wordsOf(name string) []makefile.Word {
	if ws, ok := t.words[name]; ok {
		return ws
	}
	out := t.m.Words(name)
	os := false
	for _, s := range t.suffixes {
		ws := t.m.Words(name + "_" + s)
		out = append(out, ws...)
		os = os || s == "Linux" && t.m.Set(name+"_"+s)
	}
	if !os && strings.HasPrefix(name, "USR_") {
		out = append(out, t.m.Words(name+"_DEFAULT")...)
	}
	t.words[name] = out
	return out
}

func (t *translator) attribute(a attribute) {
	for _, v := range a.vars {
		ws := t.wordsOf(v)
		if a.kind == flagWords || a.kind == folderWords {
			ws = t.unquoted(v, ws)
		}
		for i := 0; i < len(ws); i++ {
			w := ws[i]
			switch {
			case w.Text == "-none-":
			case a.kind == fileWords:
				t.file(a.name, v, w)
			case a.kind == folderWords:
				i += t.folder(a.name, v, ws[i:])
			case a.kind == flagWords:
				i += t.flag(a.name, v, ws[i:])
			case t.plain(v, w):
				t.add(a.name, w.Text)
			}
		}
	}
}

// add adds a word that the attribute has not yet.
func (t *translator) add(attr, w string) {
	if key := attr + " " + w; !t.has[key] {
		t.has[key] = true
		t.values[attr] = append(t.values[attr], w)
	}
}

// plain says whether a word holds nothing that only an installed e3 knows.
func (t *translator) plain(v string, w makefile.Word) bool {
	if strings.Contains(w.Text, "$(shell)") {
		return false // it was noted where the shell stands
	}
	if strings.Contains(w.Text, "$(") {
		t.miss(Note{At: w.At, Text: v + ": " + w.Text, Reason: "it hangs on what only an installed e3 knows"})
		return false
	}
	return true
}

// spell writes a path of the wrapper as the draft does: relative to the sources where those come from git, and else to the package.
func (t *translator) spell(p string) string {
	if t.Git == nil {
		return p
	}
	if rel, ok := t.inSrc(p); ok {
		return rel
	}
	return "./" + p
}

// inSrc gives a path below the folder of the sources.
func (t *translator) inSrc(p string) (string, bool) {
	if t.Src == "." {
		return p, true
	}
	if p == t.Src {
		return ".", true
	}
	return strings.CutPrefix(p, t.Src+"/")
}

// known says whether what lies at a path can be looked up.
func (t *translator) known(p string) bool {
	_, in := t.inSrc(p)
	return t.Git == nil || t.Seen || !in
}

// file takes a word that names a file.
func (t *translator) file(attr, v string, w makefile.Word) {
	if !t.plain(v, w) {
		return
	}
	p, ok := t.m.Inside(w.Text)
	if !ok {
		t.miss(Note{At: w.At, Text: v + ": " + w.Text, Reason: "the file lies outside of the wrapper"})
		return
	}
	pattern := strings.ContainsAny(w.Text, "*?[")
	switch {
	case !pattern && t.made[p] != nil && !t.exists(p):
		t.miss(Note{At: w.At, Text: v + ": " + w.Text, Reason: "a recipe makes it; let a command make it and name the command's label here"})
	case pattern && attr == "sources":
		t.miss(Note{At: w.At, Text: v + ": " + w.Text, Reason: "which sources these are is known once the submodule is checked out"})
	case pattern:
		t.add(attr, t.spell(p))
	case t.known(p) && t.isDir(p):
		t.miss(Note{At: w.At, Text: v + ": " + w.Text, Reason: "it is a folder"})
	case !t.known(p) || t.exists(p):
		if attr == "headers" && !t.known(p) && t.fromDbd(p) {
			return
		}
		t.add(attr, t.spell(p))
	case attr == "headers" && t.fromDbd(p):
	default:
		t.absent(attr, v, w)
	}
}

// absent takes a word whose file is not there: it may be what msi makes of another, and make looks for it beside the other sources, too.
func (t *translator) absent(attr, v string, w makefile.Word) {
	if stem, ok := strings.CutSuffix(w.Text, ".db"); ok && attr == "templates" {
		for _, from := range [][2]string{{".substitutions", "subs"}, {".subs", "subs"}, {".template", "tmps"}} {
			if p, ok := t.m.Inside(stem + from[0]); ok && t.exists(p) { // msi makes it
				t.add(from[1], t.spell(p))
				return
			}
		}
	}
	if !strings.Contains(w.Text, "/") {
		for _, d := range t.sourceDirs() {
			if t.looked++; t.looked > maxWalk {
				break
			}
			if p, ok := t.m.Inside(path.Join(d, w.Text)); ok && t.exists(p) {
				t.add(attr, t.spell(p))
				return
			}
		}
	}
	t.miss(Note{At: w.At, Text: v + ": " + w.Text, Reason: "there is no such file"})
}

// fromDbd says whether a header is one that ioc_module makes of a record's or menu's dbd file.
func (t *translator) fromDbd(p string) bool {
	name := strings.TrimSuffix(path.Base(p), ".h")
	if name == path.Base(p) || !strings.HasSuffix(name, "Record") && !strings.HasPrefix(name, "menu") {
		return false
	}
	if strings.HasPrefix(name, "menu") && t.exists(p) {
		return false
	}
	for _, ext := range []string{".c", ".cpp", ".dbd"} {
		if t.named()[name+ext] {
			return !t.exists(p)
		}
	}
	return false
}

// sourceDirs gives the folders that sources are in, as the makefile names them.
func (t *translator) sourceDirs() []string {
	if t.dirs == nil {
		t.dirs = []string{"."}
		seen := map[string]bool{".": true}
		for _, w := range t.wordsOf("SOURCES") {
			if d := path.Dir(w.Text); !seen[d] && len(t.dirs) < maxDirs {
				seen[d] = true
				t.dirs = append(t.dirs, d)
			}
		}
	}
	return t.dirs
}

// named gives the last parts of the names of sources and dbd files.
func (t *translator) named() map[string]bool {
	if t.bases == nil {
		t.bases = map[string]bool{}
		for _, v := range []string{"SOURCES", "DBDS"} {
			for _, w := range t.wordsOf(v) {
				t.bases[path.Base(w.Text)] = true
			}
		}
	}
	return t.bases
}

// archFilter takes what ARCH_FILTER leaves out.
func (t *translator) archFilter() {
	ws := t.m.Words("ARCH_FILTER")
	for _, p := range t.Platforms {
		if len(ws) > 0 && !slices.ContainsFunc(ws, func(w makefile.Word) bool { return fits(w.Text, p) }) {
			t.add("exclude_archs", p)
		}
	}
	var out []string
	for _, x := range t.values["exclude_archs"] {
		if !strings.ContainsAny(x, "%") {
			out = append(out, x)
			continue
		}
		for _, p := range t.Platforms {
			if fits(x, p) {
				out = append(out, p)
			}
		}
	}
	slices.Sort(out)
	t.values["exclude_archs"] = slices.Compact(out)
}

// fits says whether an architecture fits a filter: a name, or a pattern with %.
func fits(filter, arch string) bool {
	before, after, has := strings.Cut(filter, "%")
	if !has {
		return filter == arch
	}
	return len(arch) >= len(before)+len(after) && strings.HasPrefix(arch, before) && strings.HasSuffix(arch, after)
}
