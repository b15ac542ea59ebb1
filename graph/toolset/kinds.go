package toolset

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// What is known of some kinds of programs, beyond their own file and what the loader loads:
//
//	C compilers    sub-programs (cc1, as, ld, ...), start files and libraries they link by themselves, a listing of their
//	               own headers, the C library's version; as and ld are put on PATH, where compilers look for them
//	go             VERSION, the tools below pkg/tool; GOROOT is shown
//	python         a listing of the standard library (names and sizes); the installation is shown
//	java           the release file and lib/modules; the JDK is shown
//
// Of other programs that have data of their own, only their files' place is known.

var compilerName = regexp.MustCompile(`^(.*-)?(gcc|g\+\+|cc|c\+\+|clang|clang\+\+|gfortran|cpp)(-[0-9.]+)?$`)

func (p *parts) kind(ctx context.Context, at, end string) error {
	base := filepath.Base(end)
	switch {
	case base == "go" || base == "gofmt":
		return p.golang(ctx, end)
	case pythonName.MatchString(base):
		return p.python(ctx, at)
	case compilerName.MatchString(base) || compilerName.MatchString(filepath.Base(at)):
		return p.compiler(ctx, at)
	case base == "java" || base == "javac" || base == "jar":
		return p.java(end)
	}
	return nil
}

// compiler takes a GCC or Clang driver apart, with one question: where it looks for programs and libraries.
func (p *parts) compiler(ctx context.Context, at string) error {
	out, err := p.r.ask(ctx, p.r.plainEnv(), at, "-print-search-dirs")
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return nil // named like a compiler, and none
	}
	dirs := map[string][]string{}
	for _, l := range strings.Split(out, "\n") {
		if what, list, ok := strings.Cut(l, ": ="); ok {
			dirs[what] = filepath.SplitList(list)
		}
	}
	first := func(dirs []string, name string) string {
		for _, d := range dirs {
			if f := filepath.Join(d, name); filepath.IsAbs(f) && exists(f) {
				return f
			}
		}
		return ""
	}
	for _, sub := range []string{"cc1", "cc1plus", "f951", "collect2", "lto1", "lto-wrapper", "liblto_plugin.so", "as", "ld"} {
		f := first(dirs["programs"], sub)
		if f == "" && (sub == "as" || sub == "ld") {
			found, err := p.r.find(sub)
			if err != nil {
				continue // Clang assembles by itself, and may be used without linking
			}
			f = found.path
			p.programs[sub] = f
		}
		if f == "" {
			continue
		}
		if err := p.object("part:"+sub, f); err != nil {
			return err
		}
		p.roots = addRoots(p.roots, p.r.root(f))
	}
	for _, lib := range []string{"crt1.o", "crti.o", "crtn.o", "crtbegin.o", "crtbeginS.o", "crtend.o", "libgcc.a", "libgcc_s.so.1",
		"libc.so.6", "libc_nonshared.a", "libm.so.6", "libstdc++.so", "libstdc++.a"} {
		if f := first(dirs["libraries"], lib); f != "" {
			if err := p.content("part:"+lib, f); err != nil {
				return err
			}
		}
	}
	for _, d := range dirs["install"] {
		p.roots = addRoots(p.roots, strings.TrimSuffix(d, "/"))
	}
	if own := first(dirs["libraries"], "include"); own != "" && first(dirs["libraries"], "include/stddef.h") != "" {
		if err := p.listing("part:include", own); err != nil {
			return err
		}
	}
	for _, h := range []string{"/usr/include/features.h", "/usr/include/linux/version.h"} {
		if exists(h) {
			if err := p.content("header:"+filepath.Base(h), h); err != nil {
				return err
			}
		}
	}
	return nil
}

func exists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}

func (p *parts) golang(ctx context.Context, end string) error {
	root := filepath.Dir(filepath.Dir(end))
	if !exists(filepath.Join(root, "VERSION")) || !exists(filepath.Join(root, "pkg/tool")) {
		out, err := p.r.ask(ctx, append(p.r.plainEnv(), "GOENV=off", "GOTOOLCHAIN=local", "HOME=/"), end, "env", "GOROOT")
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return nil // named like Go, and not it
		}
		root = lastLine(out)
	}
	if !filepath.IsAbs(root) || !exists(root) {
		return nil
	}
	p.roots = addRoots(p.roots, root)
	if f := filepath.Join(root, "VERSION"); exists(f) {
		if err := p.content("part:VERSION", f); err != nil {
			return err
		}
	}
	if f := filepath.Join(root, "bin", "gofmt"); exists(f) {
		p.programs["gofmt"] = f
	}
	dir := filepath.Join(root, "pkg/tool", runtime.GOOS+"_"+runtime.GOARCH)
	tools, err := os.ReadDir(dir)
	if err != nil {
		return nil //nolint:nilerr // since Go 1.25 some tools are built when they are needed; a tree without any is odd, not wrong
	}
	p.watch(dir)
	for _, t := range tools {
		if t.Type().IsRegular() {
			if err := p.content("part:"+t.Name(), filepath.Join(dir, t.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// askPython works from Python 2.7 on.
const askPython = `import sys, sysconfig
print(sys.version.replace("\n", " "))
for p in (getattr(sys, "base_prefix", sys.prefix), getattr(sys, "base_exec_prefix", sys.exec_prefix),
          sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")):
    print(p)
`

func (p *parts) python(ctx context.Context, at string) error {
	out, err := p.r.ask(ctx, p.r.plainEnv(), at, "-E", "-s", "-S", "-c", askPython)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s does not work: %w", at, err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 5 {
		return fmt.Errorf("%s does not say where its library is: %s", at, out)
	}
	for _, prefix := range lines[1:3] {
		if filepath.IsAbs(prefix) && !p.r.tooWide(prefix) {
			p.roots = addRoots(p.roots, filepath.Clean(prefix))
		}
	}
	libs := slices.Compact(lines[3:])
	for i, lib := range libs {
		if !filepath.IsAbs(lib) || !exists(lib) {
			continue
		}
		// Whatever is installed beside the library is no part of Python; what is compiled from it is not either.
		if err := p.listing(fmt.Sprint("stdlib:", i), lib, "site-packages", "dist-packages", "__pycache__", "test", "tests"); err != nil {
			return err
		}
		if dyn := filepath.Join(lib, "lib-dynload"); exists(dyn) {
			p.watch(dyn)
		}
	}
	return nil
}

func (p *parts) java(end string) error {
	home := filepath.Dir(filepath.Dir(end))
	if !exists(filepath.Join(home, "lib/modules")) {
		return nil
	}
	p.roots = addRoots(p.roots, home)
	for _, f := range []string{"release", "lib/modules"} {
		if exists(filepath.Join(home, f)) {
			if err := p.content("part:"+f, filepath.Join(home, f)); err != nil {
				return err
			}
		}
	}
	return nil
}
