// Package adapter holds a small Python package that takes the place of generation A's core, which no index has: with it, tasks that were
// written for that core are found, and run on wt-task. It goes where an environment has no such package.
package adapter

import (
	"embed"
	"io/fs"
)

//go:embed ecoscope_workflows_core/*.py
var files embed.FS

// Module is the name of the Python package.
const Module = "ecoscope_workflows_core"

// Files gives the package's files by path: "ecoscope_workflows_core/decorators.py".
func Files() map[string]string {
	out := map[string]string{}
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := files.ReadFile(path)
		out[path] = string(b)
		return err
	})
	if err != nil {
		panic("internal error: " + err.Error()) // what is embedded can be read
	}
	return out
}
