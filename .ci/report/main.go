// Command report reads what `go test -json` writes: it prints packages and failures as `go test` does, then the slowest
// tests, and fails where a test failed or was skipped for a reason that the file given does not list.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

type event struct {
	Action     string
	Package    string
	Test       string
	ImportPath string
	Elapsed    float64
	Output     string
}

// slowest is how many tests are named.
const slowest = 15

func main() {
	allowed, err := reasons(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	output := map[string]*strings.Builder{}
	type timed struct {
		name string
		s    float64
	}
	var times []timed
	bad, events := 0, 0
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var e event
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			fmt.Println(in.Text()) // what a build prints
			continue
		}
		events++
		name := e.Package + " " + e.Test
		switch e.Action {
		case "output":
			if output[name] == nil {
				output[name] = &strings.Builder{}
			}
			output[name].WriteString(e.Output)
		case "build-output":
			fmt.Print(e.Output)
		case "build-fail":
			bad++
		case "fail":
			bad++
			if b := output[name]; b != nil {
				fmt.Print(b.String())
			}
		case "skip":
			text := ""
			if b := output[name]; b != nil {
				text = b.String()
			}
			if e.Test != "" && !slices.ContainsFunc(allowed, func(r string) bool { return strings.Contains(text, r) }) {
				bad++
				fmt.Printf("unexpected skip: %s\n%s", name, text)
			}
		case "pass":
			if e.Test == "" {
				fmt.Printf("ok  %s\t%.1fs\n", e.Package, e.Elapsed)
			}
		}
		if e.Test != "" && e.Elapsed > 0 {
			times = append(times, timed{name, e.Elapsed})
		}
		if e.Action != "output" {
			delete(output, name)
		}
	}
	slices.SortFunc(times, func(a, b timed) int { return cmp.Compare(b.s, a.s) })
	fmt.Println("slowest:")
	for _, t := range times[:min(slowest, len(times))] {
		fmt.Printf("  %6.1fs  %s\n", t.s, t.name)
	}
	if err := in.Err(); err != nil || bad > 0 || events == 0 {
		fmt.Printf("%d failed or skipped, %d events, %v\n", bad, events, err)
		os.Exit(1)
	}
}

// reasons reads the lines of a file that are not comments.
func reasons(file string) ([]string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out, nil
}
