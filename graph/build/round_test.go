package build_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cairn-build/cairn/graph/build"
)

// keptWorld is a world of one target, which an engine that is kept builds again and again.
func keptWorld(t *testing.T, form, sandbox string) *world {
	w := newWorld(t, 1, sandbox)
	w.targets = map[string]*node{"t0": {srcs: []string{"a.txt"}, form: form}}
	e, err := build.Open(w.options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	w.kept = e
	return w
}

// TestToolReplacedBetweenRounds puts another file in the place of a tool: workers that are kept must not go on with the old one.
func TestToolReplacedBetweenRounds(t *testing.T) {
	for _, sandbox := range []string{"off", "auto"} {
		t.Run(sandbox, func(t *testing.T) {
			w := keptWorld(t, "tool", sandbox)
			for round, says := range []string{"m0", "m1", "m2", "m3", "m0"} {
				w.marker = says
				next := filepath.Join(w.tools, "next")
				if err := os.WriteFile(next, []byte("#!/bin/sh\nprintf %s "+says+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(next, filepath.Join(w.tools, "marker")); err != nil {
					t.Fatal(err)
				}
				w.write()
				if s := w.build(); round < 4 && s.Run != 1 {
					t.Fatalf("round %d: %+v", round, s)
				}
				w.check(w.names())
			}
		})
	}
}

// TestCacheRemovedBetweenRounds removes the cache under an engine: the next round makes another.
func TestCacheRemovedBetweenRounds(t *testing.T) {
	w := keptWorld(t, "call", "off")
	for _, data := range []string{"a1", "a2", "a3"} {
		w.sources["a.txt"] = source{data: data}
		w.write()
		w.build()
		w.check(w.names())
		if err := os.RemoveAll(w.cache); err != nil {
			t.Fatal(err)
		}
	}
	w.sources["a.txt"] = source{data: "b0"}
	w.write()
	w.build()
	if err := os.RemoveAll(filepath.Join(w.root, "cairn-out")); err != nil {
		t.Fatal(err)
	}
	if s := w.build(); s.Cached != 1 || s.Run != 0 {
		t.Fatalf("what was made is not in the cache: %+v", s)
	}
}
