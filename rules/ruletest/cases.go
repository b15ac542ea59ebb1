package ruletest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// Cases reads each file of testdata/cases, whose sections are, in turn, an input and what is to be said of it, and compares that with
// what show says. The name of every second section is that of answer, "" for any. With -update the answers are written.
func Cases(t *testing.T, answer string, show func(t *testing.T, in []byte) string) {
	t.Helper()
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
			if answer != "" && want.Name != answer {
				t.Fatalf("%s: %s is followed by %s", f, in.Name, want.Name)
			}
			t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar")+"/"+in.Name, func(t *testing.T) {
				got := show(t, in.Data)
				if *Update {
					want.Data = []byte(got)
				} else if got != string(want.Data) {
					t.Errorf("got\n%s\nwant\n%s", got, want.Data)
				}
			})
		}
		if *Update {
			if err := os.WriteFile(f, txtar.Format(ar), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}
