package command

import (
	_ "embed"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed program.md
var programDoc string

// Program is something that `cairn run` starts and that other targets can use as a tool.
var Program = &rule.Rule{
	Kind: "program",
	Doc:  programDoc,
	Attrs: []rule.Attr{
		srcsAttr("Files and targets that `script` reads; without a script, files that the program reads when it runs. `$SRCS`, `in.srcs`."),
		depsAttr(),
		dataAttr("Files and targets that must be there when the program runs; `in.data`."),
		toolsAttr(),
		outsAttr(),
		outDirsAttr(),
		scriptAttr("Lines for `sh -eu` that write `outs` and `out_dirs`."),
		argvAttr("What is started. By default the one output of `script`."),
		depfileAttr(),
		scratchAttr(),
	},
	Analyze: analyzeProgram,
}

func analyzeProgram(c *rule.Context) error {
	s := newStep(c)
	built := s.build()
	p := rule.Program{Platform: c.Platform(), PassEnv: c.Target.Common.PassEnv}
	asked := map[*tool]bool{}
	p.Argv = s.argv(func(t *tool) { asked[t] = true })
	switch {
	case c.Has("argv"):
	case len(s.outs) == 1 && s.outs[0].Kind == rule.OutputFile:
		p.Argv = []string{s.outs[0].Path}
	default:
		s.problem("", "no-argv", "A program needs argv", "It says what is started; only a program with exactly one output file can do without.")
	}
	add := adder(&p.Data)
	add(s.outs...)
	add(s.data...)
	if !built {
		add(s.srcs...)
		add(s.deps...)
	}
	p.Env = s.programEnv() // may name tools as well
	env := map[string]string{}
	for _, t := range s.tools {
		if built && !asked[t] {
			continue
		}
		add(t.data...)
		adder(&p.Trees)(t.trees...)
		p.Layers = append(p.Layers, t.layers...)
		p.Tools = append(p.Tools, t.host...)
		p.PassEnv = append(p.PassEnv, t.passEnv...)
		for _, e := range t.env {
			env[e.Name] = e.Value
		}
	}
	for _, e := range p.Env {
		env[e.Name] = e.Value
	}
	p.Env = envList(env)
	p.Tools = sortedSet(p.Tools)
	p.PassEnv = sortedSet(p.PassEnv)
	c.SetDefault(s.outs...)
	c.Provide(p)
	return nil
}

// build declares the action that writes a program's or a test's outputs, and says whether there is one. data belongs to
// the run and is not an input of it.
func (s *step) build() bool {
	if len(s.outs) == 0 {
		for _, attr := range []string{"script", "depfile"} {
			if s.c.Has(attr) {
				s.problem(attr, "no-outputs", attr+" needs outputs", "Name what the script writes in outs or out_dirs.")
			}
		}
		return false
	}
	if !s.c.Has("script") {
		s.problem("outs", "no-script", "Nothing writes the outputs", "Give the script that does.")
		return false
	}
	b := *s
	b.data, b.hasData = nil, false
	a := b.base("Build")
	b.write(&a)
	s.c.Declare(a)
	return true
}
