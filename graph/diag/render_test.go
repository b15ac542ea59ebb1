package diag

import (
	"strings"
	"testing"
)

func TestRender(t *testing.T) {
	src := "command \"x\" {\n\tsrcs = [\"tabel.csv\"]\n\tlong = \"" + strings.Repeat("y", 300) + "\" + z\n}\n"
	source := func(f string) []byte {
		if f == "p/BUILD.hcl" {
			return []byte(src)
		}
		return nil
	}
	at := func(line, from, toLine, to int) Range {
		return Range{File: "p/BUILD.hcl", Start: Pos{Line: line, Column: from}, End: Pos{Line: toLine, Column: to}}
	}
	for _, tt := range []struct {
		name string
		d    Diag
		want string
	}{
		{"all", Diag{Code: "missing-source", Summary: "There is no file \"tabel.csv\"", Detail: "It would lie in p.", Hint: "Did you mean \"table.csv\"?",
			Range: at(2, 10, 2, 21), Context: "command \"x\"", Values: []string{"local.x = 1"}, Related: []Related{{at(1, 1, 1, 2), "here"}}},
			"Error: There is no file \"tabel.csv\"\n\n  on p/BUILD.hcl line 2, in command \"x\":\n     2: \tsrcs = [\"tabel.csv\"]\n" +
				"        \t        ^^^^^^^^^^^\n    local.x = 1\n  - p/BUILD.hcl:1: here\n\nIt would lie in p.\n\nDid you mean \"table.csv\"?\n[missing-source]\n"},
		{"lines", Diag{Warning: true, Summary: "S", Range: at(1, 13, 4, 2)},
			"Warning: S\n\n  on p/BUILD.hcl line 1:\n     1: command \"x\" {\n                    ^\n     2: \tsrcs = [\"tabel.csv\"]\n        \t^^^^^^^^^^^^^^^^^^^^\n" +
				"     3: \tlong = \"" + strings.Repeat("y", 151) + "...\n        \t" + strings.Repeat("^", 159) + "\n     4: }\n        ^\n"},
		{"long", Diag{Summary: "S", Range: at(3, 314, 3, 315)},
			"Error: S\n\n  on p/BUILD.hcl line 3:\n     3: ..." + strings.Repeat("y", 26) + "\" + z\n           " + strings.Repeat(" ", 30) + "^\n"},
		{"end of file", Diag{Summary: "S", Range: at(4, 2, 4, 2)}, "Error: S\n\n  on p/BUILD.hcl line 4:\n     4: }\n         ^\n"},
		{"no source", Diag{Summary: "S", Range: at(2, 1, 2, 5), NoSource: true}, "Error: S\n\n  on p/BUILD.hcl line 2\n"},
		{"file only", Diag{Summary: "S", Range: Range{File: "q"}}, "Error: S\n\n  on q\n"},
		{"no place", Diag{Summary: "S\x1b[31m", Context: "--var x"}, "Error: S\uFFFD[31m\n\n  in --var x\n"},
		{"beyond", Diag{Summary: "S", Range: at(99, 1, 99, 5)}, "Error: S\n\n  on p/BUILD.hcl line 99\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Render(tt.d, source, false); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
	colored := Render(Diag{Summary: "S", Range: at(2, 10, 2, 21)}, source, true)
	if !strings.HasPrefix(colored, "\x1b[1;31mError: \x1b[0m") {
		t.Errorf("%q", colored)
	}
}

func FuzzRender(f *testing.F) {
	f.Add("a\nb\n", "s", 1, 1, 1, 2)
	f.Add("\ufeff\r\n\t", "", 2, 9, 1, 0)
	f.Add("x", "", -1, -5, 1<<40, 1<<40)
	f.Fuzz(func(t *testing.T, src, summary string, line, col, endLine, endCol int) {
		d := Diag{Summary: summary, Range: Range{File: "f", Start: Pos{Line: line, Column: col}, End: Pos{Line: endLine, Column: endCol}}}
		got := Render(d, func(string) []byte { return []byte(src) }, false)
		if strings.ContainsAny(got, "\x1b\x00\r") {
			t.Errorf("control characters: %q", got)
		}
	})
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{"scrpt": "script", "vra": "var", "script": "script", "zzz": "", "srcs": "srcs"} {
		if got := Nearest(name, []string{"script", "srcs", "var"}); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
