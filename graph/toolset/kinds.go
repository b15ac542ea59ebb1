package toolset

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
)

// What is known of some kinds of programs, beyond their own file and what the loader loads:
//
//	C compilers    sub-programs (cc1, as, ld, ...), start files and libraries they link by themselves, listings of the
//	               headers and libraries that they find by themselves; as and ld are put on PATH, where they are looked for
//	go             VERSION, the tools below pkg/tool; GOROOT is shown
//	python         a listing of the standard library, the names of installed packages; the installation is shown
//	java           the release file and lib/modules; the JDK is shown
//
// Of other programs that have data of their own, only their files' place is known.
func (p *parts) kind(ctx context.Context, at, end string) error {
	base := filepath.Base(end)
	switch {
	case base == "go" || base == "gofmt":
		return p.golang(ctx, end)
	case pythonName().MatchString(base):
		return p.python(ctx, at)
	case compilerName().MatchString(base) || compilerName().MatchString(filepath.Base(at)):
		return p.compiler(ctx, at)
	case base == "java" || base == "javac" || base == "jar":
		return p.java(end)
	}
	return nil
}

// golang adds the Go installation. Its library is told by VERSION; who patches it says so there, as Go's own build does.
func (p *parts) golang(ctx context.Context, end string) error {
	root := filepath.Dir(filepath.Dir(end))
	if !exists(filepath.Join(root, "VERSION")) || !exists(filepath.Join(root, "pkg/tool")) {
		// A script that starts Go, or a distribution's own places.
		out, _, err := p.r.ask(ctx, append(p.r.shimEnv(), "GOENV=off", "GOTOOLCHAIN=local"), end, "env", "GOROOT")
		if err != nil {
			return ctx.Err() // named like Go, and not it
		}
		root = lastLine(out)
	}
	if !filepath.IsAbs(root) || !exists(root) {
		return nil
	}
	p.roots = addRoots(p.roots, root)
	for _, f := range []string{"VERSION", "bin/go"} {
		if at := filepath.Join(root, f); exists(at) {
			if err := p.object("part:"+filepath.Base(f), at); err != nil {
				return err
			}
		}
	}
	if f := filepath.Join(root, "bin", "gofmt"); exists(f) {
		p.programs["gofmt"] = f
	}
	dir := filepath.Join(root, "pkg/tool", runtime.GOOS+"_"+runtime.GOARCH)
	p.watch(dir)
	tools, err := os.ReadDir(dir)
	if err != nil {
		return nil // built when they are needed, of a library that VERSION tells
	}
	for _, t := range tools {
		if t.Type().IsRegular() {
			if err := p.content("part:"+t.Name(), filepath.Join(dir, t.Name())); err != nil {
				return err
			}
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
