// Command gates measures cairn beside ninja (and samurai, where there is one) and prints what each scenario takes, what is
// allowed, and whether that is met:
//
//	go run ./cmd/internal/gates                                all of it: ten minutes or more, most of them for 100,000 targets
//	go run ./cmd/internal/gates -sizes 1000,10000              without those
//	go run ./cmd/internal/gates -scenarios cold,start -reps 9  some of it
//
// The workload is `layered`: N targets in N/20 packages and ten layers; a target reads a source of its own (200-2048 bytes)
// and the outputs of two targets of the layer below, and writes one small file with `md5sum IN... > OUT`, run by a shell.
// Each command also appends one byte to a file outside the project, so that what really ran is counted and not believed.
//
// All tools take turns in one run, and minima are compared: other work on the machine makes single figures larger, never
// smaller. Nothing fails for being slow; what fails is a tool that breaks, or that runs other commands than it should.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// settings is what the flags say.
type settings struct {
	figures.Setup
	sizes    []int
	reps     int
	coldReps int
	jobs     int
	ninja    string
	samu     string
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == measureVerb {
		os.Exit(measureMain(os.Args[2:]))
	}
	s, err := parseFlags()
	if err == nil {
		err = run(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gates:", err)
		os.Exit(1)
	}
}

func parseFlags() (*settings, error) {
	s := &settings{}
	s.Flags("gates", "what", "start", "noop", "edit", "touch", "cold", "restore")
	sizes := flag.String("sizes", "1000,10000,100000", "numbers of targets of the no-op; edits and touches run at those above 1000")
	flag.IntVar(&s.reps, "reps", 10, "how often each is measured")
	flag.IntVar(&s.coldReps, "coldreps", 5, "how often cold builds and deleted outputs are measured")
	flag.IntVar(&s.jobs, "j", runtime.NumCPU(), "commands at a time, for every tool")
	flag.StringVar(&s.ninja, "ninja", "ninja", "the binary")
	flag.StringVar(&s.samu, "samu", "samu", "the binary")
	if err := s.Parse(); err != nil {
		return nil, err
	}
	for _, t := range strings.Split(*sizes, ",") {
		n, err := strconv.Atoi(t)
		if err != nil || n < layers*perPackage {
			return nil, fmt.Errorf("%q is no number of targets from %d on", t, layers*perPackage)
		}
		s.sizes = append(s.sizes, n)
	}
	return s, nil
}

func run(s *settings) error {
	end, err := s.Begin()
	defer end()
	if err != nil {
		return err
	}
	b := &bench{settings: s, Report: &figures.Report{Name: "gates"}}
	if err := b.findTools(); err != nil {
		return err
	}
	b.head()
	if err := b.Scenarios(b.scenario); err != nil {
		return err
	}
	b.Foot()
	return nil
}

// findTools finds the others. ninja is a must: the gates are ratios to it.
func (b *bench) findTools() error {
	var err error
	if b.ninja, err = exec.LookPath(b.ninja); err != nil {
		return errors.New("there is no ninja: `apt-get install ninja-build` or `pip install ninja` bring one, and -ninja names another")
	}
	if p, err := exec.LookPath(b.samu); err == nil {
		b.samu = p
	} else {
		b.samu = ""
	}
	return nil
}
