package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
	"github.com/cairn-build/cairn/rules/workflow/gen"
	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// tracksSpec is the spec of 50 tasks.
const tracksSpec = "tracks/spec.yaml"

// compile measures the compiler in this process, from the text of a spec and the registry's files to the text of a package.
func (b *bench) compile() error {
	text, err := os.ReadFile(b.Path("ecology", tracksSpec))
	if err != nil {
		return err
	}
	names := b.Path("ecology", "cairn-out/released/registry/names")
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
	all, err := figures.Measure(b.turns, once)
	if err != nil {
		return err
	}
	fmt.Printf("\nthe compiler in one process: %d tasks become %d files; the first time %.1f ms\n", tasks, files, float64(first)/1e6)
	all.Line("spec and registry to package")
	b.Gate("compile in process", all.Least(), 50*time.Millisecond, "50 ms")
	return nil
}

// edit measures `cairn build` after an edit of the spec: the whole command, with one compile in it.
func (b *bench) edit() error {
	ws := b.Path("ecology")
	if _, err := b.build(ws, "//:tracks"); err != nil {
		return err
	}
	start, err := figures.Measure(b.turns, func() (time.Duration, error) {
		took, err := figures.Command{Dir: ws, Env: b.env(), Argv: []string{b.Cairn, "version"}}.Run()
		return took, err
	})
	if err != nil {
		return err
	}
	noop, err := figures.Measure(b.turns, func() (time.Duration, error) { return b.build(ws, "//:tracks") })
	if err != nil {
		return err
	}
	compiles := 0
	edited, err := figures.Measure(b.turns, func() (time.Duration, error) {
		before := "title: Mean speeds\n"
		if b.edits > 0 {
			before = fmt.Sprintf("title: Mean speeds %s %d\n", b.run, b.edits)
		}
		b.edits++
		if err := figures.Replace(filepath.Join(ws, tracksSpec), before, fmt.Sprintf("title: Mean speeds %s %d\n", b.run, b.edits)); err != nil {
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
	start.Line("`cairn version`, for comparison")
	noop.Line("nothing was edited")
	edited.Line("the spec was edited")
	b.Exactly("compiles after as many edits", compiles, b.turns)
	b.Gate("build after an edit of the spec", edited.Least(), 300*time.Millisecond, "0.3 s")
	return nil
}
