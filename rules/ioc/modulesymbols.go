package ioc

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc/dbd"
)

const symbolsCall = "ioc_symbols/1"

// symbolsArgs is what ioc_symbols/1 is told.
type symbolsArgs struct {
	Library string   `json:"library"`
	Needs   string   `json:"needs"`
	Trees   []string `json:"trees,omitempty"` // folders with libraries that are loaded before: of modules and of the base
	Files   []string `json:"files,omitempty"` // libraries that the module brings along
	To      string   `json:"to"`
}

// checkSymbols declares the action that says which parts of the dbd files have no code: an IOC would refuse to load the library. What
// becomes of the module hangs on it.
func (m *moduleBuild) checkSymbols() {
	if m.needs.Path == "" || m.library.Path == "" {
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
	for _, d := range append(closure(m.s.Deps), m.s.Runtime...) {
		tree(d.Tree, d.libDir())
	}
	if b := m.s.Base; b.Runtime.Path != "" {
		tree(b.Runtime, b.Runtime.Path+"/lib/"+b.Arch)
	}
	for _, v := range m.s.VendorLibs {
		if !v.pattern() && !v.whole() {
			a.Files = append(a.Files, v.At)
			in = append(in, v.In)
		}
	}
	b, err := json.Marshal(a)
	if err != nil {
		m.c.Problem("", "internal", "internal error: "+err.Error(), "Please report it.")
		return
	}
	m.c.Declare(rule.Action{Mnemonic: "Symbols", Inputs: distinct(in), Picks: picks, Outputs: []rule.Artifact{done}, Call: &rule.Call{Func: symbolsCall, Args: b}})
	m.inputs = append(m.inputs, done)
}

func symbolsFunc(_ context.Context, c rule.CallContext) error {
	var a symbolsArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	text, err := inputBytes(c, a.Needs)
	if err != nil {
		return err
	}
	var needs []dbd.Need
	if err := json.Unmarshal(text, &needs); err != nil {
		return err
	}
	own, err := inputBytes(c, a.Library)
	if err != nil {
		return err
	}
	_, wanted, err := symbolsOf(own)
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", a.Library, err)
	}
	missing := map[string]bool{}
	for _, n := range needs {
		if wanted[n.Symbol] {
			missing[n.Symbol] = true
		}
	}
	if err := elsewhere(c, &a, missing); err != nil {
		return err
	}
	var said diag.List
	for _, n := range needs {
		if missing[n.Symbol] {
			said = append(said, diag.Diag{Code: "missing-symbol", Summary: fmt.Sprintf("Nothing defines %s", n.Symbol), Range: n.Range,
				Detail: fmt.Sprintf("`%s` asks for it. It is neither in the module's library nor in those of its deps and of the base, so that no IOC could load the module.", n.Says),
				Hint:   "In the sources that is " + n.Export + "; perhaps its file is not among sources."})
		}
	}
	if said.HasErrors() {
		return said
	}
	return c.Write(a.To, nil, false)
}

// elsewhere takes out of missing what other libraries define.
func elsewhere(c rule.CallContext, a *symbolsArgs, missing map[string]bool) error {
	files := a.Files
	if len(missing) > 0 {
		for _, t := range a.Trees {
			names, err := c.List(t)
			if err != nil {
				continue // it has no libraries
			}
			for _, n := range names {
				files = append(files, t+"/"+n)
			}
		}
	}
	for _, f := range files {
		if len(missing) == 0 {
			return nil
		}
		if !isLibrary(f) || strings.HasSuffix(f, ".a") {
			continue
		}
		b, err := inputBytes(c, f)
		if err != nil {
			return err
		}
		has, _, err := symbolsOf(b)
		if err != nil {
			continue // a script for the linker, say
		}
		for s := range missing {
			if has[s] {
				delete(missing, s)
			}
		}
	}
	return nil
}

// symbolsOf gives what a shared library defines for others, and what it wants of them.
func symbolsOf(library []byte) (has, wants map[string]bool, err error) {
	f, err := elf.NewFile(bytes.NewReader(library))
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return nil, nil, err
	}
	has, wants = map[string]bool{}, map[string]bool{}
	for _, s := range symbols {
		switch {
		case s.Section != elf.SHN_UNDEF:
			has[s.Name] = true
		case elf.ST_BIND(s.Info) != elf.STB_WEAK:
			wants[s.Name] = true
		}
	}
	return has, wants, nil
}
