package module

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/dbd"
)

// Where included files are found, and what is known of the base and of other modules.

// tree gives the paths of the files below an input tree.
func (x *dbdReader) tree(at string) (map[string]bool, error) {
	if t, ok := x.trees[at]; ok {
		return t, nil
	}
	names, err := x.c.List(at)
	if err != nil {
		return nil, err
	}
	t := map[string]bool{}
	for _, n := range names {
		t[n] = true
	}
	x.trees[at] = t
	return t, nil
}

func (x *dbdReader) options() dbd.Options {
	return dbd.Options{Include: x.include, Missing: x.missing, Known: x.known}
}

// include finds an included file: beside the one that includes it, among the module's own, in the modules it uses, in the base.
func (x *dbdReader) include(name, from string) (dbd.Include, bool) {
	// A file is called by what it is built as, or by what it is in the sources, where its documentation is in it.
	other := name + ".pod"
	if base, ok := strings.CutSuffix(name, ".pod"); ok {
		other = base
	}
	for _, name := range []string{name, other} {
		own, foreign := x.candidates(name, from)
		for i, at := range append(own, foreign...) {
			if !x.exists(at) {
				continue
			}
			data, err := ioc.InputBytes(x.c, at)
			if err != nil {
				x.err = err
				return dbd.Include{}, false
			}
			return dbd.Include{Place: at, Data: data, Foreign: i >= len(own)}, true
		}
	}
	return dbd.Include{}, false
}

// candidates gives where an included file may lie, the module's own places apart.
func (x *dbdReader) candidates(name, from string) (own, foreign []string) {
	beside := path.Join(path.Dir(from), name)
	if x.foreign(from) {
		foreign = append(foreign, beside)
	} else {
		own = append(own, beside)
	}
	for _, at := range slices.Sorted(maps.Keys(x.own)) {
		if at == name || strings.HasSuffix(at, "/"+name) {
			own = append(own, at)
		}
	}
	for _, f := range x.a.From {
		if f.Tree {
			own = append(own, path.Join(Item{In: rule.Artifact{Path: f.In, Kind: rule.OutputTree}, At: f.At}.dir(), name))
		}
	}
	for _, d := range x.a.Deps {
		foreign = append(foreign, path.Join(d.Tree, name))
	}
	return own, append(foreign, path.Join(x.a.Base, name))
}

func (x *dbdReader) foreign(at string) bool {
	for _, t := range x.foreignTrees() {
		if _, ok := below(t, at); ok {
			return true
		}
	}
	return false
}

// foreignTrees gives the folders of dbd files that are not the module's own.
func (x *dbdReader) foreignTrees() []string {
	var ts []string
	for _, d := range x.a.Deps {
		ts = append(ts, d.Tree)
	}
	if x.a.Base != "" {
		ts = append(ts, x.a.Base)
	}
	return ts
}

// exists says whether a file is among the inputs.
func (x *dbdReader) exists(at string) bool {
	if x.own[at] {
		return true
	}
	trees := x.foreignTrees()
	for _, f := range x.a.From {
		if f.Tree {
			trees = append(trees, f.In)
		}
	}
	for _, t := range trees {
		rel, ok := below(t, at)
		if !ok {
			continue
		}
		in, err := x.tree(t)
		if err != nil {
			x.err = err
			return false
		}
		if in[rel] {
			return true
		}
	}
	return false
}

// missing says more of an include that led nowhere.
func (x *dbdReader) missing(name string) string {
	stem := strings.TrimSuffix(name, ".dbd")
	if slices.Contains(x.a.Runtime, stem) {
		return "The module " + stem + " is in runtime_deps alone; with deps its dbd file can be included."
	}
	var names []string
	for at := range x.own {
		names = append(names, path.Base(at))
	}
	for _, t := range x.foreignTrees() {
		in, err := x.tree(t)
		if err != nil {
			x.err = err
			return ""
		}
		names = append(names, slices.Sorted(maps.Keys(in))...)
	}
	slices.Sort(names)
	if hint := diag.DidYouMean(name, names); hint != "" {
		return hint
	}
	var has []string
	for _, d := range x.a.Deps {
		has = append(has, d.Module)
	}
	text := "It was looked for among dbds"
	if len(has) > 0 {
		text += ", in the modules " + strings.Join(has, ", ")
	}
	return text + " and in the base. A file of the module's own belongs in dbds, the module that installs it in deps."
}

// known says whether the base or another module has a menu or a record type.
func (x *dbdReader) known(what, name string) bool {
	if x.a.Base == "" {
		return true
	}
	if what == "recordtype" && x.exists(x.a.Base+"/"+name+"Record.dbd") || what == "menu" && x.exists(x.a.Base+"/"+name+".dbd") {
		return true
	}
	if x.names == nil {
		x.names = map[string]bool{}
		for _, t := range x.foreignTrees() {
			x.learn(t)
		}
	}
	return x.names[what+" "+name]
}

// learn notes the menus and record types that the files of a tree define. A file that cannot be read is not this module's mistake.
func (x *dbdReader) learn(tree string) {
	in, err := x.tree(tree)
	if err != nil {
		x.err = err
		return
	}
	for _, rel := range slices.Sorted(maps.Keys(in)) {
		if path.Ext(rel) != ".dbd" {
			continue
		}
		data, err := ioc.InputBytes(x.c, tree+"/"+rel)
		if err != nil {
			x.err = err
			return
		}
		f, _ := dbd.Parse(rel, data)
		for _, it := range f.Items {
			if it.Word == "menu" || it.Word == "recordtype" {
				x.names[it.Word+" "+it.Args[0].Text] = true
			}
		}
	}
}
