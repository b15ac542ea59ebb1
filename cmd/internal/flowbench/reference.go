package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// The version of the ecosystem's compiler that is measured.
const referencePackage = "wt-compiler==0.10.3"

//go:embed reference.py
var referenceDriver string

// compareReference measures wt-compiler on the same spec. What it does first, solving and installing an environment to ask for the tasks, is
// left out, since that needs conda channels: it is given the registry that cairn has made.
func (b *bench) compareReference() error {
	python := b.referencePython()
	if python == "" {
		fmt.Printf("\nwt-compiler was not measured: it needs Python 3.12 or later, which -reference names\n")
		return nil
	}
	venv := b.Path("reference")
	exe := filepath.Join(venv, "bin/python")
	if _, err := os.Stat(exe); err != nil {
		b.Note("installing %s", referencePackage)
		for _, argv := range [][]string{{python, "-m", "venv", venv}, {exe, "-m", "pip", "install", "-q", "--disable-pip-version-check", referencePackage}} {
			if _, err := (figures.Command{Dir: b.Dir, Argv: argv}).Run(); err != nil {
				fmt.Printf("\nwt-compiler was not measured: %v\n", err)
				return nil
			}
		}
	}
	driver := b.Path("reference.py")
	if err := figures.Write(driver, referenceDriver); err != nil {
		return err
	}
	text, err := os.ReadFile(b.Path("ecology", tracksSpec))
	if err != nil {
		return err
	}
	// Packages of the workspace are on no channel.
	spec := b.Path("reference-spec", "spec.yaml")
	foreign := regexp.MustCompile(`(?m)^ *- \{ name: field(kit|data), .*\n`)
	if err := figures.Write(spec, foreign.ReplaceAllString(string(text), "  - { name: wt-task, version: \"*\" }\n")); err != nil {
		return err
	}
	var inside figures.Series
	all, err := figures.Measure(b.slow, func() (time.Duration, error) {
		out, _, took, err := figures.Command{Dir: filepath.Dir(spec), Argv: []string{exe, driver, b.Path("ecology", "cairn-out/released/registry/registry.json"), spec}}.Output()
		if err != nil {
			return 0, err
		}
		var said struct{ Compiled float64 }
		if err := json.Unmarshal([]byte(lastLine(out)), &said); err != nil {
			return 0, err
		}
		inside = append(inside, time.Duration(said.Compiled*float64(time.Second)))
		return took, nil
	})
	if err != nil {
		return err
	}
	fmt.Printf("\n%s on the same spec, its discovery of tasks (an environment, solved and installed each time) left out\n", referencePackage)
	all.Line("the command, to the package")
	fmt.Printf("  %-46s %10.1f ms least\n", "of that without importing the compiler", figures.Millis(inside.Least()))
	return nil
}

// referencePython finds an interpreter that wt-compiler runs on.
func (b *bench) referencePython() string {
	names := []string{"python3.13", "python3.12"}
	if b.reference != "" {
		names = []string{b.reference}
	}
	for _, n := range names {
		if exec.Command(n, "-c", "import sys; sys.exit(sys.version_info < (3, 12))").Run() == nil {
			return n
		}
	}
	return ""
}
