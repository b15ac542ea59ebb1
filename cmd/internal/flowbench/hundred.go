package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// The hundred workflows use twenty modules of tasks: each module is used by five, and all use the task begin. The first of each module's
// five has a test.
const (
	workflows = 100
	modules   = 20
	users     = workflows / modules
	tests     = modules
)

// hundred counts what edits make cairn do in a workspace of a hundred workflows.
func (b *bench) hundred() error {
	ws := b.Path("hundred")
	if err := figures.RemoveAll(ws); err != nil {
		return err
	}
	lock, err := os.ReadFile("testdata/locks/flow/pylock.toml")
	if err != nil {
		return err
	}
	files := map[string]string{"pylock.toml": string(lock), "BUILD.hcl": hundredBuild, "pyproject.toml": hundredProject(), "src/bulk/__init__.py": "", "src/bulk/begin.py": hundredBegin, "test-cases.yaml": hundredCases}
	for m := range modules {
		files[fmt.Sprintf("src/bulk/m%02d.py", m)] = hundredModule(m)
	}
	for w := range workflows {
		files[fmt.Sprintf("specs/w%02d.yaml", w)] = hundredSpec(w, b.run)
	}
	for name, text := range files {
		if err := figures.Write(filepath.Join(ws, name), text); err != nil {
			return err
		}
	}
	b.Note("a hundred workflows and twenty tests, for the first time")
	first, took, err := b.counted(ws, "test", "//...")
	if err != nil {
		return err
	}
	fmt.Printf("\n%d workflows, %d of them with a test; %d modules of tasks\n", workflows, tests, modules)
	fmt.Printf("  the first time: %d compiles, %d runs of tests in %.1f s\n", first["Compile"], first["Workflow"], took.Seconds())
	b.Exactly("compiles, the first time", first["Compile"], workflows)

	for _, e := range []struct {
		name, file, old, new string
		compiles, tests      int
	}{
		{"a comment in a spec", "specs/w03.yaml", "# ", "# Again: ", 0, 0},
		{"a spec", "specs/w03.yaml", "by: 2", "by: 3", 1, 1},
		{"a task's signature", "src/bulk/m03.py", "by: int = 2", "by: int = 5", users, 1},
		{"a task's body", "src/bulk/m04.py", "return value * by", "return by * value", 0, 1},
		{"the body of a task of all", "src/bulk/begin.py", "return value", "return 0 + value", 0, tests},
	} {
		if err := figures.Replace(filepath.Join(ws, e.file), e.old, e.new); err != nil {
			return err
		}
		got, took, err := b.counted(ws, "test", "//...")
		if err != nil {
			return fmt.Errorf("%s was edited: %w", e.name, err)
		}
		fmt.Printf("  %-30s edited: %3d compiles, %3d tests, %d registries; %.2f s\n", e.name, got["Compile"], got["Workflow"], got["Registry"], took.Seconds())
		b.Exactly("compiles after "+e.name, got["Compile"], e.compiles)
		b.Exactly("tests after "+e.name, got["Workflow"], e.tests)
	}
	return nil
}

const hundredBuild = `workspace "hundred" {}

python_env "env" {
  lock = "pylock.toml"
}

task_package "tasks" {
  python_env = ":env"
  srcs       = glob(["src/**", "pyproject.toml"])
}

locals {
  numbers = [for i in range(100) : format("%02d", i)]
}

workflow "flow" {
  for_each = toset(local.numbers)
  spec     = "specs/w${each.key}.yaml"
  tasks    = [":tasks"]
}

workflow_test "test" {
  for_each = toset(slice(local.numbers, 0, 20))
  workflow = ":flow@${each.key}"
  cases    = "test-cases.yaml"
  modes    = ["sequential"]
  apis     = ["cli"]
}
`

func hundredProject() string {
	var b strings.Builder
	b.WriteString("[project]\nname = \"bulk\"\nversion = \"1\"\n\n[project.entry-points.wt_registry]\nbegin = \"bulk.begin\"\n")
	for m := range modules {
		fmt.Fprintf(&b, "m%02d = \"bulk.m%02d\"\n", m, m)
	}
	return b.String()
}

const hundredBegin = `from wt_registry import register


@register()
def begin(value: int = 1) -> int:
    return value
`

const hundredCases = `plain:
  name: Plain
  description: What it does without parameters.
  params: {}
  assertions:
    result_stdout_contains: ["1"]
`

func hundredModule(m int) string {
	return fmt.Sprintf(`from wt_registry import register


@register()
def times_%02d(value: int, by: int = 2) -> int:
    """Multiply."""
    return value * by


@register()
def plus_%02d(value: int, by: int = 1) -> int:
    """Add."""
    return value + by
`, m, m)
}

func hundredSpec(w int, run string) string {
	m := w % modules
	return fmt.Sprintf(`# Workflow %02d.
id: w%02d
requirements: []
workflow:
  - name: Begin
    id: first
    task: begin
  - name: Multiply
    id: second
    task: times_%02d
    partial: { value: "${{ workflow.first.return }}" }
  - name: Add
    id: third
    task: plus_%02d
    partial: { value: "${{ workflow.second.return }}", by: 2 }
  - name: The last one of run %s
    id: fourth
    task: plus_%02d
    partial: { value: "${{ workflow.third.return }}", by: 10 }
`, w, w, m, m, run, m)
}
