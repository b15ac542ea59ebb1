package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/load"
	"github.com/cairn-build/cairn/graph/load/format"
	"github.com/cairn-build/cairn/rules/ioc/makefile/wrapper"
)

func importCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "import COMMAND",
		Short: "Drafts a BUILD.hcl from what another tool builds by.",
		Long:  "Drafts a BUILD.hcl from what another tool builds by. Nothing of it is run.",
		Args:  noArgs,
	}
	c.AddCommand(importE3Command(a))
	return c
}

// importing is one `cairn import e3`.
type importing struct {
	*app
	dir, out, pkg string
	strict        bool
	read          wrapper.Options
	draft         wrapper.DraftOptions
}

func importE3Command(a *app) *cobra.Command {
	x := &importing{app: a}
	c := prints(&cobra.Command{
		Use:   "e3 DIR",
		Short: "Drafts the ioc_module of a wrapper of e3.",
		Long: "Reads a wrapper of e3 (configure/RELEASE and CONFIG_MODULE with their .local files, NAME.Makefile, .gitmodules, patches) and writes the\n" +
			"BUILD.hcl that says the same, into DIR or --out. No makefile is run and nothing is fetched. Each line that has no translation is listed\n" +
			"on standard error with its place, and in the draft; with --strict there must be none. A BUILD.hcl that is there stays, without --force.",
		Example: "  cairn import e3 modules/e3-asyn\n  cairn import e3 ../e3-calc --out - --deps-as-labels --package //modules/calc",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{"import e3 takes one folder", "cairn import e3 modules/e3-asyn"}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			x.dir = args[0]
			return x.run()
		},
	})
	f := c.Flags()
	f.StringVar(&x.out, "out", "", "write the draft to `FILE`; - is standard output; by default BUILD.hcl in DIR")
	f.StringVar(&x.pkg, "package", "", "the package that DIR is or will be: `//PKG`; others are named relative to the folder above it")
	f.StringVar(&x.draft.Base, "base", "", "the epics_base: `LABEL`; by default the workspace's")
	f.StringArrayVar(&x.draft.Pools, "pool", nil, "an ioc_pool that required modules are looked for in: `LABEL`; may be given again")
	f.BoolVar(&x.draft.Labels, "deps-as-labels", false, "name modules by labels instead of by name and version")
	f.BoolVar(&x.read.Dev, "dev", false, "read CONFIG_MODULE_DEV and RELEASE_DEV")
	f.StringVar(&x.read.EPICSVersion, "epics-version", "", "the base's version, for what hangs on it: `V`; by default what EPICS_BASE ends in")
	f.BoolVar(&x.strict, "strict", false, "exit with 1 where a line could not be translated")
	return c
}

func (x *importing) run() error {
	info, err := os.Stat(x.dir)
	if err != nil {
		return usagef("%s: %s", x.dir, plainError(err))
	}
	if !info.IsDir() {
		return usagef("%s is no folder", x.dir)
	}
	if x.out == "" {
		x.out = filepath.Join(x.dir, load.BuildFile)
	}
	if err := x.labels(); err != nil {
		return err
	}
	if err := x.mayWrite(); err != nil {
		return err
	}
	root, err := os.OpenRoot(x.dir)
	if err != nil {
		return &environmentError{err}
	}
	defer root.Close()
	x.read.Files, x.read.Platforms = root.FS(), []string{"linux-x86_64", "linux-aarch64"}
	x.read.Above = localAbove(x.dir)
	w, ok := wrapper.Read(x.read)
	if !ok {
		return &usageError{fmt.Sprintf("%s: %s", x.dir, wrapper.NoteText(w.Missed[0])), "A wrapper has configure/CONFIG_MODULE and NAME.Makefile."}
	}
	x.draft.Comment = true
	text, ds := format.Source([]byte(w.Draft(x.draft)), x.out)
	if ds.HasErrors() {
		return fmt.Errorf("internal error: the draft is no BUILD.hcl; please report it with the wrapper: %w", ds)
	}
	return x.write(w, text)
}

