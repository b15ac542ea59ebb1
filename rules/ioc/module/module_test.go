package module

import (
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/ioctest"
	"github.com/cairn-build/cairn/rules/ruletest"
)

// moduleWorld has a base, three modules of which one stands on another, and a folder with sources.
func moduleWorld() ruletest.World {
	base := ioc.Base{Headers: ioctest.Tree("base/include"), Dbd: ioctest.Tree("base/dbd"), Runtime: ioctest.Tree("base/runtime"), Arch: "linux-x86_64", Version: "7.0.8.1"}
	c := ioctest.Module("c", "4.42.0+1")
	b := ioctest.Module("b", "2.0.0", c)
	seq := ioctest.Module("seq", "2.2.9")
	seq.Bins = []string{"snc"}
	old := ioctest.Module("c", "4.41.0")
	old.Label.Name = "old_c"
	target := func(name string, p rule.Provider, files ...rule.Artifact) []rule.Dep {
		return []rule.Dep{{Label: label.Label{Name: name}, Providers: []rule.Provider{p}, Files: files}}
	}
	return ruletest.World{Targets: map[string][]rule.Dep{
		"//:base": target("base", base), "//:b": target("b", b, b.Tree), "//:c": target("c", c, c.Tree), "//:seq": target("seq", seq, seq.Tree),
		"//:old_c": target("old_c", old),
		"//:none":  target("none", ioc.Module{Label: label.Label{Name: "none"}, Name: "none", Version: "1.0.0", Excluded: "It is for others."}),
		"//:src": target("src", rule.Checkout{URL: "https://example.org/x.git", Ref: "refs/tags/v1", CommitFile: rule.Artifact{Path: "cairn-out/src/commit", Kind: rule.OutputFile}},
			ioctest.Tree("src/src")),
		"//:made": {{Label: label.Label{Name: "made"}, Files: []rule.Artifact{{Path: "cairn-out/made/made.c", Kind: rule.OutputFile}}}},
		"//:pool": target("pool", ioc.Pool{Modules: []ioc.Module{c, ioctest.Module("c", "4.43.0")}}),
	}}
}

func TestModule(t *testing.T) {
	all := func(attrs map[string]any) map[string]any {
		for name, v := range map[string]any{"version": "1.2.0", "base": "//:base"} {
			if _, ok := attrs[name]; !ok {
				attrs[name] = v
			}
		}
		return attrs
	}
	ruletest.Golden(t, Kind, moduleWorld(), []ruletest.Case{
		{Name: "two languages", Attrs: all(map[string]any{"sources": []string{"a.c", "sub/b.cpp", "//:made"}, "headers": []string{"a.h"}, "dbds": []string{"a.dbd"},
			"templates": []string{"a.template"}, "scripts": []string{"a.iocsh"}, "deps": []string{"//:b"}, "runtime_deps": []string{"//:seq"}, "usr_cflags": []string{"-Wextra"},
			"usr_cppflags": []string{"-DX"}, "usr_cxxflags": []string{"-std=c++17"}, "usr_includes": []string{"-Iinc", "."}, "usr_ldflags": []string{"-lm"}, "vendor_libs": []string{"libv.so", "libs.a"}})},
		{Name: "a name that is taken", Label: "//:x", Attrs: all(map[string]any{"module": "require", "version": "9.9.9"})},
		{Name: "databases alone", Label: "//:db", Attrs: all(map[string]any{"templates": []string{"a.db"}, "version": "test"})},
		{Name: "a folder with patches", Attrs: all(map[string]any{"tree": "//:src", "tree_root": "app", "sources": []string{"~a.c"}, "headers": []string{"~*.h"},
			"keep_header_subdirs": []string{"inc"}, "patches": []string{"1.p0.patch", "2.patch"}})},
		{Name: "state notation and a grammar", Attrs: all(map[string]any{"sources": []string{"a.st", "b.stt", "c.y", "d.l"}, "deps": []string{"//:seq"}})},
		{Name: "for aarch64", Platform: rule.Platform{OS: "linux", Arch: "aarch64"}, Attrs: all(map[string]any{"sources": []string{"a.c"}})},
		{Name: "a module of a pool", Attrs: all(map[string]any{"sources": []string{"a.c"}, "require": []string{"c,4.42.0"}, "pools": []string{"//:pool"}})},
		{Name: "in the root", Label: "//:rooted", Attrs: all(map[string]any{"sources": []string{"a.c"}, "headers": []string{"inc/a.h"}, "keep_header_subdirs": []string{"."},
			"usr_includes": []string{".", "inc", "-I/usr/include/libusb-1.0"}})},
		{Name: "excluded", Attrs: all(map[string]any{"sources": []string{"a.c"}, "exclude_archs": []string{"linux-x86_64"}})},
		{Name: "many minors", Attrs: all(map[string]any{"sources": []string{"a.c"}, "version": "1.2.0+7"})},
		{Name: "on another system", Platform: rule.Platform{OS: "darwin", Arch: "arm64"}, Attrs: all(map[string]any{"sources": []string{"a.c"}})},
		{Name: "wrong names", Attrs: all(map[string]any{"module": "no-name", "version": "1.0.0+", "sources": []string{"a.f"}, "vendor_libs": []string{"x.txt"}, "tree_root": "x"})},
		{Name: "two versions of one module", Attrs: all(map[string]any{"deps": []string{"//:b", "//:old_c"}})},
		{Name: "an excluded dependency", Attrs: all(map[string]any{"deps": []string{"//:none"}})},
		{Name: "no translator", Attrs: all(map[string]any{"sources": []string{"a.st"}})},
		{Name: "several files as a source", Attrs: all(map[string]any{"tree": "//:src", "sources": []string{"~*.c"}})},
		{Name: "paths that leave", Attrs: all(map[string]any{"usr_includes": []string{"../x", "/usr/../etc", "/opt/x"}, "keep_header_subdirs": []string{"/x"}, "sources": []string{"a.c"}})},
		{Name: "no such version", Attrs: all(map[string]any{"require": []string{"c,1.0.0", "d", ""}, "pools": []string{"//:pool"}})},
		{Name: "no base", Attrs: map[string]any{"version": "1.0.0"}},
	})
}

