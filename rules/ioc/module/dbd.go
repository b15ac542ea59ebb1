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

const dbdCall = "ioc_dbd/1"

// dbdArgs is what ioc_dbd/1 is told: what goes in, and where what comes of it goes.
type dbdArgs struct {
	Module string     `json:"module"`
	From   []callItem `json:"from"`
	Base   string     `json:"base"` // the base's dbd files
	Deps   []dbdDep   `json:"deps,omitempty"`
	// Runtime are modules that are loaded before and whose files are not read.
	Runtime []string `json:"runtime,omitempty"`

	Dbd     string `json:"dbd"`     // <m>.dbd
	Tree    string `json:"tree"`    // a folder with it
	Headers string `json:"headers"` // a folder for headers of record types and menus
	// Registration is the C++ file, and Needs what it refers to; "" for a module that has no sources, and so no library.
	Registration string `json:"registration,omitempty"`
	Needs        string `json:"needs,omitempty"`
}

// dbdDep is a module whose dbd files may be included.
type dbdDep struct {
	Module string `json:"module"`
	Tree   string `json:"tree"`
}

// expandDbds declares what comes of dbds: the expanded file, headers of record types and menus, the registration. All of it is one action:
// what an edit leaves as it was, such as the headers, starts nothing.
func (m *moduleBuild) expandDbds() {
	if len(m.s.Dbds) == 0 {
		return
	}
	m.dbd, m.dbdTree = m.file("dbd/"+m.s.Name+".dbd"), m.tree("dbdtree")
	headers := m.tree("dbdheaders")
	a := dbdArgs{Module: m.s.Name, Base: m.s.Base.Dbd.Path, Dbd: m.dbd.Path, Tree: m.dbdTree.Path, Headers: headers.Path}
	in := append(inputsOf(m.s.Dbds), m.s.Base.Dbd)
	for _, d := range m.s.Dbds {
		a.From = append(a.From, d.told())
	}
	for _, d := range ioc.Closure(m.s.Deps) {
		if d.Dbd.Path != "" {
			a.Deps = append(a.Deps, dbdDep{d.Name, d.Dbd.Path})
			in = append(in, d.Dbd)
		}
	}
	for _, d := range m.s.Runtime {
		a.Runtime = append(a.Runtime, d.Name)
	}
	out := []rule.Artifact{m.dbd, m.dbdTree, headers}
	if len(m.s.Sources) > 0 || len(m.s.VendorLibs) > 0 {
		registration, needs := m.file(m.s.Name+"_registerRecordDeviceDriver.c"), m.file("needs.json")
		a.Registration, a.Needs = registration.Path, needs.Path
		out = append(out, registration, needs)
		m.made = append(m.made, Item{In: registration, At: registration.Path})
		m.needs = needs
	}
	m.generated = append(m.generated, headers)
	m.call("Dbd", dbdCall, a, ioc.Places(m.s.Places), in, out...)
}

func dbdFunc(_ context.Context, c rule.CallContext) error {
	var a dbdArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	x := &dbdReader{c: c, a: &a, where: ioc.ReadPlaces(c)["dbds"], own: map[string]bool{}, trees: map[string]map[string]bool{}}
	if err := x.read(); err != nil {
		return err
	}
	db, said := dbd.Expand(x.files, x.options())
	if x.err != nil {
		return x.err
	}
	said = append(x.said, said...)
	if len(said) == 0 && a.Registration == "" {
		for i, n := range db.Needs() {
			if i > 0 && said[len(said)-1].Range == n.Range {
				continue
			}
			said = append(said, diag.Diag{Code: "no-library", Summary: n.Says + " in a module without sources", Range: n.Range,
				Detail: "The module has no library that could define " + n.Symbol + ".", Hint: "Its C file belongs in sources."})
		}
	}
	if said.HasErrors() {
		return said
	}
	return x.write(db)
}

// dbdReader reads the dbd files of a module.
type dbdReader struct {
	c     rule.CallContext
	a     *dbdArgs
	where diag.Range
	files []*dbd.File
	own   map[string]bool            // paths of the module's own files
	trees map[string]map[string]bool // what lies in input trees
	said  diag.List
	err   error // reading failed, which is nobody's mistake

	names map[string]bool // menus and record types of the base and of other modules: "menu menuScan"
}

