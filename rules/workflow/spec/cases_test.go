package spec

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cairn-build/cairn/graph/diag"
)

var update = flag.Bool("update", false, "write what is found into testdata")

// TestCases reads each file of testdata/cases, whose sections are, in turn, a spec and the problems that are expected of it: none is
// an empty section. Each problem is its place, its code, its texts and, below, what else it has.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, f := range files {
		ar, err := txtar.ParseFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(ar.Files); i += 2 {
			in, want := ar.Files[i], &ar.Files[i+1]
			if want.Name != "problems" {
				t.Fatalf("%s: %s is followed by %s", f, in.Name, want.Name)
			}
			t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar")+"/"+in.Name, func(t *testing.T) {
				s, ds := Parse("spec.yaml", in.Data)
				got := problems(ds)
				if *update {
					want.Data = []byte(got)
				} else if got != string(want.Data) {
					t.Errorf("got\n%s\nwant\n%s", got, want.Data)
				}
				if !ds.HasErrors() {
					roundTrip(t, s)
				}
			})
		}
		if *update {
			if err := os.WriteFile(f, txtar.Format(ar), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
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
