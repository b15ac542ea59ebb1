// Package diag holds problems as values: what is wrong, where, and what would mend it. It knows neither HCL nor
// terminals; graph/load makes most of them and cmd/internal/ui prints them.
package diag

import (
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a file. Line and Column count from 1, Column in runes; Byte counts from 0.
type Pos struct{ Line, Column, Byte int }

// Range is a stretch of a file; File is relative to the workspace, slash-separated. End is exclusive.
type Range struct {
	File       string
	Start, End Pos
}

// String gives `file:line`.
func (r Range) String() string {
	if r.Start.Line == 0 {
		return r.File
	}
	return fmt.Sprintf("%s:%d", r.File, r.Start.Line)
}

// IsZero says whether r is no place at all.
func (r Range) IsZero() bool { return r.File == "" }

// Diag is one problem. Summary is a short sentence without a full stop, Detail one or more full sentences, Hint what
// to do. Code is stable and made for machines: "unknown-attribute". Related are further places (the edges of a cycle).
type Diag struct {
	Warning bool
	Code    string
	Summary string
	Detail  string
	Hint    string
	Range   Range
	Context string   // the block's own words, `command "table"`, where known
	Values  []string // `name = value` of the expressions involved
	Related []Related
	// NoSource says that the lines at Range may hold a secret and are not to be shown.
	NoSource bool
}

// Related is a further place that explains a problem.
type Related struct {
	Range Range
	Text  string
}

// Error gives the one-line form, `file:line: summary; detail`.
func (d Diag) Error() string {
	var b strings.Builder
	if !d.Range.IsZero() {
		b.WriteString(d.Range.String())
		b.WriteString(": ")
	}
	b.WriteString(d.Summary)
	if d.Detail != "" {
		b.WriteString("; ")
		b.WriteString(d.Detail)
	}
	return b.String()
}

// List is all problems of a phase. A List with only warnings is no failure: see HasErrors and Err.
type List []Diag

// Error joins the one-line forms.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// Short says in one line what is wrong: the first error in its one-line form, and how many more there are.
func (l List) Short() string {
	first, n := "", 0
	for _, d := range l {
		if d.Warning {
			continue
		}
		if n++; n == 1 {
			d.Detail = ""
			first = d.Error()
		}
	}
	switch n {
	case 0, 1:
		return first
	case 2:
		return first + " (and 1 more problem)"
	}
	return fmt.Sprintf("%s (and %d more problems)", first, n-1)
}

// HasErrors says whether one of l is more than a warning.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diag) bool { return !d.Warning })
}

// Err gives l as an error, nil where l holds no more than warnings.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return l
}

// Most gives at most n problems of l, errors before warnings where not all fit, and says how many it leaves out.
func (l List) Most(n int) List {
	if len(l) <= n {
		return l
	}
	out := make(List, 0, n+1)
	for _, warning := range []bool{false, true} {
		for _, d := range l {
			if d.Warning == warning && len(out) < n {
				out = append(out, d)
			}
		}
	}
	return append(out.Sort(), Diag{Code: "more", Summary: fmt.Sprintf("%d more problems are not shown", len(l)-n), Warning: !l.HasErrors()})
}

// Sort puts l in the order of files and lines, stable, and drops exact repeats.
func (l List) Sort() List {
	slices.SortStableFunc(l, func(a, b Diag) int {
		if c := strings.Compare(a.Range.File, b.Range.File); c != 0 {
			return c
		}
		return a.Range.Start.Byte - b.Range.Start.Byte
	})
	return slices.CompactFunc(l, func(a, b Diag) bool {
		return a.Range == b.Range && a.Summary == b.Summary && a.Detail == b.Detail
	})
}
