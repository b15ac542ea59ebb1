package label

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ text, pkg, want, wrong string }{
		{"//a/b:c", "", "//a/b:c", ""},
		{"//a/b", "", "//a/b:b", ""},
		{":c", "x/y", "//x/y:c", ""},
		{"//:root", "x", "//:root", ""},
		{":c@py311", "", "//:c@py311", ""},
		{"//a/b@1.0.0+1", "", "//a/b:b@1.0.0+1", ""},
		{"//a@x/b", "", "", "cannot hold \"@\""},
		{"//a/b@", "", "", "key is empty"},
		{"//a/@k", "", "", "cannot hold \"@\""},
		{"//a b/ü:c", "", "//a b/ü:c", ""},
		{"//", "", "", "no short form"},
		{"c", "", "", "not a label"},
		{"//a/../b", "", "", `".."`},
		{"//a//b", "", "", "no empty part"},
		{"//a:", "", "", "is empty"},
		{"//a:b/c", "", "", "letters, digits"},
		{"//a:..", "", "", `".."`},
		{"//a:b@", "", "", "key is empty"},
		{"//a:b@c@d", "", "", "letters, digits"},
		{"//cairn-out/a", "", "", "outputs"},
		{"//\xff:a", "", "", "UTF-8"},
		{"@repo//a", "", "", "reserved"},
		{"//a:b\x00", "", "", "letters, digits"},
	} {
		l, err := Parse(c.text, c.pkg)
		switch {
		case c.wrong == "" && (err != nil || l.String() != c.want):
			t.Errorf("Parse(%q) = %v, %v; want %s", c.text, l, err, c.want)
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("Parse(%q) = %v, %v; want an error with %q", c.text, l, err, c.wrong)
		}
	}
}

func TestPattern(t *testing.T) {
	for _, c := range []struct{ text, pkg, canonical, covers, not string }{
		{"//...", "a", "//...", "//x/y:z", ""},
		{"...", "a", "//a/...", "//a/b:c", "//ab:c"},
		{"//a/...", "", "//a/...", "//a:x", "//b:x"},
		{"-//a/b/...", "", "-//a/b/...", "//a/b:c", "//a:b"},
		{"//a:all", "", "//a:all", "//a:x", "//a/b:x"},
		{":*", "a", "//a:all", "//a:x", "//b:x"},
		{"//a:x", "", "//a:x", "//a:x@k", "//a:xy"},
		{"//a:x@k", "", "//a:x@k", "//a:x@k", "//a:x@l"},
		{"b:c", "a", "//a/b:c", "//a/b:c", "//b:c"},
		{"./b", "a", "//a/b:b", "//a/b:b", "//b:b"},
		{"b/...", "", "//b/...", "//b/c:d", "//a:b"},
	} {
		p, err := ParsePattern(c.text, c.pkg)
		if err != nil || p.String() != c.canonical {
			t.Errorf("ParsePattern(%q, %q) = %v, %v; want %s", c.text, c.pkg, p, err, c.canonical)
			continue
		}
		for text, want := range map[string]bool{c.covers: true, c.not: false} {
			if text == "" {
				continue
			}
			l, err := Parse(text, "")
			if err != nil {
				t.Fatal(err)
			}
			if p.Covers(l) != want {
				t.Errorf("%s covers %s: %v, want %v", p, l, !want, want)
			}
		}
	}
}

func TestAllIsNoLabel(t *testing.T) {
	for _, text := range []string{"//a/all", "//a:all", ":all"} {
		if l, err := Parse(text, "p"); err == nil {
			t.Errorf("%q is the label %v", text, l)
		}
	}
}

func TestShort(t *testing.T) {
	for text, want := range map[string]string{"//a/b:b": "//a/b", "//a/b:c": "//a/b:c", "//:x": "//:x"} {
		l, err := Parse(text, "")
		if err != nil || l.Short() != want {
			t.Errorf("Short of %s is %s (%v), want %s", text, l.Short(), err, want)
		}
	}
	if l := (Label{"a", "x@k"}); l.Base() != "x" || l.Key() != "k" {
		t.Errorf("%v has base %q and key %q", l, l.Base(), l.Key())
	}
}

// FuzzParse checks that what is accepted is written back as it can be read again, and names nothing outside the workspace.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"//a/b:c", ":x", "//a", "-//a/...", "//a:all", "//a:b@c", "@r//x", "//../x:y", "a:b", "...", "//a/all", ":all"} {
		f.Add(s, "p/q")
	}
	f.Fuzz(func(t *testing.T, text, pkg string) {
		if CheckPkg(pkg) != nil {
			return
		}
		if l, err := Parse(text, pkg); err == nil {
			again, err := Parse(l.String(), "")
			if err != nil || again != l {
				t.Fatalf("%q is %v, which reads as %v, %v", text, l, again, err)
			}
			if strings.Contains("/"+l.Pkg+"/", "/../") || strings.HasPrefix(l.Pkg, "/") {
				t.Fatalf("%q leaves the workspace: %v", text, l)
			}
		}
		if p, err := ParsePattern(text, pkg); err == nil {
			again, err := ParsePattern(p.String(), "")
			if err != nil || again != p {
				t.Fatalf("%q is %v, which reads as %v, %v", text, p, again, err)
			}
		}
	})
}
