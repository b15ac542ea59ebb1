package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/label"
)

func TestMinusPatterns(t *testing.T) {
	args := []string{"build", "//...", "-//a/...", "-:b", "-k", "-...", "--", "-//c"}
	hidden := hideMinus(args)
	for i, a := range hidden {
		if marked := strings.HasPrefix(a, minusMark); marked != (i == 2 || i == 3 || i == 5) {
			t.Errorf("%q: marked %v", args[i], marked)
		}
	}
	if got := showMinus(hidden); !slices.Equal(got, args) {
		t.Errorf("got %q", got)
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "//a/..."},
		{[]string{"-:b"}, "//a/... -//a:b"},
		{[]string{":b", "c:d", "//e"}, "//a:b //a/c:d //e:e"},
	} {
		ps, err := (&session{pkg: "a"}).patterns(hideMinus(c.args))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range ps {
			got = append(got, p.String())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q: got %q want %q", c.args, got, c.want)
		}
	}
}

func TestCovered(t *testing.T) {
	ps := []label.Pattern{{Kind: label.Below}, {Kind: label.Below, Minus: true, Target: label.Label{Pkg: "a"}}, {Target: label.Label{Pkg: "a", Name: "b"}}}
	for l, want := range map[label.Label]bool{{Pkg: "x", Name: "y"}: true, {Pkg: "a", Name: "c"}: false, {Pkg: "a", Name: "b"}: true} {
		if covered(ps, l) != want {
			t.Errorf("%s: want %v", l, want)
		}
	}
}

func TestParseShard(t *testing.T) {
	for text, want := range map[string][2]int{"": {0, 0}, "1/1": {1, 1}, "2/5": {2, 5}} {
		if i, n, err := parseShard(text); err != nil || [2]int{i, n} != want {
			t.Errorf("%q: %d %d %v", text, i, n, err)
		}
	}
	for _, text := range []string{"0/2", "3/2", "1", "a/b", "1/2/3", "-1/2", "1/"} {
		if _, _, err := parseShard(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestParseAge(t *testing.T) {
	for text, want := range map[string]time.Duration{"30d": 720 * time.Hour, "12h": 12 * time.Hour, "0.5d": 12 * time.Hour, "0s": 0} {
		if d, err := parseAge(text); err != nil || d != want {
			t.Errorf("%q: %v %v", text, d, err)
		}
	}
	for _, text := range []string{"", "d", "soon", "-1h", "-1d", "NaNd", "1e99d", "30"} {
		if _, err := parseAge(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestOverlay(t *testing.T) {
	got := overlay([]string{"A=1", "B=2", "AB=3"}, []string{"B=x", "C=y"})
	if !slices.Equal(got, []string{"A=1", "AB=3", "B=x", "C=y"}) {
		t.Errorf("got %q", got)
	}
}

func TestCriticalPath(t *testing.T) {
	act := func(label string, wall int, deps ...string) build.ActionRecord {
		return build.ActionRecord{Label: label, Outputs: []string{label + ".o"}, Deps: deps, Wall: time.Duration(wall)}
	}
	path := criticalPath([]build.ActionRecord{act("a", 5), act("b", 3, "a.o"), act("c", 9), act("d", 2, "b.o", "c.o"), act("e", 1, "a.o", "gone.o")})
	var got []string
	for _, r := range path {
		got = append(got, r.Label)
	}
	if strings.Join(got, " ") != "c d" || total(path) != 11 {
		t.Errorf("got %q, %d", got, total(path))
	}
	if p := criticalPath(nil); p != nil {
		t.Errorf("of nothing: %v", p)
	}
	loop := criticalPath([]build.ActionRecord{act("x", 1, "y.o"), act("y", 1, "x.o")}) // a damaged log must not hang
	if len(loop) == 0 || len(loop) > 2 {
		t.Errorf("of a loop: %v", loop)
	}
}

func TestFindRun(t *testing.T) {
	heads := []build.RunRecord{{ID: "20261121T100000.000-7"}, {ID: "20261121T090000.000-7"}}
	for name, want := range map[string]string{"1": heads[0].ID, "2": heads[1].ID, "T09": heads[1].ID, heads[0].ID: heads[0].ID} {
		if id, err := findRun(heads, name); err != nil || id != want {
			t.Errorf("%q: %q %v", name, id, err)
		}
	}
	for _, name := range []string{"3", "0", "2026", "x", ""} {
		if id, err := findRun(heads, name); err == nil {
			t.Errorf("%q stands for %q", name, id)
		}
	}
}

func TestJUnit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.xml")
	err := writeJUnit(file, &build.Summary{Tests: []build.TestResult{
		{Label: "//a:ok", Status: build.Ran, Log: []byte("fine\x00\xff")},
		{Label: "//a:bad", Status: build.Failed, Run: 2, Fail: &build.Failure{Summary: "exit code 1", Output: []byte("<wrong>")}},
		{Label: "//:skip", Status: build.Skipped},
	}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s junitSuite
	if err := xml.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	if s.Tests != 3 || s.Failures != 1 || s.Skipped != 1 || s.Cases[0].Out != "fine?" || s.Cases[1].Name != "bad (run 2)" || s.Cases[1].Failure.Text != "<wrong>" {
		t.Errorf("got %+v", s)
	}
}

// The command line that other processes and logs see holds no values of variables and no arguments of programs.
func TestCommandLineHidesValues(t *testing.T) {
	old := os.Args
	t.Cleanup(func() { os.Args = old })
	for _, c := range []struct {
		want string
		args []string
	}{
		{"cairn run --var=password=... --var=token=... //:a -- ...", []string{"run", "--var", "password=x1", "--var=token=x2", "//:a", "--", "x3"}},
		{"cairn run --init-args=... --main-args=... //:a", []string{"run", "--init-args", `["x1"]`, `--main-args={"a": "x2"}`, "//:a"}},
		{"cairn run --git https://h.example/x --git=ssh://h.example/x ssh://git@h.example/x git://a.py --main-args",
			[]string{"run", "--git", "https://x1@h.example/x", "--git=ssh://u:x2@h.example/x", "ssh://git@h.example/x", "git://a.py", "--main-args"}},
	} {
		os.Args = append([]string{"/usr/bin/cairn"}, c.args...)
		if got := commandLine(); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}