func TestHeaderNames(t *testing.T) {
	for _, c := range []struct {
		keep []string
		from callItem
		at   string
		want string
	}{
		{nil, callItem{In: "p/inc/a/b.h", At: "p/inc/a/b.h"}, "p/inc/a/b.h", "b.h"},
		{[]string{"p/inc"}, callItem{In: "p/inc/a/b.h", At: "p/inc/a/b.h"}, "p/inc/a/b.h", "a/b.h"},
		{[]string{"p/in"}, callItem{In: "p/inc/a/b.h", At: "p/inc/a/b.h"}, "p/inc/a/b.h", "b.h"},
		{nil, callItem{In: "t", At: "t", Tree: true}, "t/a/b.h", "a/b.h"},
		{nil, callItem{In: "t", At: "t/a/*.h", Tree: true}, "t/a/b.h", "b.h"},
		{[]string{"."}, callItem{In: "a/b.h", At: "a/b.h"}, "a/b.h", "a/b.h"},
	} {
		if got := headerName(c.keep, c.from, c.at); got != c.want {
			t.Errorf("%s with %q: %s, want %s", c.at, c.keep, got, c.want)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"a.h", "a.h", true}, {"*.h", "a.h", true}, {"*.h", "b/a.h", false}, {"**/*.h", "a.h", true}, {"**/*.h", "b/c/a.h", true},
		{"b/**", "b/c/a.h", true}, {"b/**/a.h", "b/a.h", true}, {"b/?.h", "b/a.h", true}, {"[ab].h", "c.h", false}, {"a[1].h", "a[1].h", true}, {"", "a", false},
	} {
		if got := matches(c.pattern, c.name); got != c.want {
			t.Errorf("%s, %s: %v", c.pattern, c.name, got)
		}
	}
}

func TestPrerequisites(t *testing.T) {
	got := prerequisites("out/a.o: src/a.c \\\n  src/my\\ file.h /usr/include/x.h \\\n cairn-out/b/.parts/include/b.h\n")
	want := []string{"src/a.c", "src/my file.h", "/usr/include/x.h", "cairn-out/b/.parts/include/b.h"}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
	if got := prerequisites(""); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// FuzzPrerequisites: whatever a depfile holds, its names are words of it.
func FuzzPrerequisites(f *testing.F) {
	f.Add("a.o: b.c \\\n c\\ d.h\n")
	f.Add("a.o:")
	f.Add(": \\")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range prerequisites(text) {
			if name == "" || strings.ContainsAny(name, "\n\t") {
				t.Errorf("%q of %q", name, text)
			}
		}
	})
}
