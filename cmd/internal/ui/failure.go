package ui

import (
	"bytes"
	"fmt"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/diag"
)

// appendFailure writes a failure's one form: label and BUILD.hcl:line with what went wrong; the command; the end of the
// output; what else may help; one line that does it again; the whole log's path. A thing that is not known has no line.
func appendFailure(b []byte, colored bool, f *build.Failure) []byte {
	b = paint(b, colored, red, "failed")
	b = append(b, ": "...)
	b = paint(b, colored, bold, build.TestID{Label: f.Label, Case: f.Case}.String())
	if f.File != "" {
		b = fmt.Appendf(b, " (%s:%d)", f.File, f.Line)
	}
	b = append(b, ": "...)
	b = append(b, f.Summary...)
	b = append(b, '\n')
	if f.Command != "" {
		b = append(b, "  command: "...)
		b = append(b, f.Command...)
		b = append(b, '\n')
	}
	if len(f.Problems) > 0 {
		return appendProblems(b, colored, f)
	}
	first, last, left := f.Output, []byte(nil), 0
	if f.Log != "" {
		first, last, left = excerpt(f.Output)
	}
	b = barred(b, first)
	if left > 0 {
		b = fmt.Appendf(b, "  [%s left out here]\n", Bytes(int64(left)))
		b = barred(b, last)
	}
	for _, h := range f.Hints {
		b = append(b, "  hint: "...)
		b = append(b, h...)
		b = append(b, '\n')
	}
	if f.Repro != "" {
		b = append(b, "  again: "...)
		b = append(b, f.Repro...)
		b = append(b, '\n')
	}
	if f.Log != "" {
		b = append(b, "  log: "...)
		b = append(b, f.Log...)
		b = append(b, '\n')
	}
	return b
}

// appendProblems writes what a call found wrong, each thing with its place and lines, as problems of BUILD files are.
func appendProblems(b []byte, colored bool, f *build.Failure) []byte {
	source := func(file string) []byte { return f.Sources[file] }
	for i, d := range f.Problems {
		if i == mostProblems {
			return fmt.Appendf(b, "\n%d more problems; all are in %s\n", len(f.Problems)-i, f.Log)
		}
		b = append(append(b, '\n'), diag.Render(d, source, colored)...)
	}
	return b
}

// mostProblems is how many problems of one action are shown.
const mostProblems = 50

// barred appends the lines of an action's output, each after a bar.
func barred(b, text []byte) []byte {
	for line := range bytes.Lines(plainLines(text)) {
		b = append(b, "  | "...)
		b = append(b, bytes.TrimSuffix(line, []byte("\n"))...)
		b = append(b, '\n')
	}
	return uncoloured(b, text)
}
