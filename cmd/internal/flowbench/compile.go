package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cairn-build/cairn/rules/workflow/gen"
	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// tracksSpec is the spec of 50 tasks.
const tracksSpec = "tracks/spec.yaml"

// compile measures the compiler in this process, from the text of a spec and the registry's files to the text of a package.
func (b *bench) compile() error {
	text, err := os.ReadFile(b.path("ecology", tracksSpec))
	if err != nil {
		return err
	}
	names := b.path("ecology", "cairn-out/released/registry/names")
	var tasks, files int
	once := func() (time.Duration, error) {
		start := time.Now()
		s, said := spec.Parse(tracksSpec, text)
		if err := said.Err(); err != nil {
			return 0, err
		}
		read := func(p string) ([]byte, error) {
			f, err := os.ReadFile(filepath.Join(filepath.Dir(names), p))
			if errors.Is(err, os.ErrNotExist) {
				return nil, nil
			}
			return f, err
		}
		w, said := link.Link(s, registry.Tree(read, nil))
		if err := said.Err(); err != nil {
			return 0, err
		}
		p, err := gen.Compile(w, gen.Options{Compiler: "cairn"})
		if err != nil {
			return 0, err
		}
		tasks, files = len(w.Tasks), len(p.Files)
		return time.Since(start), nil
	}
	first, err := once()
	if err != nil {
		return err
	}
	shortest, middle, err := least(b.turns, once)
	if err != nil {
		return err
	}
	fmt.Printf("\nthe compiler in one process: %d tasks become %d files; the first time %.1f ms\n", tasks, files, float64(first)/1e6)
	line("spec and registry to package", shortest, middle, b.turns)
	b.Gate("compile in process", shortest, 50*time.Millisecond, "50 ms")
	return nil
}

// edit measures `cairn build` after an edit of the spec: the whole command, with one compile in it.
func (b *bench) edit() error {
	ws := b.path("ecology")
	if _, err := b.build(ws, "//:tracks"); err != nil {
		return err
	}
	start, middleStart, err := least(b.turns, func() (time.Duration, error) {
		_, _, took, err := command{ws, b.env(), []string{b.cairn, "version"}}.run()
		return took, err
	})
	if err != nil {
		return err
	}
	noop, middleNoop, err := least(b.turns, func() (time.Duration, error) { return b.build(ws, "//:tracks") })
	if err != nil {
		return err
	}
	compiles := 0
	shortest, middle, err := least(b.turns, func() (time.Duration, error) {
		before := "title: Mean speeds\n"
		if b.edits > 0 {
			before = fmt.Sprintf("title: Mean speeds %s %d\n", b.run, b.edits)
		}
		b.edits++
		if err := replace(filepath.Join(ws, tracksSpec), before, fmt.Sprintf("title: Mean speeds %s %d\n", b.run, b.edits)); err != nil {
			return 0, err
		}
		ran, took, err := b.counted(ws, "build", "//:tracks")
		compiles += ran["Compile"]
		return took, err
	})
	if err != nil {
		return err
	}
	fmt.Printf("\n`cairn build //:tracks`, the spec of 50 tasks\n")
	line("`cairn version`, for comparison", start, middleStart, b.turns)
	line("nothing was edited", noop, middleNoop, b.turns)
	line("the spec was edited", shortest, middle, b.turns)
	b.exactly("compiles after as many edits", compiles, b.turns)
	b.Gate("build after an edit of the spec", shortest, 300*time.Millisecond, "0.3 s")
	return nil
}
