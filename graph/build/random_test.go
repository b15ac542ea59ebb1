package build_test

import (
	"context"
	"fmt"
	"io"
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

func TestMain(m *testing.M) {
	os.Exit(m.Run())
}

// join is a kind for tests: its output is its name, then its inputs, each in brackets; or, with first = true, only the first
// byte of each input, so that many changes end at it.
var join = &rule.Rule{Kind: "join",
	Attrs: []rule.Attr{{Name: "srcs", Type: rule.Files, Doc: "What is joined."}, {Name: "first", Type: rule.Bool, Doc: "First bytes only."}, {Name: "spawn", Type: rule.Bool, Doc: "By a command."}},
	Calls: map[string]rule.CallFunc{"join/1": joinCall},
	Analyze: func(c *rule.Context) error {
		out := c.OutputFile("", "out")
		a := rule.Action{Mnemonic: "Join", Inputs: c.Files("srcs"), Outputs: []rule.Artifact{out}}
		var names []string
		for _, in := range a.Inputs {
			names = append(names, in.Path)
		}
		if c.Bool("spawn") {
			script := "o=$1; n=$2; f=$3; shift 3; { printf %s \"$n\"; for i; do printf '['; if [ $f = true ]; then head -c1 \"$i\"; else cat \"$i\"; fi; printf ']'; done; } > \"$o\""
			a.Spawn = &rule.Spawn{Posix: true, Argv: append([]string{rule.HostTool("sh"), "-euc", script, "-", out.Path, c.Label().Name, fmt.Sprint(c.Bool("first"))}, names...)}
		} else {
			a.Call = &rule.Call{Func: "join/1", Args: []byte(fmt.Sprintf("%s\n%v\n%s\n%s", c.Label().Name, c.Bool("first"), out.Path, strings.Join(names, "\n")))}
		}
		c.Declare(a)
		c.SetDefault(out)
		return nil
	}}

func joinCall(_ context.Context, c rule.CallContext) error {
	args := strings.Split(string(c.Args()), "\n")
	var b strings.Builder
	b.WriteString(args[0])
	for _, p := range args[3:] {
		if p == "" {
			continue
		}
		r, err := c.Open(p)
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			return err
		}
		if args[1] == "true" && len(data) > 1 {
			data = data[:1]
		}
		fmt.Fprintf(&b, "[%s]", data)
	}
	return c.Write(args[2], []byte(b.String()), false)
}

// world is a workspace as the reference interpreter knows it.
type world struct {
	t       *testing.T
	rnd     *rand.Rand
	root    string
	cache   string
	sandbox string
	sources map[string]string
	targets map[string]*node // by name; a name's number orders them
}

type node struct {
	srcs         []string // source files, or ":name"
	first, spawn bool
}

func number(name string) (n int) { fmt.Sscanf(name, "t%d", &n); return n }

// want is the reference: what each target's output must be.
func (w *world) want(name string) string {
	n := w.targets[name]
	var b strings.Builder
	b.WriteString(name)
	for _, s := range n.srcs {
		data := w.sources[s]
		if dep, ok := strings.CutPrefix(s, ":"); ok {
			data = w.want(dep)
		}
		if n.first && len(data) > 1 {
			data = data[:1]
		}
		fmt.Fprintf(&b, "[%s]", data)
	}
	return b.String()
}

func (w *world) names() []string {
	return slices.SortedFunc(maps.Keys(w.targets), func(a, b string) int { return number(a) - number(b) })
}

func (w *world) write() {
	var b strings.Builder
	b.WriteString("workspace \"random\" {}\n")
	for _, name := range w.names() {
		n := w.targets[name]
		fmt.Fprintf(&b, "join %q {\n  srcs = %s\n  first = %v\n  spawn = %v\n}\n", name, strings.ReplaceAll(fmt.Sprintf("%q", n.srcs), " ", ", "), n.first, n.spawn)
	}
	w.put("BUILD.hcl", b.String())
	for p, data := range w.sources {
		w.put(p, data)
	}
}

