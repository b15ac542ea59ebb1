package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/messages"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// chain gives who asks for a module, back to a request: the shortest way, of equally short ones the first by name. The request
// comes first.
func (r *resolver) chain(w want) []want {
	depth := map[string]int{}
	via := map[string]want{}
	for level := 1; ; level++ {
		added := false
		for _, name := range sortedKeys(r.wants) {
			if depth[name] > 0 {
				continue
			}
			for _, w := range r.wants[name] {
				if up := depth[w.by]; w.by == "" && level == 1 || w.by != "" && up > 0 && up < level {
					depth[name], via[name], added = level, w, true
					break
				}
			}
		}
		if !added {
			break
		}
	}
	way := []want{w}
	for w.by != "" && len(way) <= len(r.wants) {
		w = via[w.by]
		way = append(way, w)
	}
	slices.Reverse(way)
	return way
}

// say gives the chain that ends in w, a want of module name, in words.
func (r *resolver) say(name string, w want) string {
	return sayChain(r.chain(w), name, func(name string) string { return r.taken[name].Version })
}

// sayChain gives a chain whose last link is about module name; taken gives the version that a module is taken at.
func sayChain(chain []want, name string, taken func(string) string) string {
	parts := make([]string, len(chain))
	for i, w := range chain {
		wanted := name
		if i+1 < len(chain) {
			wanted = chain[i+1].by
		}
		if w.version == "" {
			wanted += " (any version)"
		} else {
			wanted += " " + w.version
		}
		if w.by == "" {
			parts[i] = w.request.who() + " asks for " + wanted
		} else {
			parts[i] = w.by + " " + taken(w.by) + " depends on " + wanted
		}
	}
	return strings.Join(parts, "; ") + "."
}

// who names the one who asks.
func (q Request) who() string {
	switch {
	case q.By == "" && q.Range.IsZero():
		return "the request"
	case q.By == "":
		return q.Range.String()
	case q.Range.IsZero() || strings.HasPrefix(q.By, q.Range.String()):
		return q.By
	}
	return q.By + " (" + q.Range.String() + ")"
}

// place gives where it is said in the end that what w wants is wanted.
func (r *resolver) place(w want) diag.Range { return r.chain(w)[0].request.Range }

// related gives the line of the .dep file that asks, where it is one.
func (r *resolver) related(w want) []diag.Related {
	if w.by == "" {
		return nil
	}
	f := r.deps(w.by, r.taken[w.by])
	if f.Name == "" {
		return nil
	}
	return []diag.Related{{Range: f.Range(w.entry), Text: w.entry.String()}}
}

// missing is the problem of a version, or a module, that is not there.
func (r *resolver) missing(name string, w want, no *version.NotAvailable) diag.Diag {
	d := missing(name, w.version, no, r.find, r.o)
	d.Detail = strings.TrimSpace(r.say(name, w) + "\n" + d.Detail)
	d.Range, d.Related = r.place(w), r.related(w)
	return d
}

func missing(name, wanted string, no *version.NotAvailable, find Finder, o Options) diag.Diag {
	d := diag.Diag{Code: "ioc-missing"}
	switch {
	case len(no.Others) > 0:
		d.Summary = messages.OtherVersions(name, wanted)
		var there []string
		for _, v := range no.Others {
			there = append(there, v+poolsOf(v, find.Versions(name), o))
		}
		d.Detail = "There are: " + strings.Join(there, ", ") + "."
		if wanted := version.Lenient(wanted); wanted.IsTest() {
			d.Hint = version.Warning(wanted.String())
		}
	case find.Elsewhere(name):
		d.Summary = messages.OtherArchs(name, wanted, o.Arch)
	default:
		d.Summary = messages.NotAvailable(name, wanted)
		if len(o.Pools) > 0 {
			d.Detail = "It is in none of: " + strings.Join(o.Pools, ", ") + "."
		}
		if d.Hint = diag.DidYouMean(name, find.Modules()); d.Hint == "" {
			d.Hint = "A module that is a target is named by its label, in deps or with -r; one that is installed is found in the folders of pools, of -l and of EPICS_DRIVER_PATH."
		}
	}
	return d
}

