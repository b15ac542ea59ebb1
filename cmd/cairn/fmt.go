package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/load/format"
)

func fmtCommand(a *app) *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use:   "fmt [PATH...]",
		Short: "Writes BUILD.hcl files in their canonical form.",
		Long: "Writes BUILD.hcl files in their canonical form: the given files, and all below the given folders; by default all below the\n" +
			"current one. Prints the files that it changed.",
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := buildFiles(args)
			if err != nil {
				return err
			}
			var all diag.List
			changed := 0
			for _, f := range files {
				old, err := os.ReadFile(f)
				if err != nil {
					return &environmentError{err}
				}
				text, ds := format.Source(old, filepath.ToSlash(f))
				all = append(all, ds...)
				if ds.HasErrors() || bytes.Equal(text, old) {
					continue
				}
				changed++
				a.ui.Line(f)
				if !check {
					if err := rewrite(f, text); err != nil {
						return &environmentError{err}
					}
				}
			}
			if err := all.Err(); err != nil {
				a.ui.Problems(all, readSource)
				return exitError(exitRequest)
			}
			if check && changed > 0 {
				return exitError(exitFailed)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&check, "check", false, "change nothing; exit with 1 where a file is not in its canonical form")
	return c
}

// buildFiles gives the BUILD.hcl files that paths stand for, in order.
func buildFiles(paths []string) ([]string, error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var files []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, &usageError{fmt.Sprintf("%s: %s", p, plainError(err)), ""}
		}
		if !info.IsDir() {
			files = append(files, filepath.Clean(p))
			continue
		}
		err = filepath.WalkDir(p, func(f string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && f != p && (d.Name() == "cairn-out" || strings.HasPrefix(d.Name(), ".")):
				return filepath.SkipDir
			case d.Name() == "BUILD.hcl" && d.Type().IsRegular():
				files = append(files, f)
			}
			return nil
		})
		if err != nil {
			return nil, &environmentError{err}
		}
	}
	return files, nil
}

// rewrite replaces a file's content in one step and keeps its mode.
func rewrite(file string, text []byte) (err error) {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	t, err := os.CreateTemp(filepath.Dir(file), ".BUILD.hcl.*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(t.Name()))
		}
	}()
	_, err = t.Write(text)
	if err = errors.Join(err, t.Chmod(info.Mode().Perm()), t.Close()); err != nil {
		return err
	}
	return os.Rename(t.Name(), file)
}
