// Package figures is what benchmarks share: it runs their commands in turns, counts what cairn started, and prints what was measured: on
// which machine, what was allowed, and whether that is met. Nothing fails for being slow.
package figures

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Report is what one benchmark prints. The zero value, with its Name, is ready.
type Report struct {
	Name   string // of the benchmark, for notes
	met    int
	missed []string
}

// Note says on standard error what is going on.
func (r *Report) Note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, r.Name+": "+format+"\n", args...)
}

// Head says where it is measured: the machine, what lies in dir, and cairn.
func (r *Report) Head(what, dir, cairn string) {
	fmt.Printf("%-10s %s/%s, %d processors, %s\n", "machine", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), OneLine("uname", "-sr"))
	fmt.Printf("%-10s %s (%s)\n", what, dir, OneLine("stat", "-f", "-c", "%T", dir))
	fmt.Printf("%-10s %s\n", "load", load())
	fmt.Printf("%-10s %s\n", "cairn", OneLine(cairn, "version"))
}

// Gate says whether a time is within what is allowed, and by which rule it is.
func (r *Report) Gate(name string, is, allowed time.Duration, rule string) {
	r.Verdict(name, float64(is)/float64(allowed), fmt.Sprintf("%.2f ms of %.2f ms (%s)", Millis(is), Millis(allowed), rule))
}

// Verdict says how much of what is allowed is used; more than 1 is a miss.
func (r *Report) Verdict(name string, used float64, text string) {
	word := "met"
	if used > 1 {
		word = "MISSED"
		r.missed = append(r.missed, name)
	} else {
		r.met++
	}
	fmt.Printf("  gate %-32s %-6s %3.0f %% used: %s\n", name, word, 100*used, text)
}

// Exactly is a gate on a count.
func (r *Report) Exactly(name string, is, want int) {
	used := 1.0
	if is != want {
		used = 2
	}
	r.Verdict(name, used, fmt.Sprintf("%d, and %d is right", is, want))
}

// Foot counts the gates.
func (r *Report) Foot() {
	fmt.Printf("\n%d gates met, %d missed", r.met, len(r.missed))
	if len(r.missed) > 0 {
		fmt.Printf(": %s", strings.Join(r.missed, "; "))
	}
	fmt.Printf("\nload       %s\n", load())
}

// Millis gives a time in milliseconds.
func Millis(d time.Duration) float64 { return float64(d) / 1e6 }

// OneLine gives the first line that a program prints, "?" where it fails.
func OneLine(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if err != nil || line == "" {
		return "?"
	}
	return line
}

// load gives the load averages, which say how much else the machine does.
func load() string {
	s, err := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(s)); err == nil && len(f) > 3 {
		return strings.Join(f[:3], " ")
	}
	return OneLine("uptime")
}
