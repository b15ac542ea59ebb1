package yamltree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ruletest"
)

// TestCases reads each section of testdata/cases/*.txtar and compares all values, with their places, and problems with the section after it.
func TestCases(t *testing.T) {
	marks := strings.NewReplacer("<TAB>", "\t", "<CR>", "\r", "<BOM>", "\ufeff", "<FF>", "\xff", "<NUL>", "\x00", "<BELL>", "\a")
	ruletest.Cases(t, "", func(_ *testing.T, in []byte) string { return show([]byte(marks.Replace(string(in)))) })
}

func show(src []byte) string {
	var b strings.Builder
	n, ds := Parse("f.yaml", src)
	for _, d := range ds.Sort() {
		fmt.Fprintf(&b, "%s %s: %s\n", at(d.Range), d.Code, d.Summary)
		for _, l := range []string{d.Detail, d.Hint} {
			if l != "" {
				fmt.Fprintf(&b, "    %s\n", l)
			}
		}
		for _, r := range d.Related {
			fmt.Fprintf(&b, "    %s %s\n", at(r.Range), r.Text)
		}
	}
	if n != nil {
		dump(&b, n, "", "")
	}
	return b.String()
}

func at(r diag.Range) string {
	return fmt.Sprintf("%d:%d-%d:%d", r.Start.Line, r.Start.Column, r.End.Line, r.End.Column)
}

func dump(b *strings.Builder, n *Node, indent, label string) {
	fmt.Fprintf(b, "%s%s%s: %s", indent, label, at(n.Range), n.Kind)
	if n.Kind != List && n.Kind != Map {
		fmt.Fprintf(b, " %q", n.Text)
	}
	b.WriteByte('\n')
	for _, e := range n.List {
		dump(b, e, indent+"  ", "- ")
	}
	for _, p := range n.Pairs {
		dump(b, p.Value, indent+"  ", fmt.Sprintf("%s %q: ", at(p.At), p.Key))
	}
}

// TestBytes checks that a place's byte is that of the file, whatever its line ends and however it begins.
func TestBytes(t *testing.T) {
	src := "\ufeffa: é\r\nb:\r\n  - x\nc: \"y\"\r\n"
	n, ds := Parse("f", []byte(src))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	for _, tt := range []struct{ key, want string }{{"a", "é"}, {"b", "- x"}, {"c", `"y"`}} {
		r := n.Get(tt.key).Range
		if got := src[r.Start.Byte:r.End.Byte]; got != tt.want {
			t.Errorf("%s is %q, want %q", tt.key, got, tt.want)
		}
	}
}

