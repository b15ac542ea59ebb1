package module

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/startup"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

const treeCall = "ioc_tree/1"

// treeEntry is something that goes into a module's tree. A To that ends in a slash is a folder: files of a tree keep their paths
// in it where From is all of the tree, and only their names otherwise.
type treeEntry struct {
	To   string `json:"to"`
	In   string `json:"in"`
	At   string `json:"at"`
	Tree bool   `json:"tree,omitempty"`
	Exec bool   `json:"exec,omitempty"`
	// Library says that it is a shared library of others, which may go by another name.
	Library bool `json:"library,omitempty"`
	// Script says that it is a snippet, whose last line gets a line end where it has none.
	Script bool `json:"script,omitempty"`
}

// treeArgs is what ioc_tree/1 is told.
type treeArgs struct {
	To      string         `json:"to"`
	Entries []treeEntry    `json:"entries"`
	Meta    string         `json:"meta"` // the file's path below the tree
	Lines   []string       `json:"lines"`
	Commit  string         `json:"commit,omitempty"`
	Module  string         `json:"module"`
	Version string         `json:"version"`
	Used    []usedDepfile  `json:"used,omitempty"`
	Known   []knownHeaders `json:"known,omitempty"`
}

// add puts a file, or several, into the tree.
func (m *moduleBuild) add(to string, from Item, exec bool) {
	m.contents = append(m.contents, treeEntry{To: m.s.installed(to, m.cc.arch), In: from.In.Path, At: from.At, Tree: from.In.Kind == rule.OutputTree, Exec: exec})
	m.inputs = append(m.inputs, from.In)
}

// addAll puts each of some items into a folder of the tree.
func (m *moduleBuild) addAll(folder string, from []Item, exec bool) {
	for _, f := range from {
		if f.pattern() || f.whole() {
			m.add(folder, f, exec)
		} else {
			m.add(folder+path.Base(f.At), f, exec)
		}
	}
}

// assemble declares the action that makes the installed form, and checks what the compilers have read.
func (m *moduleBuild) assemble() rule.Artifact {
	if m.dbd.Path != "" {
		m.add("dbd/"+m.s.Name+".dbd", Item{In: m.dbd, At: m.dbd.Path}, false)
	}
	m.addAll("db/", m.s.Templates, false)
	first := len(m.contents)
	m.addAll("", m.s.Scripts, false)
	for i := range m.contents[first:] {
		m.contents[first+i].Script = true
	}
	m.addAll("bin/"+m.cc.arch+"/", m.s.Bins, true)
	for _, e := range m.s.Extra {
		m.add(e.To, e.From, e.Executable)
	}
	tree := m.c.OutputTree("version", m.s.treePath())
	a := treeArgs{To: tree.Path, Entries: m.contents, Meta: m.s.installed(m.s.Name+"_meta.yaml", m.cc.arch), Lines: m.metaLines(), Commit: m.s.Commit.Path, Module: m.s.Name, Version: m.s.Version}
	in := append(m.inputs, m.s.Commit)
	if all := ioc.Closure(m.s.Deps); len(all) > 0 {
		a.Known = known(m.s.Deps, all)
		for _, o := range m.objects {
			if o.deps.Path != "" {
				a.Used = append(a.Used, usedDepfile{Source: o.source.At, File: o.deps.Path})
				in = append(in, o.deps)
			}
		}
		for _, r := range m.read {
			a.Used = append(a.Used, r)
			in = append(in, rule.Artifact{Path: r.File, Kind: rule.OutputFile})
		}
		for _, d := range m.s.Deps {
			in = append(in, d.Index)
		}
	}
	m.call("Tree", treeCall, a, ioc.Places(m.s.Places), in, tree)
	return tree
}

