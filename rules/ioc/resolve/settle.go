package resolve

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// resolver looks for versions that go together. It works in rounds. In each, the requests and the .dep files of the versions taken in the round
// before say what is wanted of each module, and of that alone the versions of this round follow; they are taken all at once, so
// that no order plays a part. It ends where a round changes nothing.
type resolver struct {
	requests []Request // sorted
	find     Finder
	o        Options
	wants    map[string][]want // by module, sorted
	taken    map[string]version.Installed
	problems diag.List
	files    map[module]dep.File
}

// want is one who asks for a module.
type want struct {
	version string
	request Request // where by is ""
	by      string  // the module whose .dep asks
	entry   dep.Entry
}

func newResolver(requests []Request, find Finder, o Options) *resolver {
	r := &resolver{find: find, o: o, files: map[module]dep.File{}}
	for _, q := range requests {
		if q.Version != version.None {
			r.requests = append(r.requests, q)
		}
	}
	slices.SortStableFunc(r.requests, compareRequests)
	return r
}

func compareRequests(a, b Request) int {
	return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Version, b.Version), cmp.Compare(a.By, b.By),
		cmp.Compare(a.Range.File, b.Range.File), cmp.Compare(a.Range.Start.Byte, b.Range.Start.Byte), cmp.Compare(a.Range.Start.Line, b.Range.Start.Line))
}

// settle works until the versions stay. Where they come round to what they were before without staying, a module's version hangs on its
// own version: that is a circle, and reported as one.
func (r *resolver) settle() {
	seen := map[string]bool{}
	for {
		r.wants = r.ask()
		next := map[string]version.Installed{}
		for _, name := range sortedKeys(r.wants) {
			if v, ok := r.take(name); ok {
				next[name] = v
			}
		}
		if r.taken != nil && maps.Equal(next, r.taken) {
			break
		}
		state := fmt.Sprint(next)
		if seen[state] {
			r.unsettled(next)
			return
		}
		seen[state] = true
		r.taken = next
	}
	for _, name := range sortedKeys(r.wants) {
		r.judge(name)
	}
	for name, v := range r.taken {
		_, problems := r.find.Deps(name, v)
		r.problems = append(r.problems, problems...)
	}
}

// ask gives what the requests and the versions taken so far want.
func (r *resolver) ask() map[string][]want {
	wants := map[string][]want{}
	for _, q := range r.requests {
		wants[q.Module] = append(wants[q.Module], want{version: q.Version, request: q})
	}
	// Versions of modules that nobody wants any longer want nothing.
	done := map[string]bool{}
	todo := sortedKeys(wants)
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		v, ok := r.taken[name]
		if done[name] || !ok {
			continue
		}
		done[name] = true
		for _, e := range r.deps(name, v).Entries {
			if e.Version == version.None {
				continue
			}
			wants[e.Module] = append(wants[e.Module], want{version: e.Version, by: name, entry: e})
			todo = append(todo, e.Module)
		}
	}
	for _, ws := range wants {
		slices.SortStableFunc(ws, func(a, b want) int {
			return cmp.Or(cmp.Compare(a.version, b.version), cmp.Compare(a.by, b.by), compareRequests(a.request, b.request), cmp.Compare(a.entry.Line, b.entry.Line))
		})
	}
	return wants
}

func (r *resolver) deps(name string, v version.Installed) dep.File {
	at := module{name, v}
	f, ok := r.files[at]
	if !ok {
		f, _ = r.find.Deps(name, v)
		r.files[at] = f
	}
	return f
}

// take gives the version of a module that satisfies all who want it.
func (r *resolver) take(name string) (version.Installed, bool) {
	fit, request := r.fitting(name)
	i, _, err := version.Select(request, fit, false)
	if err != nil {
		return version.Installed{}, false
	}
	return fit[i], true
}

// fitting gives the installed versions that satisfy all who want a module, and the most particular of their requests.
func (r *resolver) fitting(name string) (fit []version.Installed, request string) {
	fit = slices.Clone(r.find.Versions(name))
	for _, w := range r.wants[name] {
		fit = slices.DeleteFunc(fit, func(have version.Installed) bool { return !version.Loaded(have.Version, w.version) })
		if len(w.version) > len(request) {
			request = w.version
		}
	}
	return fit, request
}

// judge reports what is wrong with a module in the end, and what may be unexpected.
func (r *resolver) judge(name string) {
	all := r.find.Versions(name)
	var there []want
	told := map[string]bool{}
	for _, w := range r.wants[name] {
		_, _, err := version.Select(w.version, all, false)
		if no := (*version.NotAvailable)(nil); errors.As(err, &no) {
			if !told[w.version] {
				r.problems = append(r.problems, r.missing(name, w, no))
			}
			told[w.version] = true
			continue
		}
		there = append(there, w)
	}
	if d, conflict := r.conflict(name, there); conflict {
		r.problems = append(r.problems, d)
		return
	}
	if len(told) > 0 {
		return
	}
	fit, request := r.fitting(name)
	_, remarks, _ := version.Select(request, fit, false)
	for _, text := range remarks {
		r.problems = append(r.problems, diag.Diag{Warning: true, Code: "odd-version", Summary: "the version of module " + name + " may be unexpected",
			Detail: text, Hint: "Ask for a version.", Range: r.place(r.wants[name][0])})
	}
}

// unsettled reports versions that change from round to round: next is what would come now.
func (r *resolver) unsettled(next map[string]version.Installed) {
	var names []string
	for name, ws := range r.wants {
		if next[name] != r.taken[name] && len(ws) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	r.problems = append(r.problems, diag.Diag{
		Code:    "ioc-cycle",
		Summary: "the versions of modules depend on each other in a circle: " + strings.Join(names, ", "),
		Detail:  "Whichever version is taken of one, the others lead to a different one. " + r.chainsTo(names),
		Hint:    "Ask for a version of one of them.",
	})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
