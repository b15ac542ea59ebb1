package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/rules/workflow"
	"github.com/cairn-build/cairn/rules/workflow/gen"
	"github.com/cairn-build/cairn/rules/workflow/registry"
)

func workflowCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "workflow COMMAND",
		Short: "Makes a package of one workflow's spec, without any BUILD.hcl.",
		Long:  "What a target of kind workflow does, for one spec and without a workspace: nothing is cached.",
		Args:  noArgs,
	}
	c.AddCommand(compileCommand(a))
	return c
}

// compiling is one `cairn workflow compile`.
type compiling struct {
	*app
	spec, out        string
	clobber, update  bool
	python, registry string
	overrides        string
	o                gen.Options
}

func compileCommand(a *app) *cobra.Command {
	x := &compiling{app: a}
	c := prints(&cobra.Command{
		Use:   "compile --spec FILE",
		Short: "Writes the package of one workflow.",
		Long: "Reads a spec, asks an environment's Python which tasks are registered there, and writes the package: a folder named by the spec's id,\n" +
			"beside the spec or in --out. The interpreter is that of the active virtual environment, else python3; with --registry what\n" +
			"`wt-registry --format json` or a task_package has written is read, and no Python is started. Everything that is wrong with the spec\n" +
			"is said at once. A package that is there stays as it was unless the new one is whole; --clobber replaces it, and leaves its\n" +
			"pixi.lock and its version alone; --update gives it the next version, another major one where parameters are others.",
		Example: "  cairn workflow compile --spec spec.yaml\n  cairn workflow compile --spec spec.yaml --clobber --update --python .venv/bin/python",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return x.run(c.Context()) },
	})
	f := c.Flags()
	f.StringVar(&x.spec, "spec", "", "the workflow's spec: `FILE`")
	f.StringVar(&x.out, "out", "", "write the package's folder into `DIR`; by default the spec's own")
	f.BoolVar(&x.clobber, "clobber", false, "replace the package that is there")
	f.BoolVar(&x.update, "update", false, "with --clobber: give the package the version that follows")
	f.StringVar(&x.python, "python", "", "the interpreter whose packages register the tasks: `PROGRAM`")
	f.StringVar(&x.registry, "registry", "", "read the tasks from `FILE`, a registry.json")
	f.StringVar(&x.overrides, "env-overrides", "", "requirements that come over the spec's: `FILE` in TOML")
	f.StringVar(&x.o.Variant, "variant", "", "a variant of the run-time packages: `NAME`, such as gcp")
	f.StringVar(&x.o.Prefix, "package-prefix", gen.DefaultPrefix, "what the package's name begins with: `TEXT`")
	f.StringVar(&x.o.Version, "version", "", "the package's version: `V`")
	return c
}

func (x *compiling) run(ctx context.Context) error {
	switch {
	case x.spec == "":
		return &usageError{"--spec is needed", "cairn workflow compile --spec spec.yaml"}
	case x.update && !x.clobber:
		return &usageError{"--update is only valid with --clobber and without --install", "A package that is there is updated: --clobber --update."}
	case x.update && x.o.Version != "":
		return usagef("--update finds out the version, and --version says it: give one of them")
	case x.python != "" && x.registry != "":
		return usagef("--python and --registry both say which tasks there are: give one of them")
	}
	src, err := os.ReadFile(x.spec)
	if err != nil {
		return usagef("--spec %s: %s", x.spec, plainError(err))
	}
	if x.overrides != "" {
		if x.o.EnvOverrides, err = os.ReadFile(x.overrides); err != nil {
			return usagef("--env-overrides %s: %s", x.overrides, plainError(err))
		}
	}
	tasks, err := x.tasks(ctx)
	if err != nil {
		return err
	}
	x.ui.Say("%s", workflow.Count(tasks))
	c := workflow.Compiler{File: x.spec, Source: src, Tasks: tasks, Options: x.o}
	name := c.Dir()
	dir := filepath.Join(filepath.Dir(x.spec), name)
	if x.out != "" {
		dir = filepath.Join(x.out, name)
	}
	if name != "" {
		if err := x.before(dir, &c); err != nil {
			return err
		}
	}
	p, ds, err := c.Compile()
	x.ui.Problems(ds, func(file string) []byte { return readSource(file) })
	if ds.HasErrors() {
		return exitError(exitRequest)
	}
	if err != nil {
		return &usageError{fmt.Sprintf("%s: %v", x.spec, err), ""}
	}
	if err := replacePackage(dir, p.Files); err != nil {
		return &environmentError{fmt.Errorf("%s: %w", dir, err)}
	}
	if x.flags.json {
		return x.ui.JSON(struct {
			Dir    string `json:"dir"`
			Module string `json:"module"`
			Files  int    `json:"files"`
		}{dir, p.Module, len(p.Files)})
	}
	x.ui.Say("%s: %d files", dir, len(p.Files))
	return nil
}

