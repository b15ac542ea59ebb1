package python

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/rules/python/pep"
)

// poetryLock is a lock of poetry's, in the forms 1.0, 1.1, 2.0 and 2.1. From 2.1 on each package says for which groups it is there and
// when; before, that follows from what the project requires and what its packages do.
type poetryLock struct {
	says     bool // packages say when they apply
	python   string
	hash     string
	extras   []string
	packages []poetryPackage
	byName   map[string][]int
}

type poetryPackage struct {
	pkg
	groups   []string
	when     map[string]string // the marker in a group; "" is for all
	deps     []poetryDep
	optional map[string][]string // extra -> names of packages
}

type poetryDep struct {
	need
	any      []string // the versions that will do: one of these sets
	optional bool
}

func readPoetry(doc map[string]any) (lock, error) {
	meta := object(doc, "metadata")
	form := text(meta, "lock-version")
	if !slices.Contains([]string{"1.0", "1.1", "2.0", "2.1"}, form) {
		return nil, fmt.Errorf("its form has version %q, and this cairn reads 1.0 to 2.1", form)
	}
	l := &poetryLock{says: form == "2.1", python: text(meta, "python-versions"), hash: text(meta, "content-hash"), byName: map[string][]int{},
		extras: slices.Sorted(maps.Keys(object(doc, "extras")))}
	for _, p := range objects(doc, "package") {
		k, err := l.pkg(p, object(meta, "files"))
		if err != nil {
			return nil, err
		}
		l.byName[k.name] = append(l.byName[k.name], len(l.packages))
		l.packages = append(l.packages, k)
	}
	return l, nil
}

func (l *poetryLock) pkg(p, files map[string]any) (poetryPackage, error) {
	k := poetryPackage{pkg: pkg{name: pep.Normalize(text(p, "name")), version: text(p, "version")}, groups: texts(p, "groups"), when: map[string]string{}, optional: map[string][]string{}}
	if k.name == "" || k.version == "" {
		return k, fmt.Errorf("a package has no name or no version")
	}
	switch m := p["markers"].(type) {
	case string:
		k.when[""] = m
	case map[string]any:
		for g := range m {
			k.when[g] = text(m, g)
		}
	}
	direct := ""
	switch src := object(p, "source"); text(src, "type") {
	case "", "legacy":
	case "url":
		if direct = text(src, "url"); !strings.HasSuffix(lastPart(direct), ".whl") {
			k.unusable = "it comes from an address"
		}
	case "git":
		k.unusable = "it comes from a repository"
	default:
		k.unusable = "it comes from a " + map[bool]string{true: "file", false: "folder"}[text(src, "type") == "file"]
	}
	list := objects(p, "files")
	if p["files"] == nil {
		list = objects(files, text(p, "name"))
	}
	for _, f := range list {
		name := lastPart(text(f, "file"))
		if !strings.HasSuffix(name, ".whl") {
			k.sdist, k.src = true, file{name: name, sha256: digits(text(f, "hash")), url: direct}
			continue
		}
		sum := digits(text(f, "hash"))
		if sum == "" {
			return k, fmt.Errorf("%s: %s has no sha256; every file of a lock must have one", k.name, name)
		}
		k.wheels = append(k.wheels, file{name: name, sha256: sum, url: direct})
	}
	if l.says {
		return k, nil
	}
	return k, k.needs(p)
}

// needs reads what a package requires, which only the older forms make use of.
func (k *poetryPackage) needs(p map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(object(p, "dependencies"))) {
		v := object(p, "dependencies")[name]
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, one := range list {
			d := poetryDep{need: need{name: pep.Normalize(name)}}
			set, _ := one.(string)
			if t, ok := one.(map[string]any); ok {
				set = text(t, "version")
				d.marker, d.extras = text(t, "markers"), texts(t, "extras")
				d.optional, _ = t["optional"].(bool)
			}
			var err error
			if d.any, err = caretSets(set); err != nil {
				return fmt.Errorf("%s: %s: %w", k.name, name, err)
			}
			k.deps = append(k.deps, d)
		}
	}
	for e := range object(p, "extras") {
		for _, text := range texts(object(p, "extras"), e) {
			if n := needForm().FindStringSubmatch(strings.TrimSpace(text)); n != nil {
				k.optional[pep.Normalize(e)] = append(k.optional[pep.Normalize(e)], pep.Normalize(n[1]))
			}
		}
	}
	return nil
}

// caretSets gives the sets of version specifiers, of which one is to be met, that poetry writes as "^1 || ^2".
func caretSets(s string) ([]string, error) {
	var out []string
	for _, part := range strings.Split(strings.ReplaceAll(s, "||", "|"), "|") {
		set, err := caretSpec(part)
		if err != nil {
			return nil, err
		}
		out = append(out, set)
	}
	return out, nil
}

