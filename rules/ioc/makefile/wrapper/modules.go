package wrapper

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/rules/ioc/makefile"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// modules finds the modules that this one needs: <m>_VERSION with a value, <M>_DEP_VERSION, and REQUIRED.
func (t *translator) modules() {
	found := map[string]*Needed{}
	used := map[string]bool{} // the _DEP_VERSION that a <m>_VERSION takes, by module in lower case
	hidden := 0
	for _, n := range t.m.Names() {
		name, ok := strings.CutSuffix(n, "_VERSION")
		if !ok || strings.HasSuffix(name, "_DEP") || strings.HasPrefix(name, "E3_") || name == "EPICS" || name == "EPICS_BASE" || name == "" || name == t.Name || t.m.At(n).File == "" {
			continue
		}
		used[strings.ToLower(name)] = true
		v := strings.TrimSpace(t.m.Value(n))
		if v == "" {
			hidden++
			continue
		}
		if name == strings.ToUpper(name) && !t.required(name) {
			t.remark(Note{At: t.m.At(n), Text: n + " = " + v, Reason: "not taken for a module, whose name would not be in capitals"})
			continue
		}
		found[name] = &Needed{Name: name, Version: v, At: t.m.At(n)}
	}
	if hidden > 0 {
		t.remark(Note{At: makefile.Place{File: t.Makefile}, Reason: "what only hides the headers of other modules was left out (" + strconv.Itoa(hidden) + " modules): cairn shows a module those of its deps alone"})
	}
	for _, w := range t.wordsOf("REQUIRED") {
		if !t.plain("REQUIRED", w) || found[w.Text] != nil {
			continue
		}
		v := strings.TrimSpace(t.m.Value(strings.ToUpper(w.Text) + "_DEP_VERSION"))
		found[w.Text] = &Needed{Name: w.Text, Version: v, Runtime: v == "" || t.old(), At: w.At}
		used[strings.ToLower(w.Text)] = true
		if v == "" {
			t.remark(Note{At: w.At, Text: "REQUIRED: " + w.Text, Reason: "the wrapper does not say which version"})
		}
	}
	t.unused(found, used)
	for _, n := range found {
		if n.Version != "" {
			if _, err := version.Parse(n.Version); err != nil {
				t.miss(Note{At: n.At, Text: n.Name + " " + n.Version, Reason: err.Error()})
			}
		}
		t.Modules = append(t.Modules, *n)
	}
}

// required says whether REQUIRED names a module.
func (t *translator) required(name string) bool {
	return slices.ContainsFunc(t.wordsOf("REQUIRED"), func(w makefile.Word) bool { return w.Text == name })
}

// unused looks at each <M>_DEP_VERSION that the makefile takes no <m>_VERSION from. From require 5 on it says that the module is used.
func (t *translator) unused(found map[string]*Needed, used map[string]bool) {
	for _, n := range t.m.Names() {
		name, ok := strings.CutSuffix(n, "_DEP_VERSION")
		if !ok || used[strings.ToLower(name)] {
			continue
		}
		v := strings.TrimSpace(t.m.Value(n))
		switch {
		case v == "":
		case t.old():
			t.remark(Note{At: t.m.At(n), Text: n + " := " + v, Reason: "nothing in " + t.Makefile + " uses it"})
		default:
			low := strings.ToLower(name)
			found[low] = &Needed{Name: low, Version: v, At: t.m.At(n)}
		}
	}
}

// old says whether the wrapper was written for a require before 5.
func (t *translator) old() bool {
	return t.Require != "" && version.Lenient(t.Require).Major < 5 && version.Lenient(t.Require).Test == ""
}

// rest lists the variables that mean something to e3 and were not translated.
func (t *translator) rest() {
	var names []string
	for _, a := range attributes {
		names = append(names, a.vars...)
	}
	for _, n := range t.m.Names() {
		if why, ok := untranslated[n]; ok && strings.TrimSpace(t.m.Value(n)) != "" {
			t.miss(Note{At: t.m.At(n), Text: n + ": " + strings.Join(wordTexts(t.m.Words(n)), " "), Reason: why})
		}
		for _, base := range names {
			suffix, ok := strings.CutPrefix(n, base+"_")
			if ok && !slices.Contains(t.suffixes, suffix) && !(suffix == "DEFAULT" && strings.HasPrefix(base, "USR_")) && !slices.Contains(names, n) && looksLikeSuffix(suffix) && !t.counted(base, suffix) {
				t.remark(Note{At: t.m.At(n), Text: n, Reason: "it counts on " + suffix + " only, which this draft is not for"})
			}
		}
	}
}

// counted says whether a suffix counts for another platform of the draft.
func (t *translator) counted(_, suffix string) bool {
	return slices.ContainsFunc(t.Platforms, func(p string) bool { return slices.Contains(suffixesOf(p, t.EPICSVersion), suffix) })
}

// looksLikeSuffix says whether a word may be an architecture, a class of systems or a version of base, rather than a part of a name.
func looksLikeSuffix(s string) bool {
	if s == "" {
		return false
	}
	switch s {
	case "vxWorks", "RTEMS", "WIN32", "Darwin", "solaris", "iOS", "DEFAULT", "T2", "eldk", "ppc64e6500", "corei7", "corei7-poky", "windows", "cygwin32", "freebsd", "posix":
		return true
	}
	for _, p := range []string{"linux-", "windows-", "win32-", "darwin-", "vxWorks-", "RTEMS-", "solaris-", "eldk"} {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return s[0] >= '0' && s[0] <= '9'
}

func wordTexts(ws []makefile.Word) []string {
	out := make([]string, len(ws))
	for i, w := range ws {
		out[i] = w.Text
	}
	return out
}
