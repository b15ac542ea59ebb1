package spec

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzParse checks that nothing that is read ends in a panic, that each problem has its place in the file, and that the canonical form of what is
// sound gives itself again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(plainSpec))
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for i := 0; i < len(ar.Files); i += 2 {
			f.Add(ar.Files[i].Data)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		s, ds := Parse("spec.yaml", src)
		for _, d := range ds {
			if d.Range.File != "spec.yaml" || d.Range.End.Byte > len(src) || d.Range.Start.Byte > d.Range.End.Byte || d.Summary == "" || d.Code == "" {
				t.Errorf("no place: %+v", d)
			}
			if strings.HasSuffix(d.Summary, ".") {
				t.Errorf("a summary with a full stop: %q", d.Summary)
			}
		}
		if !ds.HasErrors() {
			roundTrip(t, s)
		}
	})
}
