package toolset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// packagesSuffix makes of an interpreter's name the name of what it finds installed: a tool without a program. rule.HostPackages
// writes it.
const packagesSuffix = " packages"

// packages identifies what the interpreter called py imports beyond its standard library: of each package its RECORD, which has the
// digests of its files, or else its metadata; the lines of .pth and .egg-link files; of all else the names. The interpreter
// itself is no part of it.
func (r *Resolver) packages(ctx context.Context, name, py string) (Tool, error) {
	t, err := r.Resolve(ctx, py)
	if err != nil {
		return Tool{}, err
	}
	key := r.recordKey(name, t.Path, "content")
	if known, ok := r.remembered(key, name); ok {
		return known, nil
	}
	for range 3 {
		p := newParts(r, name)
		p.watch(t.Path)
		if err := p.packages(ctx, t.Path); err != nil {
			return Tool{}, err
		}
		found := p.tool("")
		if r.remember(key, &found, p.facts) {
			return found, nil
		}
	}
	return Tool{}, fmt.Errorf("the packages of %s change while they are looked at", t.Path)
}

func (p *parts) packages(ctx context.Context, python string) error {
	out, _, err := p.r.ask(ctx, p.r.plainEnv(), python, "-E", "-s", "-c", askPython)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s does not work: %w", python, err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for i, dir := range lines[min(4, len(lines)):] {
		dir = strings.TrimSpace(dir)
		if dir == "" || !filepath.IsAbs(dir) || dir == lines[2] || dir == lines[3] || filepath.Base(dir) == "lib-dynload" {
			continue
		}
		p.watch(dir)
		if !p.r.tooWide(dir) && !InSystem(dir) && exists(dir) {
			p.roots = addRoots(p.roots, dir)
		}
		if err := p.packageDir(fmt.Sprint(i), dir); err != nil {
			return err
		}
	}
	return nil
}

// packageDir adds what lies in one folder of packages.
func (p *parts) packageDir(role, dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		if fi, serr := os.Stat(dir); serr == nil && !fi.IsDir() { // a zip file
			return p.content("packages "+role, dir)
		}
		return err
	}
	var names strings.Builder
	for _, e := range entries {
		name, at := e.Name(), filepath.Join(dir, e.Name())
		if name == "__pycache__" {
			continue
		}
		names.WriteString(name + "\x00")
		said := ""
		switch filepath.Ext(name) {
		case ".pth", ".egg-link":
			said = at
		case ".dist-info", ".egg-info":
			p.watch(at)
			for _, f := range []string{"RECORD", "METADATA", "PKG-INFO", ""} {
				if fi, err := os.Stat(filepath.Join(at, f)); err == nil && fi.Mode().IsRegular() {
					said = filepath.Join(at, f)
					break
				}
			}
		}
		if said == "" {
			continue
		}
		if err := p.content("package "+name, said); err != nil {
			return err
		}
	}
	p.say("names "+role, names.String())
	return nil
}
