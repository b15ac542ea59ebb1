// Package site works on trees of installed modules, such as siteMods: it lists them, installs and removes versions, and looks for the
// modules that others ask for. Which version a request means is rules/ioc/version's matter, and it knows no targets.
//
// A pool is a folder with <module>/<version>/lib/<arch>/<module>.dep and what else belongs to a version. Names that start with a
// dot do not count, and neither does a version without lib/<arch>. While something is installed or removed, there is a folder
// .cairn-install in the pool, which is locked; what lies in it is not yet, or no longer, installed.
package site

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// DriverPath splits a search path such as EPICS_DRIVER_PATH: colons between folders, empty parts left out.
func DriverPath(path string) []string {
	return slices.DeleteFunc(strings.Split(path, ":"), func(s string) bool { return s == "" })
}

// Tree is one version of a module as a folder. Its path ends in <module>/<version>.
type Tree struct {
	Module, Version string
	Archs           []string // those that it has a lib folder for, sorted
	Dir             string
	Label           string // of the target that it was made by; "" for what is installed
}

// Name gives module and version as messages have them.
func (t Tree) Name() string { return t.Module + " " + t.Version }

// DepFile gives the path of a tree's .dep file for an architecture.
func (t Tree) DepFile(arch string) string {
	return filepath.Join(t.Dir, "lib", arch, t.Module+".dep")
}

// Deps reads the .dep file for an architecture. The zero File without a problem is for a tree that has none.
func (t Tree) Deps(arch string) (dep.File, diag.List) {
	name := t.DepFile(arch)
	var b []byte
	fi, err := os.Stat(name)
	if err == nil && !fi.Mode().IsRegular() {
		err = errors.New("it is no plain file") // a pipe would be waited for
	}
	if err == nil {
		b, err = os.ReadFile(name)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return dep.File{}, nil
	case err != nil:
		return dep.File{}, diag.List{{Code: "unreadable", Summary: "a .dep file cannot be read: " + plain(err), Range: diag.Range{File: name}}}
	}
	return dep.Read(name, b)
}

// Look looks at a folder that is to be a tree, of which the path says module and version; false where it is none: it has no
// lib/<arch>/<module>.dep.
func Look(dir string) (Tree, bool) {
	t := Tree{Module: filepath.Base(filepath.Dir(dir)), Version: filepath.Base(dir), Dir: dir}
	for _, arch := range folders(filepath.Join(dir, "lib")) {
		if fi, err := os.Stat(t.DepFile(arch)); err == nil && fi.Mode().IsRegular() {
			t.Archs = append(t.Archs, arch)
		}
	}
	slices.Sort(t.Archs)
	return t, len(t.Archs) > 0
}

// Check says what is wrong with a tree's name for one that is to be installed.
func (t Tree) Check() diag.List {
	l := dep.CheckEntry(t.Module, t.Version)
	if _, err := version.Parse(t.Version); err != nil {
		l = append(l, diag.Diag{Code: "bad-version", Summary: "module " + t.Module + ": " + err.Error()})
	}
	for i := range l {
		l[i].Range.File, l[i].Context = t.Dir, t.Label
	}
	return l
}

// folders gives the names of the folders in dir that count, in the order of the folder, which is the one that require sees. A
// link to a folder is one. A dir that is not there, or cannot be read, has none.
func folders(dir string) []string {
	names, _ := readFolders(dir)
	return names
}

func readFolders(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	es, err := f.ReadDir(-1)
	var names []string
	for _, e := range es {
		if !strings.HasPrefix(e.Name(), ".") && isFolder(dir, e) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func isFolder(dir string, e fs.DirEntry) bool {
	if e.IsDir() {
		return true
	}
	if e.Type()&fs.ModeSymlink == 0 && e.Type()&fs.ModeIrregular == 0 {
		return false
	}
	fi, err := os.Stat(filepath.Join(dir, e.Name()))
	return err == nil && fi.IsDir()
}

// plain drops the operation and the path that the caller names already.
func plain(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