// read reads what dbds name.
func (x *dbdReader) read() error {
	for _, f := range x.a.From {
		if f.Tree {
			if _, err := x.tree(f.In); err != nil {
				return err
			}
		}
		files, err := filesOf(x.c, f.In, f.At, f.Tree)
		if err != nil {
			return err
		}
		if len(files) == 0 {
			x.said = append(x.said, nothingAt(f.In, f.At, x.where))
		}
		for _, file := range files {
			if x.own[file.at] {
				continue
			}
			x.own[file.at] = true
			data, err := ioc.InputBytes(x.c, file.at)
			if err != nil {
				return err
			}
			if path.Ext(file.at) == ".data" {
				table, said := dbd.Breakpoints(file.at, data)
				x.said = append(x.said, said...)
				if !said.HasErrors() {
					x.files = append(x.files, table)
				}
				continue
			}
			parsed, said := dbd.Parse(file.at, data)
			x.said = append(x.said, said...)
			if !said.HasErrors() {
				x.files = append(x.files, parsed)
			}
		}
	}
	return nil
}

// write writes all that comes of the files.
func (x *dbdReader) write(db *dbd.Database) error {
	a := x.a
	text := dbd.Write(db)
	if err := x.c.Write(a.Dbd, text, false); err != nil {
		return err
	}
	if err := x.c.Write(a.Tree+"/"+a.Module+".dbd", text, false); err != nil {
		return err
	}
	headers, said := x.headers(x.all(db))
	if x.err != nil {
		return x.err
	}
	if said.HasErrors() {
		return said
	}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if err := x.c.Write(a.Headers+"/"+name, headers[name], false); err != nil {
			return err
		}
	}
	if a.Registration == "" {
		return nil
	}
	if err := x.c.Write(a.Registration, dbd.Registration(db, a.Module), false); err != nil {
		return err
	}
	needs, err := json.Marshal(db.Needs())
	if err != nil {
		return err
	}
	return x.c.Write(a.Needs, needs, false)
}

// all gives the module's own files, with those that only an include names.
func (x *dbdReader) all(db *dbd.Database) []*dbd.File {
	files := slices.Clone(x.files)
	for _, at := range db.Files {
		if x.own[at] || x.foreign(at) {
			continue
		}
		data, err := ioc.InputBytes(x.c, at)
		if err != nil {
			x.err = err
			return files
		}
		f, _ := dbd.Parse(at, data)
		files = append(files, f)
	}
	return files
}

// headers gives the headers of record types and menus by name. A file is read by itself, as EPICS does it: the header of a record type
// has the menus that its own file defines.
func (x *dbdReader) headers(files []*dbd.File) (map[string][]byte, diag.List) {
	out := map[string][]byte{}
	var said diag.List
	put := func(name string, f *dbd.File, text []byte) {
		if _, ok := out[name]; ok {
			said = append(said, diag.Diag{Code: "same-header", Summary: fmt.Sprintf("Two dbd files would make %s", name), Range: diag.Range{File: f.Name}})
		}
		out[name] = text
	}
	for _, f := range files {
		if dbd.Fragment(f) {
			continue
		}
		db, ps := dbd.Expand([]*dbd.File{f}, dbd.Options{Include: x.include})
		if ps.HasErrors() {
			continue // a part of what was read without errors as a whole: nothing is made of it alone
		}
		var menus []dbd.Menu
		for _, m := range db.Declared() {
			if !m.Foreign {
				menus = append(menus, m)
			}
		}
		source := strings.TrimSuffix(path.Base(f.Name), ".pod")
		records := false
		for _, t := range db.RecordTypes {
			if !t.Foreign && t.Range.File == f.Name {
				put(dbd.HeaderName(t), f, dbd.RecordHeader(t, menus, source))
				records = true
			}
		}
		menus = slices.DeleteFunc(menus, func(m dbd.Menu) bool { return m.Range.File != f.Name })
		if !records && len(menus) > 0 {
			put(strings.TrimSuffix(source, path.Ext(source))+".h", f, dbd.MenuHeader(menus, source))
		}
	}
	return out, said
}
