package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// tool is one element of a tools attribute: a program of the host, or a target's.
type tool struct {
	name    string      // as messages and tool() write it
	label   label.Label // zero for the host's
	argv    []string
	env     []rule.EnvVar
	passEnv []string
	data    []rule.Artifact
	trees   []rule.Artifact
	layers  []rule.Layer
	host    []string
}

// Inside a value, a tool of several words is marked so, until splice puts the words in.
const (
	spliceMark = "\x03"
	spliceEnd  = "\x04"
)

func findTools(c *rule.Context) []*tool {
	var ts []*tool
	vars := map[string]string{}
	for _, r := range c.Refs("tools") {
		if r.Host != "" {
			ts = append(ts, &tool{name: r.Host, argv: []string{rule.HostTool(r.Host)}, host: []string{r.Host}})
			continue
		}
		if r.Path != "" {
			c.Problem("tools", "file-as-tool", fmt.Sprintf("%q is a file, not a tool", r.Path),
				"Make it a target of kind program, and name that.")
			continue
		}
		for _, d := range c.RefDeps("tools", r) {
			p, ok := rule.Get[rule.Program](d)
			if !ok || len(p.Argv) == 0 {
				c.Problem("tools", "missing-provider", fmt.Sprintf("%s is no program", d.Label), "A tool is a target that provides \"program\".")
				continue
			}
			ts = append(ts, &tool{name: d.Label.Short(), label: d.Label, argv: p.Argv, env: p.Env, passEnv: p.PassEnv, data: p.Data, trees: p.Trees, layers: p.Layers, host: p.Tools})
		}
	}
	for _, t := range ts {
		v := t.envVar()
		if other, ok := vars[v]; ok {
			c.Problem("tools", "tool-name", fmt.Sprintf("%s and %s are both %s", other, t.name, v),
				"Two tools of one target cannot share a variable. Give one of them an alias with another name.")
		}
		vars[v] = t.name
	}
	return ts
}

// envVar is the variable that names the tool in a script.
func (t *tool) envVar() string {
	if t.label.IsZero() {
		return "TOOL_" + envName(t.name)
	}
	return "TOOL_" + envName(t.label.Base())
}

// called says whether name means t in package pkg: a host's program by its name, a target by any form of its label or by
// its bare name.
func (t *tool) called(name, pkg string) bool {
	if t.label.IsZero() {
		return name == t.name
	}
	if l, err := label.Parse(name, pkg); err == nil {
		return l == t.label || l.Pkg == t.label.Pkg && l.Name == t.label.Base()
	}
	return name == t.label.Name || name == t.label.Base()
}

func (s *step) tool(name string) (*tool, error) {
	var found []*tool
	for _, t := range s.tools {
		if t.called(name, s.c.Label().Pkg) {
			found = append(found, t)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		var names []string
		for _, t := range s.tools {
			names = append(names, t.name)
		}
		if n := diag.Nearest(name, names); n != "" {
			return nil, fmt.Errorf("%q is not among the target's tools; did you mean %q", name, n)
		}
		return nil, fmt.Errorf("%q is not among the target's tools", name)
	}
	return nil, fmt.Errorf("%q means both %s and %s; write the label", name, found[0].name, found[1].name)
}

// splice puts the words of tools with several words into argv.
func (s *step) splice(argv []string) []string {
	var out []string
	for _, w := range argv {
		at := strings.Index(w, spliceMark)
		if at < 0 {
			out = append(out, w)
			continue
		}
		name, ok := strings.CutSuffix(w[at+len(spliceMark):], spliceEnd)
		i := slices.IndexFunc(s.tools, func(t *tool) bool { return t.name == name })
		if at != 0 || !ok || i < 0 {
			s.problem("argv", "tool-in-text", "A tool of several words cannot be a part of a word",
				"Write tool(...) as an element of argv of its own.")
			continue
		}
		out = append(out, s.tools[i].argv...)
	}
	return out
}
