package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

const (
	layers     = 10
	perPackage = 20
)

// target is one target of the workload. Everything about it follows from its number, so that every tool gets the same graph
// and the same bytes.
type target struct {
	pkg, name string
	deps      []*target
}

func (t *target) source() string { return t.pkg + "/" + t.name + ".src" }

// workload gives n targets, what a target depends on before it.
func workload(n int) []*target {
	ts := make([]*target, n)
	per := n / layers
	for i := range ts {
		t := &target{pkg: fmt.Sprintf("p%05d", i/perPackage), name: fmt.Sprintf("t%06d", i)}
		if layer := min(layers-1, i/per); layer > 0 {
			r := rand.New(rand.NewPCG(uint64(n), uint64(i)))
			a := r.IntN(per)
			b := (a + 1 + r.IntN(per-1)) % per
			below := (layer - 1) * per
			t.deps = []*target{ts[below+a], ts[below+b]}
		}
		ts[i] = t
	}
	return ts
}

// sourceBytes gives a source's content; salt makes another one.
func sourceBytes(t *target, salt uint64) []byte {
	var seed uint64
	for _, c := range t.name {
		seed = seed*31 + uint64(c)
	}
	r := rand.New(rand.NewPCG(seed, salt))
	b := make([]byte, 200+r.IntN(1848))
	for i := range b {
		b[i] = "abcdefghij \n"[r.IntN(12)]
	}
	return b
}

// write writes a file and makes its folder where there is none.
func write(path string, b []byte) error {
	err := os.WriteFile(path, b, 0o644)
	if os.IsNotExist(err) {
		if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
			err = os.WriteFile(path, b, 0o644)
		}
	}
	return err
}
