package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// head says what is measured, on what.
func (b *bench) head() {
	b.Head("folder", b.Dir, b.Cairn)
	fmt.Printf("uv         %s\n", figures.OneLine(b.uv, "--version"))
	fmt.Printf("python     %s, %s\n", figures.OneLine(b.python, "--version"), figures.OneLine(b.python, "-m", "pip", "--version"))
	fmt.Printf("lock       %d wheels, %.0f MB in %d files; %.0f MB in %d files with bytecode\n", b.size.wheels, b.size.bytes/1e6, b.size.files, b.size.allBytes/1e6, b.size.allFiles)
	fmt.Printf("minima of  %d turns (of venv and pip, and of bytecode: %d)\n", b.turns, b.slow)
}

func (e *entry) walls() []time.Duration {
	var ws []time.Duration
	for _, s := range e.got {
		ws = append(ws, s.wall)
	}
	slices.Sort(ws)
	return ws
}

func (e *entry) cpus() []time.Duration {
	var ws []time.Duration
	for _, s := range e.got {
		ws = append(ws, s.cpu)
	}
	slices.Sort(ws)
	return ws
}

// least gives an entry's shortest time.
func (e *entry) least() time.Duration { return e.walls()[0] }

// leastCPU gives an entry's smallest use of processors.
func (e *entry) leastCPU() time.Duration { return e.cpus()[0] }

func scale(d time.Duration, f float64) time.Duration { return time.Duration(float64(d) * f) }

// table prints what the entries of a scenario took; the ratio is to the first one.
func (b *bench) table(name string, es ...*entry) {
	fmt.Printf("\n%-42s %10s %10s %10s %5s %7s\n", name, "min ms", "median", "CPU ms", "N", "ratio")
	for _, e := range es {
		ws := e.walls()
		fmt.Printf("  %-40s %10.1f %10.1f %10.1f %5d %7.2f\n", e.name, figures.Millis(ws[0]), figures.Millis(ws[len(ws)/2]), figures.Millis(e.leastCPU()), len(ws), float64(ws[0])/float64(es[0].least()))
	}
}
