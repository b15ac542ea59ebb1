package dbd

import (
	"fmt"
	"strings"
	"testing"
)

// folder is files that include each other; those whose names start with base/ are foreign.
type folder map[string]string

func (f folder) include(name, _ string) (Include, bool) {
	for _, at := range []string{name, "base/" + name} {
		if text, ok := f[at]; ok {
			return Include{Place: at, Data: []byte(text), Foreign: at != name}, true
		}
	}
	return Include{}, false
}

// expand expands the files that are named.
func (f folder) expand(names ...string) (*Database, string) {
	var files []*File
	said := ""
	for _, n := range names {
		p, ps := Parse(n, []byte(f[n]))
		if ps != nil {
			return nil, ps.Error()
		}
		files = append(files, p)
	}
	db, ps := Expand(files, Options{Include: f.include, Known: func(what, name string) bool { return name == "ai" || strings.HasPrefix(name, "menu") }})
	for _, d := range ps {
		said += fmt.Sprintf("%s:%d:%d: %s", d.Range.File, d.Range.Start.Line, d.Range.Start.Column, d.Summary)
		for _, r := range d.Related {
			said += " (" + r.Range.String() + ")"
		}
		if d.Code == "dbd-include" && d.Detail != "" {
			said += "; " + d.Detail
		}
		said += "\n"
	}
	return db, said
}

func TestExpand(t *testing.T) {
	f := folder{
		"a.dbd":           "include \"base.dbd\"\ninclude \"b.dbd\"\nregistrar(z)\nregistrar(a)\nvariable(v)\ndevice(zz, CONSTANT, d2, \"two\")\ndevice(ai, INST_IO, d1, \"o\\\"ne\")\nbreaktable(t) { 0 1 2 3 }\nlink(\"x\", lx)",
		"b.dbd":           "registrar(a)\nvariable(v, int)\ndriver(d)\nfunction(f)\nrecordtype(zz) {\n include \"common.dbd\"\n % own\n field(F, DBF_MENU) { interest(1) menu(menuYes) prompt(\"p\") }\n}\nmenu(m) { choice(mA, \"A\") }\nrecordtype(ai) {}",
		"common.dbd":      "%#include <x.h>\nfield(NAME, DBF_STRING) { size(61) prompt(\"Name\") }",
		"base/base.dbd":   "menu(menuBase) { choice(x, \"y\") }\nregistrar(ofBase)\nrecordtype(base) { field(A, DBF_LONG) }\ninclude \"more.dbd\"",
		"base/more.dbd":   "driver(ofMore)",
		"base/common.dbd": "not reached",
	}
	db, said := f.expand("a.dbd", "b.dbd", "common.dbd")
	want := `menu(m) {
    choice(mA, "A")
}
device(ai, INST_IO, d1, "o\"ne")
recordtype(zz) {
    %#include <x.h>
    % own
    field(NAME, DBF_STRING) {
        size(61)
        prompt("Name")
    }
    field(F, DBF_MENU) {
        menu(menuYes)
        prompt("p")
        interest(1)
    }
}
device(zz, CONSTANT, d2, "two")
driver(d)
link(x, lx)
registrar(a)
registrar(z)
function(f)
variable(v, int)
breaktable(t) {
	0 1
	2 3
}
`
	if got := string(Write(db)); said != "" || got != want {
		t.Errorf("%s\n%s", said, got)
	}
	if got := strings.Join(db.Files, " "); got != "a.dbd base/base.dbd base/more.dbd b.dbd common.dbd" {
		t.Errorf("files %s", got)
	}
	// What was written says the same again.
	again := folder{"x.dbd": want}
	db, said = again.expand("x.dbd")
	if got := string(Write(db)); said != "" || got != want {
		t.Errorf("%s\n%s", said, got)
	}
}