// poolsOf gives in brackets where a version lies, "" where pools have no names.
func poolsOf(v string, all []version.Installed, o Options) string {
	var in []string
	for _, have := range all {
		if have.Version == v && have.Pool < len(o.Pools) && !slices.Contains(in, o.Pools[have.Pool]) {
			in = append(in, o.Pools[have.Pool])
		}
	}
	if len(in) == 0 {
		return ""
	}
	return " (" + strings.Join(in, ", ") + ")"
}

// conflict is the problem of a module that is wanted at versions of which each excludes another.
func (r *resolver) conflict(name string, wants []want) (diag.Diag, bool) {
	var versions []string
	var text []string
	var related []diag.Related
	var first want
	for _, w := range wants {
		if slices.Contains(versions, w.version) || !slices.ContainsFunc(wants, func(o want) bool { return !together(o.version, w.version) }) {
			continue
		}
		if len(versions) == 0 {
			first = w
		}
		versions = append(versions, w.version)
		text = append(text, r.say(name, w))
		related = append(related, r.related(w)...)
	}
	if len(versions) == 0 {
		return diag.Diag{}, false
	}
	return diag.Diag{
		Code:    "ioc-conflict",
		Summary: fmt.Sprintf("module %s is wanted at versions that exclude each other: %s", name, strings.Join(versions, ", ")),
		Detail:  strings.Join(text, "\n"),
		Range:   r.place(first),
		Related: related,
	}, true
}

// together says whether a version can satisfy both requests.
func together(a, b string) bool {
	return a == "" || version.Loaded(a, b) || version.Loaded(b, a)
}

// chainsTo gives the chains to some modules, one sentence each.
func (r *resolver) chainsTo(names []string) string {
	var text []string
	for _, n := range names {
		for _, w := range r.wants[n] {
			text = append(text, r.say(n, w))
		}
	}
	return strings.Join(text, "\n")
}

// closure puts what is taken into load order. It reports circles.
func (r *resolver) closure() *Closure {
	c := &Closure{opts: r.o}
	for _, q := range r.requests {
		if !slices.Contains(c.Roots, q.Module) {
			c.Roots = append(c.Roots, q.Module)
		}
	}
	slices.Sort(c.Roots)
	done := map[string]bool{}
	var way []string
	var visit func(name string)
	visit = func(name string) {
		if at := slices.Index(way, name); at >= 0 {
			r.problems = append(r.problems, r.circle(way[at:]))
			return
		}
		if done[name] {
			return
		}
		done[name] = true
		v := r.taken[name]
		m := Module{Name: name, Version: v.Version, Pool: v.Pool}
		m.Deps, m.DepFile = wanted(r.deps(name, v))
		var names []string
		for _, e := range m.Deps {
			names = append(names, e.Module)
		}
		slices.Sort(names)
		way = append(way, name)
		for _, n := range slices.Compact(names) {
			visit(n)
		}
		way = way[:len(way)-1]
		c.Modules = append(c.Modules, m)
	}
	for _, name := range c.Roots {
		visit(name)
	}
	return c
}

// wanted gives the entries of a .dep file that ask for something.
func wanted(f dep.File) ([]dep.Entry, string) {
	return slices.DeleteFunc(slices.Clone(f.Entries), func(e dep.Entry) bool { return e.Version == version.None }), f.Name
}

// circle is the problem of modules that depend on each other.
func (r *resolver) circle(names []string) diag.Diag {
	d := sayCircle(names, func(name string) string { return r.taken[name].Version })
	for i, name := range names {
		next := names[(i+1)%len(names)]
		for _, w := range r.wants[next] {
			if w.by == name {
				d.Related = append(d.Related, r.related(w)...)
				break
			}
		}
	}
	if ws := r.wants[names[0]]; len(ws) > 0 {
		d.Range = r.place(ws[0])
	}
	return d
}

func sayCircle(names []string, taken func(string) string) diag.Diag {
	var steps []string
	for _, n := range append(slices.Clone(names), names[0]) {
		steps = append(steps, n+" "+taken(n))
	}
	return diag.Diag{
		Code:    "ioc-cycle",
		Summary: "modules depend on each other in a circle: " + strings.Join(steps, " -> "),
		Detail:  "An IOC that loads one of them never starts: require follows .dep files without end.",
	}
}
