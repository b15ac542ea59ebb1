package module

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

// sncOf gives the program that translates state notation: the one that the attribute names, or that of a module among deps. Modules' programs run
// on the machine that they are built for, so that builds for another one have to name it.
func sncOf(c *rule.Context, s *Spec) translator {
	for _, d := range c.Deps("snc") {
		if m, ok := rule.Get[ioc.Module](d); ok && slices.Contains(m.Bins, "snc") {
			return sncIn(m)
		}
		if p, ok := rule.Get[rule.Program](d); ok {
			return translator{argv: p.Argv, in: append(slices.Clone(p.Data), p.Trees...), host: p.Tools, env: p.Env}
		}
		c.Problem("snc", "no-snc", fmt.Sprintf("%s has no program snc", d.Label), "It takes an ioc_module with snc among its bins, or a program.")
	}
	if c.Platform() == c.Host {
		for _, m := range s.Deps {
			if slices.Contains(m.Bins, "snc") {
				return sncIn(m)
			}
		}
	}
	return translator{}
}

func sncIn(m ioc.Module) translator {
	return translator{argv: []string{m.Tree.Path + "/bin/" + m.Arch + "/snc"}, in: []rule.Artifact{m.Tree}}
}

const programsCall = "ioc_programs/1"

// programsArgs is what ioc_programs/1 is told.
type programsArgs struct {
	To   string     `json:"to"`
	From []callItem `json:"from"`
}

// registerPrograms adds a dbd file that registers the state programs among the sources.
func (m *moduleBuild) registerPrograms() {
	a := programsArgs{To: m.file("gen/programs.dbd").Path}
	var in []Item
	for _, s := range m.s.Sources {
		if language(s.At) == "st" {
			a.From = append(a.From, s.told())
			in = append(in, s)
		}
	}
	if len(in) == 0 {
		return
	}
	out := m.file("gen/programs.dbd")
	m.call("Programs", programsCall, a, ioc.Places(m.s.Places), inputsOf(in), out)
	m.s.Dbds = append(m.s.Dbds, Item{In: out, At: out.Path})
}

// stateProgram is how a program of state notation starts; it may stand behind comments and code that is passed on.
var stateProgram = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[ \t]*program[ \t\n]+([A-Za-z_][A-Za-z0-9_]*)`)
})

func programsFunc(_ context.Context, c rule.CallContext) error {
	var a programsArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	var b strings.Builder
	for _, f := range a.From {
		text, err := ioc.InputBytes(c, f.At)
		if err != nil {
			return err
		}
		p := stateProgram().FindSubmatch(text)
		if p == nil {
			return diag.List{{Code: "no-program", Summary: fmt.Sprintf("%s has no line `program NAME`", f.At), Range: ioc.ReadPlaces(c)["sources"],
				Detail: "Its registrar is named after the program."}}
		}
		fmt.Fprintf(&b, "registrar(%sRegistrar)\n", p[1])
	}
	return c.Write(a.To, []byte(b.String()), false)
}

// translate declares the actions that make C of another language, and gives the C file.
func (m *moduleBuild) translate(s Item, lang string) (Item, bool) {
	stem := "gen/" + strings.TrimSuffix(m.rel(s), path.Ext(s.At))
	out := m.file(stem + ".c")
	switch lang {
	case "st":
		return m.runSnc(s, stem, out)
	case "y":
		header := m.file(stem + ".h")
		argv := []string{rule.HostTool("sh"), "-eu", "-c", yaccScript, "yacc", m.s.Base.Program("antelope"), s.At, strings.TrimSuffix(out.Path, ".c")}
		m.c.Declare(rule.Action{Mnemonic: "Yacc", Subject: m.rel(s), Inputs: ioc.Distinct([]rule.Artifact{s.In, m.s.Base.Runtime}), Outputs: []rule.Artifact{out, header},
			Spawn: &rule.Spawn{Argv: argv, Posix: true}})
		m.s.PrivateHeaders = append(m.s.PrivateHeaders, Item{In: header, At: header.Path})
	default:
		a := rule.Action{Mnemonic: "Lex", Subject: m.rel(s), Inputs: []rule.Artifact{s.In}, Outputs: []rule.Artifact{out}, Spawn: &rule.Spawn{Stdout: out.Path}}
		if m.s.Base.Version != "" {
			// A base made of packages has no skeleton for its e_flex.
			a.Spawn.Argv, a.Spawn.HostTools = []string{rule.HostTool("flex"), "-t", s.At}, []string{"flex", "m4"}
		} else {
			a.Spawn.Argv = []string{m.s.Base.Program("e_flex"), "-S" + m.s.Base.Headers.Path + "/flex.skel.static", "-t", s.At}
			a.Inputs = ioc.Distinct(append(a.Inputs, m.s.Base.Runtime, m.s.Base.Headers))
		}
		m.c.Declare(a)
	}
	return Item{In: out, At: out.Path, Range: s.Range}, true
}

const yaccScript = `"$1" -d -b "$3" "$2"; mv "$3.tab.c" "$3.c"; mv "$3.tab.h" "$3.h"`

// runSnc declares what makes C of state notation. A .st goes through the preprocessor first, a .stt does not.
func (m *moduleBuild) runSnc(s Item, stem string, out rule.Artifact) (Item, bool) {
	snc := m.s.Snc
	if len(snc.argv) == 0 {
		m.c.Problem("sources", "no-snc", quote(m.rel(s))+" is state notation, and nothing translates it",
			"Name the sequencer's module among deps, or say snc = \"//modules/seq\": an ioc_module with snc among its bins.")
		return Item{}, false
	}
	from := s
	if path.Ext(s.At) == ".st" {
		pre, deps := m.file(stem+".i"), m.file(stem+".i.d")
		argv := append([]string{rule.HostTool(m.cc.cc), "-E", "-x", "c"}, m.s.CPPFlags...)
		dirs, in := m.includes(path.Dir(s.At))
		for _, d := range dirs {
			argv = append(argv, "-I"+d)
		}
		argv = append(argv, "-MD", "-MF", deps.Path, "-MT", pre.Path, "-o", pre.Path, s.At)
		m.c.Declare(rule.Action{Mnemonic: "Preprocess", Subject: m.rel(s), Inputs: ioc.Distinct(append([]rule.Artifact{s.In}, in...)), Outputs: []rule.Artifact{pre, deps},
			Spawn: &rule.Spawn{Argv: argv, Env: cwdEnv, HostTools: []string{m.cc.cc}, DepFile: deps.Path}})
		from = Item{In: pre, At: pre.Path}
		m.read = append(m.read, usedDepfile{Source: s.At, File: deps.Path})
	}
	argv := slices.Concat(snc.argv, m.s.SncFlags, []string{"-o", out.Path, from.At})
	m.c.Declare(rule.Action{Mnemonic: "Snc", Subject: m.rel(s), Inputs: ioc.Distinct(append([]rule.Artifact{from.In}, snc.in...)), Outputs: []rule.Artifact{out},
		Spawn: &rule.Spawn{Argv: argv, HostTools: snc.host, Env: snc.env, Posix: true}})
	return Item{In: out, At: out.Path, Range: s.Range}, true
}
