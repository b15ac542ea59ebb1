package main

import (
	"slices"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// env is cairn's environment.
func (b *bench) env(cache string) []string {
	return []string{"CAIRN_CACHE=" + b.Path(cache), "NO_COLOR=1", "LC_ALL=C"}
}

// counted builds in a workspace and says what ran, and how long it took.
func (b *bench) counted(ws, cache string, args ...string) (figures.Ran, time.Duration, error) {
	return figures.Command{Dir: b.Path(ws), Env: b.env(cache), Argv: slices.Concat([]string{b.Cairn, "build"}, args)}.Counted(b.Path("events"))
}
