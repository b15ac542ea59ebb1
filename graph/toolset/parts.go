package toolset

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
)

// parts gathers what a tool is made of. An identity is the hash of lines `<role> <digest>`, sorted, after a line that names
// the form; roles hold no paths, so that the same tool at two places is the same tool.
type parts struct {
	r        *Resolver
	m        *memory
	name     string
	strict   string
	lines    map[string]bool
	files    []string
	facts    map[string]fact // of files, from before they were read
	roots    []string
	programs map[string]string
}

func newParts(r *Resolver, name string) *parts {
	return &parts{r: r, m: r.memory, name: name, strict: "content", lines: map[string]bool{}, facts: map[string]fact{}, programs: map[string]string{}}
}

// identityForm changes whenever what goes into identities does, so that no record of another form is taken.
const identityForm = "cairn tool 2"

func (p *parts) identity() digest.Hash {
	h := sha256.New()
	fmt.Fprintln(h, identityForm)
	for _, l := range slices.Sorted(maps.Keys(p.lines)) {
		fmt.Fprintln(h, l)
	}
	return digest.Hash(h.Sum(nil))
}

func (p *parts) tool(path string) Tool {
	return Tool{Name: p.name, Path: path, Identity: p.identity(), Files: p.files, Roots: p.roots, Programs: p.programs}
}

// watch adds a file whose facts say whether the identity still holds.
func (p *parts) watch(paths ...string) {
	for _, f := range paths {
		if _, ok := p.facts[f]; !ok {
			p.facts[f] = factOf(f)
			p.files = append(p.files, f)
		}
	}
}

// say adds a line that is no file's content.
func (p *parts) say(role, text string) {
	p.lines[role+" "+digest.Of([]byte(text)).Hash.String()] = true
}

// content adds a file's content, watches the links that lead to it, and shows it to sandboxes.
func (p *parts) content(role, path string) error {
	links, err := chain(path)
	if err != nil {
		return err
	}
	p.watch(links...)
	if p.strict != "content" {
		return nil
	}
	d, err := p.m.hash(links[len(links)-1])
	if err != nil {
		return err
	}
	p.lines[role+" "+d.String()] = true
	return nil
}

// object adds a program or library with all that the loader loads for it.
func (p *parts) object(role, path string) error {
	if err := p.content(role, path); err != nil {
		return err
	}
	libs := p.m.closure(path)
	if len(libs) > 0 && runtime.GOOS == "linux" {
		p.watch(loaderCachePath)
	}
	for _, l := range libs {
		if l.path == "" {
			p.say("lib:"+l.soname, "missing")
			continue
		}
		if err := p.content("lib:"+l.soname, l.path); err != nil {
			return err
		}
		if !InSystem(l.path) {
			p.roots = addRoots(p.roots, l.path)
		}
	}
	return nil
}

// maxWatched is how many folders of one listing are watched: looking at a thousand would cost more than it tells.
const maxWatched = 100

// listing adds the names and sizes of what lies below dir, but not of what skip names. It tells versions of large libraries
// apart without reading them. The folder itself is watched, and with deep those below it.
func (p *parts) listing(role, dir string, deep bool, skip ...string) error {
	p.watch(dir)
	if p.strict != "content" {
		return nil
	}
	folders := 0
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if slices.Contains(skip, e.Name()) && path != dir {
			if e.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if e.IsDir() {
			if folders++; deep && folders <= maxWatched {
				p.watch(path)
			}
			return nil
		}
		fi, err := e.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s\x00%d\x00", strings.TrimPrefix(path, dir), fi.Size())
		return nil
	})
	if err != nil {
		return err
	}
	p.lines[role+" "+digest.Hash(h.Sum(nil)).String()] = true
	return nil
}

