package command

import (
	_ "embed"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed test.md
var testDoc string

// Test is a command that passes or fails.
var Test = &rule.Rule{
	Kind: "test",
	Doc:  testDoc,
	Attrs: []rule.Attr{
		srcsAttr("Files and targets that the test reads, and those that `script` builds from; `$SRCS`, `in.srcs`."),
		depsAttr(),
		dataAttr("Files and targets that must be there when the test runs, and that nothing is built from; `$DATA`, `in.data`."),
		toolsAttr(),
		outsAttr(),
		outDirsAttr(),
		scriptAttr("Lines for `sh -eu`: the test itself or, where `outs` or `out_dirs` are given, what writes those."),
		argvAttr("The test's words; no shell is involved. Where a script builds just one file, that file is the default."),
		depfileAttr(),
		scratchAttr(),
	},
	Analyze: analyzeTest,
}

func analyzeTest(c *rule.Context) error {
	s := newStep(c)
	outs := s.outs
	shell := len(outs) == 0 && c.Has("script")
	if shell {
		if !s.oneOf() {
			return nil
		}
		if c.Has("depfile") {
			s.problem("depfile", "no-outputs", "depfile needs outputs", "It narrows what a build has read; a test is run whenever one of its inputs changes.")
		}
	} else {
		s.build()
	}
	run := s.base("Test")
	run.Test = true
	adder(&run.Inputs)(outs...)
	if shell {
		c.SetScope(s.scope(false, nil))
		s.shell(&run)
	} else if run.Spawn.Argv = s.argv(nil); len(run.Spawn.Argv) == 0 {
		switch {
		case c.Has("argv"):
		case len(outs) == 1 && outs[0].Kind == rule.OutputFile:
			run.Spawn.Argv = []string{outs[0].Path}
		default:
			s.problem("", "script-or-argv", "A test needs a script or argv", "Say what is run: it passes if it ends with exit code 0.")
		}
	}
	c.Declare(run)
	c.SetDefault(outs...)
	return nil
}
