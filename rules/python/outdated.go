package python

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/python/pep"
)

// outdated says that a lock is not of what its project requires now: the first difference by name, and what mends it. nil where
// it is, and where there is no project or it does not say what it requires.
func outdated(l lock, p *project, w wish) error {
	if p == nil || p.dynamic != "" {
		return nil
	}
	why, mend := "", ""
	switch l := l.(type) {
	case *uvLock:
		why, mend = l.differs(p), "`uv lock`"
		if !l.declares {
			why = unmetBy(p, l.pkgs(), w)
		}
	case *poetryLock:
		mend = "`poetry lock`"
		if l.hash != "" && !slices.Contains(poetryHashes(p.doc), l.hash) {
			if why = unmetBy(p, l.pkgs(), w); why == "" {
				why = "pyproject.toml was edited since (its content-hash is another)"
			}
		}
	case *pylock:
		mend = "what made it (`cairn lock` for a python_lock, `uv export --format pylock.toml`, `pip lock`)"
		if ns, err := p.wanted(w.extras, w.groups); err == nil && l.question == questionDigest([]byte(questionText(ns)), nil) {
			return nil
		}
		why = unmetBy(p, l.packages, w)
	case *requirements:
		mend = "what made it (`uv pip compile --generate-hashes`, `pip-compile --generate-hashes`)"
		why = unmetBy(p, l.packages, w)
	}
	if why == "" {
		return nil
	}
	return fmt.Errorf("the lock is outdated: %s; run %s and commit the lock", why, mend)
}

// projectBeside reads the pyproject.toml that lies beside a lock; nil where there is none.
func projectBeside(c rule.CallContext, at string) (*project, error) {
	if at == "" {
		return nil, nil
	}
	b, err := read(c, at)
	if absent := (*rule.NotInputError)(nil); errors.As(err, &absent) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := parseTOML(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	p, err := readProject(doc)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return p, nil
}

// unmetBy is unmet for what is wanted of a project.
func unmetBy(p *project, packages []pkg, w wish) string {
	ns, err := p.pick(w.extras, w.groups)
	if err != nil {
		return "" // choosing says what there is
	}
	env := w.env
	for _, e := range w.extras {
		env.Extras = append(env.Extras, pep.Normalize(e))
	}
	for _, g := range w.groups {
		env.Groups = append(env.Groups, pep.Normalize(g))
	}
	ns = slices.DeleteFunc(slices.Clone(ns), func(n need) bool { return slices.Contains(w.own, n.name) })
	return unmet(ns, packages, env, false)
}

func (l *uvLock) pkgs() []pkg {
	var out []pkg
	for _, p := range l.packages {
		out = append(out, p.pkg)
	}
	return out
}

func (l *poetryLock) pkgs() []pkg {
	var out []pkg
	for _, p := range l.packages {
		out = append(out, p.pkg)
	}
	return out
}

// uvDeclared reads what a lock of uv's says its project required when it was made.
func uvDeclared(p map[string]any) (ns []need, said bool) {
	meta := object(p, "metadata")
	lists := [][]map[string]any{objects(meta, "requires-dist")}
	dev := object(meta, "requires-dev")
	for _, g := range slices.Sorted(maps.Keys(dev)) {
		lists = append(lists, objects(dev, g))
	}
	for _, l := range lists {
		for _, d := range l {
			n := need{name: pep.Normalize(text(d, "name"))}
			for _, k := range []string{"git", "url", "path", "directory", "editable", "virtual"} {
				if text(d, k) != "" {
					n.from = text(d, k)
				}
			}
			n.spec, _ = cleanSpec(text(d, "specifier"))
			ns = append(ns, n)
		}
	}
	return ns, meta != nil
}

// differs names the first requirement of the project that the lock was not made for, or the first that it was made for in vain.
func (l *uvLock) differs(p *project) string {
	now := p.all()
	same := func(a need) func(need) bool {
		return func(b need) bool {
			return a.name == b.name && (a.spec == b.spec || a.from != "" || b.from != "")
		}
	}
	for _, n := range now {
		if slices.ContainsFunc(l.declared, same(n)) {
			continue
		}
		n.marker = ""
		if i := slices.IndexFunc(l.declared, func(d need) bool { return d.name == n.name }); i >= 0 {
			return fmt.Sprintf("%s is required, and the lock was made for %s", n, l.declared[i])
		}
		return fmt.Sprintf("%s is required, and the lock does not have it", n)
	}
	for _, d := range l.declared {
		if !slices.ContainsFunc(now, same(d)) && d.name != p.name {
			return fmt.Sprintf("it was made for %s, which is no longer required", strings.TrimSpace(d.String()))
		}
	}
	return ""
}
