// Package wrapper reads the repository that e3 wraps a module of EPICS in, and drafts the BUILD.hcl that says the same. It runs nothing
// and reads through an fs.FS alone. What has no translation is listed with its place.
package wrapper

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/rules/ioc/makefile"
)

// Options says how a wrapper is read.
type Options struct {
	// Files is the wrapper.
	Files fs.FS
	// Above holds what sites keep beside and above their wrappers: "../RELEASE.local" and "../../RELEASE.local".
	Above map[string][]byte
	// Platforms are those that the draft is for, the first one before all: "linux-x86_64".
	Platforms []string
	// EPICSVersion is the base's, for conditionals and suffixes; "" takes it from the wrapper's EPICS_BASE.
	EPICSVersion string
	// Dev takes configure/CONFIG_MODULE_DEV and RELEASE_DEV instead of those without _DEV.
	Dev bool
}

// Wrapper is what a wrapper says.
type Wrapper struct {
	Name     string // of the module
	Version  string
	Makefile string // the module's, in Files
	Src      string // the folder that its paths start from, "." for all of the wrapper
	Base     string // EPICS_BASE as the wrapper names it, "" where it does not
	Require  string // the version of require that it was written for, "" where it does not say
	Git      *Git   // where the sources come from; nil where they lie in the wrapper
	Seen     bool   // the files in Src are there
	Patches  []string
	// Modules are what the module is compiled with or needs at run time, sorted by name.
	Modules []Needed
	// Values holds attributes of ioc_module by name, and for each platform its words.
	Values map[string]Value
	// Suggested are targets that would do what recipes do.
	Suggested []Suggestion
	// Missed is what was not translated, Remarks what whoever reads the draft should know. Both are in the order of files and lines.
	Missed, Remarks []Note
}

// Note is a line of the wrapper and what there is to say about it.
type Note = makefile.Note

// Git is a repository of sources.
type Git struct {
	URL               string
	Tag, Branch, Hash string // at most one is set
}

// Needed is a module that this one needs.
type Needed struct {
	Name    string
	Version string // "" where the wrapper does not say
	Runtime bool   // it is only loaded
	At      makefile.Place
}

// Value is the words of an attribute, by platform.
type Value map[string][]string

// Same says whether all platforms have the same words.
func (v Value) Same() bool {
	var first []string
	started := false
	for _, ws := range v {
		if started && !slices.Equal(first, ws) {
			return false
		}
		first, started = ws, true
	}
	return true
}

// Suggestion is a command that would do what a recipe does.
type Suggestion struct {
	At     makefile.Place
	Name   string
	Outs   []string
	Srcs   []string
	Tools  []string
	Script []string
}

// files wraps the reading of Options.Files.
type files struct{ fs fs.FS }

func (f files) exists(p string) bool {
	_, err := fs.Stat(f.fs, p)
	return err == nil
}

func (f files) isDir(p string) bool {
	info, err := fs.Stat(f.fs, p)
	return err == nil && info.IsDir()
}

// read gives a file's text, "" where it is not there or too large to be a text of a person's.
func (f files) read(p string) string {
	info, err := fs.Stat(f.fs, p)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<22 {
		return ""
	}
	b, err := fs.ReadFile(f.fs, p)
	if err != nil {
		return ""
	}
	return string(b)
}

// list gives the files of a folder that are not hidden and end in one of these, as paths.
func (f files) list(dir string, ends ...string) []string {
	es, err := fs.ReadDir(f.fs, dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range es {
		n := e.Name()
		if !e.IsDir() && !strings.HasPrefix(n, ".") && slices.ContainsFunc(ends, func(s string) bool { return strings.HasSuffix(n, s) }) {
			out = append(out, path.Join(dir, n))
		}
	}
	return out
}

// Read reads a wrapper. ok is false where there is none: then Missed says why.
func Read(o Options) (w *Wrapper, ok bool) {
	if len(o.Platforms) == 0 {
		o.Platforms = []string{"linux-x86_64"}
	}
	r := &reading{Options: o, files: files{o.Files}, Wrapper: &Wrapper{Values: map[string]Value{}}, noted: map[Note]bool{}}
	if !r.config() {
		return r.Wrapper, false
	}
	for i, p := range o.Platforms {
		r.again = i > 0
		r.platform(p, i == 0)
	}
	r.again = false
	for _, v := range r.Values {
		for _, p := range o.Platforms { // what only some platforms have is empty on the others
			if _, has := v[p]; !has {
				v[p] = nil
			}
		}
	}
	r.patches()
	r.rulesOfModule()
	r.sort()
	return r.Wrapper, true
}

// reading is the reading of one wrapper.
type reading struct {
	Options
	files
	*Wrapper
	noted map[Note]bool
	again bool // another platform was read before
}

// miss notes what was not translated; what was said for another platform is not said again.
func (r *reading) miss(n Note) {
	line := Note{At: n.At, Reason: n.Reason}
	if r.again && r.noted[line] {
		return
	}
	if !r.noted[n] {
		r.noted[n], r.noted[line] = true, true
		r.Missed = append(r.Missed, n)
	}
}

func (r *reading) remark(n Note) {
	if !r.noted[n] {
		r.noted[n] = true
		r.Remarks = append(r.Remarks, n)
	}
}

func (r *reading) sort() {
	for _, l := range [][]Note{r.Missed, r.Remarks} {
		slices.SortStableFunc(l, func(a, b Note) int {
			if c := strings.Compare(a.At.File, b.At.File); c != 0 {
				return c
			}
			return a.At.Line - b.At.Line
		})
	}
	slices.SortFunc(r.Modules, func(a, b Needed) int { return strings.Compare(a.Name, b.Name) })
}
