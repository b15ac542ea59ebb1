package dbd

import (
	"fmt"
	"strings"
	"testing"
)

// print writes items on one line each, with the places of their words.
func print(b *strings.Builder, items []Item, indent string) {
	for _, it := range items {
		fmt.Fprintf(b, "%s%d:%d %s", indent, it.Range.Start.Line, it.Range.Start.Column, it.Word)
		for _, a := range it.Args {
			if a.Quoted {
				fmt.Fprintf(b, " %q", a.Text)
			} else {
				fmt.Fprintf(b, " %s", a.Text)
			}
		}
		b.WriteString("\n")
		print(b, it.Body, indent+"  ")
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"a record type", "# c\nrecordtype(x) {\n  %#include \"a.h\" # kept\r\n  field(VAL,DBF_LONG) { prompt(\"a \\\"b\\\" \\\\c\") asl(ASL0) } # no\n  include \"y.dbd\"\n field(B, DBF_CHAR)\n}",
			"2:1 recordtype x\n  3:3 % #include \"a.h\" # kept\n  4:3 field VAL DBF_LONG\n    4:25 prompt \"a \\\"b\\\" \\\\c\"\n    4:47 asl ASL0\n  5:3 include \"y.dbd\"\n  6:2 field B DBF_CHAR\n"},
		{"all that has no body", "device(ai,INST_IO,devX,\"é x\")driver(d)link(\"a\",b)registrar(r)function(f)variable(v)variable(w,double)path \"a:b\"\naddpath c\ninclude \"d\"",
			"1:1 device ai INST_IO devX \"é x\"\n1:30 driver d\n1:39 link \"a\" b\n1:50 registrar r\n1:62 function f\n1:73 variable v\n1:84 variable w double\n1:102 path \"a:b\"\n2:1 addpath c\n3:1 include \"d\"\n"},
		{"a breakpoint table", "breaktable(t) { 0.0 1, 2\n -3e1, 4 5 }", "1:1 breaktable t\n  1:17 point 0.0 1\n  1:24 point 2 -3e1\n  2:8 point 4 5\n"},
		{"a menu that attributes share the word with", "menu(m) { choice(a, \"b\") }\nfield(F, DBF_MENU) { menu(m) }", "1:1 menu m\n  1:11 choice a \"b\"\n2:1 field F DBF_MENU\n  2:22 menu m\n"},
		{"a mark at the start", "\ufeffdriver(d)", "1:1 driver d\n"},
		{"nothing", " # x", ""},
	} {
		f, ps := Parse("f.dbd", []byte(tt.in))
		var b strings.Builder
		print(&b, f.Items, "")
		if ps != nil || b.String() != tt.want {
			t.Errorf("%s:\n%s%v\nwant\n%s", tt.name, b.String(), ps, tt.want)
		}
	}
}

func TestParsePod(t *testing.T) {
	text := "=head1 A {\n\nrecordtype(no) {\n\n=cut\n\nrecordtype(x) {\n=fields VAL\n=cut\nfield(VAL, DBF_LONG)\n}\n=head2 end"
	f, ps := Parse("xRecord.dbd.pod", []byte(text))
	var b strings.Builder
	print(&b, f.Items, "")
	if want := "7:1 recordtype x\n  10:1 field VAL DBF_LONG\n"; ps != nil || b.String() != want {
		t.Errorf("got %s%v", b.String(), ps)
	}
	if _, ps := Parse("xRecord.dbd", []byte(text)); ps == nil {
		t.Error("documentation is read as definitions in a file of another name")
	}
}

