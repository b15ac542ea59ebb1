package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// program measures the command line of two packages that were built, and looks at what it imports.
func (b *bench) program() error {
	ws := b.Path("ecology")
	out, _, _, err := figures.Command{Dir: ws, Env: b.env(), Argv: []string{b.Cairn, "run", "//:env", "--", "-c", "import sys, json; print(json.dumps(sys.executable))"}}.Output()
	if err != nil {
		return err
	}
	var python string
	if err := json.Unmarshal([]byte(lastLine(out)), &python); err != nil {
		return fmt.Errorf("the environment's interpreter is %q: %w", out, err)
	}
	tracks, err := b.started(python, "tracks", "wt_tracks_workflow")
	if err != nil {
		return err
	}
	penguins, err := b.started(python, "penguins", "wt_penguins_workflow")
	if err != nil {
		return err
	}
	fmt.Printf("\nthe command line of a generated package\n")
	bare, err := figures.Measure(b.turns, func() (time.Duration, error) {
		took, err := figures.Command{Dir: ws, Env: b.env(), Argv: []string{python, "-c", ""}}.Run()
		return took, err
	})
	if err != nil {
		return err
	}
	bare.Line("python itself")
	for _, words := range [][]string{{"--help"}, {"get", "rjsf"}, {"get", "params"}, {"get", "graph"}} {
		name := strings.Join(words, " ")
		all, err := figures.Measure(b.turns, func() (time.Duration, error) {
			took, err := tracks(nil, words...).Run()
			return took, err
		})
		if err != nil {
			return err
		}
		all.Line(name)
		b.Gate(name, all.Least(), 300*time.Millisecond, "0.3 s")
		seen, err := imports(tracks([]string{"-X", "importtime"}, words...))
		if err != nil {
			return err
		}
		b.Exactly("modules of tasks that "+name+" imports", len(ofTasks(seen)), 0)
	}
	// penguins reads and summarises; it knows nothing of movement, groups or maps.
	seen, err := imports(penguins([]string{"-X", "importtime"}, "run", "--config-json", "{}"))
	if err != nil {
		return err
	}
	fmt.Printf("  run of penguins imports %s\n", strings.Join(ofTasks(seen), ", "))
	foreign := slices.DeleteFunc(ofTasks(seen), func(m string) bool {
		return !slices.Contains([]string{"fieldkit.movement", "fieldkit.groups", "fieldkit.maps", "fieldkit.skips"}, m)
	})
	b.Exactly("modules that run imports in vain", len(foreign), 0)
	return nil
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// started gives commands that start a package of examples/ecology by the environment's interpreter, as it would be if it was installed.
func (b *bench) started(python, target, module string) (func(flags []string, words ...string) figures.Command, error) {
	found, err := filepath.Glob(b.Path("ecology", "cairn-out", target, "*", module))
	if err != nil || len(found) != 1 {
		return nil, errors.Join(err, fmt.Errorf("cairn-out/%s has %d packages %s", target, len(found), module))
	}
	results := b.Path("results")
	if err := os.MkdirAll(results, 0o755); err != nil {
		return nil, err
	}
	path := strings.Join([]string{filepath.Dir(found[0]), b.Path("ecology", "fieldkit/src"), b.Path("ecology", "fielddata/src")}, ":")
	env := append(b.env(), "PYTHONPATH="+path, "PYTHONDONTWRITEBYTECODE=", "WT_RESULTS="+results)
	return func(flags []string, words ...string) figures.Command {
		return figures.Command{Dir: results, Env: env, Argv: slices.Concat([]string{python}, flags, []string{"-m", module}, words)}
	}, nil
}

// imports gives the modules that a command imported, by what -X importtime says, of itself and of what it started.
func imports(c figures.Command) ([]string, error) {
	c.Env = append(c.Env, "PYTHONPROFILEIMPORTTIME=1")
	_, stderr, _, err := c.Output()
	if err != nil {
		return nil, err
	}
	var all []string
	for _, l := range strings.Split(stderr, "\n") {
		if rest, ok := strings.CutPrefix(l, "import time:"); ok {
			all = append(all, strings.TrimSpace(rest[strings.LastIndex(rest, "|")+1:]))
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// ofTasks gives those modules that belong to tasks.
func ofTasks(modules []string) []string {
	return slices.DeleteFunc(slices.Clone(modules), func(m string) bool {
		return !strings.HasPrefix(m, "fieldkit.") && !strings.HasPrefix(m, "fielddata.") && m != "pandas" && m != "matplotlib"
	})
}