func oneAllows(sets []string, version string) bool {
	return slices.ContainsFunc(sets, func(s string) bool { ok, err := allows(s, version); return ok && err == nil })
}

func (l *poetryLock) choose(w wish) ([]pkg, error) {
	sets, err := caretSets(l.python)
	if err != nil {
		return nil, fmt.Errorf("python-versions: %w", err)
	}
	if full := w.env.Vars["python_full_version"]; !oneAllows(sets, full) {
		return nil, fmt.Errorf("it is for Python %s, and the interpreter is %s", l.python, full)
	}
	extras := slices.Clone(l.extras)
	if w.project != nil {
		extras = append(extras, slices.Sorted(maps.Keys(w.project.extras))...)
	}
	slices.Sort(extras)
	if w.env.Extras, err = wanted("extra", w.extras, slices.Compact(extras)); err != nil {
		return nil, err
	}
	if !l.says {
		return l.walk(w)
	}
	groups, err := wanted("group", w.groups, l.groups(w.project))
	if err != nil {
		return nil, err
	}
	var out []pkg
	for i := range l.packages {
		ok, err := l.packages[i].applies(append(groups, "main"), w.env)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.packages[i].name, err)
		}
		if ok {
			out = append(out, l.packages[i].pkg)
		}
	}
	return once(out)
}

// groups are the names of the groups that there are besides main.
func (l *poetryLock) groups(p *project) []string {
	var all []string
	for _, k := range l.packages {
		all = append(all, k.groups...)
	}
	if p != nil {
		all = append(all, slices.Collect(maps.Keys(p.groups))...)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(g string) bool { return g == "main" })
}

// applies says whether one of the groups has the package in an environment.
func (k *poetryPackage) applies(groups []string, env pep.Env) (bool, error) {
	for _, g := range k.groups {
		if !slices.Contains(groups, pep.Normalize(g)) {
			continue
		}
		m, ok := k.when[g]
		if !ok {
			m = k.when[""]
		}
		if ok, err := pep.Eval(m, env); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// walk gives the packages that what the project requires leads to.
func (l *poetryLock) walk(w wish) ([]pkg, error) {
	if w.project == nil {
		return nil, fmt.Errorf("this form of it does not say which packages belong to what: the project's pyproject.toml is needed too; name the folder of both in project")
	}
	roots, err := w.project.pick(w.extras, w.groups)
	if err != nil {
		return nil, err
	}
	var todo []poetryDep
	for _, n := range roots {
		todo = append(todo, poetryDep{need: n, any: []string{n.spec}})
	}
	seen, chosen := map[string]bool{}, map[int]bool{}
	for len(todo) > 0 {
		d := todo[0]
		todo = todo[1:]
		if ok, err := pep.Eval(d.marker, w.env); err != nil || !ok {
			if err != nil {
				return nil, fmt.Errorf("%s: %w", d.name, err)
			}
			continue
		}
		i, err := l.find(d)
		if err != nil {
			return nil, err
		}
		chosen[i] = true
		k := &l.packages[i]
		for _, extra := range append([]string{""}, d.extras...) {
			at := fmt.Sprintf("%d[%s]", i, pep.Normalize(extra))
			if seen[at] {
				continue
			}
			seen[at] = true
			for _, dep := range k.deps {
				if extra == "" && !dep.optional || extra != "" && dep.optional && slices.Contains(k.optional[pep.Normalize(extra)], dep.name) {
					dep.marker = withoutExtra(dep.marker, dep.optional)
					todo = append(todo, dep)
				}
			}
		}
	}
	var out []pkg
	for _, i := range slices.Sorted(maps.Keys(chosen)) {
		out = append(out, l.packages[i].pkg)
	}
	return once(out)
}

// withoutExtra drops the marker of an optional dependency that speaks of extras: that is what made it optional.
func withoutExtra(marker string, optional bool) string {
	if optional && strings.Contains(marker, "extra") {
		return ""
	}
	return marker
}

// find gives the package that a dependency means: the newest of those with its name that will do.
func (l *poetryLock) find(d poetryDep) (int, error) {
	best := -1
	for _, i := range l.byName[d.name] {
		p := &l.packages[i]
		if p.unusable == "" && !oneAllows(d.any, p.version) {
			continue
		}
		if best >= 0 {
			a, err := pep.ParseVersion(l.packages[best].version)
			b, err2 := pep.ParseVersion(p.version)
			if err != nil || err2 != nil || a.Compare(b) >= 0 {
				continue
			}
		}
		best = i
	}
	if best < 0 {
		return 0, fmt.Errorf("%s %s is wanted, and no package of the lock is that", d.name, strings.Join(d.any, " or "))
	}
	return best, nil
}