// TestBounds gives texts that are made to take long or to fill the stack. Each ends in a problem, or in a value.
func TestBounds(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 12; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	merges := "a0: &a0 {k0: v}\n"
	for i := 1; i < 400; i++ {
		merges += fmt.Sprintf("a%d: &a%d {k%d: v, <<: *a%d}\n", i, i, i, i-1)
	}
	var deep strings.Builder
	for i := range 300 {
		deep.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for name, tt := range map[string]struct{ src, want string }{
		"bomb":       {bomb, "Aliases stand for too much"},
		"long alias": {"a: &a \"" + strings.Repeat("x", 1<<20) + "\"\nb: [" + strings.Repeat("*a, ", 100) + "]\n", "Aliases stand for too much"},
		"merges":     {merges, ""},
		"brackets":   {strings.Repeat("[", 1<<20), "Nested too deep"},
		"flow":       {strings.Repeat("[", 500) + strings.Repeat("]", 500), "Nested too deep"},
		"marks":      {strings.Repeat("- ", 1<<20), "Nested too deep"},
		"questions":  {strings.Repeat("? ", 1<<20), "Nested too deep"},
		"tags":       {strings.Repeat("!a ", 1<<20), "Nested too deep"},
		"tag lines":  {strings.Repeat("!a\n", 1<<20), "Nested too deep"},
		"anchors":    {strings.Repeat("&a ", 1<<20), "Nested too deep"},
		"indents":    {deep.String(), "Nested too deep"},
		"keys":       {strings.Repeat("{a: ", 5000), "Nested too deep"},
		"large":      {strings.Repeat("#", maxFile+1), "File too large"},
		"long text":  {"a: " + strings.Repeat("word ", 1<<18) + "\nb: \"" + strings.Repeat("x", 1<<20) + "\"\nc: |\n" + strings.Repeat("  line\n", 1<<17), ""},
		"entries":    {"a:\n" + strings.Repeat("-\n", 5000), ""},
		"many keys":  {"a: &a\n" + strings.Repeat("  k: 1\n", maxKeys+1), "Too many keys"},
		"comments":   {strings.Repeat("# c\n", 30000) + "a: &a b\n", ""},
		"digits":     {"a: " + strings.Repeat("7", 4301), "Number too long"},
		"hex":        {"a: 0x" + strings.Repeat("f", 1<<20), "Number too long"},
		"dashes":     {"a: \"" + strings.Repeat("- ", 3000) + "\"\n", ""},
		"key marks":  {"a: " + strings.Repeat("- ", 1<<20), "Nested too deep"},
	} {
		t.Run(name, func(t *testing.T) {
			n, ds := Parse("f", []byte(tt.src))
			got := ""
			if len(ds) > 0 {
				got = ds[0].Summary
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if n == nil && len(ds) == 0 {
				t.Error("nothing and no reason")
			}
		})
	}
}

// same checks that quick, where it does not give up, reads as the library does.
func same(t *testing.T, src []byte) (read bool) {
	t.Helper()
	text := strings.TrimPrefix(string(src), "\ufeff")
	p := newPlaces("f", text, len(src)-len(text))
	if unreadable(p, src) != nil {
		return false
	}
	p.dropReturns()
	got := quick(p)
	if got == nil {
		return false
	}
	want, ds := library(p)
	if len(ds) > 0 || want == nil {
		t.Fatalf("quick reads what is wrong: %v\n%q", ds, src)
	}
	var a, b strings.Builder
	dump(&a, got, "", "")
	dump(&b, want, "", "")
	if a.String() != b.String() || got.cost != want.cost {
		t.Fatalf("quick reads\n%sand the library\n%sof %q", a.String(), b.String(), src)
	}
	return true
}

// TestQuick reads each line of the sections of testdata/quick.txtar by itself, and the sections: as the library does, quickly in the section "quick" only.
func TestQuick(t *testing.T) {
	ar, err := txtar.ParseFile("testdata/quick.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range ar.Files {
		for _, doc := range strings.Split(string(f.Data), "===\n") {
			if read := same(t, []byte(doc)); read != (f.Name == "quick") {
				t.Errorf("%s: quick reads it: %v\n%s", f.Name, read, doc)
			}
		}
	}
}

func TestProblemsAreBounded(t *testing.T) {
	_, ds := Parse("f", []byte("a: {"+strings.Repeat("k: v, ", maxProblems+100)+"}\n"))
	if len(ds) != maxProblems+1 || ds[maxProblems].Summary != "There are more problems" {
		t.Errorf("%d problems", len(ds))
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: [1, {b: c}]\n", "? a\n: &x |\n  t\n", "a: &a {b: 1}\nc: {<<: *a}\n", "!!str a: !!int 3\n", "- 'x\n  y'\n- >-\n  a\n", "%YAML 1.2\n---\n\xef\xbb\xbf"} {
		f.Add([]byte(s))
	}
	if ar, err := txtar.ParseFile("testdata/quick.txtar"); err == nil {
		for _, file := range ar.Files {
			for _, doc := range strings.Split(string(file.Data), "===\n") {
				f.Add([]byte(doc))
			}
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		same(t, src)
		n, ds := Parse("f", src)
		for _, d := range ds {
			check(t, d.Range, len(src))
		}
		if n != nil {
			walk(t, n, len(src), 0)
		}
	})
}

func walk(t *testing.T, n *Node, size, depth int) {
	check(t, n.Range, size)
	check(t, n.Head(), size)
	if depth > 3 {
		return // aliases stand for much
	}
	for _, e := range n.List {
		walk(t, e, size, depth+1)
	}
	for _, p := range n.Pairs {
		check(t, p.At, size)
		walk(t, p.Value, size, depth+1)
	}
}

func check(t *testing.T, r diag.Range, size int) {
	t.Helper()
	if r.Start.Line == 0 && r.End.Line == 0 && r.File != "" {
		return // the whole file
	}
	if r.File == "" || r.Start.Line < 1 || r.Start.Column < 1 || r.End.Line < r.Start.Line || r.End.Byte < r.Start.Byte || r.End.Byte > size {
		t.Errorf("no place: %+v in %d bytes", r, size)
	}
}
