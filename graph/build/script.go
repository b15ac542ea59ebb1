package build

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

// asScript makes l a script's: it starts where the caller is, and paths of the workspace become absolute. They are those of
// its data and, because a module path may be any folder, the elements of PYTHONPATH, which modules gives.
func (e *Engine) asScript(l *Launch, p rule.Program, where *spots) (modules spots) {
	s := *p.Script
	l.Script, l.PassEnv, l.Dir = &s, p.PassEnv, ""
	if s.Dir != "" {
		l.Dir = filepath.Join(e.o.Root, filepath.FromSlash(s.Dir))
	}
	modules = e.modules(p, where)
	s.List, s.Project = where.at(s.List), where.at(s.Project)
	for i := range s.Path {
		s.Path[i] = where.at(s.Path[i])
	}
	return modules
}

// modules adds the places of p's data to where, and gives them with those of the folders in PYTHONPATH.
func (e *Engine) modules(p rule.Program, where *spots) (modules spots) {
	for _, d := range p.Data {
		*where = append(*where, spot{d.Path, filepath.Join(e.o.Root, filepath.FromSlash(d.Path))})
	}
	modules = slices.Clone(*where)
	for _, v := range p.Env {
		if v.Name != "PYTHONPATH" {
			continue
		}
		for dir := range strings.SplitSeq(v.Value, ":") {
			if dir != "" && where.at(dir) == dir && !filepath.IsAbs(dir) {
				modules = append(modules, spot{dir, filepath.Join(e.o.Root, filepath.FromSlash(dir))})
			}
		}
	}
	return modules
}

// passed are the caller's variables that every script gets: who and where the user is, and how to talk to them. What decides
// how Python behaves, or where packages come from, is not among them.
var passed = []string{"HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES", "LANG", "LANGUAGE", "TZ", "TMPDIR",
	"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK"}

// Environ gives the program's environment; caller is that of who called cairn, as os.Environ gives it.
func (l *Launch) Environ(caller []string) []string {
	set := map[string]string{}
	var order []string
	put := func(name, value string) {
		if _, ok := set[name]; !ok {
			order = append(order, name)
		}
		set[name] = value
	}
	for _, v := range caller {
		name, value, _ := strings.Cut(v, "=")
		if l.Script == nil || name == "PATH" || strings.HasPrefix(name, "LC_") || slices.Contains(passed, name) || slices.Contains(l.PassEnv, name) {
			put(name, value)
		}
	}
	lead := l.path
	if l.Script != nil {
		lead = l.Script.Path
	}
	if len(lead) > 0 {
		put("PATH", strings.Join(append(slices.Clone(lead), slices.DeleteFunc([]string{set["PATH"]}, func(s string) bool { return s == "" })...), ":"))
	}
	for _, v := range l.Env {
		name, value, _ := strings.Cut(v, "=")
		put(name, value)
	}
	out := make([]string, len(order))
	for i, name := range order {
		out[i] = name + "=" + set[name]
	}
	return out
}
