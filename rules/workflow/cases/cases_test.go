package cases

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/rules/ruletest"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
)

// TestCases reads each file of testdata/cases, whose sections are, in turn, test cases and what they are read as.
func TestCases(t *testing.T) {
	ruletest.Cases(t, "", func(_ *testing.T, in []byte) string { return read(in) })
}

// read gives the problems of a file or, where there are none, what it means.
func read(src []byte) string {
	f, ds := Parse("test-cases.yaml", src)
	var b strings.Builder
	for _, d := range ds {
		s, e := d.Range.Start, d.Range.End
		fmt.Fprintf(&b, "%d:%d-%d:%d %s: %s\n", s.Line, s.Column, e.Line, e.Column, d.Code, d.Summary)
		for _, l := range []string{d.Detail, d.Hint, d.Context} {
			if l != "" {
				fmt.Fprintf(&b, "    %s\n", l)
			}
		}
		for _, r := range d.Related {
			fmt.Fprintf(&b, "    %d:%d %s\n", r.Range.Start.Line, r.Range.Start.Column, r.Text)
		}
	}
	if ds.HasErrors() {
		return b.String()
	}
	for _, c := range f.Cases {
		params, err := ojson.Marshal(c.Params, "")
		if err != nil {
			return err.Error()
		}
		mock := "as told"
		if c.MockIO != nil {
			mock = fmt.Sprint(*c.MockIO)
		}
		fmt.Fprintf(&b, "%s %d:%d %q %q\n    %s\n    asserts %v %q raises %v status %d mock %s\n", c.Key, c.At.Start.Line, c.At.Start.Column, c.Name, c.Description, params, c.Asserts,
			c.Contains, c.Raises, c.Status, mock)
		for _, m := range c.Mocks {
			fmt.Fprintf(&b, "    %s=%s\n", m.Env(), m.File)
		}
	}
	return b.String()
}

func TestNamed(t *testing.T) {
	f, ds := Parse("f", []byte("a: {name: A, description: '', params: {}}\nb: {name: B, description: '', params: {}}\n"))
	if len(ds) > 0 || f.Named("b") == nil || f.Named("b").Name != "B" || f.Named("c") != nil {
		t.Errorf("%v %v", ds, f.Cases)
	}
}

// FuzzParse checks that nothing that is read ends in a panic, and that params of what is sound are JSON.
func FuzzParse(f *testing.F) {
	f.Add([]byte("a: {name: A, description: '', params: {x: {y: [1, 2.5, null, \"t\"]}}, assertions: {result_stdout_contains: [x]}}\n"))
	f.Add([]byte("? [a]\n: b\n"))
	f.Add([]byte("a: &x {name: A, description: '', params: {}, mock_io_overrides: {a.b: c}}\nb: *x\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		file, ds := Parse("f", src)
		if ds.HasErrors() {
			return
		}
		for _, c := range file.Cases {
			b, err := ojson.Marshal(c.Params, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ojson.Parse(b); err != nil {
				t.Fatalf("%v: %s", err, b)
			}
		}
	})
}