// identify works out what the program found at path is.
func (p *parts) identify(ctx context.Context, path, strict string) (Tool, error) {
	p.strict = strict
	links, err := chain(path)
	if err != nil {
		return Tool{}, err
	}
	p.watch(path)
	p.watch(links...)
	real, decide, err := p.r.behind(ctx, p.name, append([]string{path}, links...))
	p.watch(decide...)
	switch {
	case errors.Is(err, errUnknownShim):
		// All that can be told is what it says of itself. When that changes is not seen, unless the stand-in changes, too.
		v, err := p.version(ctx, p.r.shimEnv(), path)
		if err != nil {
			return Tool{}, &ShimError{p.name, path, "its version manager is not known to cairn, and " + err.Error()}
		}
		p.say("shim", v)
	case err != nil:
		return Tool{}, err
	case real != "":
		if links, err = chain(real); err != nil {
			return Tool{}, err
		}
		p.watch(real)
		p.watch(links...)
		path = real
	}
	at, end := byName(p.name, links), links[len(links)-1]
	if inVenv(path) {
		at = path
	}
	p.programs[p.name] = at
	p.roots = addRoots(p.roots, p.r.root(at), p.r.root(end))
	if err := p.program(ctx, "program", at, end); err != nil {
		return Tool{}, err
	}
	switch text, declared := strings.CutPrefix(strict, "declared:"); {
	case strict == "content":
	case declared:
		p.lines = map[string]bool{}
		p.say("declared", text)
	case strict == "version":
		v, err := p.version(ctx, p.r.plainEnv(), at)
		if err != nil {
			return Tool{}, err
		}
		p.lines = map[string]bool{}
		p.say("version", v)
	default:
		return Tool{}, fmt.Errorf("%s: identity is %q; it must be \"content\", \"version\" or \"declared:...\"", p.name, strict)
	}
	return p.tool(at), nil
}

// version gives the first line that a program prints when asked for its version.
func (p *parts) version(ctx context.Context, env []string, path string) (string, error) {
	var last error
	flags := []string{"--version", "-version", "version"}
	if p.name == "go" {
		flags = []string{"version"}
	}
	for _, flag := range flags {
		out, msg, err := p.r.ask(ctx, env, path, flag)
		if line, _, _ := strings.Cut(strings.TrimSpace(out+"\n"+msg), "\n"); err == nil && line != "" {
			return line, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		last = err
	}
	return "", fmt.Errorf("%s does not tell its version: %w", path, last)
}

// program adds a program: a script with its interpreter, or an object; and what is known of its kind.
func (p *parts) program(ctx context.Context, role, at, end string) error {
	if err := p.object(role, end); err != nil {
		return err
	}
	if head := firstBytes(end, 256); isScript(head) {
		if err := p.interpreter(ctx, role, head); err != nil {
			return err
		}
	}
	return p.kind(ctx, at, end)
}

// interpreter adds what runs a script. Further programs that a script starts are not seen.
func (p *parts) interpreter(ctx context.Context, role string, head []byte) error {
	line, _, _ := strings.Cut(string(head[2:]), "\n")
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(role, "interpreter:interpreter:") {
		return nil
	}
	path := words[0]
	if filepath.Base(path) == "env" {
		words = slices.DeleteFunc(words[1:], func(w string) bool { return strings.HasPrefix(w, "-") || strings.Contains(w, "=") })
		if len(words) == 0 {
			return nil
		}
		f, err := p.r.find(words[0])
		if err != nil {
			return fmt.Errorf("%s is a script: %w", p.name, err)
		}
		p.watch(f.absent...)
		p.watch(f.path)
		path = f.path
		links, err := chain(path)
		if err != nil {
			return err
		}
		real, decide, err := p.r.behind(ctx, words[0], append([]string{path}, links...))
		if err != nil && !errors.Is(err, errUnknownShim) {
			return err
		}
		if real != "" {
			p.watch(links...)
			p.watch(decide...)
			path = real
		}
		if _, ok := p.programs[words[0]]; !ok {
			p.programs[words[0]] = path
		}
	}
	links, err := chain(path)
	if err != nil {
		return fmt.Errorf("%s is a script: %w", p.name, err)
	}
	end := links[len(links)-1]
	p.watch(links...)
	p.roots = addRoots(p.roots, p.r.root(path), p.r.root(end))
	return p.program(ctx, "interpreter:"+role, path, end)
}
