package build_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/rule"
)

// world is a workspace as the reference interpreter knows it.
type world struct {
	t       *testing.T
	rnd     *rand.Rand
	root    string
	cache   string
	tools   string // the folder where the program "marker" lies
	sandbox string // "off", "auto", or "mixed"
	marker  string // what that program says
	sources map[string]source
	targets map[string]*node // by name; a name's number orders them
	renamed int
	// ran has the work, see tuples, that was done since the cache last lost anything: a build does none of it twice. begun may
	// have been done; stale was done before the cache lost something, and may be in cairn-out alone.
	ran, begun, stale map[string]bool
	kept              *build.Engine // where one engine does all builds, as in watch
}

type source struct {
	data string
	exec bool
}

type node struct {
	srcs       []string // source files, or ":name"
	glob       bool     // and before them every g*.txt
	form       string
	first, big bool
}

var forms = []string{"call", "call", "call", "spawn", "dep", "tool", "fan"}

func newWorld(t *testing.T, seed uint64, sandbox string) *world {
	w := &world{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), root: t.TempDir(), cache: filepath.Join(t.TempDir(), "cache"), tools: t.TempDir(), sandbox: sandbox,
		marker: "m0", sources: map[string]source{}, targets: map[string]*node{}, ran: map[string]bool{}, begun: map[string]bool{}, stale: map[string]bool{}}
	for _, s := range []string{"a.txt", "b.txt", "c.txt", "g0.txt"} {
		w.sources[s] = source{data: s[:1] + "0"}
	}
	for i := range 8 {
		name := fmt.Sprintf("t%d", i)
		w.targets[name] = w.newNode(name)
	}
	return w
}

func number(name string) (n int) { fmt.Sscanf(name, "t%d", &n); return n }

// inputs gives what a target reads, in order.
func (w *world) inputs(n *node) []string {
	var in []string
	if n.glob {
		for _, s := range w.sourceNames() {
			if strings.HasPrefix(s, "g") {
				in = append(in, s)
			}
		}
	}
	for _, s := range n.srcs {
		if !slices.Contains(in, s) {
			in = append(in, s)
		}
	}
	return in
}

func (w *world) data(in string, memo map[string]string) string {
	if dep, ok := strings.CutPrefix(in, ":"); ok {
		return w.want(dep, memo)
	}
	return w.sources[in].data
}

// reads gives those of its inputs whose contents a target looks at.
func (w *world) reads(n *node, memo map[string]string) []string {
	in := w.inputs(n)
	if n.form == "dep" && strings.HasPrefix(w.data(in[0], memo), "a") {
		return in[:1]
	}
	return in
}

// want is the reference: what a target's output must be.
func (w *world) want(name string, memo map[string]string) string {
	if s, ok := memo[name]; ok {
		return s
	}
	n := w.targets[name]
	j := joinArgs{first: n.first, big: n.big}
	var b strings.Builder
	b.WriteString(name)
	if n.form == "tool" {
		b.WriteString("{" + w.marker + "}")
	}
	for _, in := range w.reads(n, memo) {
		data := w.data(in, memo)
		if n.form == "fan" {
			fmt.Fprintf(&b, "[<%s>]", data[:min(len(data), j.limit(), itemMax-2)])
			continue
		}
		fmt.Fprintf(&b, "[%s]", data[:min(len(data), j.limit())])
	}
	b.WriteString(j.tail())
	memo[name] = b.String()
	return memo[name]
}

