package python

import (
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/rules/python/pep"
)

// pylock is a lock in the form of PEP 751.
type pylock struct {
	python       string
	environments []string
	extras       []string
	groups       []string
	defaults     []string
	packages     []pkg
	question     string // of a lock of cairn's own: the digest of what was asked
}

func readPylock(doc map[string]any) (lock, error) {
	v := text(doc, "lock-version")
	if major, _, _ := strings.Cut(v, "."); major != "1" {
		if v == "" {
			return nil, fmt.Errorf("it has no lock-version, so it is no lock in the form of pylock.toml")
		}
		return nil, fmt.Errorf("its form has version %s, and this cairn reads version 1", v)
	}
	l := &pylock{python: text(doc, "requires-python"), environments: texts(doc, "environments"), extras: texts(doc, "extras"),
		groups: texts(doc, "dependency-groups"), defaults: texts(doc, "default-groups"), question: text(object(object(doc, "tool"), "cairn"), "question")}
	for _, p := range objects(doc, "packages") {
		k, err := pylockPackage(p)
		if err != nil {
			return nil, err
		}
		if k != nil {
			l.packages = append(l.packages, *k)
		}
	}
	return l, nil
}

// pylockPackage reads one entry of packages, nil for the project itself.
func pylockPackage(p map[string]any) (*pkg, error) {
	name := text(p, "name")
	if name == "" {
		return nil, fmt.Errorf("a package has no name")
	}
	k := &pkg{name: pep.Normalize(name), version: text(p, "version"), marker: text(p, "marker"), python: text(p, "requires-python"), sdist: p["sdist"] != nil}
	for _, what := range []string{"vcs", "directory", "archive"} {
		from := object(p, what)
		switch {
		case from == nil:
		case what == "directory" && (text(from, "path") == "." || text(from, "path") == "./"):
			return nil, nil
		case what == "archive" && strings.HasSuffix(lastPart(text(from, "url")), ".whl"):
			f, err := pylockFile(k.name, from)
			if err != nil {
				return nil, err
			}
			f.url = text(from, "url")
			k.wheels = append(k.wheels, f)
		default:
			k.unusable = "it comes from a " + map[string]string{"vcs": "repository", "directory": "folder", "archive": "source archive"}[what]
		}
	}
	if s := object(p, "sdist"); s != nil {
		if f, err := pylockFile(k.name, s); err == nil { // one without a digest is none that could be built
			k.src = f
		}
	}
	for _, w := range objects(p, "wheels") {
		f, err := pylockFile(k.name, w)
		if err != nil {
			return nil, err
		}
		k.wheels = append(k.wheels, f)
	}
	return k, nil
}

func pylockFile(name string, w map[string]any) (file, error) {
	f := file{name: text(w, "name")}
	if f.name == "" {
		f.name = lastPart(text(w, "url"))
	}
	if f.name == "." || f.name == "" {
		f.name = lastPart(text(w, "path"))
	}
	if f.sha256 = digits(text(object(w, "hashes"), "sha256")); f.sha256 == "" {
		return f, fmt.Errorf("%s: %s has no sha256; every file of a lock must have one", name, f.name)
	}
	return f, nil
}

func (l *pylock) choose(w wish) ([]pkg, error) {
	if err := fits(l.python, w); err != nil {
		return nil, err
	}
	env := w.env
	var err error
	if env.Extras, err = wanted("extra", w.extras, l.extras); err != nil {
		return nil, err
	}
	groups := w.groups
	if len(groups) == 0 {
		groups = l.defaults
	}
	if env.Groups, err = wanted("group", groups, append(l.groups, l.defaults...)); err != nil {
		return nil, err
	}
	if ok, err := anyHolds(l.environments, env); err != nil || !ok {
		if err == nil {
			err = fmt.Errorf("it was made for other environments: %s", strings.Join(l.environments, "; "))
		}
		return nil, err
	}
	var out []pkg
	for _, p := range l.packages {
		ok, err := pep.Eval(p.marker, env)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		if !ok {
			continue
		}
		if err := fits(p.python, w); err != nil {
			return nil, fmt.Errorf("%s %s: %w", p.name, p.version, err)
		}
		out = append(out, p)
	}
	return once(out)
}

// anyHolds says whether one of some markers holds; none of them at all counts as yes.
func anyHolds(markers []string, env pep.Env) (bool, error) {
	for _, m := range markers {
		ok, err := pep.Eval(m, env)
		if err != nil || ok {
			return ok, err
		}
	}
	return len(markers) == 0, nil
}
