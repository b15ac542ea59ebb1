package module

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/dbd"
)

const symbolsCall = "ioc_symbols/2"

// symbolsArgs is what ioc_symbols/2 is told.
type symbolsArgs struct {
	Library string         `json:"library"`
	Needs   string         `json:"needs,omitempty"`   // what the registration refers to
	Exports []string       `json:"exports,omitempty"` // files with the names that libraries of modules define, one a line
	Trees   []string       `json:"trees,omitempty"`   // folders with libraries that are loaded before: of modules and of the base
	Files   []string       `json:"files,omitempty"`   // libraries that the module brings along, and the IOC's program
	Objects []symbolObject `json:"objects,omitempty"`
	// All says that whatever the library refers to can be looked for: Trees and Files are of its own architecture, and no module below it is
	// one that is installed on this machine, of which only headers and dbd files are inputs.
	All bool   `json:"all,omitempty"`
	To  string `json:"to"`
}

// symbolObject is an object file, for messages.
type symbolObject struct {
	Source string `json:"source"`
	File   string `json:"file"`
}

// checkSymbols declares the action that says which parts of the dbd files have no code, and what else nothing defines: an IOC would refuse to
// load the library. What becomes of the module hangs on it.
func (m *moduleBuild) checkSymbols() {
	if m.library.Path == "" || m.needs.Path == "" && m.s.Base.Runtime.Path == "" {
		return
	}
	done := m.file("symbols.ok")
	a := symbolsArgs{Library: m.library.Path, Needs: m.needs.Path, To: done.Path}
	in := []rule.Artifact{m.library, m.needs}
	var picks []string
	tree := func(t rule.Artifact, at string) {
		a.Trees = append(a.Trees, at)
		in = append(in, t)
		picks = append(picks, at)
	}
	installed := false
	for _, d := range append(ioc.Closure(m.s.Deps), m.s.Runtime...) {
		switch {
		case d.VersionFile.Path != "":
			installed = true
		case d.Exports.Path != "":
			a.Exports = append(a.Exports, d.Exports.Path)
			in = append(in, d.Exports)
		default:
			tree(d.Tree, d.LibDir())
		}
	}
	if b := m.s.Base; b.Runtime.Path != "" {
		tree(b.Runtime, b.Runtime.Path+"/lib/"+b.Arch)
		program, _ := b.SoftIoc()
		a.Files = append(a.Files, program)
		picks = append(picks, program)
		a.All = b.Arch == m.cc.arch && !installed
	}
	for _, v := range m.s.VendorLibs {
		if !v.pattern() && !v.whole() {
			a.Files = append(a.Files, v.At)
			in = append(in, v.In)
		} else {
			a.All = false
		}
	}
	for _, o := range m.objects {
		a.Objects = append(a.Objects, symbolObject{m.rel(o.source), o.file.Path})
		in = append(in, o.file)
	}
	ioc.DeclareCall(m.c, rule.Action{Mnemonic: "Symbols", Inputs: in, Picks: picks, Outputs: []rule.Artifact{done}}, symbolsCall, a, ioc.Places(m.s.Places))
	m.inputs = append(m.inputs, done)
}

func symbolsFunc(_ context.Context, c rule.CallContext) error {
	var a symbolsArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	var needs []dbd.Need
	if a.Needs != "" {
		text, err := ioc.InputBytes(c, a.Needs)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &needs); err != nil {
			return err
		}
	}
	own, err := readLibrary(c, a.Library)
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", a.Library, err)
	}
	missing := own.wants
	if !a.All || !own.knownLibraries(a.Files) {
		// Of some libraries only the linker knows what they define.
		missing = map[string]bool{}
		for _, n := range needs {
			if own.wants[n.Symbol] {
				missing[n.Symbol] = true
			}
		}
	}
	if err := elsewhere(c, &a, missing); err != nil {
		return err
	}
	var said diag.List
	for _, n := range needs {
		if missing[n.Symbol] {
			delete(missing, n.Symbol)
			said = append(said, diag.Diag{Code: "missing-symbol", Summary: fmt.Sprintf("Nothing defines %s", n.Symbol), Range: n.Range,
				Detail: fmt.Sprintf("`%s` asks for it. It is neither in the module's library nor in those of its deps and of the base, so that no IOC could load the module.", n.Says),
				Hint:   "In the sources that is " + n.Export + "; perhaps its file is not among sources."})
		}
	}
	said = append(said, others(c, &a, missing)...)
	if said.HasErrors() {
		return said
	}
	return c.Write(a.To, nil, false)
}

// others says which symbols that the code refers to nothing defines.
func others(c rule.CallContext, a *symbolsArgs, missing map[string]bool) diag.List {
	if len(missing) == 0 {
		return nil
	}
	by := map[string][]string{} // the sources that refer to a symbol
	for _, o := range a.Objects {
		wants, err := objectWants(c, o.File)
		if err != nil {
			continue // the linker could read it; it is for messages alone
		}
		for s := range missing {
			if wants[s] {
				by[s] = append(by[s], o.Source)
			}
		}
	}
	var said diag.List
	where := ioc.ReadPlaces(c)["sources"]
	for _, s := range slices.Sorted(maps.Keys(missing)) {
		from := ""
		if len(by[s]) > 0 {
			from = "It is used in " + strings.Join(by[s], ", ") + ". "
		}
		said = append(said, diag.Diag{Code: "missing-symbol", Summary: "Nothing defines " + s, Range: where,
			Detail: from + "It is neither in the module's library nor in those of its deps and of the base, so that no IOC could load the module.",
			Hint:   "A file may be missing among sources, or a module in deps; what a library of the machine defines needs -l in usr_ldflags."})
	}
	return said
}

// elsewhere takes out of missing what other libraries define.
func elsewhere(c rule.CallContext, a *symbolsArgs, missing map[string]bool) error {
	if len(missing) == 0 {
		return nil
	}
	for _, e := range a.Exports {
		b, err := ioc.InputBytes(c, e)
		if err != nil {
			return err
		}
		for name := range strings.Lines(string(b)) {
			delete(missing, strings.TrimSuffix(name, "\n"))
		}
	}
	var files []string
	for _, t := range a.Trees {
		names, err := c.List(t)
		if err != nil {
			continue // it has no libraries
		}
		for _, n := range names {
			files = append(files, t+"/"+n)
		}
	}
	// Most of what modules refer to is in few libraries.
	first := func(f string) int {
		if n := path.Base(f); strings.HasPrefix(n, "libCom.") || strings.HasPrefix(n, "libdb") {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(files, func(x, y string) int { return first(x) - first(y) })
	for _, f := range append(files, a.Files...) {
		if len(missing) == 0 {
			return nil
		}
		if strings.HasSuffix(f, ".a") || !isLibrary(f) && !slices.Contains(a.Files, f) {
			continue
		}
		l, err := readLibrary(c, f)
		if err != nil {
			continue // not there, or a script for the linker
		}
		maps.DeleteFunc(missing, func(s string, _ bool) bool { return l.has[s] })
	}
	return nil
}
