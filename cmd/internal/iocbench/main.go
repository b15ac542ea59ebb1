// Command iocbench measures what building modules of EPICS takes and does, and prints what is allowed and whether that is met:
//
//	go run ./cmd/internal/iocbench                          all of it: a few minutes
//	go run ./cmd/internal/iocbench -scenarios noop,start    some of it
//
// The workload is a hundred small modules in ten layers, written by the benchmark, and for the compiler iocStats: 17 files of C from the
// source distribution of PyPI's softioc. Base and sources are fetched once. The reference for clean builds is ninja, with the compiler
// commands that cairn says it runs; for the start of an IOC it is the same softIocPVA with a script as one writes it by hand. Both take
// turns, and minima are compared: other work on the machine makes single figures larger, never smaller. Counts are exact: actions are
// counted by the events of a build, processes by tracing them. Nothing fails for being slow; what fails is a tool that breaks.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// settings is what the flags say.
type settings struct {
	figures.Setup
	turns int
	jobs  int
	ninja string
}

func main() {
	s, err := parseFlags()
	if err == nil {
		err = run(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "iocbench:", err)
		os.Exit(1)
	}
}

func parseFlags() (*settings, error) {
	s := &settings{}
	s.Flags("iocbench", "the base", "noop", "bump", "clean", "header", "start")
	flag.IntVar(&s.turns, "n", 10, "how often each is measured")
	flag.IntVar(&s.jobs, "j", runtime.NumCPU(), "how many commands run at once")
	flag.StringVar(&s.ninja, "ninja", "ninja", "the binary")
	if err := s.Parse(); err != nil {
		return nil, err
	}
	if s.turns < 1 || s.jobs < 1 {
		return nil, errors.New("-n and -j are at least 1")
	}
	return s, nil
}

// bench runs scenarios and keeps what came of gates.
type bench struct {
	*settings
	*figures.Report
	edits    int
	revision int64 // another one each time, so that what a kept cache has is no answer
}

func run(s *settings) error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return errors.New("the programs of the base are for Linux on x86_64")
	}
	end, err := s.Begin()
	defer end()
	if err != nil {
		return err
	}
	b := &bench{settings: s, Report: &figures.Report{Name: "iocbench"}, revision: time.Now().Unix()}
	if err := b.prepare(); err != nil {
		return err
	}
	b.Head("folder", b.Dir, b.Cairn)
	fmt.Printf("compiler   %s\n", figures.OneLine("gcc", "--version"))
	fmt.Printf("ninja      %s\n", figures.OneLine(b.ninja, "--version"))
	fmt.Printf("minima of  %d turns, -j %d\n", b.turns, b.jobs)
	todo := map[string]func() error{"noop": b.noop, "bump": b.bump, "clean": b.clean, "header": b.header, "start": b.start}
	if err := b.Scenarios(func(name string) error { return todo[name]() }); err != nil {
		return err
	}
	b.Foot()
	return nil
}

// prepare finds the tools, and builds cairn, the base and what the scenarios start from.
func (b *bench) prepare() error {
	var err error
	if b.ninja, err = exec.LookPath(b.ninja); err != nil {
		return errors.New("there is no ninja: `apt-get install ninja-build` or `pip install ninja` bring one, and -ninja names another")
	}
	b.Note("fetching the base and the sources of iocStats")
	return b.prepareStats()
}
