package resolve

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// world is a random set of pools and requests.
type world struct {
	modules  []string
	installs map[string][]version.Installed
	deps     map[module][]dep.Entry
	requests []Request
}

func newWorld(r *rand.Rand) *world {
	w := &world{installs: map[string][]version.Installed{}, deps: map[module][]dep.Entry{}}
	versions := []string{"1.0.0", "1.0.0+0", "1.0.0+1", "1.0.0+2", "1.1.0", "2.0.0", "2.0.0+1", "test", "test+1", "other", "1.0"}
	asked := []string{"", "", "", "1.0.0", "1.0.0", "1.0.0+1", "1.1.0", "2.0.0", "test", "none"}
	for i := range 3 + r.IntN(6) {
		w.modules = append(w.modules, fmt.Sprintf("m%d", i))
	}
	for i, m := range w.modules {
		seen := map[version.Installed]bool{}
		for range 1 + r.IntN(5) {
			v := version.Installed{Version: versions[r.IntN(len(versions))], Pool: r.IntN(2)}
			if seen[v] {
				continue
			}
			seen[v] = true
			w.installs[m] = append(w.installs[m], v)
			for range r.IntN(3) {
				on := i + 1 + r.IntN(len(w.modules)) // later ones, so that most have no circle
				if r.IntN(30) == 0 {
					on = r.IntN(len(w.modules))
				}
				if on < len(w.modules) {
					w.deps[module{m, v}] = append(w.deps[module{m, v}], dep.Entry{Module: w.modules[on], Version: asked[r.IntN(len(asked))]})
				}
			}
		}
	}
	for i := range 1 + r.IntN(4) {
		w.requests = append(w.requests, Request{Module: w.modules[r.IntN(len(w.modules))], Version: asked[r.IntN(len(asked))],
			Range: diag.Range{File: "st.cmd", Start: diag.Pos{Line: i + 1, Byte: i}}})
	}
	return w
}

// Versions implements Finder, with pools in order and folders in the order that shuffle leaves them in.
func (w *world) Versions(name string) (out []version.Installed) {
	for pool := range 2 {
		for _, v := range w.installs[name] {
			if v.Pool == pool {
				out = append(out, v)
			}
		}
	}
	return out
}

// Deps implements Finder.
func (w *world) Deps(name string, v version.Installed) (dep.File, diag.List) {
	return dep.File{Name: name + ".dep", Entries: w.deps[module{name, v}]}, nil
}

// Elsewhere implements Finder.
func (w *world) Elsewhere(string) bool { return false }

// Modules implements Finder.
func (w *world) Modules() []string { return w.modules }

func (w *world) shuffle(r *rand.Rand) {
	r.Shuffle(len(w.requests), func(i, j int) { w.requests[i], w.requests[j] = w.requests[j], w.requests[i] })
	for _, vs := range w.installs {
		r.Shuffle(len(vs), func(i, j int) { vs[i], vs[j] = vs[j], vs[i] })
	}
	for _, es := range w.deps {
		r.Shuffle(len(es), func(i, j int) { es[i], es[j] = es[j], es[i] })
	}
}

func said(c *Closure, l diag.List) string {
	var b strings.Builder
	if c != nil {
		for _, m := range c.Modules {
			fmt.Fprintln(&b, m.Name, m.Version, m.Pool)
		}
	}
	for _, d := range l {
		fmt.Fprintln(&b, d.Range, d.Summary, d.Detail, d.Hint)
	}
	return b.String()
}

// TestRandom: whatever the order of requests, of lines in .dep files and of folders, the result is the same, and it is one that
// an IOC can load: each module after those that it depends on, each at a version that satisfies all who ask for it.
func TestRandom(t *testing.T) {
	good, conflicts, circles, compared := 0, 0, 0, 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 6))
		w := newWorld(r)
		c, problems := Resolve(w.requests, w, Options{})
		want := said(c, problems)
		for range 4 {
			w.shuffle(r)
			if got := said(Resolve(w.requests, w, Options{})); got != want {
				t.Fatalf("seed %d: it is\n%s\nand in another order\n%s", seed, want, got)
			}
		}
		for _, d := range problems {
			switch d.Code {
			case "ioc-conflict":
				conflicts++
			case "ioc-cycle":
				circles++
			}
		}
		if want, forward := w.inTopologicalOrder(); forward {
			compared++
			if got := taken(c); got != want {
				t.Fatalf("seed %d: it takes %s, one module after another comes to %s\n%v", seed, got, want, problems)
			}
		}
		if c == nil {
			if !problems.HasErrors() {
				t.Fatalf("seed %d: nothing comes of it, and nothing is wrong", seed)
			}
			continue
		}
		good++
		w.check(t, seed, c)
		w.starts(t, seed, c)
	}
	if good < 500 || conflicts < 50 || circles < 10 || compared < 500 {
		t.Errorf("%d resolved, %d conflicts, %d circles, %d compared: the worlds are too tame", good, conflicts, circles, compared)
	}
}