func TestExpandProblems(t *testing.T) {
	for _, tt := range []struct {
		files folder
		want  string
	}{
		{folder{"a": "menu(m) { choice(a, \"A\") }\nmenu(m) { choice(a, \"A\") }\n"}, ""},
		{folder{"a": "menu(m) { choice(a, \"A\") }\nmenu(m) { choice(a, \"B\") }"}, "a:2:6: The menu \"m\" is defined in two ways (a:1)\n"},
		{folder{"a": "recordtype(r) { field(A, DBF_LONG) }\ninclude \"b\"", "b": "recordtype(r) { field(A, DBF_CHAR) }"}, "b:1:12: The record type \"r\" is defined in two ways (a:1)\n"},
		{folder{"a": "recordtype(r) { field(A, DBF_LONG)\nfield(A, DBF_LONG) }"}, "a:2:7: The record type r has the field A twice (a:1)\n"},
		{folder{"a": "device(ai, CONSTANT, x, \"X\")\ndevice(ai, CONSTANT, x, \"X\")\ndevice(ai, CONSTANT, y, \"X\")"}, "a:3:1: The device support \"ai \\\"X\\\"\" is defined in two ways (a:1)\n"},
		{folder{"a": "variable(x)\nvariable(x, double)"}, "a:2:10: The variable \"x\" is defined in two ways (a:1)\n"},
		{folder{"a": "variable(x, string)"}, "a:1:13: Unknown type of variables \"string\"\n"},
		{folder{"a": "breaktable(x) { 0 0 1 1 }\nbreaktable(x) { 0 0 1 2 }"}, "a:2:12: The breakpoint table \"x\" is defined in two ways (a:1)\n"},
		{folder{"a": "link(x, a)\nlink(x, b)"}, "a:2:6: The link type \"x\" is defined in two ways (a:1)\n"},
		{folder{"a": "device(motor, CONSTANT, x, \"X\")"}, "a:1:25: Unknown record type \"motor\"\n"},
		{folder{"a": "device(ai, CONSTANTS, x, \"X\")"}, "a:1:12: Unknown type of addresses \"CONSTANTS\"\n"},
		{folder{"a": "recordtype(r) { field(A, DBF_MENU) { menu(no) } }"}, "a:1:23: Unknown menu \"no\"\n"},
		{folder{"a": "recordtype(r) { field(A, DBF_MENU) field(B, DBF_STRING) field(C, DBF_NOACCESS) field(D, DBF_LNG) }"},
			"a:1:23: The field A has no menu\na:1:42: The field B has no size\na:1:63: The field C has no declaration in C\na:1:89: Unknown type of fields \"DBF_LNG\"\n"},
		{folder{"a": "recordtype(r) { field(A, DBF_LONG) { pp(MAYBE) interest(900) asl(ASL2) base(OCT) prop(1) special(5) } }"},
			"a:1:41: Bad value \"MAYBE\" of `pp`\na:1:57: Bad value \"900\" of `interest`\na:1:66: Bad value \"ASL2\" of `asl`\na:1:77: Bad value \"OCT\" of `base`\na:1:87: Bad value \"1\" of `prop`\n"},
		{folder{"a": "registrar(a-b)\nmenu(\"m n\") { choice(1a, \"x\") }"}, "a:1:11: \"a-b\" is no name for a registrar\na:2:6: \"m n\" is no name for a menu\na:2:22: \"1a\" is no name for a choice\n"},
		{folder{"a": "menu(m) { choice(a, \"A\") choice(b, \"A\") }\nmenu(n) {}"}, "a:1:33: The menu m has the choice \"b\" twice\na:2:6: The menu n has no choices\n"},
		{folder{"a": "%x\nfield(A, DBF_LONG)\nchoice(a, \"b\")\ndriver(x)"}, "a:1:1: A line of C outside of a record type\na:2:1: `field(A)` outside of a recordtype\na:3:1: `choice(a)` outside of a menu\n"},
		{folder{"a": "field(A, DBF_LONG)"}, "a:1:1: `field(A)` outside of a recordtype\n"},
		{folder{"a": "recordtype(r) { include \"b\" }", "b": "driver(x)"}, "b:1:1: `driver` in the record type r\n"},
		{folder{"a": "recordtype(r) { include \"b\" }", "b": "include \"c\"\nfield(A, DBF_LONG)", "c": "field(B, DBF_LONG)"}, ""},
		{folder{"a": "include \"nowhere\""}, "a:1:9: There is no file \"nowhere\" to include\n"},
		{folder{"a": "include \"b\"", "b": "include \"c\"", "c": "driver(x)\ninclude \"a\""}, "c:2:9: Files that include each other; a -> b -> c -> a.\n"},
		{folder{"a": "recordtype(r) { include \"b\" }", "b": "field(A, DBF_LONG)\ninclude \"b\""}, "b:2:9: Files that include each other; b -> b.\n"},
		{folder{"a": "include \"b\"\ndriver(x)", "b": "driver("}, "b:1:8: Unexpected end of the file\n"},
	} {
		if _, said := tt.files.expand("a"); said != tt.want {
			t.Errorf("%v:\n got %s\nwant %s", tt.files, said, tt.want)
		}
	}
}

// Files that say very much with very little end in a problem.
func TestExpandBounds(t *testing.T) {
	f := folder{"a": "recordtype(r) { include \"f0\" }"}
	for i := range 60 {
		f[fmt.Sprintf("f%d", i)] = fmt.Sprintf("include \"f%d\"\ninclude \"f%d\"", i+1, i+1)
	}
	f["f60"] = "%line"
	if _, said := f.expand("a"); !strings.Contains(said, "Too many includes") {
		t.Error("no bound of includes")
	}
	f["f60"] = strings.Repeat("%line\n", 1000)
	if _, said := f.expand("a"); !strings.Contains(said, "Too much is included") {
		t.Error("no bound of what is included")
	}
	f["f60"] = strings.Repeat("field(A, DBF_LONG)\n", 1000)
	if _, said := f.expand("a"); strings.Count(said, "has the field A twice") != mostProblems {
		t.Error("no bound of problems")
	}
	deep := folder{"a": "include \"f0\""}
	for i := range 300 {
		deep[fmt.Sprintf("f%d", i)] = fmt.Sprintf("include \"f%d\"", i+1)
	}
	deep["f300"] = ""
	if _, said := deep.expand("a"); !strings.Contains(said, "Too many includes") {
		t.Error("no bound of depth")
	}
}

func FuzzExpand(f *testing.F) {
	f.Add("include \"b\"", "include \"a\"")
	f.Add("recordtype(r) { include \"b\" }", "field(A, DBF_STRING) { size(3) }")
	f.Add("menu(m) { include \"b\" }\ndevice(ai, CONSTANT, x, \"y\")", "choice(a, \"b\")")
	f.Add("breaktable(\"a b\") { 1 2 }\nlink(\"\", x)", "variable(a, double)")
	f.Fuzz(func(t *testing.T, a, b string) {
		files := folder{"a": a, "b": b}
		db, said := files.expand("a")
		if said != "" || db == nil {
			return
		}
		text := string(Write(db))
		again, said := folder{"a": text}.expand("a")
		if said != "" || again == nil || string(Write(again)) != text {
			t.Fatalf("what was written is read in another way:\n%s\n%s", text, said)
		}
		for _, r := range db.RecordTypes {
			RecordHeader(r, db.Declared(), "a")
		}
		Registration(db, "m")
	})
}
