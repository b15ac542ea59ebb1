package build_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/build"
)

func TestMain(m *testing.M) {
	if args := os.Getenv(childVar); args != "" {
		if err := beChild(strings.Split(args, "\n")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// seeds gives the seeds of a run: CAIRN_RANDOM_SEED is the one to try again; CAIRN_RANDOM_SEEDS is how many to try beginning
// at a random one (docs/faults.md). Without either they are always the same few.
func seeds(t *testing.T) (out []uint64) {
	number := func(name string) (uint64, bool) {
		s := os.Getenv(name)
		n, err := strconv.ParseUint(s, 10, 64)
		if s != "" && err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n, s != ""
	}
	if n, ok := number("CAIRN_RANDOM_SEED"); ok {
		return []uint64{n}
	}
	first, few := uint64(0), uint64(4)
	if testing.Short() {
		few = 1
	}
	if n, ok := number("CAIRN_RANDOM_SEEDS"); ok {
		first, few = rand.Uint64N(1<<40), n
	}
	for i := range few {
		out = append(out, first+i)
	}
	return out
}

// TestIncrementalEqualsClean edits random workspaces at random, and disturbs their builds. After each step the outputs must be
// what the reference says, nothing may have run that was run before, and a second build must do nothing. In the end a clean
// build elsewhere must give the same.
func TestIncrementalEqualsClean(t *testing.T) {
	for _, seed := range seeds(t) {
		for _, how := range []string{"off", "auto", "mixed", "kept"} {
			t.Run(fmt.Sprintf("%d-%s", seed, how), func(t *testing.T) { incremental(t, seed, how) })
		}
	}
}

func incremental(t *testing.T, seed uint64, how string) {
	const steps = 14
	sandbox := how
	if how == "kept" {
		sandbox = []string{"off", "auto"}[seed%2]
	}
	w := newWorld(t, seed, sandbox)
	var done []string
	defer func() {
		if t.Failed() {
			t.Logf("CAIRN_RANDOM_SEED=%d does it again. What was done:\n  %s", seed, strings.Join(done, "\n  "))
		}
	}()
	if how == "kept" {
		e, err := build.Open(w.options())
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		w.kept = e
	}
	for step := range steps {
		w.write()
		if step%3 == 1 {
			name := w.pick(w.names())
			done = append(done, "build //:"+name)
			w.build(name)
			w.check([]string{name})
		}
		w.build()
		w.check(w.names())
		if s := w.build(); !s.NoOp {
			t.Fatalf("the second build is no no-op: %+v", s)
		}
		if w.rnd.IntN(4) == 0 {
			done = append(done, w.fault())
			w.write()
			continue
		}
		done = append(done, w.edit(step))
	}
	w.write()
	w.build()
	w.check(w.names())
	clean := *w
	clean.root, clean.cache, clean.kept = t.TempDir(), filepath.Join(t.TempDir(), "cache"), nil
	clean.ran, clean.stale = map[string]bool{}, map[string]bool{}
	clean.write()
	clean.build()
	clean.check(clean.names())
}