// check holds the closure against what each in it asks for.
func (w *world) check(t *testing.T, seed uint64, c *Closure) {
	t.Helper()
	loaded := map[string]string{}
	for _, m := range c.Modules {
		if _, twice := loaded[m.Name]; twice {
			t.Fatalf("seed %d: %s comes twice", seed, m.Name)
		}
		for _, e := range w.deps[module{m.Name, version.Installed{Version: m.Version, Pool: m.Pool}}] {
			if have, ok := loaded[e.Module]; e.Version != "none" && (!ok || !version.Loaded(have, e.Version)) {
				t.Fatalf("seed %d: %s is loaded with %s %q, and asks for %q", seed, m.Name, e.Module, have, e.Version)
			}
		}
		loaded[m.Name] = m.Version
	}
	for _, q := range w.requests {
		if have, ok := loaded[q.Module]; q.Version != "none" && (!ok || !version.Loaded(have, q.Version)) {
			t.Fatalf("seed %d: %s is %q, and %q was asked for", seed, q.Module, have, q.Version)
		}
	}
}

// starts loads the closure at its exact versions the way a startup script does, by require's own rules: that must lead to the same.
func (w *world) starts(t *testing.T, seed uint64, c *Closure) {
	t.Helper()
	var exact []Request
	for _, m := range c.Modules {
		exact = append(exact, Request{Module: m.Name, Version: m.Version})
	}
	again, problems := Resolve(exact, w, Options{StrictOrder: true})
	if problems.HasErrors() {
		t.Fatalf("seed %d: %v", seed, problems)
	}
	for i, m := range again.Modules {
		if m.Name != c.Modules[i].Name || m.Version != c.Modules[i].Version {
			t.Fatalf("seed %d: loaded %s, %s was to come", seed, order(again), order(c))
		}
	}
}

// inTopologicalOrder takes the modules by number where none depends on one before it: all who ask for a module are known then when its
// turn comes. It gives what is taken, "-" where that cannot be; false is for a world with edges back.
func (w *world) inTopologicalOrder() (string, bool) {
	for m, es := range w.deps {
		for _, e := range es {
			if e.Module <= m.name {
				return "", false
			}
		}
	}
	asked := map[string][]string{}
	for _, q := range w.requests {
		asked[q.Module] = append(asked[q.Module], q.Version)
	}
	out := ""
	for _, m := range w.modules {
		var fit []version.Installed
		exact, any := "", false
		for _, v := range asked[m] {
			any = any || v != "none"
			if v != "none" && len(v) > len(exact) {
				exact = v
			}
		}
		if !any {
			continue
		}
		for _, v := range w.Versions(m) {
			good := true
			for _, ask := range asked[m] {
				good = good && version.Loaded(v.Version, ask)
			}
			if good {
				fit = append(fit, v)
			}
		}
		i, _, err := version.Select(exact, fit, false)
		if err != nil {
			return "-", true
		}
		out += fmt.Sprintf("%s %s %d, ", m, fit[i].Version, fit[i].Pool)
		for _, e := range w.deps[module{m, fit[i]}] {
			asked[e.Module] = append(asked[e.Module], e.Version)
		}
	}
	return out, true
}

// taken gives a closure by name.
func taken(c *Closure) string {
	if c == nil {
		return "-"
	}
	var all []string
	for _, m := range c.Modules {
		all = append(all, fmt.Sprintf("%s %s %d, ", m.Name, m.Version, m.Pool))
	}
	slices.Sort(all)
	return strings.Join(all, "")
}