// before looks at what lies where the package belongs.
func (x *compiling) before(dir string, c *workflow.Compiler) error {
	there, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if x.update {
			return &usageError{fmt.Sprintf("%s: to update a package, all of (VERSION.yaml, README.md) must exist", dir), "Without --update it is a first one."}
		}
		return nil
	case err != nil:
		return usagef("%s: %s", dir, plainError(err))
	case len(there) == 0:
		return nil
	case !x.clobber:
		return &usageError{fmt.Sprintf("%s already exists", dir), "--clobber replaces it."}
	}
	if !slices.ContainsFunc(there, func(e fs.DirEntry) bool { return e.Name() == "VERSION.yaml" || e.Name() == "pixi.toml" }) {
		return usagef("%s already exists and is no package: it has neither a VERSION.yaml nor a pixi.toml; it is left alone", dir)
	}
	b, err := gen.ReadBefore(func(p string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, p)) })
	switch {
	case x.update && err != nil:
		return usagef("%s: %v", dir, err)
	case x.update && b == nil:
		return usagef("%s: to update a package, all of (VERSION.yaml, README.md) must exist", dir)
	case x.update:
		c.Options.Before = b
	case err == nil && b != nil && c.Options.Version == "":
		c.Options.Version = b.Version // it is no secret loss that nobody has asked for
	}
	return nil
}

// replacePackage puts a package into its place as a whole: what is there stays until the new one is written, and goes then. What tools have
// left beside the package's files is taken over.
func replacePackage(dir string, files []gen.File) error {
	up := filepath.Dir(dir)
	if err := os.MkdirAll(up, 0o777); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(up, ".cairn-compile-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	made, old := filepath.Join(tmp, "new"), filepath.Join(tmp, "old")
	for _, f := range files {
		at := filepath.Join(made, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(at, f.Data, 0o666); err != nil {
			return err
		}
	}
	switch _, err := os.Lstat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return os.Rename(made, dir)
	case err != nil:
		return err
	}
	if exchange(made, dir) == nil {
		old = made
	} else if err := os.Rename(dir, old); err != nil {
		return err
	} else if err := os.Rename(made, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	for _, name := range []string{"pixi.lock", ".pixi"} {
		if err := os.Rename(filepath.Join(old, name), filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// tasks gives the tasks that the spec may use.
func (x *compiling) tasks(ctx context.Context) (registry.Finder, error) {
	file := x.registry
	if file == "" {
		dir, err := os.MkdirTemp("", "cairn-registry-")
		if err != nil {
			return nil, &environmentError{err}
		}
		defer os.RemoveAll(dir)
		if file, err = x.ask(ctx, dir); err != nil {
			return nil, err
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, usagef("--registry %s: %s", file, plainError(err))
	}
	f, err := registry.Parse(b)
	if err != nil {
		return nil, usagef("--registry %s: %v", file, err)
	}
	return f, nil
}

// interpreter is whose packages register the tasks.
func (x *compiling) interpreter() string {
	if x.python != "" {
		return x.python
	}
	if env, ok := x.getenv("VIRTUAL_ENV"); ok && env != "" {
		return filepath.Join(env, "bin", "python")
	}
	return "python3"
}

// ask has the interpreter say which tasks there are, in a folder of its own, and gives the file that it wrote. What Python says while it
// cannot is shown.
func (x *compiling) ask(ctx context.Context, dir string) (string, error) {
	files, err := workflow.RegistryKit("out")
	if err != nil {
		return "", err
	}
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			return "", &environmentError{err}
		}
		if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
			return "", &environmentError{err}
		}
	}
	python, err := exec.LookPath(x.interpreter())
	if err == nil {
		python, err = filepath.Abs(python)
	}
	if err != nil {
		return "", &environmentError{fmt.Errorf("there is no interpreter: %w", err)}
	}
	c := exec.CommandContext(ctx, python, "-B", "registry.py", "args.json")
	c.Dir, c.Env = dir, append(os.Environ(), "PYTHONUTF8=1", "PYTHONHASHSEED=0")
	said, err := c.CombinedOutput()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		x.ui.Say("%s cannot say which tasks there are:\n%s", python, bytes.TrimRight(said, "\n"))
		return "", exitError(exitEnvironment)
	}
	return filepath.Join(dir, "out", "registry.json"), nil
}
