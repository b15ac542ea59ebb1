package resolve

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/messages"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// loader does what require does when it runs.
type loader struct {
	find     Finder
	o        Options
	c        *Closure
	loaded   map[string]version.Installed
	first    map[string][]want // the chain that loaded a module
	problems diag.List
}

// inOrder loads the requests one after another, each with what its .dep file names before it. The first problem ends it, as it
// ends an IOC.
func inOrder(requests []Request, find Finder, o Options) (*Closure, diag.List) {
	l := &loader{find: find, o: o, c: &Closure{opts: o}, loaded: map[string]version.Installed{}, first: map[string][]want{}}
	for _, q := range requests {
		if q.Version == version.None {
			continue
		}
		if !l.load(q.Module, []want{{version: q.Version, request: q}}, nil) {
			return nil, l.problems
		}
		if !slices.Contains(l.c.Roots, q.Module) {
			l.c.Roots = append(l.c.Roots, q.Module)
		}
	}
	return l.c, l.problems
}

// load loads a module that is wanted by the last of a chain; above are the modules whose .dep files are being followed.
func (l *loader) load(name string, chain []want, above []string) bool {
	w := chain[len(chain)-1]
	taken := func(name string) string { return l.loaded[name].Version }
	fail := func(d diag.Diag) bool {
		d.Range = chain[0].request.Range
		l.problems = append(l.problems, d)
		return false
	}
	if at := slices.Index(above, name); at >= 0 {
		return fail(sayCircle(above[at:], taken))
	}
	if have, ok := l.loaded[name]; ok {
		if version.Loaded(have.Version, w.version) {
			return true
		}
		return fail(diag.Diag{Code: "ioc-conflict", Summary: messages.Conflict(name, w.version, have.Version),
			Detail: sayChain(l.first[name], name, taken) + "\n" + sayChain(chain, name, taken)})
	}
	all := l.find.Versions(name)
	i, remarks, err := version.Select(w.version, all, true)
	if no := (*version.NotAvailable)(nil); errors.As(err, &no) {
		d := missing(name, w.version, no, l.find, l.o)
		d.Detail = strings.TrimSpace(sayChain(chain, name, taken) + "\n" + d.Detail)
		return fail(d)
	}
	for _, text := range remarks {
		l.problems = append(l.problems, diag.Diag{Warning: true, Code: "odd-version",
			Summary: fmt.Sprintf("the version of module %s may be unexpected", name), Detail: text, Hint: "Ask for a version.", Range: chain[0].request.Range})
	}
	l.loaded[name], l.first[name] = all[i], chain
	f, problems := l.find.Deps(name, all[i])
	if l.problems = append(l.problems, problems...); problems.HasErrors() {
		return false
	}
	m := Module{Name: name, Version: all[i].Version, Pool: all[i].Pool}
	m.Deps, m.DepFile = wanted(f)
	for _, e := range m.Deps {
		if !l.load(e.Module, append(slices.Clone(chain), want{version: e.Version, by: name, entry: e}), append(slices.Clone(above), name)) {
			return false
		}
	}
	l.c.Modules = append(l.c.Modules, m)
	return true
}