// put writes a file, unless it holds just that already.
func (w *world) put(p, data string) {
	at := filepath.Join(w.root, p)
	if old, err := os.ReadFile(at); err == nil && string(old) == data {
		return
	}
	if err := os.WriteFile(at, []byte(data), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) pick(names []string) string { return names[w.rnd.IntN(len(names))] }

func (w *world) newNode(name string) *node {
	n := &node{first: w.rnd.IntN(3) == 0, spawn: w.rnd.IntN(4) == 0}
	all := slices.Sorted(maps.Keys(w.sources))
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

// edit changes one thing at random and says what.
func (w *world) edit(step int) string {
	src := slices.Sorted(maps.Keys(w.sources))
	switch k := w.rnd.IntN(10); k {
	case 0, 1, 2:
		s := w.pick(src)
		w.sources[s] = fmt.Sprintf("%c%d", 'a'+rune(w.rnd.IntN(3)), w.rnd.IntN(4))
		return "edit " + s
	case 3:
		at := filepath.Join(w.root, w.pick(src))
		b, _ := os.ReadFile(at)
		os.Remove(at)
		os.WriteFile(at, b, 0o644)
		return "save " + at + " without a change"
	case 4:
		name := fmt.Sprintf("t%d", 100+step)
		w.targets[name] = w.newNode(name)
		return "add " + name
	case 5:
		name := w.pick(w.names())
		w.targets[name] = w.newNode(name)
		return "change " + name
	case 6:
		out := filepath.Join(w.root, "cairn-out", w.pick(w.names()), "out")
		os.Remove(out)
		return "remove " + out
	case 7:
		out := filepath.Join(w.root, "cairn-out", w.pick(w.names()), "out")
		os.Remove(out)
		os.WriteFile(out, []byte("wrong"), 0o644)
		return "overwrite " + out
	case 8:
		if w.rnd.IntN(2) == 0 {
			os.RemoveAll(w.cache)
			return "lose the cache"
		}
		os.RemoveAll(filepath.Join(w.root, "cairn-out", ".state"))
		return "lose the state"
	default:
		last := w.names()[len(w.targets)-1]
		if len(w.targets) > 3 {
			delete(w.targets, last)
		}
		return "delete " + last
	}
}

func (w *world) build(patterns ...string) *build.Summary {
	w.t.Helper()
	e, err := build.Open(build.Options{Root: w.root, CacheDir: w.cache, Kinds: []*rule.Rule{join}, Jobs: 2, Sandbox: w.sandbox, Version: "test"})
	if err != nil {
		w.t.Fatal(err)
	}
	defer e.Close()
	ps, err := build.ParsePatterns(patterns, "")
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := e.Build(w.t.Context(), build.Request{Patterns: ps})
	if err != nil {
		w.t.Fatalf("build: %v", err)
	}
	for _, f := range s.Failures {
		w.t.Fatalf("%s: %s\n%s", f.Label, f.Summary, f.Output)
	}
	return s
}

func (w *world) check(names []string) {
	w.t.Helper()
	for _, name := range names {
		got, err := os.ReadFile(filepath.Join(w.root, "cairn-out", name, "out"))
		if err != nil || string(got) != w.want(name) {
			w.t.Fatalf("%s holds %q (%v), want %q", name, got, err, w.want(name))
		}
	}
}

// TestIncrementalEqualsClean edits random workspaces at random. After each edit the outputs must be what the reference says,
// a second build must do nothing, and in the end a clean build elsewhere must give the same.
func TestIncrementalEqualsClean(t *testing.T) {
	seeds, steps := 6, 14
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		for _, sandbox := range []string{"off", "auto"} {
			t.Run(fmt.Sprintf("%d-%s", seed, sandbox), func(t *testing.T) {
				w := &world{t: t, rnd: rand.New(rand.NewPCG(uint64(seed), 7)), root: t.TempDir(), cache: filepath.Join(t.TempDir(), "cache"), sandbox: sandbox,
					sources: map[string]string{"a.txt": "a", "b.txt": "b", "c.txt": "c"}, targets: map[string]*node{}}
				for i := range 8 {
					name := fmt.Sprintf("t%d", i)
					w.targets[name] = w.newNode(name)
				}
				var done []string
				defer func() {
					if t.Failed() {
						t.Logf("edits: %s", strings.Join(done, "; "))
					}
				}()
				for step := range steps {
					w.write()
					if step%3 == 1 {
						name := w.pick(w.names())
						done = append(done, "build //:"+name)
						w.build("//:" + name)
						w.check([]string{name})
					}
					w.build()
					w.check(w.names())
					if s := w.build(); !s.NoOp {
						t.Fatalf("the second build is no no-op: %+v", s)
					}
					done = append(done, w.edit(step))
				}
				w.write()
				w.build()
				w.check(w.names())
				clean := *w
				clean.root, clean.cache = t.TempDir(), filepath.Join(t.TempDir(), "cache")
				clean.write()
				clean.build()
				clean.check(clean.names())
			})
		}
	}
}
