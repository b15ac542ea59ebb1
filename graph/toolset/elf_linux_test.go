package toolset

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// build compiles a program or library with the compiler of this machine.
func (h *host) build(source, rel string, flags ...string) {
	h.Helper()
	src := h.put("src/"+filepath.Base(rel)+".c", source)
	out := h.at(rel)
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		h.Fatal(err)
	}
	cmd := exec.Command("gcc", append([]string{src, "-o", out + ".new"}, flags...)...)
	if msg, err := cmd.CombinedOutput(); err != nil {
		h.Fatalf("%v: %s", err, msg)
	}
	if err := os.Rename(out+".new", out); err != nil {
		h.Fatal(err)
	}
}

func TestClosure(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("programs to look at are built with gcc: ", err)
	}
	for name, flag := range map[string]string{"rpath": "-Wl,--disable-new-dtags", "runpath": "-Wl,--enable-new-dtags"} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			h.build("int deep(void) { return 1; }", "app/lib/libdeep.so", "-shared")
			h.build("int deep(void); int near(void) { return deep(); }", "app/lib/libnear.so", "-shared", "-L"+h.at("app/lib"), "-ldeep", flag, "-Wl,-rpath,$ORIGIN")
			h.build("int near(void); int main(void) { return near(); }", "app/bin/tool", "-L"+h.at("app/lib"), "-lnear", flag, "-Wl,-rpath,$ORIGIN/../lib",
				"-Wl,--allow-shlib-undefined", "-Wl,--unresolved-symbols=ignore-all")
			h.link(h.at("app/bin/tool"), "bin/tool")
			got := h.resolve("tool")
			for _, f := range []string{"app/lib/libnear.so", "app/lib/libdeep.so"} {
				if !slices.Contains(got.Files, h.at(f)) {
					t.Errorf("%s is not among %v", f, got.Files)
				}
			}
			if !slices.Equal(got.Roots, []string{h.at("app")}) {
				t.Errorf("roots %v", got.Roots)
			}
			h.copyTo("app", "moved")
			if err := os.Chmod(h.at("moved/bin/tool"), 0o755); err != nil {
				t.Fatal(err)
			}
			h.o.Overrides["tool"] = h.at("moved/bin/tool")
			if h.resolve("tool").Identity != got.Identity {
				t.Error("the place of a program and its libraries enters the identity")
			}
			delete(h.o.Overrides, "tool")

			r := New(h.o) // one process sees what changes, too
			if _, err := r.Resolve(t.Context(), "tool"); err != nil {
				t.Fatal(err)
			}
			h.build("int deep(void) { return 2; }", "app/lib/libdeep.so", "-shared")
			r.Refresh()
			changed, err := r.Resolve(t.Context(), "tool")
			if err != nil || changed.Identity == got.Identity {
				t.Errorf("a library of a library changed, and nothing is seen: %v", err)
			}
			if err := os.Remove(h.at("app/lib/libdeep.so")); err != nil {
				t.Fatal(err)
			}
			missing := h.resolve("tool")
			if missing.Identity == changed.Identity {
				t.Error("a library went missing, and nothing is seen")
			}
		})
	}
}

// What this machine's loader says is what is found without it.
func TestClosureIsTheLoaders(t *testing.T) {
	for _, program := range []string{"/usr/bin/git", "/usr/bin/gcc", "/usr/bin/python3", "/bin/ls"} {
		out, err := exec.Command("ldd", program).Output()
		if err != nil {
			continue // not on this machine, or no glibc
		}
		for _, l := range newMemory().closure(program) {
			if l.path == "" {
				t.Errorf("%s: %s is not found; the loader says\n%s", program, l.soname, out)
			}
			if l.soname != "ld.so" && !slices.ContainsFunc(splitLines(out), func(s string) bool { return s == l.soname+" => "+l.path }) {
				t.Errorf("%s: %s => %s; the loader says\n%s", program, l.soname, l.path, out)
			}
		}
	}
}

// splitLines gives the lines of ldd's answer without addresses.
func splitLines(out []byte) []string {
	var lines []string
	for l := range strings.Lines(string(out)) {
		l, _, _ = strings.Cut(strings.TrimSpace(l), " (0x")
		lines = append(lines, l)
	}
	return lines
}
