// Package start holds the kinds ioc and ioc_test: IOCs that start from modules, whoever provides those, and tests of them.
package start

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/startup"
)

//go:embed ioc.md
var doc string

// Kind is a soft IOC: `cairn run` starts it.
var Kind = &rule.Rule{
	Kind:    "ioc",
	Doc:     doc,
	Attrs:   startAttrs(""),
	Analyze: analyzeIoc,
	Calls:   map[string]rule.CallFunc{startCall: startFunc, poolTreeCall: poolTreeFunc},
}

// startAttrs are the attributes that say what an IOC loads. more completes the sentence about its startup script.
func startAttrs(more string) []rule.Attr {
	return []rule.Attr{
		{Name: "startup", Type: rule.File, Doc: "The startup script, st.cmd. Its `require` lines, and those of scripts that it loads, count like `require`." + more},
		{Name: "require", Type: rule.Strings, Doc: "Modules that are loaded before the script: `\"asyn,4.42.0\"`, or `\"asyn\"` for the highest version there is. They are looked for in `pools`."},
		{Name: "deps", Type: rule.LabelRefs, Needs: ioc.Module{}.ProviderName(), Doc: "Modules that are targets: loaded before the script, at just their version."},
		ioc.PoolsAttr,
		{Name: "commands", Type: rule.Strings, Doc: "Lines for the IOC's shell after the script."},
		{Name: "databases", Type: rule.Files, Doc: "Database files that are loaded after the commands, with `macros`; `.subs`, `.subst` and `.substitutions` by dbLoadTemplate."},
		{Name: "macros", Type: rule.StringMap, Doc: "Macros that the script and the databases are loaded with."},
		{Name: "ioc_name", Type: rule.String, Doc: "REQUIRE_IOC, which the names of the IOC's own records start with: at most 30 characters. By default the caller's IOCNAME, else the target's name."},
		ioc.BaseAttr,
		{Name: "compat", Type: rule.String, Enum: []string{"5.1", startup.Compat34}, Default: "5.1", Doc: "Whose names records and variables have: require's of 5.1, or of 3.4."},
		{Name: "strict_order", Type: rule.Bool, Doc: "Versions are those that require would come to by loading one module after another, and the first conflict is an error. By default no order plays a part."},
		{Name: "data", Type: rule.Files, Doc: "Files that the script reads: scripts that it loads, databases, protocols."},
	}
}

// Ioc is an IOC that can be started: provider "ioc".
type Ioc struct {
	Name   string
	Compat string // "" or "3.4"
	Base   ioc.Base
	// Pool is a tree with the modules that are targets, in <module>/<version>, and with require.
	Pool rule.Artifact
	// Start is a tree with what softIocPVA is given, startup.cmd, and with copies of scripts that had to be mended.
	Start rule.Artifact
	// Closure is the list of all modules, for people.
	Closure rule.Artifact
	// Resolved is the same for programs.
	Resolved rule.Artifact
	Files    []rule.Artifact // what the scripts read
	// Vars are its variables. Paths are those of an action's tree, but for Folders.
	Vars []startup.Var
	// Folders are the pools of the machine, which EPICS_DRIVER_PATH has behind Pool.
	Folders []string
}

// ProviderName implements rule.Provider.
func (Ioc) ProviderName() string { return "ioc" }

// Script is what softIocPVA is given, as a path of an action's tree.
func (s Ioc) Script() string { return s.Start.Path + "/" + startName }

// Argv is the command that starts it, in an action's tree.
func (s Ioc) Argv() []string {
	program, dbd := s.Base.SoftIoc()
	return []string{program, "-D", dbd, s.Script()}
}

func analyzeIoc(c *rule.Context) error {
	s, ok := buildIoc(c)
	if !ok {
		return nil
	}
	program := rule.Program{Argv: s.Argv(), Platform: c.Platform(), PassEnv: c.Target.Common.PassEnv, Here: true,
		Trees: []rule.Artifact{s.Pool, s.Base.Runtime}, Data: append([]rule.Artifact{s.Start}, s.Files...),
		Path: []string{s.Base.Runtime.Path + "/bin/" + s.Base.Arch}}
	for _, v := range s.Vars {
		program.Env = append(program.Env, rule.EnvVar{Name: v.Name, Value: v.Value})
		if v.Paths {
			program.Paths = append(program.Paths, v.Name)
		}
	}
	slices.SortFunc(program.Env, func(a, b rule.EnvVar) int { return strings.Compare(a.Name, b.Name) })
	c.SetDefault(s.Start, s.Closure, s.Resolved)
	c.Provide(program)
	c.Provide(s)
	return nil
}