// metaLines gives what meta.yaml says, but for the commit of the sources. It says nothing of the architecture: all that a version is
// installed for share the file.
func (m *moduleBuild) metaLines() []string {
	lines := []string{"module: " + m.s.Name, "version: " + quote(m.s.Version), "base: " + quote(m.s.Base.Version)}
	lines = append(lines, m.s.Origin...)
	var deps []string
	for _, d := range m.s.before() {
		deps = append(deps, "  "+d.Name+": "+quote(d.Version))
	}
	if slices.Sort(deps); len(deps) > 0 {
		lines = append(append(lines, "dependencies:"), slices.Compact(deps)...)
	}
	return lines
}

func treeFunc(_ context.Context, c rule.CallContext) error {
	var a treeArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	where := ioc.ReadPlaces(c)
	said, err := checkHeaders(c, &a, where)
	if err != nil {
		return err
	}
	from := map[string]string{}
	for _, e := range a.Entries {
		files, err := filesOf(c, e.In, e.At, e.Tree)
		if err != nil {
			return err
		}
		if len(files) == 0 && e.In != e.At {
			said = append(said, nothingAt(e.In, e.At, where.Item(e.At, "tree")))
		}
		for _, f := range files {
			to := e.To
			if to == "" || strings.HasSuffix(to, "/") {
				to += f.rel
			}
			if other, ok := from[to]; ok && other != f.at {
				said = append(said, diag.Diag{Code: "same-file", Summary: fmt.Sprintf("Two files of the module would be %s", to), Range: where["module"],
					Detail: fmt.Sprintf("%s and %s.", other, f.at)})
				continue
			}
			from[to] = f.at
			if e.Script {
				ds, err := f.putScript(c, a.To+"/"+to)
				if err != nil {
					return err
				}
				said = append(said, ds...)
			} else if err := f.put(c, a.To+"/"+to, e.Exec || f.exec); err != nil {
				return err
			}
			if e.Library {
				if err := linkSoname(c, f.at, a.To+"/"+to); err != nil {
					return err
				}
			}
		}
	}
	if said.HasErrors() {
		return said
	}
	if odd := version.Warning(a.Version); odd != "" {
		said = append(said, diag.Diag{Warning: true, Code: "odd-version", Summary: fmt.Sprintf("Version %s of module %s may be meant otherwise", a.Version, a.Module), Detail: odd, Range: where["version"]})
	}
	if err := writeMeta(c, &a); err != nil || len(said) == 0 {
		return err
	}
	return said
}

// putScript is put for a snippet.
func (f inputFile) putScript(c rule.CallContext, to string) (diag.List, error) {
	text, err := ioc.InputBytes(c, f.at)
	if err != nil {
		return nil, err
	}
	whole, said := startup.WholeScript(f.at, text)
	if said == nil {
		return nil, f.put(c, to, f.exec)
	}
	return said, c.Write(to, whole, f.exec)
}

// linkSoname makes a link by the name that a library calls itself, where that is not its file's: who is linked with it asks for that.
func linkSoname(c rule.CallContext, from, to string) error {
	b, err := ioc.InputBytes(c, from)
	if err != nil {
		return err
	}
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil // the linker has seen it: a linker script
	}
	names, err := f.DynString(elf.DT_SONAME)
	if err != nil || len(names) != 1 || names[0] == path.Base(to) || rule.CheckRel(names[0]) != nil || strings.Contains(names[0], "/") {
		return nil
	}
	return c.Symlink(path.Join(path.Dir(to), names[0]), path.Base(to))
}

// writeMeta writes <m>_meta.yaml: what the module was made of.
func writeMeta(c rule.CallContext, a *treeArgs) error {
	text := "# Generated by cairn.\n" + strings.Join(a.Lines, "\n") + "\n"
	if a.Commit != "" {
		b, err := ioc.InputBytes(c, a.Commit)
		if err != nil {
			return err
		}
		if id := strings.TrimSpace(string(b)); id != "" {
			text += "commit: " + id + "\n"
		}
	}
	return c.Write(a.To+"/"+a.Meta, []byte(text), false)
}
