package dbd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
)

// Include is where an include led to.
type Include struct {
	Place string // names the file in messages and in Database.Files: a path
	Data  []byte
	// Foreign says that the file is a base's, or another module's: what it defines counts but is not written, as whoever loads
	// this module has loaded it already. A part of a record type is no definition.
	Foreign bool
}

// Options say how files are expanded.
type Options struct {
	// Include finds what `include "name"` in a file means; from is that file's Place. It is asked once for a name and a file.
	Include func(name, from string) (Include, bool)
	// Missing says more of an include that was not found: who has such a file, say. It may be nil.
	Missing func(name string) string
	// Known says whether a base or another module has a "menu" or a "recordtype" of that name. nil: whatever is not defined here is known.
	Known func(what, name string) bool
}

// Most that is read: files that include each other may say very much with very little.
const (
	mostDepth    = 100
	mostIncludes = 20000
	mostIncluded = 1_000_000 // statements of bodies, of included files
	mostProblems = 1000
)

// Expand merges files and what they include into one database. What is defined twice in the same way counts once; what is defined in two
// ways is a problem that shows both places. A database that came with errors is not to be written.
func Expand(files []*File, opts Options) (*Database, diag.List) {
	e := &expander{opts: opts, parsed: map[string]*File{}, listed: map[string]bool{}, whole: map[string]bool{}, menus: map[string]*Menu{}, types: map[string]*RecordType{},
		links: map[string]Link{}, tables: map[string]BreakTable{}, vars: map[string]Variable{}, symbols: map[string]map[string]Symbol{}, devices: map[[2]string]bool{}}
	for _, f := range files {
		e.parsed[f.Name] = f
	}
	for _, f := range files {
		if !Fragment(f) {
			e.file(f, false)
		}
	}
	for _, f := range files {
		// A part of a record type that one of them includes is no file by itself.
		if Fragment(f) && !e.listed[f.Name] {
			e.file(f, false)
		}
	}
	e.finish()
	return &e.db, e.problems.Sort()
}

// Fragment says that a file has only what stands in the body of a record type or a menu, as dbCommon.dbd does; it may include others.
func Fragment(f *File) bool {
	part := false
	for _, it := range f.Items {
		switch it.Word {
		case "field", "choice", "%":
			part = true
		case "include":
		default:
			return false
		}
	}
	return part
}

type expander struct {
	opts     Options
	db       Database
	problems diag.List
	stack    []string         // files that are being read
	parsed   map[string]*File // by place; nil for one with errors
	whole    map[string]bool  // files read outside of any body: again they say nothing new
	listed   map[string]bool  // those of db.Files
	includes int
	included int // statements that came of includes into bodies

	menus   map[string]*Menu
	types   map[string]*RecordType
	links   map[string]Link
	tables  map[string]BreakTable
	vars    map[string]Variable
	symbols map[string]map[string]Symbol // by kind and name
	devices map[[2]string]bool
}

func (e *expander) problem(code string, at diag.Range, summary, detail, hint string, related ...diag.Related) {
	if e.enough() {
		return
	}
	e.problems = append(e.problems, diag.Diag{Code: code, Summary: summary, Detail: detail, Hint: hint, Range: at, Related: related})
}

// enough says that there is no sense in reading on.
func (e *expander) enough() bool { return len(e.problems) >= mostProblems || e.included > mostIncluded }

// file reads a file outside of any body.
func (e *expander) file(f *File, foreign bool) {
	if e.whole[f.Name] {
		return
	}
	e.whole[f.Name] = true
	e.seen(f.Name)
	e.stack = append(e.stack, f.Name)
	defer func() { e.stack = e.stack[:len(e.stack)-1] }()
	for _, it := range f.Items {
		if e.enough() {
			return
		}
		e.item(it, f.Name, foreign)
	}
}

func (e *expander) seen(place string) {
	if !e.listed[place] {
		e.listed[place] = true
		e.db.Files = append(e.db.Files, place)
	}
}

func (e *expander) item(it Item, from string, foreign bool) {
	switch it.Word {
	case "include":
		if f, theirs, ok := e.include(it, from); ok {
			e.file(f, foreign || theirs)
		}
	case "path", "addpath":
		// Where files are found is the caller's to say: builds know their folders.
	case "%":
		e.problem("dbd-place", it.Range, "A line of C outside of a record type", "Lines that start with % stand in record types, whose headers get them.", "")
	case "field", "choice":
		around := map[string]string{"field": "recordtype", "choice": "menu"}[it.Word]
		e.problem("dbd-place", it.Range, fmt.Sprintf("`%s(%s)` outside of a %s", it.Word, it.name(), around),
			"A file of "+it.Word+"s alone is made to be included in the body of a "+around+".", "")
	case "menu":
		e.menu(it, from, foreign)
	case "recordtype":
		e.recordType(it, from, foreign)
	case "breaktable":
		e.breakTable(it, foreign)
	default:
		if !foreign {
			e.support(it)
		}
	}
}

