package command

import (
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

// maxVar is how long one variable may get: Linux takes 128 KiB for name and value.
const maxVar = 120 << 10

// argv gives the evaluated argv attribute: tools spliced in, {depfile} replaced. No words come back where it is absent or
// where a problem has been recorded. asked is told which tools it names.
func (s *step) argv(asked func(*tool)) []string {
	s.c.SetScope(s.scope(true, asked))
	given, ok := s.c.Value("argv").([]string)
	s.c.SetScope(s.scope(false, asked))
	if ok && len(given) == 0 {
		s.problem("argv", "empty-argv", "argv is empty", "Its first word is the program to start.")
	}
	words := s.splice(given)
	if s.depfile != "" {
		for i, w := range words {
			words[i] = strings.ReplaceAll(w, "{depfile}", s.depfile)
		}
	}
	if len(words) > 0 {
		s.checkFirst(words[0])
	}
	return words
}

// checkFirst refuses a bare word as a program's name: what it would find is nobody's declared tool.
func (s *step) checkFirst(w string) {
	if strings.ContainsAny(w, "/\x01") {
		return
	}
	s.problem("argv", "bare-program", fmt.Sprintf("%q is no program that the target declares", w),
		fmt.Sprintf("The first word of argv is a path in the action's tree or a tool: tools = [%q], argv = [tool(%q), ...].", w, w))
}

// shell turns a script into an argv and puts its variables into a's environment.
func (s *step) shell(a *rule.Action) {
	sp := a.Spawn
	sp.Posix = true
	sp.Argv = []string{rule.HostTool("sh"), "-eu", "-c", s.c.String("script")}
	vars := map[string]string{}
	for _, e := range sp.Env {
		vars[e.Name] = e.Value
	}
	outs := paths(s.outs)
	vars["SRCS"] = s.list("srcs", paths(s.srcs))
	vars["DEPS"] = s.list("deps", paths(s.deps))
	if s.hasData {
		vars["DATA"] = s.list("data", paths(s.data))
	}
	if len(outs) > 0 {
		vars["OUTS"] = s.list("outs", outs)
		vars["OUT_DIR"] = s.c.OutPath("")
	}
	if len(outs) == 1 {
		vars["OUT"] = outs[0]
	}
	if s.depfile != "" {
		vars["DEPFILE"] = s.depfile
	}
	for _, t := range s.tools {
		for _, w := range t.argv {
			if strings.ContainsAny(w, splitting) {
				s.problem("tools", "space-in-script", fmt.Sprintf("%s cannot be used by a script", t.name),
					fmt.Sprintf("One of its words is %q, and a shell would split it. Use argv in place of script.", w))
			}
		}
		vars[t.envVar()] = strings.Join(t.argv, " ")
	}
	sp.Env = envList(vars)
}

// splitting are the characters at which a shell splits or expands an unquoted variable.
const splitting = " \t\n*?["

// list joins paths as Make does; a path that a shell would take apart is a problem of attr.
func (s *step) list(attr string, ps []string) string {
	for _, p := range ps {
		if strings.ContainsAny(p, splitting) {
			s.problem(attr, "space-in-script", fmt.Sprintf("%q cannot be given to a script", p),
				"A shell would split the name, or expand it. Use argv in place of script: there, names are safe.")
			break
		}
	}
	text := strings.Join(ps, " ")
	if len(text) > maxVar {
		s.problem(attr, "list-too-long", fmt.Sprintf("%d paths are too many for a script", len(ps)),
			"Together they are longer than a variable can be. Use argv in place of script, or pass a tree.")
	}
	return text
}
