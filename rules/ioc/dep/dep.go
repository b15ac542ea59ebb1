// Package dep reads and writes .dep files, in which an installed module names the modules that are to be loaded before it:
// <module>/<version>/lib/<arch>/<module>.dep. A line is a module and a version, the version may be absent; blank lines and lines
// that start with # do not count.
package dep

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cairn-build/cairn/graph/diag"
)

// Header is the first line of each file that Write gives.
const Header = "# Generated file. Do not edit."

// File is what a .dep file says.
type File struct {
	Name    string // as it is called in messages
	Entries []Entry
}

// Entry is one module that a .dep file names.
type Entry struct {
	Module, Version string // the version may be ""
	Line            int    // from 1; 0 where it comes from no file
}

// String gives the line of a .dep file.
func (e Entry) String() string {
	if e.Version == "" {
		return e.Module
	}
	return e.Module + " " + e.Version
}

// Range gives the place of an entry of f.
func (f File) Range(e Entry) diag.Range {
	return diag.Range{File: f.Name, Start: diag.Pos{Line: e.Line, Column: 1}, End: diag.Pos{Line: e.Line, Column: 1}}
}

// mostBytes and mostProblems bound what is read, and said, of a file that is something else.
const (
	mostBytes    = 1 << 20
	mostProblems = 20
)

// Read reads a .dep file; name is what messages call it. What cannot have been meant is an error that names the line, and what
// require would read otherwise a warning; the entries are those of the lines that are good, in their order.
func Read(name string, data []byte) (File, diag.List) {
	f := File{Name: name}
	if len(data) > mostBytes {
		return f, diag.List{{Code: "bad-dep", Summary: "the .dep file is damaged", Detail: fmt.Sprintf("It has %d bytes. Install the module anew.", len(data)), Range: f.Range(Entry{Line: 1})}}
	}
	var problems diag.List
	for i, line := range strings.Split(string(data), "\n") {
		if len(problems) == mostProblems {
			break
		}
		e := Entry{Line: i + 1}
		bad := func(warning bool, summary, detail string) {
			problems = append(problems, diag.Diag{Warning: warning, Code: "bad-dep", Summary: summary, Detail: detail, Range: f.Range(e)})
		}
		if at := strings.IndexFunc(line, garbage); at >= 0 || !utf8.ValidString(line) {
			bad(false, "the .dep file is damaged", fmt.Sprintf("The line is %q, which is no text. Install the module anew.", shorten(line)))
			continue
		}
		words := strings.Fields(line)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		e.Module = words[0]
		if len(words) > 1 {
			e.Version = words[1]
		}
		if strings.ContainsAny(e.Module, "/\\") || e.Module[0] == '.' {
			bad(false, "the .dep file is damaged", fmt.Sprintf("The line is %q, and %q cannot be a module's name. Install the module anew.", shorten(line), shorten(e.Module)))
			continue
		}
		if len(words) > 2 {
			bad(true, "a line of a .dep file has more than a module and a version", fmt.Sprintf("The line is %q; only %q counts.", shorten(line), e))
		}
		if n := len(strings.TrimRight(line, " \t\r")); n > MaxLine {
			bad(true, "a line of a .dep file is too long", fmt.Sprintf("It has %d characters, and require reads only %d.", n, MaxLine))
		}
		f.Entries = append(f.Entries, e)
	}
	return f, problems
}

// garbage says whether a letter can be in no line of a .dep file.
func garbage(r rune) bool {
	return r < ' ' && r != '\t' && r != '\r' && r != '\v' && r != '\f' || r == 0x7f
}

// shorten cuts what is quoted to a length that fits a line.
func shorten(s string) string { return diag.Clip(s, 60) }

// Write gives the file that names entries: sorted, each line once. It refuses what require would read as something else.
func Write(entries []Entry) ([]byte, diag.List) {
	var problems diag.List
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Version, b.Version))
	})
	sorted = slices.CompactFunc(sorted, func(a, b Entry) bool { return a.Module == b.Module && a.Version == b.Version })
	var b strings.Builder
	b.WriteString(Header + "\n")
	for i, e := range sorted {
		if i > 0 && sorted[i-1].Module == e.Module {
			problems = append(problems, diag.Diag{Code: "dep-twice", Summary: fmt.Sprintf("module %s is wanted twice", e.Module),
				Detail: fmt.Sprintf("Only one version of it can be loaded, and both %q and %q are named.", sorted[i-1], e)})
		}
		problems = append(problems, CheckEntry(e.Module, e.Version)...)
		b.WriteString(e.String() + "\n")
	}
	if problems.HasErrors() {
		return nil, problems
	}
	return []byte(b.String()), problems
}
