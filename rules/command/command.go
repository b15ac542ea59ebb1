package command

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed command.md
var commandDoc string

// Command runs a command that writes files.
var Command = &rule.Rule{
	Kind: "command",
	Doc:  commandDoc,
	Attrs: []rule.Attr{
		srcsAttr("Files and targets that the command reads; `$SRCS`, `in.srcs`."),
		depsAttr(),
		dataAttr("Further files and targets that the command reads, kept out of `srcs`; `$DATA`, `in.data`."),
		toolsAttr(),
		outsAttr(),
		outDirsAttr(),
		scriptAttr("Lines for `sh -eu`. Exactly one of `script` and `argv` is given."),
		argvAttr("The command's words; no shell is involved."),
		{Name: "stdout", Type: rule.String, Late: true, Doc: "The one of `outs` that takes what the command prints."},
		depfileAttr(),
		scratchAttr(),
		{Name: "each", Type: rule.LabelRef, Doc: "A target whose one output is a folder: the command runs once for each file in it."},
		{Name: "each_files", Type: rule.Strings, Default: []string{"**"}, Doc: "Globs that pick the files of `each`, relative to that folder."},
	},
	Analyze: analyzeCommand,
}

func analyzeCommand(c *rule.Context) error {
	s := newStep(c)
	a := s.base("Command")
	if len(s.outs) == 0 {
		s.problem("", "no-outputs", "A command needs outputs", "Name what it writes in outs or out_dirs.")
	}
	if !s.oneOf() {
		return nil
	}
	s.write(&a)
	s.fanOut(&a)
	a.Spawn.Stdout = s.stdout(a.Spawn.Each != nil)
	c.Declare(a)
	c.SetDefault(s.outs...)
	return nil
}

// oneOf says whether exactly one of script and argv is given, and records a problem if not.
func (s *step) oneOf() bool {
	if s.c.Has("script") == s.c.Has("argv") {
		s.problem("script", "script-or-argv", "Either script or argv is needed", "Give the one, and not the other.")
		return false
	}
	return true
}

// write makes a the action that writes the target's outputs.
func (s *step) write(a *rule.Action) {
	a.Outputs = s.outs
	a.Spawn.DepFile = s.depfile
	if s.c.Has("script") {
		s.c.SetScope(s.scope(false, nil))
		s.shell(a)
		return
	}
	a.Spawn.Argv = s.argv(nil)
}

// stdout gives the path of the output that takes standard output. It may be written as in outs, or as out[i].
func (s *step) stdout(each bool) string {
	v := s.c.String("stdout")
	if v == "" {
		return ""
	}
	full := v
	if base := s.c.OutPath(""); v != base && !strings.HasPrefix(v, base+"/") {
		full = s.c.OutPath(v)
	}
	var files []string
	for _, o := range s.outs {
		if o.Kind == rule.OutputFile && o.Path == full {
			return full
		}
		if each && strings.HasPrefix(full, o.Path+"/") {
			return full
		}
		if o.Kind == rule.OutputFile {
			files = append(files, strings.TrimPrefix(o.Path, s.c.OutPath("")+"/"))
		}
	}
	s.problem("stdout", "stdout-no-output", fmt.Sprintf("%q is not one of outs", v),
		"Standard output goes into a declared output file."+nearestHint(v, files))
	return ""
}

// fanOut makes a run once for each file of a tree, where the target says so.
func (s *step) fanOut(a *rule.Action) {
	if !s.c.Has("each") {
		if !slices.Equal(s.c.Strings("each_files"), []string{"**"}) {
			s.problem("each_files", "each-files", "each_files picks files of nothing", "Name the folder's target in each.")
		}
		return
	}
	trees := s.c.Files("each")
	if len(trees) != 1 || trees[0].Kind != rule.OutputTree {
		s.problem("each", "each-tree", "each needs a target with one folder as its output",
			fmt.Sprintf("%d outputs are there; a folder comes from out_dirs or unpack.", len(trees)))
		return
	}
	if len(s.outs) != 1 || s.outs[0].Kind != rule.OutputTree {
		s.problem("each", "each-output", "A command with each writes into one folder", "Give out_dirs with one element, and no outs.")
		return
	}
	adder(&a.Inputs)(trees[0])
	a.Spawn.Each = &rule.Each{Tree: trees[0], Globs: s.c.Strings("each_files")}
	if !s.c.Has("script") {
		return
	}
	text := s.c.String("script")
	for _, w := range []string{"{file}", "{rel}", "{stem}"} {
		if strings.Contains(text, w) {
			name := strings.ToUpper(strings.Trim(w, "{}"))
			s.problem("script", "each-in-script", fmt.Sprintf("%s has no meaning in a script", w),
				fmt.Sprintf("A file's name is data there, not text: write \"$%s\".", name))
		}
	}
	vars := map[string]string{}
	for _, e := range a.Spawn.Env {
		vars[e.Name] = e.Value
	}
	vars["FILE"], vars["REL"], vars["STEM"] = "{file}", "{rel}", "{stem}"
	a.Spawn.Env = envList(vars)
}
