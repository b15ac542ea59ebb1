package wrapper

import (
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/rules/ioc/makefile"
)

// recipes goes through the rules: what msi inflates becomes subs and tmps, what makes nothing is left out, and the rest is listed.
func (t *translator) recipes(first bool) {
	for _, r := range t.m.Rules() {
		for _, x := range r.Targets {
			if p, ok := t.m.Inside(x); ok && len(r.Recipe) > 0 && !strings.ContainsAny(x, "%$") {
				t.made[p] = r
			}
		}
	}
	for _, r := range t.m.Rules() {
		if !first || len(r.Recipe) == 0 || special(r) || idle(r) || generatesHeader(r) || inflates(r) {
			continue
		}
		t.recipe(r)
	}
}

// special says whether a rule is about make itself: .PHONY, .SUFFIXES.
func special(r *makefile.Rule) bool {
	return !slices.ContainsFunc(r.Targets, func(x string) bool { return !strings.HasPrefix(x, ".") || strings.Count(x, ".") > 1 })
}

// idle says whether a recipe does nothing but talk.
func idle(r *makefile.Rule) bool {
	return !slices.ContainsFunc(r.Recipe, func(l makefile.Line) bool {
		c := bare(l.Text)
		return c != "" && !strings.HasPrefix(c, "#") && c != ":" && c != "true" && !talks(c)
	})
}

func talks(c string) bool {
	word, _, _ := strings.Cut(c, " ")
	return (word == "echo" || word == "printf") && !strings.ContainsAny(c, ">|;&")
}

// bare gives a line of a recipe without the marks that silence make.
func bare(s string) string {
	s = strings.TrimLeft(strings.TrimSpace(s), "@-+ \t")
	for _, q := range []string{"$(QUIET)", "${QUIET}"} {
		s = strings.TrimSpace(strings.TrimPrefix(s, q))
	}
	return s
}

// generatesHeader says whether a rule makes a header of a dbd file, which ioc_module does by itself.
func generatesHeader(r *makefile.Rule) bool {
	return slices.ContainsFunc(r.Recipe, func(l makefile.Line) bool {
		return strings.Contains(l.Text, "DBTORECORDTYPEH") || strings.Contains(l.Text, "DBTOMENUH") || strings.Contains(l.Text, "dbdToRecordtypeH") || strings.Contains(l.Text, "dbdToMenuH")
	})
}

// inflates says whether a rule runs msi on its targets.
func inflates(r *makefile.Rule) bool {
	return slices.ContainsFunc(r.Recipe, func(l makefile.Line) bool {
		return strings.Contains(l.Text, "$(MSI)") || strings.Contains(l.Text, "${MSI}") || strings.Contains(l.Text, "$(MSI3_15)")
	})
}

// inflated puts what recipes run msi on into subs and tmps.
func (t *translator) inflated() {
	for _, r := range t.m.Rules() {
		if !inflates(r) {
			continue
		}
		subs := slices.ContainsFunc(r.Recipe, func(l makefile.Line) bool { return strings.Contains(l.Text, " -S") })
		var in []string
		for _, x := range append(slices.Clone(r.Targets), r.Needs...) {
			switch path.Ext(x) {
			case ".substitutions", ".subs", ".sub", ".template", ".tmpl":
				in = append(in, x)
			}
		}
		if len(in) == 0 {
			t.recipe(r)
			continue
		}
		for _, x := range in {
			attr := "tmps"
			if ext := path.Ext(x); subs && ext != ".template" && ext != ".tmpl" {
				attr = "subs"
			}
			t.file(attr, "msi", makefile.Word{Text: x, At: r.At})
		}
	}
	// What is inflated is not installed a second time by its own name's result.
	for _, attr := range []string{"subs", "tmps"} {
		for _, s := range t.values[attr] {
			if strings.Contains(s, "*") {
				continue
			}
			db := strings.TrimSuffix(s, path.Ext(s)) + ".db"
			t.values["templates"] = slices.DeleteFunc(t.values["templates"], func(x string) bool { return x == db })
		}
	}
}

// recipe lists a recipe and suggests a command that does the same.
func (t *translator) recipe(r *makefile.Rule) {
	what := strings.Join(r.Targets, " ")
	switch {
	case slices.Contains(r.Targets, "vlibs"):
		t.miss(Note{At: r.At, Text: "vlibs: " + first(r), Reason: "the recipe is not translated; name the libraries in vendor_libs, made by a command where they have to be made"})
		return
	case slices.Contains(r.Targets, "module_tests"):
		t.miss(Note{At: r.At, Text: "module_tests: " + first(r), Reason: "the recipe is not translated; an ioc_test starts an IOC and checks its PVs"})
		return
	}
	s := t.suggest(r)
	reason := "the recipe is not translated"
	if s.Name != "" {
		reason += "; the draft's end suggests a command for it"
		t.Suggested = append(t.Suggested, s)
	}
	t.miss(Note{At: r.At, Text: what + ": " + first(r), Reason: reason})
}

