// Command flowbench measures what compiling workflows takes and does, and prints what is allowed and whether that is met:
//
//	go run ./cmd/internal/flowbench                              all of it: a few minutes, most of it for environments
//	go run ./cmd/internal/flowbench -scenarios compile,edit      some of it
//	go run ./cmd/internal/flowbench -reference python3.12        beside the ecosystem's own compiler, on an interpreter that it runs on
//
// The workload is examples/ecology, copied: a spec of 50 tasks, and the packages of tasks that it uses; and, for counts, a hundred
// workflows over twenty modules of tasks, written by the benchmark. What others do on the machine makes single figures larger and never
// smaller, so minima are given, with how often was measured. Counts are exact: how many actions of a kind ran is read from the
// events of a build. Nothing fails for being slow; what fails is a tool that breaks.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// settings is what the flags say.
type settings struct {
	scenarios []string
	turns     int // of everything that is quick
	slow      int // of the reference
	python    string
	reference string
	cairn     string
	dir       string
	keep      bool
}

// scenarios is what -scenarios takes, in the order in which they run.
var scenarios = []string{"compile", "edit", "program", "reference", "hundred"}

func main() {
	s, err := parseFlags()
	if err == nil {
		err = run(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "flowbench:", err)
		os.Exit(1)
	}
}

func parseFlags() (*settings, error) {
	s := &settings{}
	names := flag.String("scenarios", strings.Join(scenarios, ","), "which to run")
	flag.IntVar(&s.turns, "n", 10, "how often each is measured")
	flag.IntVar(&s.slow, "slow", 5, "how often the reference is measured")
	flag.StringVar(&s.python, "python", "python3", "the interpreter: 3.11 or later")
	flag.StringVar(&s.reference, "reference", "", "an interpreter that wt-compiler runs on, 3.12 or later; by default python3.13 or python3.12, where there is one")
	flag.StringVar(&s.cairn, "cairn", "", "the binary; by default ./cmd/cairn is built, static, as releases are")
	flag.StringVar(&s.dir, "dir", os.TempDir(), "where a folder cairn-flowbench is made: on the file system that is to be measured")
	flag.BoolVar(&s.keep, "keep", false, "leave the folder there, and take the environments that an earlier run has left")
	flag.Parse()
	if flag.NArg() > 0 {
		return nil, fmt.Errorf("%q is no flag", flag.Arg(0))
	}
	if s.turns < 1 || s.slow < 1 {
		return nil, fmt.Errorf("-n and -slow are at least 1")
	}
	s.scenarios = strings.Split(*names, ",")
	for _, n := range s.scenarios {
		if !slices.Contains(scenarios, n) {
			return nil, fmt.Errorf("no scenario %q; there are %s", n, strings.Join(scenarios, ", "))
		}
	}
	return s, nil
}

// bench runs scenarios and keeps what came of gates.
type bench struct {
	*settings
	*figures.Report
	run   string // another one each time, so that what a kept cache has is no answer
	edits int
}

func (b *bench) path(names ...string) string {
	return filepath.Join(append([]string{b.dir}, names...)...)
}

func run(s *settings) error {
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return err
	}
	s.dir = filepath.Join(dir, "cairn-flowbench")
	if !s.keep {
		if err := figures.RemoveAll(s.dir); err != nil {
			return err
		}
		defer figures.RemoveAll(s.dir)
	}
	b := &bench{settings: s, Report: &figures.Report{Name: "flowbench"}, run: strconv.FormatInt(time.Now().UnixNano(), 36)}
	if err := b.prepare(); err != nil {
		return err
	}
	b.Head("folder", b.dir, b.cairn)
	fmt.Printf("python     %s\n", figures.OneLine(b.python, "--version"))
	fmt.Printf("minima of  %d turns (of the reference: %d)\n", b.turns, b.slow)
	todo := map[string]func() error{"compile": b.compile, "edit": b.edit, "program": b.program, "reference": b.compareReference, "hundred": b.hundred}
	for _, name := range scenarios {
		if !slices.Contains(s.scenarios, name) {
			continue
		}
		if err := todo[name](); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	b.Foot()
	return nil
}
