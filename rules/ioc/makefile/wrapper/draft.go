package wrapper

import (
	"fmt"
	"slices"
	"strings"
)

// DraftOptions says how a draft names what lies elsewhere.
type DraftOptions struct {
	Base   string   // the label of the epics_base; "" leaves it to the workspace
	Pools  []string // labels of ioc_pool, where the modules that are required by name are looked for
	Labels bool     // name modules by labels, //<Modules>/<name>, instead of by name and version
	// Modules is the package that holds the modules' packages: "modules".
	Modules string
	Comment bool // list what was not translated at the top
}

// Draft writes the BUILD.hcl that says what the wrapper says. Its form is nearly the canonical one.
func (w *Wrapper) Draft(o DraftOptions) string {
	var b strings.Builder
	b.WriteString("# Drafted by `cairn import e3` from " + oneLine(w.Makefile) + " and configure/CONFIG_MODULE.\n")
	if w.Base != "" && o.Base == "" {
		b.WriteString("# The wrapper is for EPICS_BASE=" + oneLine(w.Base) + "; the base is the workspace's epics_base.\n")
	}
	if o.Comment && len(w.Missed) > 0 {
		b.WriteString("#\n# Not translated:\n")
		for _, n := range w.Missed {
			b.WriteString("# " + NoteText(n) + "\n")
		}
	}
	b.WriteString("\n")
	name := nameFor(w.Name)
	if w.Git != nil {
		w.draftGit(&b, name)
	}
	fmt.Fprintf(&b, "ioc_module %s {\n", quote(name))
	if name != w.Name {
		fmt.Fprintf(&b, "  module = %s\n", quote(w.Name))
	}
	fmt.Fprintf(&b, "  version = %s\n", quote(w.Version))
	if o.Base != "" {
		fmt.Fprintf(&b, "  base = %s\n", quote(o.Base))
	}
	if w.Git != nil {
		fmt.Fprintf(&b, "  tree = %s\n", quote(":"+name+"_source"))
	}
	for _, a := range attributes {
		if v := w.Values[a.name]; !v.empty() {
			fmt.Fprintf(&b, "  %s = %s\n", a.name, w.value(v))
		}
	}
	if w.Values["legacy_rset"] != nil {
		b.WriteString("  legacy_rset = true\n")
	}
	if len(w.Patches) > 0 {
		fmt.Fprintf(&b, "  patches = %s\n", list(w.Patches))
	}
	w.draftModules(&b, o)
	b.WriteString("}\n")
	for _, s := range w.Suggested {
		s.draft(&b)
	}
	return b.String()
}

func (v Value) empty() bool {
	for _, ws := range v {
		if len(ws) > 0 {
			return false
		}
	}
	return true
}

func (w *Wrapper) draftGit(b *strings.Builder, name string) {
	fmt.Fprintf(b, "git_source %s {\n  url = %s\n", quote(name+"_source"), quote(w.Git.URL))
	for _, x := range [][2]string{{"tag", w.Git.Tag}, {"branch", w.Git.Branch}, {"commit", w.Git.Hash}} {
		if x[1] != "" {
			fmt.Fprintf(b, "  %s = %s\n", x[0], quote(x[1]))
		}
	}
	b.WriteString("}\n\n")
}

// draftModules writes which modules are needed.
func (w *Wrapper) draftModules(b *strings.Builder, o DraftOptions) {
	var deps, runtime, require []string
	for _, m := range w.Modules {
		switch {
		case !o.Labels && m.Version == "":
			require = append(require, m.Name)
		case !o.Labels:
			require = append(require, m.Name+","+m.Version)
		case m.Runtime:
			runtime = append(runtime, label(o.Modules, m.Name))
		default:
			deps = append(deps, label(o.Modules, m.Name))
		}
	}
	for _, x := range []struct {
		name string
		ws   []string
	}{{"deps", deps}, {"runtime_deps", runtime}, {"require", require}} {
		if len(x.ws) > 0 {
			fmt.Fprintf(b, "  %s = %s\n", x.name, list(x.ws))
		}
	}
	if len(require) > 0 && len(o.Pools) > 0 {
		fmt.Fprintf(b, "  pools = %s\n", list(o.Pools))
	}
}

func label(pkg, name string) string {
	if pkg == "" {
		return "//" + nameFor(name)
	}
	return "//" + pkg + "/" + nameFor(name)
}

// value writes a value: what all platforms begin with, and then what differs.
func (w *Wrapper) value(v Value) string {
	platforms := slices.Sorted(func(yield func(string) bool) {
		for p := range v {
			if !yield(p) {
				return
			}
		}
	})
	first := v[platforms[0]]
	if v.Same() {
		return list(first)
	}
	n := len(first)
	for _, p := range platforms {
		n = min(n, len(v[p]))
		for i := range n {
			if v[p][i] != first[i] {
				n = i
				break
			}
		}
	}
	var b strings.Builder
	b.WriteString("select(platform.id, {\n")
	for _, p := range platforms {
		fmt.Fprintf(&b, "    %s = %s\n", p, list(v[p][n:]))
	}
	b.WriteString("  })")
	if n == 0 {
		return b.String()
	}
	return "concat(" + list(first[:n]) + ", " + b.String() + ")"
}

// draft writes a suggestion as a comment.
func (s Suggestion) draft(b *strings.Builder) {
	fmt.Fprintf(b, "\n# What the recipe at %s:%d does may be a command; its label then goes where the file was named:\n#\n", oneLine(s.At.File), s.At.Line)
	var c strings.Builder
	fmt.Fprintf(&c, "command %s {\n", quote(s.Name))
	if len(s.Srcs) > 0 {
		fmt.Fprintf(&c, "  srcs   = %s\n", list(s.Srcs))
	}
	if len(s.Tools) > 0 {
		fmt.Fprintf(&c, "  tools  = %s\n", list(s.Tools))
	}
	fmt.Fprintf(&c, "  outs   = %s\n  script = <<-SH\n", list(s.Outs))
	for _, l := range s.Script {
		fmt.Fprintf(&c, "    %s\n", strings.NewReplacer("${", "$${", "%{", "%%{").Replace(l))
	}
	c.WriteString("  SH\n}")
	for _, l := range strings.Split(c.String(), "\n") {
		b.WriteString("# " + oneLine(l) + "\n")
	}
}

// NoteText writes a note in one line, `file:line: text: reason`.
func NoteText(n Note) string {
	var b strings.Builder
	b.WriteString(n.At.File)
	if n.At.Line > 0 {
		fmt.Fprintf(&b, ":%d", n.At.Line)
	}
	if n.At.File != "" {
		b.WriteString(": ")
	}
	if n.Text != "" {
		b.WriteString(n.Text + ": ")
	}
	return oneLine(b.String() + n.Reason)
}

// list writes a list of texts, on one line where it is short.
func list(ws []string) string {
	quoted := make([]string, len(ws))
	size := 0
	for i, w := range ws {
		quoted[i] = quote(w)
		size += len(quoted[i]) + 2
	}
	if len(ws) < 2 || size < 90 {
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	return "[\n    " + strings.Join(quoted, ",\n    ") + ",\n  ]"
}

// quote writes a text as HCL does.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '"' || r == '\\':
			b.WriteString("\\" + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(b.String())
}

// oneLine keeps what somebody else wrote from starting a line of its own.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == 0x85 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		if r < ' ' && r != '\t' || r == 0x7f {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