// localAbove reads what sites keep above their wrappers, where it is there.
func localAbove(dir string) map[string][]byte {
	files := map[string][]byte{}
	for _, n := range []string{"../RELEASE.local", "../../RELEASE.local"} {
		name := filepath.Join(dir, filepath.FromSlash(n))
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
			continue
		}
		if b, err := os.ReadFile(name); err == nil {
			files[n] = b
		}
	}
	return files
}

// labels checks the labels that were given, and finds the folder of packages that other modules lie in.
func (x *importing) labels() error {
	for _, l := range append([]string{x.draft.Base}, x.draft.Pools...) {
		if _, err := label.Parse(l, ""); err != nil && l != "" {
			return usagef("%q is no label: %v", l, err)
		}
	}
	pkg, ok := strings.CutPrefix(x.pkg, "//")
	if x.pkg != "" && (!ok || pkg == "" || path.Clean(pkg) != pkg) {
		return &usageError{fmt.Sprintf("%q is no package", x.pkg), "--package //modules/asyn"}
	}
	if x.pkg == "" {
		pkg = "modules/x"
		if abs, err := filepath.Abs(x.dir); err == nil {
			if root, err := load.FindRoot(abs); err == nil {
				if rel, err := filepath.Rel(root, abs); err == nil && rel != "." {
					pkg = filepath.ToSlash(rel)
				}
			}
		}
	}
	if x.draft.Modules = path.Dir(pkg); x.draft.Modules == "." {
		x.draft.Modules = ""
	}
	return nil
}

// mayWrite says whether the draft's place is free.
func (x *importing) mayWrite() error {
	if x.out == "-" || x.flags.force {
		return nil
	}
	if _, err := os.Lstat(x.out); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return usagef("%s: %s", x.out, plainError(err))
		}
		return &usageError{x.out + " is there already", "--force replaces it; --out - shows the draft."}
	}
	return nil
}

// write writes the draft and says what it lacks.
func (x *importing) write(w *wrapper.Wrapper, text []byte) error {
	switch {
	case x.out != "-":
		if err := writeDraft(x.out, text, x.flags.force); err != nil {
			return &environmentError{err}
		}
	case !x.flags.json:
		x.ui.Printf("%s", text)
	}
	for _, n := range w.Missed {
		x.ui.Say("%s", x.noteText(n))
	}
	if x.flags.json {
		if err := x.ui.JSON(importedJSON(w, x.out, text)); err != nil {
			return err
		}
	} else {
		for _, n := range w.Remarks {
			x.ui.Say("note: %s", x.noteText(n))
		}
	}
	to := x.out
	if to == "-" {
		to = "the draft"
	}
	lines := "lines were"
	if len(w.Missed) == 1 {
		lines = "line was"
	}
	x.ui.Say("%s: module %s %s; %d %s not translated", to, w.Name, w.Version, len(w.Missed), lines)
	if x.strict && len(w.Missed) > 0 {
		return exitError(exitFailed)
	}
	return nil
}

// noteText writes a note with its file as it is named from here.
func (x *importing) noteText(n wrapper.Note) string {
	n.At.File = filepath.ToSlash(filepath.Join(x.dir, n.At.File))
	return wrapper.NoteText(n)
}

// importedNote is a wrapper.Note in JSON.
type importedNote struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Text   string `json:"text,omitempty"`
	Reason string `json:"reason"`
}

func importedJSON(w *wrapper.Wrapper, out string, text []byte) any {
	notes := func(l []wrapper.Note) []importedNote {
		all := []importedNote{}
		for _, n := range l {
			all = append(all, importedNote{n.At.File, n.At.Line, n.Text, n.Reason})
		}
		return all
	}
	if out == "-" {
		out = ""
	}
	return struct {
		Module       string         `json:"module"`
		Version      string         `json:"version"`
		File         string         `json:"file,omitempty"`
		Build        string         `json:"build"`
		Untranslated []importedNote `json:"untranslated"`
		Notes        []importedNote `json:"notes"`
	}{w.Name, w.Version, out, string(text), notes(w.Missed), notes(w.Remarks)}
}

// writeDraft writes a file that is not there yet, or replaces it in one step.
func writeDraft(file string, text []byte, replace bool) error {
	if !replace {
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return err
		}
		_, err = f.Write(text)
		return errors.Join(err, f.Close())
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return writeDraft(file, text, false)
	}
	return rewrite(file, text)
}
