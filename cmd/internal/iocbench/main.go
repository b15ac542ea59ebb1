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
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// settings is what the flags say.
type settings struct {
	scenarios []string
	turns     int
	jobs      int
	cairn     string
	ninja     string
	dir       string
	keep      bool
}

// scenarios is what -scenarios takes, in the order in which they run.
var scenarios = []string{"noop", "bump", "clean", "header", "start"}

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
	names := flag.String("scenarios", strings.Join(scenarios, ","), "which to run")
	flag.IntVar(&s.turns, "n", 10, "how often each is measured")
	flag.IntVar(&s.jobs, "j", runtime.NumCPU(), "how many commands run at once")
	flag.StringVar(&s.cairn, "cairn", "", "the binary; by default ./cmd/cairn is built, static, as releases are")
	flag.StringVar(&s.ninja, "ninja", "ninja", "the binary")
	flag.StringVar(&s.dir, "dir", os.TempDir(), "where a folder cairn-iocbench is made: on the file system that is to be measured")
	flag.BoolVar(&s.keep, "keep", false, "leave the folder there, and take the base that an earlier run has left")
	flag.Parse()
	if flag.NArg() > 0 {
		return nil, fmt.Errorf("%q is no flag", flag.Arg(0))
	}
	if s.turns < 1 || s.jobs < 1 {
		return nil, errors.New("-n and -j are at least 1")
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
	edits    int
	revision int64 // another one each time, so that what a kept cache has is no answer
}

func (b *bench) path(names ...string) string {
	return filepath.Join(append([]string{b.dir}, names...)...)
}

func run(s *settings) error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return errors.New("the programs of the base are for Linux on x86_64")
	}
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return err
	}
	s.dir = filepath.Join(dir, "cairn-iocbench")
	if !s.keep {
		if err := figures.RemoveAll(s.dir); err != nil {
			return err
		}
		defer figures.RemoveAll(s.dir)
	}
	b := &bench{settings: s, Report: &figures.Report{Name: "iocbench"}, revision: time.Now().Unix()}
	if err := b.prepare(); err != nil {
		return err
	}
	b.Head("folder", b.dir, b.cairn)
	fmt.Printf("compiler   %s\n", figures.OneLine("gcc", "--version"))
	fmt.Printf("ninja      %s\n", figures.OneLine(b.ninja, "--version"))
	fmt.Printf("minima of  %d turns, -j %d\n", b.turns, b.jobs)
	todo := map[string]func() error{"noop": b.noop, "bump": b.bump, "clean": b.clean, "header": b.header, "start": b.start}
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

// prepare finds the tools, and builds cairn, the base and what the scenarios start from.
func (b *bench) prepare() error {
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	var err error
	if b.ninja, err = exec.LookPath(b.ninja); err != nil {
		return errors.New("there is no ninja: `apt-get install ninja-build` or `pip install ninja` bring one, and -ninja names another")
	}
	if b.cairn == "" {
		b.cairn = b.path("cairn")
		if _, err := (figures.Command{Dir: ".", Env: []string{"CGO_ENABLED=0"}, Argv: []string{"go", "build", "-trimpath", "-o", b.cairn, "./cmd/cairn"}}).Run(); err != nil {
			return err
		}
	}
	if b.cairn, err = filepath.Abs(b.cairn); err != nil {
		return err
	}
	b.Note("fetching the base and the sources of iocStats")
	return b.prepareStats()
}
