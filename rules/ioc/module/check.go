package module

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

// usedDepfile is what a compiler says it has read for a source.
type usedDepfile struct {
	Source string `json:"source"`
	File   string `json:"file"`
}

// knownHeaders are the headers of a module that sources could see.
type knownHeaders struct {
	Dir    string `json:"dir"`
	Module string `json:"module"`          // without its version, so that another one of a module that is not named changes nothing
	Label  string `json:"label,omitempty"` // "" for one that is installed on this machine
	Named  bool   `json:"named,omitempty"` // the module is among deps
	Index  string `json:"index,omitempty"` // where it is
}

// known gives the modules whose headers are visible, those that are named first.
func known(deps, all []ioc.Module) []knownHeaders {
	var ks []knownHeaders
	for i, d := range all {
		if d.Headers.Path == "" {
			continue
		}
		k := knownHeaders{Dir: d.Headers.Path, Module: d.Name}
		if d.VersionFile.Path == "" {
			k.Label = d.Label.String()
		}
		if i < len(deps) { // ioc.Closure gives deps first
			k.Named, k.Index = true, d.Index.Path
		}
		ks = append(ks, k)
	}
	return ks
}

// checkHeaders compares what was read with what is declared: a header of a module that is not among deps is an error, since nothing else
// would load that module with this one's. Two modules that are and that install the same header are one too: which is meant
// would hang on their order.
func checkHeaders(c rule.CallContext, a *treeArgs, where ioc.Places) (diag.List, error) {
	var said diag.List
	for _, u := range a.Used {
		b, err := ioc.InputBytes(c, u.File)
		if err != nil {
			return nil, err
		}
		told := map[string]bool{}
		for _, name := range prerequisites(string(b)) {
			for _, k := range a.Known {
				rel, ok := strings.CutPrefix(name, k.Dir+"/")
				if !ok || k.Named || told[k.Dir] {
					continue
				}
				told[k.Dir] = true
				hint := fmt.Sprintf("Add %q to deps.", k.Label)
				if k.Label == "" {
					hint = fmt.Sprintf("Add %q to require, and the pool that has it to pools.", k.Module)
				}
				said = append(said, diag.Diag{Code: "undeclared-header", Range: where["deps"],
					Summary: fmt.Sprintf("%s uses %s of module %s, which %s does not name", u.Source, rel, k.Module, a.Module),
					Detail:  fmt.Sprintf("Only modules among deps are in its .dep file, and only those are loaded before it. %s can be seen because another one stands on it.", k.Module),
					Hint:    hint})
			}
		}
	}
	more, err := sameHeaders(c, a.Known, where)
	return append(said, more...), err
}

// sameHeaders reports headers that two of the named modules install.
func sameHeaders(c rule.CallContext, ks []knownHeaders, where ioc.Places) (diag.List, error) {
	var said diag.List
	of := map[string]knownHeaders{}
	for _, k := range ks {
		if k.Index == "" {
			continue
		}
		b, err := ioc.InputBytes(c, k.Index)
		if err != nil {
			return nil, err
		}
		for _, h := range strings.Fields(string(b)) {
			if other, ok := of[h]; ok && other.Dir != k.Dir {
				said = append(said, diag.Diag{Code: "same-header", Range: where["deps"], Summary: fmt.Sprintf("Modules %s and %s both install %s", other.Module, k.Module, h),
					Detail: fmt.Sprintf("Which one a source sees would hang on the order of deps: %s comes first.", other.Module)})
				continue
			}
			of[h] = k
		}
	}
	slices.SortFunc(said, func(x, y diag.Diag) int { return strings.Compare(x.Summary, y.Summary) })
	return said, nil
}

// prerequisites gives the files that a compiler's depfile names.
func prerequisites(text string) []string {
	_, list, _ := strings.Cut(strings.ReplaceAll(text, "\\\n", " "), ": ")
	words := strings.Fields(strings.ReplaceAll(list, "\\ ", "\x00"))
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "\x00", " ")
	}
	return words
}
