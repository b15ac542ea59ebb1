// Package code writes the Python of a workflow's package: the modules that run its tasks, one after another and at once, and the
// command line and the server around them. The same workflow gives the same bytes.
package code

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/link"
)

// Options are what the code says of its package.
type Options struct {
	Dist    string // the distribution's, the folder's and the command's name: "wt-patrols-workflow"
	Module  string // "wt_patrols_workflow"
	Version string // "1.2.3"
	SpecSum string // SHA-256 of what the spec means, in hexadecimal digits
	// Adapter says that <module>/adapter holds a core for tasks of generation A, for environments that have none.
	Adapter bool
}

// File is one file, without the header that generated files have.
type File struct {
	Path string // below the package's folder
	Data []byte
}

// The patterns name the files: of a folder, those with _ before their names are left out.
//
//go:embed static/*.py static/dags/*.py static/tests/*.py
var static embed.FS

//go:embed static/metadata.py
var metadata string

// Facts gives metadata.py, the one file that says which version the package has.
func Facts(w *link.Workflow, o Options) File {
	return File{o.Module + "/metadata.py", []byte(facts(metadata, w, o))}
}

// Files gives all files of Python, sorted by path.
func Files(w *link.Workflow, o Options) ([]File, error) {
	if len(w.Tasks) == 0 {
		return nil, fmt.Errorf("a workflow without tasks does nothing")
	}
	var files []File
	err := fs.WalkDir(static, "static", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := static.ReadFile(path)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, "static/")
		if !strings.HasPrefix(name, "tests/") {
			name = o.Module + "/" + name
		}
		files = append(files, File{name, b})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("internal error: %w", err)
	}
	set := func(name string, text string) {
		name = o.Module + "/" + name
		i := slices.IndexFunc(files, func(f File) bool { return f.Path == name })
		if i < 0 {
			i = len(files)
			files = append(files, File{Path: name})
		}
		files[i].Data = []byte(text)
	}
	set("metadata.py", string(Facts(w, o).Data))
	set("py.typed", "")
	if o.Adapter {
		set("dags/__init__.py", adapter)
	}
	for _, mock := range []bool{false, true} {
		suffix := ".py"
		if mock {
			suffix = "_mock_io.py"
		}
		set("dags/run_sequential"+suffix, sequential(w, mock))
		set("dags/run_parallel"+suffix, parallel(w, mock))
	}
	set("dags/jupytext.py", notebook(w, o))
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return files, nil
}

// adapter makes tasks of generation A importable where its own core is not installed.
const adapter = `"""Tasks that need ecoscope_workflows_core take the one of this package where there is no other."""

import importlib.util
import sys
from pathlib import Path

if importlib.util.find_spec("ecoscope_workflows_core") is None:
    sys.path.append(str(Path(__file__).parent.parent / "adapter"))
`