func TestParseProblems(t *testing.T) {
	for in, want := range map[string]string{
		"recordtype(x) {\n field(VAL, DBF_LONG) {\n  prompt(\"a\n  interest(1)\n }\n}": "f.dbd:3:10: Text that is not closed; A text in quotes ends on the line it starts on.",
		"recordtype(x) {\n field(VAL DBF_LONG)\n}":                                     "f.dbd:2:12: Unexpected `DBF_LONG`; Arguments of `field` are parted by `,` and end with `)`.",
		"menu(m) {\n choice(a, \"b\")\n":                                               "f.dbd:1:9: A `{` that is not closed; The file ends in the body of `menu(m)`.",
		"menu(m) {\n choice(a, \"b\")\nrecordtype(x) {}":                               "f.dbd:3:1: \"recordtype\" does not belong in `menu(m)`; A `}` may be missing before it.",
		"recordtype(x) { feild(A, DBF_LONG) }":                                         "f.dbd:1:17: \"feild\" does not belong in `recordtype(x)`; A `}` may be missing before it. Did you mean \"field\"?",
		"registrer(x)":                                                                 "f.dbd:1:1: Unknown statement \"registrer\" Did you mean \"registrar\"?",
		"record(ai, \"x\") {}":                                                         "f.dbd:1:1: `record` in a dbd file; Record instances stand in databases: .db files and templates.",
		"device(ai, INST_IO, devX)":                                                    "f.dbd:1:25: Too few arguments for `device`; It takes 4 arguments.",
		"variable(a, int, 3)":                                                          "f.dbd:1:18: Too many arguments for `variable`; It takes 1 or 2 arguments.",
		"driver()":                                                                     "f.dbd:1:8: Unexpected `)`; Here stands argument 1 of `driver`.",
		"driver d":                                                                     "f.dbd:1:8: Unexpected `d`; After `driver` stands `(`.",
		"}":                                                                            "f.dbd:1:1: Unexpected `}`; A statement starts with its word, such as `menu`, `field` or `device`.",
		"driver(a) é":                                                                  "f.dbd:1:11: Unexpected 'é'; Outside of quotes no word of a dbd file has it.",
		"breaktable(t) { 1 2 x }":                                                      "f.dbd:1:21: Unexpected `x`; A breakpoint table holds pairs of numbers: the raw value, then the engineering value.",
		"breaktable(t) { 1 }":                                                          "f.dbd:1:19: Unexpected `}`; A breakpoint table holds pairs of numbers: the raw value, then the engineering value.",
		"menu(m) {\n% x\n}":                                                            "f.dbd:2:1: A line of C in `menu(m)`; Lines that start with % stand in record types.",
		"include":                                                                      "f.dbd:1:8: Unexpected end of the file; After `include` stands a name in quotes.",
		"menu(m)":                                                                      "f.dbd:1:8: Unexpected end of the file; The body of `menu(...)` starts with `{`.",
		"driver(" + strings.Repeat("x", 80) + " y)":                                    "f.dbd:1:89: Unexpected `y`; Arguments of `driver` are parted by `,` and end with `)`.",
	} {
		_, ps := Parse("f.dbd", []byte(in))
		if len(ps) != 1 {
			t.Errorf("%q: %v", in, ps)
			continue
		}
		d := ps[0]
		got := fmt.Sprintf("%s:%d:%d: %s", d.Range.File, d.Range.Start.Line, d.Range.Start.Column, d.Summary)
		if d.Detail != "" {
			got += "; " + d.Detail
		}
		if d.Hint != "" {
			got += " " + d.Hint
		}
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestBalanced(t *testing.T) {
	for in, want := range map[string]string{
		"file a.template { pattern {P} {\"A:\"} {B} }\n# }\n": "",
		"file a { {P=\"}\"} }":                                "",
		"file a { {P=\"\\\"}\"} }":                            "",
		"file a {\n {P=1}\n":                                  "1:8 A `{` that is not closed",
		"file a { {P=1} }\n}":                                 "2:1 A `}` too many",
		"file a { {P=\"1} }\n":                                "1:13 Text that is not closed",
	} {
		got := ""
		for _, d := range Balanced("s", []byte(in)) {
			got += fmt.Sprintf("%d:%d %s", d.Range.Start.Line, d.Range.Start.Column, d.Summary)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"menu(m) { choice(a, \"b\") }", "recordtype(x) {\n%c\nfield(A,DBF_LONG){prompt(\"x\")}}", "breaktable(t) {1 2}", "include \"x\"", "device(a,b,c,\"d\")"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, ps := Parse("f.dbd", b)
		if len(ps) > 1 {
			t.Fatalf("%d problems", len(ps))
		}
		for _, d := range ps {
			if at := d.Range.Start; at.Line < 1 || at.Column < 1 || at.Byte > len(b) {
				t.Fatalf("no place: %+v", d.Range)
			}
		}
		for _, it := range file.Items {
			if len(it.Args) == 0 {
				t.Fatalf("%q without an argument", it.Word)
			}
		}
	})
}

func FuzzBalanced(f *testing.F) {
	for _, s := range []string{"file a { {P=1} }", "file \"a\" {\n pattern {P} {\"}\"} # {\n}", "}{", "\"\\\"{"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, d := range Balanced("s", b) {
			if at := d.Range.Start; at.Line < 1 || at.Column < 1 || at.Byte >= len(b) {
				t.Fatalf("no place: %+v", d.Range)
			}
		}
	})
}
