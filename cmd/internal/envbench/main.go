// Command envbench measures what it takes to get from a commit to a script's first line, with cairn, with uv, and with the
// steps of the OET (a clone, a virtual environment, pip), and prints what is allowed and whether that is met:
//
//	go run ./cmd/internal/envbench                            all of it: a quarter of an hour, most of it for venv and pip
//	go run ./cmd/internal/envbench -n 3 -slow 1               less
//	go run ./cmd/internal/envbench -scenarios new,again -n 9  some of it
//
// The workload is a repository with a script, a library of 61 modules and a lock of about 45 wheels, 170 MB once installed:
// numpy, pandas, astropy, pydantic, fastapi and what they need. Six small packages are groups of their own, so that there are
// 63 environments of nearly the same size: a new one is one that nobody has asked for, of wheels that are all known.
//
// All tools take turns in one run, and minima are compared: other work on the machine makes single figures larger, never
// smaller. A tool's time ends with the first line that its Python prints. Nothing fails for being slow; what fails is a tool
// that breaks, or cairn where it does more than it should. The index of packages is the one that pip is set up for.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// settings is what the flags say.
type settings struct {
	figures.Setup
	turns  int // of everything that is quick
	slow   int // of venv and pip, and of what compiles bytecode
	python string
	uv     string
}

func main() {
	s, err := parseFlags()
	if err == nil {
		err = run(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "envbench:", err)
		os.Exit(1)
	}
}

func parseFlags() (*settings, error) {
	s := &settings{}
	s.Flags("envbench", "the tools and downloads", "script", "library", "new", "bytecode", "again", "copied", "eight")
	flag.IntVar(&s.turns, "n", 10, "how often each is measured")
	flag.IntVar(&s.slow, "slow", 2, "how often venv with pip and the compiling of bytecode are measured")
	flag.StringVar(&s.python, "python", "python3", "the interpreter: 3.11 or later")
	flag.StringVar(&s.uv, "uv", "", "the binary; by default the version that cairn uses is installed with pip")
	if err := s.Parse(); err != nil {
		return nil, err
	}
	if s.turns < 1 || s.turns >= variants || s.slow < 1 {
		return nil, fmt.Errorf("-n is between 1 and %d, and -slow at least 1", variants-1)
	}
	return s, nil
}

func run(s *settings) error {
	end, err := s.Begin()
	defer end()
	if err != nil {
		return err
	}
	b := &bench{settings: s, Report: &figures.Report{Name: "envbench"}}
	if err := b.findTools(); err != nil {
		return err
	}
	if err := b.prepare(); err != nil {
		return err
	}
	b.head()
	todo := map[string]func() error{"script": b.scriptCommit, "library": b.libraryCommit, "new": b.newEnv, "bytecode": b.withBytecode,
		"again": b.again, "copied": b.copied, "eight": b.eight}
	if err := b.Scenarios(func(name string) error { return todo[name]() }); err != nil {
		return err
	}
	b.Foot()
	return nil
}
