package toolset

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/cache/digest"
)

var compilerName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(.*-)?(gcc|g\+\+|cc|c\+\+|clang|clang\+\+|gfortran|cpp)(-[0-9.]+)?$`)
})

// compilerParts are programs that a compiler's driver starts. It looks for them in folders of its own, then on PATH.
var compilerParts = []string{"cc1", "cc1plus", "f951", "collect2", "lto1", "lto-wrapper", "liblto_plugin.so", "as", "ld", "ld.bfd", "ld.gold"}

// linkedAnyway are files that a driver links without being told.
var linkedAnyway = []string{"crt1.o", "crti.o", "crtn.o", "crtbegin.o", "crtbeginS.o", "crtend.o", "libgcc.a", "libgcc_s.so.1",
	"libc.so.6", "libc_nonshared.a", "libm.so.6", "libstdc++.so", "libstdc++.a"}

// compiler takes a GCC or Clang driver apart. It is asked where it looks for programs, libraries and headers.
func (p *parts) compiler(ctx context.Context, at string) error {
	out, _, err := p.r.ask(ctx, p.r.plainEnv(), at, "-print-search-dirs")
	if err != nil {
		return ctx.Err() // named like a compiler, and none
	}
	dirs := searchDirs(out)
	for _, sub := range compilerParts {
		if err := p.compilerPart(sub, dirs["programs"]); err != nil {
			return err
		}
	}
	for _, lib := range linkedAnyway {
		if f := inFirst(dirs["libraries"], lib); f != "" {
			if err := p.content("part:"+lib, f); err != nil {
				return err
			}
		}
	}
	for _, d := range dirs["install"] {
		p.roots = addRoots(p.roots, p.r.root(filepath.Clean(d)))
	}
	if err := p.headers(ctx, at); err != nil {
		return err
	}
	return p.libraries(dirs["libraries"])
}

// searchDirs reads the answer to -print-search-dirs: lines `programs: =/a/:/b/`.
func searchDirs(answer string) map[string][]string {
	dirs := map[string][]string{}
	for l := range strings.SplitSeq(answer, "\n") {
		what, list, ok := strings.Cut(strings.TrimSpace(l), ": ")
		if !ok {
			continue
		}
		for _, d := range filepath.SplitList(strings.TrimPrefix(list, "=")) {
			if filepath.IsAbs(d) {
				dirs[what] = append(dirs[what], d)
			}
		}
	}
	return dirs
}

// inFirst gives a file of the first folder that has it, "" where none does.
func inFirst(dirs []string, name string) string {
	for _, d := range dirs {
		if f := filepath.Join(d, name); exists(f) {
			return f
		}
	}
	return ""
}

func exists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}

func (p *parts) compilerPart(name string, dirs []string) error {
	f := inFirst(dirs, name)
	if f == "" {
		if !strings.HasPrefix(name, "ld") && name != "as" {
			return nil
		}
		found, err := p.r.find(name)
		if err != nil {
			return nil // Clang assembles by itself, and may be used without linking
		}
		p.watch(found.absent...)
		p.watch(found.path)
		f = found.path
		p.programs[name] = f
	}
	p.roots = addRoots(p.roots, p.r.root(f))
	return p.object("part:"+name, f)
}

// headers adds what a compiler finds without -I: the names and sizes of all headers. Reading them would take a second. A
// header that was changed by hand and kept its size is not noticed; a package manager's are watched by its database.
func (p *parts) headers(ctx context.Context, at string) error {
	lang := "c"
	if strings.Contains(filepath.Base(at), "++") {
		lang = "c++"
	}
	_, said, err := p.r.ask(ctx, p.r.plainEnv(), at, "-E", "-v", "-x", lang, os.DevNull)
	if err != nil {
		return ctx.Err()
	}
	dirs, absent := includeDirs(said)
	p.watch(absent...)
	p.watchPackages()
	slices.Sort(dirs)
	for i, d := range dirs {
		if slices.ContainsFunc(dirs[:i], func(o string) bool { return below(o, d) }) {
			continue
		}
		if err := p.listing("headers", d, !managed(d)); err != nil {
			return err
		}
		p.roots = addRoots(p.roots, d)
	}
	return nil
}

var absentDir = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^ignoring nonexistent directory "([^"]*)"`) })

// includeDirs reads what -E -v says: the folders of headers, links looked through, and those that are not there.
func includeDirs(said string) (dirs, absent []string) {
	for _, m := range absentDir().FindAllStringSubmatch(said, -1) {
		if filepath.IsAbs(m[1]) {
			absent = append(absent, filepath.Clean(m[1]))
		}
	}
	_, list, _ := strings.Cut(said, "#include <...> search starts here:")
	list, _, _ = strings.Cut(list, "End of search list.")
	for l := range strings.SplitSeq(list, "\n") {
		d, _, _ := strings.Cut(strings.TrimSpace(l), " (framework directory)")
		if real, err := filepath.EvalSymlinks(d); err == nil && filepath.IsAbs(real) && !slices.Contains(dirs, real) {
			dirs = append(dirs, real)
		}
	}
	return dirs, absent
}

// libraries adds the names and sizes of what -lNAME finds without -L.
func (p *parts) libraries(dirs []string) error {
	var done []string
	for _, d := range dirs {
		real, err := filepath.EvalSymlinks(d)
		if err != nil || slices.Contains(done, real) {
			continue
		}
		done = append(done, real)
		p.watch(real)
		if p.strict != "content" {
			continue
		}
		entries, err := os.ReadDir(real)
		if err != nil {
			return err
		}
		h := sha256.New()
		for _, e := range entries {
			if ext := filepath.Ext(e.Name()); ext != ".a" && ext != ".so" && ext != ".o" {
				continue
			}
			if fi, err := os.Stat(filepath.Join(real, e.Name())); err == nil && fi.Mode().IsRegular() {
				fmt.Fprintf(h, "%s\x00%d\x00", e.Name(), fi.Size())
			}
		}
		p.lines["libraries "+digest.Hash(h.Sum(nil)).String()] = true
	}
	return nil
}

// packageDatabases are what package managers write whenever they change a file of the system.
var packageDatabases = []string{"/var/lib/dpkg/status", "/var/lib/rpm/rpmdb.sqlite", "/var/lib/rpm/Packages", "/usr/lib/sysimage/rpm/rpmdb.sqlite",
	"/lib/apk/db/installed", "/var/lib/pacman/local"}

// watchPackages looks at the system's packages again when one of them changes. That decides when to look, not what is seen.
func (p *parts) watchPackages() {
	for _, f := range packageDatabases {
		if exists(f) {
			p.watch(f)
		}
	}
}

// managed says whether only a package manager changes what lies below a folder.
func managed(dir string) bool {
	if below("/usr/local", dir) {
		return false
	}
	return slices.ContainsFunc([]string{"/usr", "/lib", "/lib64", "/nix/store", "/gnu/store", "/Applications", "/Library", "/System"},
		func(d string) bool { return below(d, dir) })
}
