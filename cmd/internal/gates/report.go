package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// head says what is measured, on what.
func (b *bench) head() {
	b.Head("projects", b.Dir, b.Cairn)
	fmt.Printf("ninja      %s\n", figures.OneLine(b.ninja, "--version"))
	if b.samu != "" {
		fmt.Printf("samurai    %s\n", figures.OneLine(b.samu, "--version"))
	} else {
		fmt.Println("samurai    not there: no `samu` on PATH")
	}
	fmt.Printf("minima of  %d turns (cold builds and deleted outputs: %d; start: %d), -j%d\n", b.reps, b.coldReps, 4*b.reps, b.jobs)
}

func walls(e *entry) []time.Duration {
	var ws []time.Duration
	for _, s := range e.got {
		ws = append(ws, s.wall)
	}
	slices.Sort(ws)
	return ws
}

// least gives an entry's shortest time.
func least(e *entry) time.Duration { return walls(e)[0] }

func scale(d time.Duration, f float64) time.Duration { return time.Duration(float64(d) * f) }

// table prints what the entries of a scenario took; the ratio is to the first one.
func (b *bench) table(name string, n int, es ...*entry) {
	fmt.Printf("\n%-26s %9s %9s %9s %8s %9s %7s\n", name, "min ms", "median", "CPU ms", "RSS MB", "commands", "ratio")
	for _, e := range es {
		ws := walls(e)
		cpu, rss, ran := e.got[0].cpu, int64(0), e.got[0].ran
		for _, s := range e.got {
			cpu, rss = min(cpu, s.cpu), max(rss, s.rss)
		}
		fmt.Printf("  %-24s %9.2f %9.2f %9s %8s %9s %7.2f\n", e.name, figures.Millis(ws[0]), figures.Millis(ws[len(ws)/2]), orNone(figures.Millis(cpu)), orNone(float64(rss)/(1<<20)),
			ranText(n, ran), float64(ws[0])/float64(least(es[0])))
	}
}

func orNone(f float64) string {
	if f == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", f)
}

func ranText(n, ran int) string {
	if n == 0 || ran == uncounted {
		return "-"
	}
	return fmt.Sprint(ran)
}

// gateMemory says whether one uses no more memory than another.
func (b *bench) gateMemory(name string, is, than *entry) {
	most := func(e *entry) (m float64) {
		for _, s := range e.got {
			m = max(m, float64(s.rss)/(1<<20))
		}
		return m
	}
	b.Verdict(name, most(is)/most(than), fmt.Sprintf("%.1f MB of %.1f MB (%s's)", most(is), most(than), than.name))
}
