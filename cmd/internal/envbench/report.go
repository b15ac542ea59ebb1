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
	fmt.Fprintf(os.Stderr, "envbench: "+format+"\n", args...)
}

// head says what is measured, on what.
func (b *bench) head() {
	fmt.Printf("machine    %s/%s, %d processors, %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), oneLine("uname", "-sr"))
	fmt.Printf("folder     %s (%s)\n", b.dir, oneLine("stat", "-f", "-c", "%T", b.dir))
	fmt.Printf("load       %s\n", load())
	fmt.Printf("cairn      %s\n", oneLine(b.cairn, "version"))
	fmt.Printf("uv         %s\n", oneLine(b.uv, "--version"))
	fmt.Printf("python     %s, %s\n", oneLine(b.python, "--version"), oneLine(b.python, "-m", "pip", "--version"))
	fmt.Printf("lock       %d wheels, %.0f MB in %d files; %.0f MB in %d files with bytecode\n", b.size.wheels, b.size.bytes/1e6, b.size.files, b.size.allBytes/1e6, b.size.allFiles)
	fmt.Printf("minima of  %d turns (of venv and pip, and of bytecode: %d)\n", b.turns, b.slow)
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

func ms(d time.Duration) float64 { return float64(d) / 1e6 }

func scale(d time.Duration, f float64) time.Duration { return time.Duration(float64(d) * f) }

// table prints what the entries of a scenario took; the ratio is to the first one.
func (b *bench) table(name string, es ...*entry) {
	fmt.Printf("\n%-42s %10s %10s %10s %5s %7s\n", name, "min ms", "median", "CPU ms", "N", "ratio")
	for _, e := range es {
		ws := e.walls()
		fmt.Printf("  %-40s %10.1f %10.1f %10.1f %5d %7.2f\n", e.name, ms(ws[0]), ms(ws[len(ws)/2]), ms(e.leastCPU()), len(ws), float64(ws[0])/float64(es[0].least()))
	}
}

// gate says whether a time is within what is allowed.
func (b *bench) gate(name string, is, allowed time.Duration, rule string) {
	b.verdict(name, float64(is)/float64(allowed), fmt.Sprintf("%.1f ms of %.1f ms (%s)", ms(is), ms(allowed), rule))
}

func (b *bench) verdict(name string, used float64, text string) {
	word := "met"
	if used > 1 {
		word = "MISSED"
		b.missed = append(b.missed, name)
	} else {
		b.met++
	}
	fmt.Printf("  gate %-32s %-6s %3.0f %% used: %s\n", name, word, 100*used, text)
}

func (b *bench) foot() {
	fmt.Printf("\n%d gates met, %d missed", b.met, len(b.missed))
	if len(b.missed) > 0 {
		fmt.Printf(": %s", strings.Join(b.missed, "; "))
	}
	fmt.Printf("\nload       %s\n", load())
}
