package load

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cairn-build/cairn/graph/diag"
)

// wanted is one expected problem. In a case's files it stands at the end of the line that it is about,
//
//	srcs = ["x"] # want missing-source "There is no file"
//
// and in the section `want`, where a line cannot take a comment, as `file:line code "text"`, with the file alone or `-`
// where the problem has no line or no place.
type wanted struct {
	at   string
	code string
	text string
}

var wantForm = regexp.MustCompile(`want ([a-z-]+) ("(?:[^"\\]|\\.)*")`)

// TestCases loads each workspace in testdata/cases and compares all problems with those that stand beside the text.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			runCase(t, txtar.Parse(b))
		})
	}
}

func runCase(t *testing.T, ar *txtar.Archive) {
	fs := MapFS{}
	o := testOptions(fs)
	o.steps = 10000
	env := map[string]string{}
	o.Vars = map[string]string{}
	o.Getenv = func(n string) (string, bool) { v, ok := env[n]; return v, ok }
	for _, line := range strings.Split(string(ar.Comment), "\n") {
		if kv, ok := strings.CutPrefix(line, "env "); ok {
			k, v, _ := strings.Cut(kv, "=")
			env[k] = v
		}
		if kv, ok := strings.CutPrefix(line, "var "); ok {
			k, v, _ := strings.Cut(kv, "=")
			o.Vars[k] = v
		}
	}
	var want []wanted
	for _, f := range ar.Files {
		if f.Name == "want" {
			for _, line := range strings.Split(strings.TrimSpace(string(f.Data)), "\n") {
				var w wanted
				if _, err := fmt.Sscanf(line, "%s %s %q", &w.at, &w.code, &w.text); err != nil {
					t.Fatalf("bad want %q: %v", line, err)
				}
				want = append(want, w)
			}
			continue
		}
		fs[f.Name] = string(f.Data)
		for i, line := range strings.Split(string(f.Data), "\n") {
			for _, m := range wantForm.FindAllStringSubmatch(line, -1) {
				w := wanted{at: fmt.Sprintf("%s:%d", f.Name, i+1), code: m[1]}
				if _, err := fmt.Sscanf(m[2], "%q", &w.text); err != nil {
					t.Fatalf("bad want %q: %v", line, err)
				}
				want = append(want, w)
			}
		}
	}
	if _, ok := fs["BUILD.hcl"]; !ok {
		fs["BUILD.hcl"] = "workspace \"w\" {}\n"
	}
	_, ds := Load(context.Background(), o)
	var left []diag.Diag
next:
	for _, d := range ds {
		at := d.Range.String()
		if at == "" {
			at = "-"
		}
		for i, w := range want {
			if w.at == at && w.code == d.Code && strings.Contains(allText(d), w.text) {
				want = append(want[:i], want[i+1:]...)
				continue next
			}
		}
		left = append(left, d)
	}
	for _, d := range left {
		t.Errorf("not expected: %s [%s]\n%s", d.Error(), d.Code, allText(d))
	}
	sort.Slice(want, func(i, j int) bool { return want[i].at < want[j].at })
	for _, w := range want {
		t.Errorf("missing: %s %s %q", w.at, w.code, w.text)
	}
}

func allText(d diag.Diag) string {
	s := d.Summary + "\n" + d.Detail + "\n" + d.Hint + "\n" + strings.Join(d.Values, "\n")
	for _, r := range d.Related {
		s += "\n" + r.Range.String() + " " + r.Text
	}
	return s
}
