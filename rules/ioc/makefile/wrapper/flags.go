package wrapper

import (
	"path"
	"strings"

	"github.com/cairn-build/cairn/rules/ioc/makefile"
)

// folder takes a word that names a folder, with or without -I, and says how many words after it belong to it.
func (t *translator) folder(attr, v string, ws []makefile.Word) int {
	w, used := ws[0], 0
	for _, f := range []string{"-idirafter", "-isystem", "-I"} {
		rest, ok := strings.CutPrefix(w.Text, f)
		if !ok {
			continue
		}
		if rest == "" && len(ws) > 1 {
			rest, used = ws[1].Text, 1
		}
		w.Text = rest
		break
	}
	switch {
	case w.Text == "":
		return used
	case strings.HasPrefix(w.Text, "$(EPICS_BASE)"), strings.HasPrefix(w.Text, "$(EPICS_BASE_INCLUDE)"):
		return used // base's headers are always seen
	case strings.HasPrefix(w.Text, "-"):
		t.add("usr_cppflags", w.Text)
		return used
	case !t.plain(v, w):
		return used
	}
	p, ok := t.m.Inside(w.Text)
	switch {
	case ok:
		if rel, in := t.inSrc(p); t.Git != nil && !in {
			t.miss(Note{At: w.At, Text: v + ": " + w.Text, Reason: "the folder lies in the wrapper, beside the sources of git; name its headers in private_headers, as ./" + p + "/x.h"})
		} else if t.Git != nil {
			t.add(attr, rel)
		} else if !t.isDir(p) {
			t.miss(Note{At: w.At, Text: v + ": " + w.Text, Reason: "there is no such folder"})
		} else {
			t.add(attr, p)
		}
	case strings.HasPrefix(w.Text, makefile.Root):
		t.miss(Note{At: w.At, Text: v + ": " + w.Text, Reason: "the folder lies outside of the wrapper"})
	case strings.HasPrefix(w.Text, "/") && attr == "usr_includes":
		t.add("usr_cppflags", "-I"+path.Clean(w.Text))
		t.remark(Note{At: w.At, Text: v + ": " + w.Text, Reason: "headers of the machine are used; whoever builds has to have them"})
	default:
		t.miss(Note{At: w.At, Text: v + ": " + w.Text, Reason: "the folder lies outside of the wrapper"})
	}
	return used
}

// flag takes a word that is a flag, and says how many words after it belong to it.
func (t *translator) flag(attr, v string, ws []makefile.Word) int {
	w := ws[0]
	if attr != "usr_ldflags" && (strings.HasPrefix(w.Text, "-I") || strings.HasPrefix(w.Text, "-isystem") || strings.HasPrefix(w.Text, "-idirafter")) {
		return t.folder("usr_includes", v, ws)
	}
	if v == "USR_LIBS" || v == "LIB_SYS_LIBS" || v == "LIB_LIBS" {
		if t.plain(v, w) && !t.baseLib(w.Text) {
			t.add(attr, "-l"+w.Text)
		}
		return 0
	}
	used := 0
	// Flags whose value is a word of its own are joined with it, so that no order is lost when repeated words are left out.
	if (w.Text == "-L" || w.Text == "-l" || w.Text == "-D" || w.Text == "-U") && len(ws) > 1 {
		w.Text, used = w.Text+ws[1].Text, 1
	}
	if !t.plain(v, w) {
		return used
	}
	if strings.Contains(w.Text, makefile.Root) {
		t.miss(Note{At: w.At, Text: v + ": " + strings.ReplaceAll(w.Text, makefile.Root+"/", ""), Reason: "a flag names a folder of the wrapper; a library in it belongs into vendor_libs"})
		return used
	}
	if dir, ok := strings.CutPrefix(w.Text, "-L"); ok && !strings.HasPrefix(dir, "/") {
		t.miss(Note{At: w.At, Text: v + ": " + w.Text, Reason: "a flag names a folder of the wrapper; a library in it belongs into vendor_libs"})
		return used
	}
	t.addFlag(attr, w.Text)
	return used
}

// addFlag adds a flag; -Xlinker and the like may come again.
func (t *translator) addFlag(attr, w string) {
	if w == "-Xlinker" || w == "-include" || w == "-Wl,--start-group" || w == "-Wl,--end-group" {
		t.values[attr] = append(t.values[attr], w)
		return
	}
	t.add(attr, w)
}

// baseLib says whether a library is one of base's, whose symbols the IOC has.
func (t *translator) baseLib(name string) bool {
	switch name {
	case "Com", "ca", "dbCore", "dbRecStd", "pvData", "pvAccess", "pvAccessCA", "qsrv", "nt", "pvDatabase", "pvaClient":
		return true
	}
	return false
}

// unquoted reads words as the shell would that e3 gives them to: quotes hold words together and go away.
func (t *translator) unquoted(v string, ws []makefile.Word) []makefile.Word {
	var out []makefile.Word
	var b strings.Builder
	quote := byte(0)
	var at makefile.Place // where what is open began
	open := func() { t.miss(Note{At: at, Text: v + ": " + b.String(), Reason: "a quote has no end"}) }
	for _, w := range ws {
		if quote != 0 && w.At != at {
			open()
			quote = 0
		}
		at = w.At
		if quote == 0 {
			b.Reset()
		} else {
			b.WriteByte(' ')
		}
		for j := 0; j < len(w.Text); j++ {
			c := w.Text[j]
			switch {
			case c == '\\' && quote != '\'' && j+1 < len(w.Text):
				if next := w.Text[j+1]; quote == '"' && next != '"' && next != '\\' && next != '$' {
					b.WriteByte(c)
				}
				j++
				b.WriteByte(w.Text[j])
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case c == quote:
				quote = 0
			default:
				b.WriteByte(c)
			}
		}
		if quote == 0 {
			out = append(out, makefile.Word{Text: b.String(), At: w.At})
		}
	}
	if quote != 0 {
		open()
	}
	return out
}
