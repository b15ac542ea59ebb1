package main

import (
	"path/filepath"
	"slices"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// counted runs cairn and says how many actions of each kind ran, and how long it took.
func (b *bench) counted(dir string, args ...string) (map[string]int, time.Duration, error) {
	ran, took, err := figures.Command{Dir: dir, Env: b.env(), Argv: slices.Concat([]string{b.Cairn}, args)}.Counted(filepath.Join(b.Dir, "events"))
	return ran.Kinds, took, err
}