// tuples names the work of a target by all that can count for it. A fan is three actions.
func (w *world) tuples(name string, memo map[string]string) []string {
	n := w.targets[name]
	h := sha256.New()
	fmt.Fprintf(h, "%s %v %v %s %q\n", name, n.first, n.big, n.form, w.inputs(n))
	if n.form == "tool" {
		fmt.Fprintln(h, w.marker)
	}
	for _, in := range w.reads(n, memo) {
		fmt.Fprintf(h, "%q\n", w.data(in, memo))
	}
	for _, in := range w.inputs(n) { // names and modes count, whatever is read
		fmt.Fprintln(h, w.sources[in].exec)
	}
	t := fmt.Sprintf("%x", h.Sum(nil)[:8])
	if n.form == "fan" { // where what is packed is as it was, nothing behind it runs
		packed := fmt.Sprintf("%s %v %q %x", name, n.big, n.form, sha256.Sum256([]byte(w.want(name, memo))))
		return []string{t, packed + " each", packed + " join"}
	}
	return []string{t}
}

// newWork gives what building targets, and what they stand on, does for the first time.
func (w *world) newWork(names []string) map[string]bool {
	memo, seen, out := map[string]string{}, map[string]bool{}, map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, s := range w.targets[name].srcs {
			if dep, ok := strings.CutPrefix(s, ":"); ok {
				visit(dep)
			}
		}
		for _, t := range w.tuples(name, memo) {
			if !w.ran[t] {
				out[t] = true
			}
		}
	}
	for _, n := range names {
		visit(n)
	}
	return out
}

func (w *world) names() []string {
	return slices.SortedFunc(maps.Keys(w.targets), func(a, b string) int { return number(a) - number(b) })
}

func (w *world) sourceNames() []string { return slices.Sorted(maps.Keys(w.sources)) }

// write brings the workspace on disk up to what the world knows.
func (w *world) write() {
	var b strings.Builder
	b.WriteString("workspace \"random\" {}\n")
	for _, name := range w.names() {
		n := w.targets[name]
		srcs := strings.ReplaceAll(fmt.Sprintf("%q", n.srcs), " ", ", ")
		if n.glob {
			srcs = "concat(glob([\"g*.txt\"]), " + srcs + ")"
		}
		fmt.Fprintf(&b, "join %q {\n  srcs  = %s\n  first = %v\n  big   = %v\n  form  = %q\n}\n", name, srcs, n.first, n.big, n.form)
	}
	w.put(filepath.Join(w.root, "BUILD.hcl"), b.String(), 0o644)
	w.put(filepath.Join(w.tools, "marker"), "#!/bin/sh\nprintf %s "+w.marker+"\n", 0o755)
	for p := range w.sources {
		w.putSource(p)
	}
	olds, _ := filepath.Glob(filepath.Join(w.root, "*.txt"))
	for _, p := range olds {
		if _, ok := w.sources[filepath.Base(p)]; !ok {
			os.Remove(p)
		}
	}
}

func (w *world) putSource(name string) {
	s := w.sources[name]
	mode := os.FileMode(0o644)
	if s.exec {
		mode = 0o755
	}
	w.put(filepath.Join(w.root, name), s.data, mode)
}

// put writes a file, unless it holds just that already. Sometimes it is a new file under the old name, and sometimes it keeps
// the time of change that it had.
func (w *world) put(at, data string, mode os.FileMode) {
	fi, serr := os.Stat(at)
	if old, err := os.ReadFile(at); err == nil && serr == nil && string(old) == data && fi.Mode().Perm() == mode {
		return
	}
	to := at
	if w.rnd.IntN(2) == 0 {
		to += ".new"
	}
	err := os.WriteFile(to, []byte(data), mode)
	if err == nil {
		err = os.Chmod(to, mode)
	}
	if err == nil && serr == nil && w.rnd.IntN(3) == 0 {
		err = os.Chtimes(to, fi.ModTime(), fi.ModTime())
	}
	if err == nil && to != at {
		err = os.Rename(to, at)
	}
	if err != nil {
		w.t.Error(err)
	}
}

func (w *world) pick(names []string) string { return names[w.rnd.IntN(len(names))] }

func (w *world) newNode(name string) *node {
	n := &node{first: w.rnd.IntN(3) == 0, big: w.rnd.IntN(8) == 0, glob: w.rnd.IntN(4) == 0, form: w.pick(forms)}
	all := w.sourceNames()
	for _, t := range w.names() {
		if number(t) < number(name) {
			all = append(all, ":"+t)
		}
	}
	for range 1 + w.rnd.IntN(3) {
		if s := w.pick(all); !slices.Contains(n.srcs, s) {
			n.srcs = append(n.srcs, s)
		}
	}
	return n
}

