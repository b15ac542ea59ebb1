package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

func (b *bench) note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "gates: "+format+"\n", args...)
}

// head says what is measured, on what.
func (b *bench) head() {
	fmt.Printf("machine    %s/%s, %d processors, %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), oneLine("uname", "-sr"))
	fmt.Printf("projects   %s (%s)\n", b.dir, oneLine("stat", "-f", "-c", "%T", b.dir))
	fmt.Printf("load       %s\n", load())
	fmt.Printf("cairn      %s\n", oneLine(b.cairn, "version"))
	fmt.Printf("ninja      %s\n", oneLine(b.ninja, "--version"))
	if b.samu != "" {
		fmt.Printf("samurai    %s\n", oneLine(b.samu, "--version"))
	} else {
		fmt.Println("samurai    not there: no `samu` on PATH")
	}
	fmt.Printf("minima of  %d turns (cold builds and deleted outputs: %d; start: %d), -j%d\n", b.reps, b.coldReps, 4*b.reps, b.jobs)
}

// load gives the load averages, which say how much else the machine does.
func load() string {
	s, err := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(s)); err == nil && len(f) > 3 {
		return strings.Join(f[:3], " ")
	}
	return oneLine("uptime")
}

func oneLine(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if err != nil || line == "" {
		return "?"
	}
	return line
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
		fmt.Printf("  %-24s %9.2f %9.2f %9s %8s %9s %7.2f\n", e.name, ms(ws[0]), ms(ws[len(ws)/2]), orNone(ms(cpu)), orNone(float64(rss)/(1<<20)),
			ranText(n, ran), float64(ws[0])/float64(least(es[0])))
	}
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }

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

// gate says whether a time is within what is allowed.
func (b *bench) gate(name string, is, allowed time.Duration, rule string) {
	b.verdict(name, float64(is)/float64(allowed), fmt.Sprintf("%.2f ms of %.2f ms (%s)", ms(is), ms(allowed), rule))
}

// gateMemory says whether one uses no more memory than another.
func (b *bench) gateMemory(name string, is, than *entry) {
	most := func(e *entry) (m float64) {
		for _, s := range e.got {
			m = max(m, float64(s.rss)/(1<<20))
		}
		return m
	}
	b.verdict(name, most(is)/most(than), fmt.Sprintf("%.1f MB of %.1f MB (%s's)", most(is), most(than), than.name))
}

func (b *bench) verdict(name string, used float64, text string) {
	word := "met"
	if used > 1 {
		word = "MISSED"
		b.missed = append(b.missed, name)
	} else {
		b.met++
	}
	fmt.Printf("  gate %-28s %-6s %3.0f %% used: %s\n", name, word, 100*used, text)
}

func (b *bench) foot() {
	fmt.Printf("\n%d gates met, %d missed", b.met, len(b.missed))
	if len(b.missed) > 0 {
		fmt.Printf(": %s", strings.Join(b.missed, "; "))
	}
	fmt.Printf("\nload       %s\n", load())
}
