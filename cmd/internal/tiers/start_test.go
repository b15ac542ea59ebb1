package tiers

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestNothingIsCompiledAtStart: an expression in a variable of a package costs each start of cairn 5 to 80 us, whether it is
// used or not; sync.OnceValue puts that off. Tests may.
func TestNothingIsCompiledAtStart(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}\n{{end}}", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(string(out))
	if len(files) < 100 {
		t.Fatalf("go list gave %d files", len(files))
	}
	early := regexp.MustCompile(`(?m)^(var |\t)\w+\s*=\s*regexp\.MustCompile`)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if at := early.FindIndex(b); at != nil {
			t.Errorf("%s:%d compiles an expression at each start", f, 1+bytes.Count(b[:at[1]], []byte("\n")))
		}
	}
}
