package toolset

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// fakeGCC answers as GCC does.
func (h *host) fakeGCC(rel string) {
	h.put(rel, `#!/bin/sh
echo asked >> `+h.at("log")+`
case "$*" in
-print-search-dirs)
  echo 'install: `+h.at("own")+`/'
  echo 'programs: =`+h.at("nowhere")+`/:`+h.at("own")+`/'
  echo 'libraries: =`+h.at("own")+`/:`+h.at("own")+`/../lib/' ;;
'-E -v -x c /dev/null')
  /bin/cat >&2 <<E
ignoring nonexistent directory "`+h.at("late")+`"
#include "..." search starts here:
#include <...> search starts here:
 $([ -d `+h.at("late")+` ] && echo `+h.at("late")+`)
 `+h.at("own/include")+`
 `+h.at("include")+`
End of search list.
E
  ;;
esac
`)
	h.put("own/cc1", "#!/bin/sh\necho cc1\n")
	h.put("own/crt1.o", "crt")
	h.put("own/include/stddef.h", "")
	h.put("include/sys/types.h", "")
	h.put("lib/libm.a", "a")
	h.put("bin/as", "#!/bin/sh\necho as\n")
	h.put("bin/ld", "#!/bin/sh\necho ld\n")
}

func TestCompiler(t *testing.T) {
	h := newHost(t)
	h.env["PATH"] = ""
	h.fakeGCC("bin/x86_64-gcc-12")
	h.link("x86_64-gcc-12", "bin/gcc")
	got := h.resolve("gcc")
	want := map[string]string{"gcc": h.at("bin/x86_64-gcc-12"), "as": h.at("bin/as"), "ld": h.at("bin/ld")}
	if !reflect.DeepEqual(got.Programs, want) {
		t.Errorf("programs %v, want %v", got.Programs, want)
	}
	for _, d := range []string{"own/include", "include"} {
		if !slices.ContainsFunc(got.Roots, func(r string) bool { return below(r, h.at(d)) }) {
			t.Errorf("a sandbox does not show %s: %v", d, got.Roots)
		}
	}
	asked := h.lines("log")
	if again := h.resolve("gcc"); again.Identity != got.Identity || h.lines("log") != asked {
		t.Error("a second process asks again")
	}
	for _, c := range []struct{ what, file, content string }{
		{"its own sub-program", "own/cc1", "#!/bin/sh\necho cc1 2\n"},
		{"a file that it links", "own/crt1.o", "CRT"},
		{"the assembler on PATH", "bin/as", "#!/bin/sh\necho as 2\n"},
		{"an assembler in front of it", "local/as", "#!/bin/sh\necho as 3\n"},
		{"a longer header", "include/sys/types.h", "1"},
		{"a new header", "include/sys/new.h", ""},
		{"a header in a folder that was not there", "late/a.h", ""},
		{"a longer library", "lib/libm.a", "ab"},
		{"a new library", "lib/libnew.so", ""},
		{"the driver", "bin/x86_64-gcc-12", "#!/bin/sh\nexit 1\n"},
	} {
		was := h.resolve("gcc").Identity
		h.put(c.file, c.content)
		if h.resolve("gcc").Identity == was {
			t.Errorf("%s: nothing is seen", c.what)
		}
	}
}

func TestNamedLikeACompiler(t *testing.T) {
	for name, want := range map[string]bool{"gcc": true, "g++-12": true, "x86_64-linux-gnu-gcc-12": true, "clang++-18": true, "cc": true,
		"c++": true, "cpp": true, "gcc-ar": false, "ccache": false, "clangd": false, "gccgo": false, "protoc": false} {
		if compilerName().MatchString(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func FuzzCompilerAnswers(f *testing.F) {
	f.Add("install: /usr/lib/gcc/\nprograms: =/a/:/b/\nlibraries: =:x:/c\n#include <...> search starts here:\n /usr\nEnd of search list.\n")
	f.Add("ignoring nonexistent directory \"/usr/local/x\"\n#include <...> search starts here:\n / (framework directory)\n")
	f.Fuzz(func(t *testing.T, s string) {
		dirs, absent := includeDirs(s)
		for _, l := range searchDirs(s) {
			absent = append(absent, l...)
		}
		for _, d := range append(dirs, absent...) {
			if !filepath.IsAbs(d) {
				t.Errorf("%q depends on where cairn was started", d)
			}
		}
	})
}

// The compiler of this machine, if it has one, is whole: what it starts by name is found.
func TestThisMachinesCompiler(t *testing.T) {
	r := New(Options{})
	got, err := r.Resolve(t.Context(), "gcc")
	if err != nil {
		t.Skip("no gcc on this machine: ", err)
	}
	if got.Programs["as"] == "" || got.Programs["ld"] == "" {
		if _, err := os.Stat("/usr/bin/as"); err == nil {
			t.Errorf("programs %v", got.Programs)
		}
	}
	cc, err := r.Resolve(t.Context(), "cc")
	if err != nil {
		t.Skip("no cc on this machine: ", err)
	}
	a, _ := filepath.EvalSymlinks(got.Path)
	b, _ := filepath.EvalSymlinks(cc.Path)
	if a == b && got.Identity != cc.Identity {
		t.Error("one compiler by two names has two identities")
	}
}
