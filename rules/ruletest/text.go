package ruletest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

// Text writes what was declared, one fact on a line, in the order of declaration. Placeholders of programs of the host are
// shown as <name>.
func Text(d rule.Declared, problems diag.List) string {
	w := &writer{}
	for _, p := range problems {
		w.line(0, "problem", p.Code, fmt.Sprintf("line %d: %s. %s", p.Range.Start.Line, p.Summary, p.Detail))
	}
	if problems.HasErrors() {
		return w.String()
	}
	for i := range d.Actions {
		w.action(&d.Actions[i])
	}
	w.artifacts(0, "default", d.Default)
	for _, p := range d.Providers {
		w.provider(p)
	}
	return w.String()
}

type writer struct{ strings.Builder }

func (w *writer) line(depth int, words ...string) {
	text := strings.TrimSpace(strings.Join(words, " "))
	text = rule.ExpandHostTools(text, func(n string) string { return "<" + n + ">" })
	text = strings.ReplaceAll(text, "\n", "\n"+strings.Repeat("  ", depth+1)+"| ")
	w.WriteString(strings.Repeat("  ", depth) + text + "\n")
}

func (w *writer) artifacts(depth int, what string, as []rule.Artifact) {
	for _, a := range as {
		kind := [...]string{"source", "file", "tree"}[a.Kind]
		w.line(depth, what, kind, a.Path)
	}
}

func (w *writer) strs(depth int, what string, l []string) {
	if len(l) > 0 {
		w.line(depth, what, strings.Join(l, " "))
	}
}

func (w *writer) env(depth int, l []rule.EnvVar) {
	for _, e := range l {
		w.line(depth, "env", e.Name+"="+e.Value)
	}
}

func (w *writer) flags(depth int, fs map[string]bool) {
	for _, name := range slices.Sorted(maps.Keys(fs)) {
		if fs[name] {
			w.line(depth, name)
		}
	}
}

func (w *writer) action(a *rule.Action) {
	w.line(0, "action", a.Mnemonic)
	w.flags(1, map[string]bool{"test": a.Test, "exclusive": a.Exclusive, "local": a.Local, "uncached": a.Uncached})
	if a.Asks != nil {
		w.line(1, "asks", a.Asks.Question, a.Asks.File)
	}
	if s := a.Spawn; s != nil {
		for _, x := range s.Argv {
			w.line(1, "argv", x)
		}
		w.env(1, s.Env)
		w.strs(1, "pass_env", s.PassEnv)
		w.strs(1, "client_env", s.ClientEnv)
		w.strs(1, "host_tools", s.HostTools)
		w.flags(1, map[string]bool{"posix": s.Posix, "network": s.Network})
		if s.Relay != "" {
			w.line(1, "relay", s.Relay)
		}
		if s.Stdout != "" {
			w.line(1, "stdout", s.Stdout)
		}
		if s.DepFile != "" {
			w.line(1, "depfile", s.DepFile)
			for _, d := range s.Discover {
				w.line(1, "discover", d)
			}
		}
		for _, x := range s.Scratch {
			w.line(1, fmt.Sprintf("scratch %s in %s shared=%v", x.Name, x.Env, x.Shared))
		}
		w.layers(1, s.Layers)
		if s.Each != nil {
			w.line(1, "each", s.Each.Tree.Path, strings.Join(s.Each.Globs, " "), map[bool]string{true: "alone"}[s.Each.Alone])
		}
	}
	if c := a.Call; c != nil {
		w.line(1, "call", c.Func, string(c.Args))
	}
	if f := a.Fetch; f != nil {
		w.line(1, fmt.Sprintf("fetch %s sha256=%s unpack=%q strip=%d executable=%v", f.Fetcher, f.SHA256, f.Unpack, f.Strip, f.Executable))
		if f.Word != "" {
			text, known := f.WordText()
			w.line(2, fmt.Sprintf("word %s %q known=%v", f.Word, text, known))
		}
		if f.GitTree != "" {
			w.line(2, "git tree", f.GitTree)
		}
		w.flags(2, map[string]bool{"empty submodules": f.EmptySubmodules, "submodules": f.Submodules, "pinned": f.Pin != nil && f.Pin.Entry != nil,
			"not pinned": f.Pin != nil && f.Pin.Entry == nil, "follows": f.Pin != nil && f.Pin.Follow})
		for _, k := range slices.Sorted(maps.Keys(f.Params)) {
			w.line(2, k, f.Params[k])
		}
	}
	w.artifacts(1, "in", a.Inputs)
	for _, p := range a.Picks {
		w.line(1, "pick", p)
	}
	w.artifacts(1, "out", a.Outputs)
}

func (w *writer) layers(depth int, ls []rule.Layer) {
	for _, l := range ls {
		w.line(depth, "layer", l.Path)
		for _, f := range l.Files {
			w.line(depth+1, f.Path, map[bool]string{true: "-> "}[f.Link != ""]+f.Link+f.Text)
		}
	}
}

func (w *writer) provider(p rule.Provider) {
	w.line(0, "provides", p.ProviderName())
	x, ok := p.(rule.Program)
	if !ok {
		return
	}
	for _, a := range x.Argv {
		w.line(1, "argv", a)
	}
	w.env(1, x.Env)
	w.strs(1, "paths", x.Paths)
	w.strs(1, "pass_env", x.PassEnv)
	w.artifacts(1, "data", x.Data)
	w.strs(1, "host_tools", x.Tools)
	w.artifacts(1, "in_cache", x.Trees)
	w.layers(1, x.Layers)
	if s := x.Script; s != nil {
		w.line(1, fmt.Sprintf("script dir=%q path=%s grace=%s", s.Dir, strings.Join(s.Path, ":"), s.Grace))
		if s.Env != "" || s.Chosen || s.Project != "" {
			w.line(1, fmt.Sprintf("runs in %q chosen=%v list=%s project=%s", s.Env, s.Chosen, s.List, s.Project))
		}
		if s.Calls {
			w.line(1, "calls init", s.Init, "main", s.Main)
		}
	}
}
