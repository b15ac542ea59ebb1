package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

// step is what the commands of one target have in common: what they read, write and may start.
type step struct {
	c                *rule.Context
	srcs, deps, data []rule.Artifact
	outs             []rule.Artifact // outs, then out_dirs
	tools            []*tool
	depfile          string // path in the action's tree, "" for none
	scratch          []rule.Scratch
	hasData          bool // whether scripts see DATA
}

func newStep(c *rule.Context) *step {
	s := &step{c: c, srcs: c.Files("srcs"), deps: c.Files("deps"), data: c.Files("data"), hasData: c.Has("data")}
	for _, o := range c.Strings("outs") {
		s.outs = append(s.outs, c.OutputFile("outs", o))
	}
	for _, o := range c.Strings("out_dirs") {
		s.outs = append(s.outs, c.OutputTree("out_dirs", o))
	}
	s.tools = findTools(c)
	if d := c.String("depfile"); d != "" {
		if err := rule.CheckRel(d); err != nil {
			c.Problem("depfile", "bad-output", fmt.Sprintf("Bad depfile path %q", d), "A depfile "+err.Error()+".")
		} else {
			s.depfile = c.OutPath(d)
		}
	}
	for _, name := range c.Strings("scratch") {
		if !plainName(name) {
			c.Problem("scratch", "bad-scratch", fmt.Sprintf("Bad scratch name %q", name), "A name is made of letters, digits, _ . and -.")
			continue
		}
		s.scratch = append(s.scratch, rule.Scratch{Name: name, Env: "SCRATCH_" + envName(name)})
	}
	return s
}

// scope is what argv, stdout and env may refer to. spliced says that a tool may stand for several words of an argv; asked
// is told which tools were named.
func (s *step) scope(spliced bool, asked func(*tool)) rule.Scope {
	return rule.Scope{
		In:  map[string][]string{"srcs": paths(s.srcs), "deps": paths(s.deps), "data": paths(s.data)},
		Out: paths(s.outs),
		Tool: func(name string) (string, error) {
			t, err := s.tool(name)
			if err != nil {
				return "", err
			}
			if asked != nil {
				asked(t)
			}
			if len(t.argv) == 1 {
				return t.argv[0], nil
			}
			if !spliced {
				return "", fmt.Errorf("%s is started with %d words, so it can only be an element of argv", t.name, len(t.argv))
			}
			return spliceMark + t.name + spliceEnd, nil
		},
	}
}

// base gives the action's parts that do not depend on how it is written.
func (s *step) base(mnemonic string) rule.Action {
	sp := &rule.Spawn{Scratch: s.scratch}
	a := rule.Action{Mnemonic: mnemonic, Spawn: sp}
	add := adder(&a.Inputs)
	add(s.srcs...)
	add(s.deps...)
	add(s.data...)
	env := map[string]string{}
	from := map[string]string{}
	for _, t := range s.tools {
		add(t.data...)
		add(t.trees...)
		sp.Layers = append(sp.Layers, t.layers...)
		sp.HostTools = append(sp.HostTools, t.host...)
		sp.PassEnv = append(sp.PassEnv, t.passEnv...)
		for _, e := range t.env {
			if old, ok := env[e.Name]; ok && old != e.Value {
				s.c.Problem("tools", "tool-env", fmt.Sprintf("Two tools want another %s", e.Name),
					fmt.Sprintf("%s and %s set the variable to different values. Set it in env, and leave one of the tools out.", from[e.Name], t.name))
				continue
			}
			env[e.Name], from[e.Name] = e.Value, t.name
		}
	}
	sp.Env = envList(env)
	sp.HostTools = sortedSet(sp.HostTools)
	sp.PassEnv = sortedSet(sp.PassEnv)
	a.Uncached = len(sp.PassEnv) > 0
	return a
}

// problem is c.Problem with a hint in the detail where one is known.
func (s *step) problem(attr, code, summary, detail string) { s.c.Problem(attr, code, summary, detail) }

// programEnv gives the target's env attribute as a program's: sorted by name.
func (s *step) programEnv() []rule.EnvVar {
	env := s.c.Target.Common.Env
	if s.c.Has("env") {
		env = s.c.StringMap("env")
	}
	return envList(env)
}

func paths(as []rule.Artifact) []string {
	ps := make([]string, len(as))
	for i, a := range as {
		ps[i] = a.Path
	}
	return ps
}

// adder gives a function that appends to list what is not in it yet.
func adder(list *[]rule.Artifact) func(...rule.Artifact) {
	seen := map[string]bool{}
	for _, a := range *list {
		seen[a.Path] = true
	}
	return func(as ...rule.Artifact) {
		for _, a := range as {
			if !seen[a.Path] {
				seen[a.Path] = true
				*list = append(*list, a)
			}
		}
	}
}

func envList(m map[string]string) []rule.EnvVar {
	var l []rule.EnvVar
	for n, v := range m {
		l = append(l, rule.EnvVar{Name: n, Value: v})
	}
	slices.SortFunc(l, func(a, b rule.EnvVar) int { return strings.Compare(a.Name, b.Name) })
	return l
}

func sortedSet(l []string) []string {
	slices.Sort(l)
	return slices.Compact(l)
}

// envName turns a name into a part of a variable's: upper case, and _ for all that is no letter or digit.
func envName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
}

func plainName(s string) bool {
	return s != "" && s != "." && s != ".." && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-", r))
	}) < 0
}

func nearestHint(name string, among []string) string {
	if h := diag.DidYouMean(name, among); h != "" {
		return " " + h
	}
	return ""
}
