package spec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ruletest"
)

// TestCases reads each file of testdata/cases, whose sections are, in turn, a spec and the problems that are expected of it: none is
// an empty section. Each problem is its place, its code, its texts and, below, what else it has.
func TestCases(t *testing.T) {
	ruletest.Cases(t, "problems", func(t *testing.T, in []byte) string {
		s, ds := Parse("spec.yaml", in)
		if !ds.HasErrors() {
			roundTrip(t, s)
		}
		return problems(ds)
	})
}

func problems(ds diag.List) string {
	var b strings.Builder
	for _, d := range ds {
		if d.Warning {
			b.WriteString("warning ")
		}
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
	return b.String()
}

func roundTrip(t *testing.T, s *Spec) {
	t.Helper()
	c := s.Canonical()
	back, err := Decode(c)
	if err != nil {
		t.Fatalf("%v\n%s", err, c)
	}
	if again := string(back.Canonical()); again != string(c) {
		t.Errorf("decoded, it is\n%s\nand was\n%s", again, c)
	}
	for i, x := range s.Instances() {
		if y := back.Instances()[i]; x.At != y.At {
			t.Errorf("%s is at %s, and was at %s", y.ID, y.At, x.At)
		}
	}
}