// options are those of one build.
func (w *world) options() build.Options {
	sandbox := w.sandbox
	if sandbox == "mixed" {
		sandbox = w.pick([]string{"off", "auto"})
	}
	return randomOptions(w.root, w.cache, w.tools, sandbox)
}

func randomOptions(root, cache, tools, sandbox string) build.Options {
	return build.Options{Root: root, CacheDir: cache, Kinds: []*rule.Rule{join}, Jobs: 2, Sandbox: sandbox, Version: "test", Getenv: func(name string) (string, bool) {
		v, ok := os.LookupEnv(name)
		if name == "PATH" {
			v = tools + ":" + v
		}
		return v, ok
	}}
}

// try builds and gives what became of it.
func (w *world) try(o build.Options, patterns ...string) (*build.Summary, error) {
	ps, err := build.ParsePatterns(patterns, "")
	if err != nil {
		return nil, err
	}
	e, err := build.Open(o)
	if err != nil {
		return nil, err
	}
	s, err := e.Build(w.t.Context(), build.Request{Patterns: ps})
	if cerr := e.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("closing: %w", cerr)
	}
	return s, err
}

// build must succeed, and run no more than what was never run before.
func (w *world) build(names ...string) *build.Summary {
	w.t.Helper()
	var patterns []string
	for _, n := range names {
		patterns = append(patterns, "//:"+n)
	}
	if len(names) == 0 {
		names = w.names()
	}
	var s *build.Summary
	var err error
	if w.kept != nil {
		s, err = w.round(patterns)
	} else {
		s, err = w.try(w.options(), patterns...)
	}
	w.good(s, err)
	work := w.newWork(names)
	if s.Run > len(work) {
		w.t.Fatalf("%d actions ran, and only %d were new: %+v", s.Run, len(work), s)
	}
	w.did(work)
	return s
}

// round is a build of the engine that is kept.
func (w *world) round(patterns []string) (*build.Summary, error) {
	ps, err := build.ParsePatterns(patterns, "")
	if err != nil {
		return nil, err
	}
	rd, err := w.kept.Look(w.t.Context(), build.Request{Patterns: ps})
	if err != nil {
		return nil, err
	}
	return rd.Build(w.t.Context())
}

// good wants a build without an error and without a failure.
func (w *world) good(s *build.Summary, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("build: %v", err)
	}
	for _, f := range s.Failures {
		w.t.Fatalf("%s: %s\n%s", f.Label, f.Summary, f.Output)
	}
}

// did says that the work of targets is done, and in the cache.
func (w *world) did(work map[string]bool) {
	for t := range work {
		if !w.stale[t] {
			w.ran[t] = true
		}
	}
}

// began says that any work may have been done that the world as it is now asks for.
func (w *world) began() { maps.Copy(w.begun, w.newWork(w.names())) }

// lost says that the cache may have lost something: all may run again.
func (w *world) lost() {
	maps.Copy(w.stale, w.ran)
	maps.Copy(w.stale, w.begun)
	clear(w.ran)
	clear(w.begun)
}

func (w *world) out(name string) string { return filepath.Join(w.root, "cairn-out", name, "out") }

func (w *world) check(names []string) {
	w.t.Helper()
	memo := map[string]string{}
	for _, name := range names {
		got, err := os.ReadFile(w.out(name))
		if want := w.want(name, memo); err != nil || string(got) != want {
			w.t.Fatalf("%s (%+v) holds %s (%v), want %s", name, *w.targets[name], brief(string(got)), err, brief(want))
		}
	}
}

func brief(s string) string {
	s = strings.TrimSuffix(s, bigTail)
	return fmt.Sprintf("%q", s[:min(len(s), 600)])
}
