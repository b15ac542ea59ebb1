package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/cairn-build/cairn/graph/load"
)

// findWorkspace gives the root of the workspace around the current directory, and the package that this directory is.
func findWorkspace() (root, pkg string, err error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", "", &environmentError{err}
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	root, err = load.FindRoot(dir)
	if err != nil {
		return "", "", &usageError{err.Error(), "The root of a workspace has a BUILD.hcl with a `workspace` block; -C names another directory."}
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return "", "", &environmentError{err}
	}
	pkg = filepath.ToSlash(rel)
	if pkg == "." {
		pkg = ""
	}
	if pkg == "cairn-out" || strings.HasPrefix(pkg, "cairn-out/") {
		return "", "", &usageError{"this is a folder of outputs, which no target lives in", "Go to the workspace: cd " + root}
	}
	return root, pkg, nil
}
