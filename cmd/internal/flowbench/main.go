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
	"strconv"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// settings is what the flags say.
type settings struct {
	figures.Setup
	turns     int // of everything that is quick
	slow      int // of the reference
	python    string
	reference string
}

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
	s.Flags("flowbench", "the environments", "compile", "edit", "program", "reference", "hundred")
	flag.IntVar(&s.turns, "n", 10, "how often each is measured")
	flag.IntVar(&s.slow, "slow", 5, "how often the reference is measured")
	flag.StringVar(&s.python, "python", "python3", "the interpreter: 3.11 or later")
	flag.StringVar(&s.reference, "reference", "", "an interpreter that wt-compiler runs on, 3.12 or later; by default python3.13 or python3.12, where there is one")
	if err := s.Parse(); err != nil {
		return nil, err
	}
	if s.turns < 1 || s.slow < 1 {
		return nil, fmt.Errorf("-n and -slow are at least 1")
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

func run(s *settings) error {
	end, err := s.Begin()
	defer end()
	if err != nil {
		return err
	}
	b := &bench{settings: s, Report: &figures.Report{Name: "flowbench"}, run: strconv.FormatInt(time.Now().UnixNano(), 36)}
	if err := b.prepare(); err != nil {
		return err
	}
	b.Head("folder", b.Dir, b.Cairn)
	fmt.Printf("python     %s\n", figures.OneLine(b.python, "--version"))
	fmt.Printf("minima of  %d turns (of the reference: %d)\n", b.turns, b.slow)
	todo := map[string]func() error{"compile": b.compile, "edit": b.edit, "program": b.program, "reference": b.compareReference, "hundred": b.hundred}
	if err := b.Scenarios(func(name string) error { return todo[name]() }); err != nil {
		return err
	}
	b.Foot()
	return nil
}
