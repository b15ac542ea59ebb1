package module

import (
	"context"
	"encoding/json"
	"path"
	"slices"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

// object is one file that the compiler makes.
type object struct {
	source Item
	cxx    bool
	file   rule.Artifact
	deps   rule.Artifact // its depfile: what was read to make it
}

// language is what is done with a source, by its extension.
func language(name string) string {
	switch ext := path.Ext(name); ext {
	case ".c":
		return "c"
	case ".cc", ".cpp", ".cxx", ".C", ".c++":
		return "c++"
	case ".st", ".stt":
		return "st"
	case ".l", ".y":
		return ext[1:]
	}
	return ""
}

// compileAll declares an action for each object.
func (m *moduleBuild) compileAll() {
	seen := map[string]bool{}
	for _, s := range m.s.Sources {
		lang := language(s.At)
		if seen[s.At] {
			continue
		}
		seen[s.At] = true
		switch {
		case s.whole() || s.pattern():
			m.c.Problem("sources", "no-pattern", quote(m.rel(s))+" stands for several files", "Each source is an action of its own, so BUILD.hcl names it: write them one by one.")
		case lang == "":
			m.c.Problem("sources", "bad-source", quote(path.Base(s.At))+" is no source", "Sources are C (.c), C++ (.cc, .cpp, .cxx, .C, .c++), state notation (.st, .stt), lex (.l) and yacc (.y).")
		case lang == "c" || lang == "c++":
			m.compile(s, lang == "c++")
		default:
			if made, ok := m.translate(s, lang); ok {
				m.compile(made, false)
			}
		}
	}
	for _, s := range m.made {
		m.compile(s, language(s.At) == "c++")
	}
	if len(m.objects) > 0 {
		m.compileVersion()
	}
}

// rel gives an item's place as people wrote it.
func (m *moduleBuild) rel(i Item) string {
	for _, dir := range []string{m.s.Root, m.c.OutPath(path.Join(m.s.Dir, ".parts")), m.c.Label().Pkg, rule.OutDir} {
		if rel, ok := below(dir, i.At); ok && dir != "" {
			return rel
		}
	}
	return i.At
}

func quote(s string) string { return "\"" + s + "\"" }

// compile declares the action that makes one object. It sees the headers of all modules that are there in the end, so that one that nobody
// named is not "not found": assemble says whose it is.
func (m *moduleBuild) compile(s Item, cxx bool) {
	name := "obj/" + m.rel(s)
	for m.names[name] { // a file of the package and one that another target makes
		name += "_"
	}
	if m.names == nil {
		m.names = map[string]bool{}
	}
	m.names[name] = true
	o := object{source: s, cxx: cxx, file: m.file(name + ".o"), deps: m.file(name + ".d")}
	prog, own := m.cc.cc, m.s.CFlags
	if cxx {
		prog, own = m.cc.cxx, m.s.CXXFlags
	}
	argv := append([]string{rule.HostTool(prog), "-c"}, m.cc.flags...)
	if !m.s.LegacyRset {
		argv = append(argv, "-DUSE_TYPED_RSET")
	}
	argv = slices.Concat(argv, m.s.CPPFlags, own)
	dirs, in := m.includes(path.Dir(s.At))
	for _, d := range dirs {
		argv = append(argv, "-I"+d)
	}
	argv = append(argv, "-MD", "-MF", o.deps.Path, "-MT", o.file.Path, "-o", o.file.Path, s.At)
	in = append(in, m.found)
	m.c.Declare(rule.Action{Mnemonic: "Compile", Subject: m.rel(s), Inputs: ioc.Distinct(append([]rule.Artifact{s.In}, in...)), Outputs: []rule.Artifact{o.file, o.deps},
		Spawn: &rule.Spawn{Argv: argv, Env: cwdEnv, HostTools: []string{prog}, DepFile: o.deps.Path}})
	m.objects = append(m.objects, o)
}

// includes gives the folders that a source in a folder finds headers in, in order, and what lies in them: its own, those of the module's
// sources and headers, what is made of dbd files, the modules named, those that they stand on, the base.
func (m *moduleBuild) includes(own string) ([]string, []rule.Artifact) {
	dirs := []string{own}
	for _, l := range [][]Item{m.s.Headers, m.s.PrivateHeaders, m.s.Sources} {
		for _, i := range l {
			dirs = append(dirs, i.dir())
		}
	}
	for _, d := range dirs[:len(dirs):len(dirs)] {
		for _, os := range []string{"os/Linux", "os/posix", "os/default"} {
			if m.s.ArchDirs {
				dirs = append(dirs, d+"/"+os)
			}
		}
	}
	dirs = slices.Concat(dirs, m.s.KeepHeaders, m.s.Includes)
	in := inputsOf(m.s.Headers, m.s.PrivateHeaders)
	for _, g := range m.generated {
		dirs = append(dirs, g.Path)
		in = append(in, g)
	}
	for _, d := range ioc.Closure(m.s.Deps) {
		if d.Headers.Path != "" {
			dirs = append(dirs, d.Headers.Path)
			in = append(in, d.Headers)
		}
	}
	dirs = append(dirs, m.s.Base.Headers.Path)
	in = append(in, m.s.Base.Headers)
	var once []string
	for _, d := range dirs {
		if !slices.Contains(once, d) {
			once = append(once, d)
		}
	}
	return once, in
}

// compileVersion makes the object with the symbol by which require tells the version of a loaded library.
func (m *moduleBuild) compileVersion() {
	src := m.file("version.c")
	m.call("Version", versionCall, versionArgs{To: src.Path, Module: m.s.Name, Version: m.s.Version}, nil, nil, src)
	o := object{source: Item{In: src, At: src.Path}, file: m.file("version.o")}
	argv := append([]string{rule.HostTool(m.cc.cc), "-c"}, m.cc.flags...)
	m.c.Declare(rule.Action{Mnemonic: "Compile", Subject: path.Base(src.Path), Inputs: []rule.Artifact{src}, Outputs: []rule.Artifact{o.file},
		Spawn: &rule.Spawn{Argv: append(argv, "-o", o.file.Path, src.Path), Env: cwdEnv, HostTools: []string{m.cc.cc}}})
	m.objects = append(m.objects, o)
}

const versionCall = "ioc_version/1"

// versionArgs is what ioc_version/1 is told.
type versionArgs struct {
	To      string `json:"to"`
	Module  string `json:"module"`
	Version string `json:"version"`
}

func versionFunc(_ context.Context, c rule.CallContext) error {
	var a versionArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	text := "/* Generated by cairn. */\nextern const char _" + a.Module + "LibRelease[];\nconst char _" + a.Module + "LibRelease[] = \"" + a.Version + "\";\n"
	return c.Write(a.To, []byte(text), false)
}

const textCall = "ioc_text/1"

// textArgs is what ioc_text/1 is told.
type textArgs struct {
	To   string `json:"to"`
	Text string `json:"text"`
}

func textFunc(_ context.Context, c rule.CallContext) error {
	var a textArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	return c.Write(a.To, []byte(a.Text), false)
}