// first gives the first line of a recipe that does something.
func first(r *makefile.Rule) string {
	for _, l := range r.Recipe {
		if c := bare(l.Text); c != "" && !strings.HasPrefix(c, "#") && !talks(c) {
			c, _, _ = strings.Cut(c, "\n")
			return c
		}
	}
	return ""
}

// suggest makes a command of a recipe that makes files; one without a name where that cannot be seen.
func (t *translator) suggest(r *makefile.Rule) Suggestion {
	var outs []string
	for _, x := range r.Targets {
		switch {
		case strings.ContainsAny(x, "%$") || strings.HasPrefix(x, "."):
			return Suggestion{}
		case !t.phony(x):
			outs = append(outs, path.Base(x))
		}
	}
	if len(outs) == 0 {
		outs = t.redirected(r)
	}
	if len(outs) == 0 {
		return Suggestion{}
	}
	s := Suggestion{At: r.At, Name: nameFor(outs[0]), Outs: outs}
	needs := make([]string, 0, len(r.Needs))
	for _, n := range r.Needs {
		if p, ok := t.m.Inside(n); ok && t.made[p] == nil && (!t.known(p) || t.exists(p)) {
			s.Srcs = append(s.Srcs, t.spell(p))
		}
		needs = append(needs, n)
	}
	out := "$OUT"
	if len(outs) > 1 {
		out = "$OUT_DIR/" + outs[0]
	}
	for _, l := range r.Recipe {
		c := bare(strings.ReplaceAll(l.Text, "\\\n\t", "\\\n"))
		if c == "" || strings.HasPrefix(c, "#") || talks(c) {
			continue
		}
		s.Script = append(s.Script, t.shell(c, needs, out, &s))
	}
	return s
}

// phony says whether a target is a step of e3's, or no file by the makefile's own words.
func (t *translator) phony(x string) bool {
	switch x {
	case "prebuild", "db", "hdrs", "build", "install", "clean", "conf", "patch", "all", "test":
		return true
	}
	return slices.ContainsFunc(t.m.Rules(), func(r *makefile.Rule) bool {
		return slices.Contains(r.Targets, ".PHONY") && slices.Contains(r.Needs, x)
	})
}

// redirected gives the files that a recipe's lines write by `>`.
func (t *translator) redirected(r *makefile.Rule) []string {
	var outs []string
	for _, l := range r.Recipe {
		fields := strings.Fields(t.m.Expand(l.Text))
		for i, w := range fields {
			if i > 0 && fields[i-1] == ">" && !strings.HasPrefix(w, "/") && !strings.ContainsAny(w, "$&|;") && !slices.Contains(outs, path.Base(w)) {
				outs = append(outs, path.Base(w))
			}
		}
	}
	return outs
}

// shell writes a line of a recipe for sh: automatic variables and make's are replaced, what names files of the sources becomes an input.
func (t *translator) shell(c string, needs []string, out string, s *Suggestion) string {
	all := strings.Join(needs, " ")
	one := ""
	if len(needs) > 0 {
		one = needs[0]
	}
	for _, v := range [][2]string{{"@", out}, {"<", one}, {"^", all}, {"+", all}} {
		for _, form := range []string{"$" + v[0], "$(" + v[0] + ")", "${" + v[0] + "}"} {
			c = strings.ReplaceAll(c, form, strings.ReplaceAll(v[1], "$", "$$"))
		}
	}
	c = t.m.Expand(c)
	for name, tool := range map[string]string{"$(PERL)": "perl", "$(PYTHON)": "python3", "$(CC)": "gcc", "$(CXX)": "g++", "$(CCC)": "g++", "$(RM)": "rm -f", "$(MKDIR)": "mkdir", "$(CP)": "cp", "$(MV)": "mv", "$(SED)": "sed"} {
		c = strings.ReplaceAll(c, name, tool)
	}
	fields := strings.Fields(c)
	for i, w := range fields {
		if i > 0 && (fields[i-1] == ">" || fields[i-1] == ">>") && slices.Contains(s.Outs, path.Base(w)) {
			fields[i] = out
			continue
		}
		p, ok := t.m.Inside(strings.TrimPrefix(w, "-I"))
		if !ok || p == "." || !strings.Contains(w, "/") && !strings.Contains(w, ".") || strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "-I") {
			continue
		}
		if strings.HasPrefix(w, makefile.Root) || t.known(p) && t.exists(p) && !t.isDir(p) {
			fields[i] = t.spell(p)
			if !slices.Contains(s.Srcs, t.spell(p)) {
				s.Srcs = append(s.Srcs, t.spell(p))
			}
		}
	}
	if len(fields) > 0 {
		switch w := fields[0]; w {
		case "perl", "python3", "python", "gcc", "g++", "rpcgen", "re2c", "make", "cmake", "bison", "flex", "git", "ar", "ranlib", "wget", "curl", "unzip":
			if !slices.Contains(s.Tools, w) {
				s.Tools = append(s.Tools, w)
			}
		}
	}
	return strings.Join(fields, " ")
}

// nameFor makes a target's name of a file's.
func nameFor(file string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-' || c == '+' {
			return c
		}
		return '_'
	}, file)
}
