package toolset

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

var pythonName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(python|pypy)[0-9.]*$`) })

// askPython works from Python 2.7 on. Its answer: two prefixes, the library's two places, then what else is searched.
const askPython = `import sys, sysconfig
for p in (getattr(sys, "base_prefix", sys.prefix), sys.prefix,
          sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")):
    print(p)
for p in sys.path:
    print(p)
`

// python adds what Python imports without being told: the standard library by the names and sizes of its files, and the names
// of what is installed beside it (a package's *.dist-info says its version). A user's own site-packages do not count: HOME is
// another one while actions run.
func (p *parts) python(ctx context.Context, at string) error {
	out, _, err := p.r.ask(ctx, p.r.plainEnv(), at, "-E", "-s", "-c", askPython)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s does not work: %w", at, err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) < 4 {
		return fmt.Errorf("%s does not say where its library is: %s", at, out)
	}
	for i, l := range lines {
		lines[i] = strings.TrimSpace(l)
	}
	for _, prefix := range lines[:2] {
		if filepath.IsAbs(prefix) && !p.r.tooWide(prefix) {
			p.roots = addRoots(p.roots, filepath.Clean(prefix))
		}
	}
	libs := slices.Compact(slices.Clone(lines[2:4]))
	for _, lib := range libs {
		if !filepath.IsAbs(lib) || !exists(lib) {
			continue
		}
		if managed(lib) {
			p.watchPackages()
		}
		// What is compiled from the library is no part of it, nor is what is installed into it; nobody imports its tests.
		if err := p.listing("stdlib", lib, false, "site-packages", "dist-packages", "__pycache__", "test", "tests"); err != nil {
			return err
		}
		if dyn := filepath.Join(lib, "lib-dynload"); exists(dyn) {
			p.watch(dyn)
		}
	}
	for _, dir := range lines[4:] {
		inLib := slices.ContainsFunc(libs, func(l string) bool { return dir == l || dir == filepath.Join(l, "lib-dynload") })
		if filepath.IsAbs(dir) && !inLib {
			if err := p.installed(dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// installed adds the names in a folder of packages, which need not exist.
func (p *parts) installed(dir string) error {
	p.watch(dir)
	if fi, err := os.Stat(dir); p.strict != "content" || err != nil || !fi.IsDir() {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var names strings.Builder
	for _, e := range entries {
		if e.Name() != "__pycache__" {
			names.WriteString(e.Name() + "\x00")
		}
	}
	p.say("installed", names.String())
	return nil
}

// inVenv says whether a path is the interpreter of a virtual environment. Such a one is known by where it is started from, so
// that its links are not followed.
func inVenv(path string) bool {
	return pythonName().MatchString(filepath.Base(path)) && exists(filepath.Join(filepath.Dir(filepath.Dir(path)), "pyvenv.cfg"))
}