// include finds the file that it names. It is false, with a problem, where there is none or where it is read already.
func (e *expander) include(it Item, from string) (f *File, foreign, ok bool) {
	name := it.Args[0]
	if e.includes++; e.includes > mostIncludes || len(e.stack) > mostDepth {
		if e.includes <= mostIncludes+1 {
			e.problem("dbd-include", name.Range, "Too many includes", fmt.Sprintf("At most %d files deep and %d in all are read.", mostDepth, mostIncludes), "")
		}
		e.includes = mostIncludes + 1
		return nil, false, false
	}
	var in Include
	if e.opts.Include != nil {
		in, ok = e.opts.Include(name.Text, from)
	}
	if !ok {
		hint := ""
		if e.opts.Missing != nil {
			hint = e.opts.Missing(name.Text)
		}
		e.problem("dbd-include", name.Range, fmt.Sprintf("There is no file %q to include", shorten(name.Text)), "", hint)
		return nil, false, false
	}
	if i := slices.Index(e.stack, in.Place); i >= 0 {
		e.problem("dbd-include", name.Range, "Files that include each other", strings.Join(append(slices.Clone(e.stack[i:]), in.Place), " -> ")+".", "")
		return nil, false, false
	}
	f, had := e.parsed[in.Place]
	if !had {
		var ps diag.List
		f, ps = Parse(in.Place, in.Data)
		e.problems = append(e.problems, ps...)
		if ps.HasErrors() {
			f = nil
		}
		e.parsed[in.Place] = f
	}
	return f, in.Foreign, f != nil
}

// body gives the statements of a body with those of its includes in their places.
func (e *expander) body(items []Item, from string, each func(Item)) {
	for _, it := range items {
		if e.enough() {
			return
		}
		if it.Word != "include" {
			each(it)
			continue
		}
		f, _, ok := e.include(it, from)
		if !ok {
			continue
		}
		if e.included += len(f.Items); e.included > mostIncluded {
			e.problems = append(e.problems, diag.Diag{Code: "dbd-include", Range: it.Args[0].Range, Summary: "Too much is included",
				Detail: fmt.Sprintf("At most %d statements are read of files that are included in bodies.", mostIncluded)})
			return
		}
		e.seen(f.Name)
		e.stack = append(e.stack, f.Name)
		e.body(f.Items, f.Name, each)
		e.stack = e.stack[:len(e.stack)-1]
	}
}

func (e *expander) named(a Arg, what string) bool {
	if isName(a.Text) {
		return true
	}
	e.problem("dbd-name", a.Range, fmt.Sprintf("%q is no name for a %s", shorten(a.Text), what), "It becomes a name in C: letters, digits and _, not starting with a digit.", "")
	return false
}

func (e *expander) twice(what, name string, at, first diag.Range) {
	e.problem("dbd-conflict", at, fmt.Sprintf("The %s %q is defined in two ways", what, name), "", "", diag.Related{Range: first, Text: "the other definition"})
}

func (e *expander) breakTable(it Item, foreign bool) {
	t := BreakTable{Name: it.Args[0].Text, Range: it.Args[0].Range}
	for _, p := range it.Body {
		t.Points = append(t.Points, [2]string{p.Args[0].Text, p.Args[1].Text})
	}
	if foreign {
		return
	}
	if old, ok := e.tables[t.Name]; ok {
		if !slices.Equal(old.Points, t.Points) {
			e.twice("breakpoint table", t.Name, t.Range, old.Range)
		}
		return
	}
	e.tables[t.Name] = t
	e.db.BreakTables = append(e.db.BreakTables, t)
}

func (e *expander) finish() {
	byName := func(a, b Symbol) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(e.db.Drivers, byName)
	slices.SortFunc(e.db.Registrars, byName)
	slices.SortFunc(e.db.Functions, byName)
	slices.SortFunc(e.db.Variables, func(a, b Variable) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(e.db.Links, func(a, b Link) int { return cmp.Compare(a.Symbol, b.Symbol) })
	slices.SortFunc(e.db.BreakTables, func(a, b BreakTable) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(e.db.Devices, func(a, b Device) int { return cmp.Compare(a.RecordType, b.RecordType) })
	for _, m := range e.menus {
		e.db.Menus = append(e.db.Menus, *m)
	}
	slices.SortFunc(e.db.Menus, func(a, b Menu) int { return cmp.Compare(a.Name, b.Name) })
	for _, t := range e.types {
		e.db.RecordTypes = append(e.db.RecordTypes, *t)
	}
	slices.SortFunc(e.db.RecordTypes, func(a, b RecordType) int { return cmp.Compare(a.Name, b.Name) })
	e.references()
}

// references says which menus and record types are named and are nowhere.
func (e *expander) references() {
	known := func(what, name string) bool { return e.opts.Known == nil || e.opts.Known(what, name) }
	for _, t := range e.db.RecordTypes {
		for _, f := range t.Fields {
			m := f.Attrs["menu"]
			if t.Foreign || f.Type != "DBF_MENU" || m == "" || e.menus[m] != nil || known("menu", m) {
				continue
			}
			e.problem("dbd-unknown", f.Range, fmt.Sprintf("Unknown menu %q", m), fmt.Sprintf("The field %s of the record type %s names it.", f.Name, t.Name),
				"Its definition has to be among the module's dbd files, or in the base or a module of deps.")
		}
	}
	for _, d := range e.db.Devices {
		if e.types[d.RecordType] == nil && !known("recordtype", d.RecordType) {
			e.problem("dbd-unknown", d.Range, fmt.Sprintf("Unknown record type %q", shorten(d.RecordType)), fmt.Sprintf("The device support %s names it.", d.Symbol),
				"Its definition has to be among the module's dbd files, or in the base or a module of deps.")
		}
	}
}
