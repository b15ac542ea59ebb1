package python

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/rules/python/pep"
)

// uvLock is a lock of uv's: the packages of all platforms with their dependencies, from which those are taken that the project
// leads to.
type uvLock struct {
	python   string
	packages []uvPackage
	byName   map[string][]int
	root     int
	declared []need // what the project required when it was made
	declares bool   // whether it says so at all
}

type uvPackage struct {
	pkg
	source   string // what tells two of one name and version apart
	deps     []uvDep
	optional map[string][]uvDep
	groups   map[string][]uvDep
	when     []string // resolution markers: one must hold
}

type uvDep struct {
	name, version, marker string
	extras                []string
}

func readUV(doc map[string]any) (lock, error) {
	if v, _ := doc["version"].(int64); v != 1 {
		return nil, fmt.Errorf("its form has version %v, and this cairn reads version 1", doc["version"])
	}
	l := &uvLock{python: text(doc, "requires-python"), byName: map[string][]int{}, root: -1}
	for _, p := range objects(doc, "package") {
		u, err := uvPackageOf(p)
		if err != nil {
			return nil, err
		}
		src := object(p, "source")
		for _, k := range []string{"virtual", "editable", "directory"} {
			if text(src, k) == "." {
				l.root = len(l.packages)
				l.declared, l.declares = uvDeclared(p)
			}
		}
		l.byName[u.name] = append(l.byName[u.name], len(l.packages))
		l.packages = append(l.packages, u)
	}
	if l.root < 0 {
		return nil, fmt.Errorf("no package of it is the project itself (source \".\")")
	}
	return l, nil
}

func uvPackageOf(p map[string]any) (uvPackage, error) {
	u := uvPackage{pkg: pkg{name: pep.Normalize(text(p, "name")), version: text(p, "version"), sdist: p["sdist"] != nil},
		deps: uvDeps(p["dependencies"]), optional: uvDepMap(object(p, "optional-dependencies")), groups: uvDepMap(object(p, "dev-dependencies")),
		when: texts(p, "resolution-markers")}
	if u.name == "" {
		return u, fmt.Errorf("a package has no name")
	}
	src := object(p, "source")
	u.source = strings.Join(slices.Sorted(maps.Keys(src)), ",")
	direct := text(src, "url")
	switch {
	case src["registry"] != nil || direct != "":
	case src["git"] != nil:
		u.unusable = "it comes from a repository"
	default:
		u.unusable = "it comes from a folder"
	}
	if s := object(p, "sdist"); s != nil {
		u.src = file{name: lastPart(text(s, "url") + text(s, "path")), sha256: digits(text(s, "hash")), url: direct}
	}
	for _, w := range objects(p, "wheels") {
		f := file{name: text(w, "filename"), url: direct, sha256: digits(text(w, "hash"))}
		for _, k := range []string{"url", "path"} {
			if f.name == "" && text(w, k) != "" {
				f.name = lastPart(text(w, k))
			}
		}
		if f.name == "" && direct != "" {
			f.name = lastPart(direct)
		}
		if f.sha256 == "" {
			return u, fmt.Errorf("%s: %s has no sha256; every file of a lock must have one", u.name, f.name)
		}
		u.wheels = append(u.wheels, f)
	}
	return u, nil
}

func uvDeps(v any) []uvDep {
	var out []uvDep
	for _, d := range objects(map[string]any{"l": v}, "l") {
		out = append(out, uvDep{name: pep.Normalize(text(d, "name")), version: text(d, "version"), marker: text(d, "marker"), extras: texts(d, "extra")})
	}
	return out
}

func uvDepMap(m map[string]any) map[string][]uvDep {
	out := map[string][]uvDep{}
	for k, v := range m {
		out[pep.Normalize(k)] = uvDeps(v)
	}
	return out
}

func (l *uvLock) choose(w wish) ([]pkg, error) {
	if err := fits(l.python, w); err != nil {
		return nil, err
	}
	root := &l.packages[l.root]
	extras, err := wanted("extra", w.extras, slices.Collect(maps.Keys(root.optional)))
	if err != nil {
		return nil, err
	}
	groups, err := wanted("group", w.groups, slices.Collect(maps.Keys(root.groups)))
	if err != nil {
		return nil, err
	}
	walk := &uvWalk{l: l, env: w.env, seen: map[string]bool{}, chosen: map[int]bool{}}
	walk.env.Extras = extras
	walk.deps(root.deps)
	for _, e := range extras {
		walk.deps(root.optional[e])
	}
	for _, g := range groups {
		walk.deps(root.groups[g])
	}
	for len(walk.todo) > 0 && walk.err == nil {
		t := walk.todo[0]
		walk.todo = walk.todo[1:]
		walk.visit(t)
	}
	if walk.err != nil {
		return nil, walk.err
	}
	var out []pkg
	for _, i := range slices.Sorted(maps.Keys(walk.chosen)) {
		if i != l.root {
			out = append(out, l.packages[i].pkg)
		}
	}
	return once(out)
}

// uvWalk follows dependencies. Each pair of a package and an extra is visited once.
type uvWalk struct {
	l      *uvLock
	env    pep.Env
	seen   map[string]bool
	chosen map[int]bool
	todo   []uvDep
	err    error
}

func (w *uvWalk) deps(ds []uvDep) {
	for _, d := range ds {
		ok, err := pep.Eval(d.marker, w.env)
		if err != nil && w.err == nil {
			w.err = fmt.Errorf("%s: %w", d.name, err)
		}
		if ok {
			w.todo = append(w.todo, d)
		}
	}
}

func (w *uvWalk) visit(d uvDep) {
	i, err := w.l.find(d, w.env)
	if err != nil {
		w.err = err
		return
	}
	p := &w.l.packages[i]
	w.chosen[i] = true
	for _, extra := range append([]string{""}, d.extras...) {
		at := fmt.Sprintf("%d[%s]", i, pep.Normalize(extra))
		if w.seen[at] {
			continue
		}
		w.seen[at] = true
		if extra == "" {
			w.deps(p.deps)
		} else {
			w.deps(p.optional[pep.Normalize(extra)])
		}
	}
}

// find gives the package that a dependency means: of several with its name the one with its version, or whose own markers hold.
func (l *uvLock) find(d uvDep, env pep.Env) (int, error) {
	var found []int
	for _, i := range l.byName[d.name] {
		p := &l.packages[i]
		if d.version != "" && p.version != d.version {
			continue
		}
		ok, err := anyHolds(p.when, env)
		if err != nil {
			return 0, fmt.Errorf("%s %s: %w", p.name, p.version, err)
		}
		if ok {
			found = append(found, i)
		}
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("%s %s is wanted, and %d packages of the lock are that", d.name, d.version, len(found))
	}
	return found[0], nil
}
