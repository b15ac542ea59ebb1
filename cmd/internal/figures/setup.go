package figures

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Setup is what all benchmarks are told by flags: what to measure, with which cairn, and where.
type Setup struct {
	Cairn string // the binary
	Dir   string // the benchmark's own folder, once Begin has made it
	Keep  bool   // the folder is left there, and what an earlier run has left in it is used

	name   string
	all    []string // the scenarios, in the order in which they run
	chosen []string
}

// Flags defines the flags of a benchmark with these scenarios. kept says what -keep takes from an earlier run.
func (s *Setup) Flags(name, kept string, scenarios ...string) {
	s.name, s.all, s.chosen = name, scenarios, scenarios
	flag.Func("scenarios", "which to run, with commas between (default "+strings.Join(scenarios, ",")+")", func(names string) error {
		s.chosen = strings.Split(names, ",")
		for _, n := range s.chosen {
			if !slices.Contains(scenarios, n) {
				return fmt.Errorf("no scenario %q; there are %s", n, strings.Join(scenarios, ", "))
			}
		}
		return nil
	})
	flag.StringVar(&s.Cairn, "cairn", "", "the binary; by default ./cmd/cairn is built, static, as releases are")
	flag.StringVar(&s.Dir, "dir", os.TempDir(), "where a folder cairn-"+name+" is made: on the file system that is to be measured")
	flag.BoolVar(&s.Keep, "keep", false, "leave the folder there, and take "+kept+" that an earlier run has left")
}

// Parse reads the command line.
func (s *Setup) Parse() error {
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("%q is no flag", flag.Arg(0))
	}
	return nil
}

// Path gives the path of something in the benchmark's folder.
func (s *Setup) Path(names ...string) string {
	return filepath.Join(append([]string{s.Dir}, names...)...)
}

// Begin makes the benchmark's folder, and builds cairn where none is named. end removes the folder, unless it is to be kept; it is
// called whether Begin failed or not.
func (s *Setup) Begin() (end func(), err error) {
	end = func() {}
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return end, err
	}
	s.Dir = filepath.Join(dir, "cairn-"+s.name)
	if !s.Keep {
		if err := RemoveAll(s.Dir); err != nil {
			return end, err
		}
		end = func() { _ = RemoveAll(s.Dir) }
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return end, err
	}
	if s.Cairn == "" {
		s.Cairn = s.Path("cairn")
		_, err := Command{Dir: ".", Env: []string{"CGO_ENABLED=0"}, Argv: []string{"go", "build", "-trimpath", "-o", s.Cairn, "./cmd/cairn"}}.Run()
		return end, err
	}
	s.Cairn, err = filepath.Abs(s.Cairn)
	return end, err
}

// Scenarios runs those that were chosen.
func (s *Setup) Scenarios(run func(name string) error) error {
	for _, name := range s.all {
		if !slices.Contains(s.chosen, name) {
			continue
		}
		if err := run(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
