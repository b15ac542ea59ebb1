package workflow

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/gen"
	"github.com/cairn-build/cairn/rules/workflow/gen/manifest"
	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// compiler is what headers name. It is no version of cairn's: a package is not out of date because cairn is a newer one.
const compiler = "cairn, workflow compiler 1"

// Compiler makes one package of one spec, without a target. Options.Compiler is its own to say.
type Compiler struct {
	File    string // the spec's name in messages
	Source  []byte
	Tasks   registry.Finder
	Options gen.Options
}

// Dir gives the name of the package's folder, "" where the spec has no id that could name one.
func (c *Compiler) Dir() string {
	s, _ := spec.Parse(c.File, c.Source)
	if !spec.IsIdentifier(s.ID) {
		return ""
	}
	dir, _ := manifest.Names(cmp.Or(c.Options.Prefix, gen.DefaultPrefix), s.ID)
	return dir
}

// Compile gives the package, and all that is to be said of the spec. With errors among that there is none. An error is about what
// the spec does not say.
func (c *Compiler) Compile() (*gen.Package, diag.List, error) {
	s, ds := spec.Parse(c.File, c.Source)
	return compile(s, ds, c.Tasks, c.Options)
}

// compile links a spec, of which something may have been said, with its tasks, and writes its package.
func compile(s *spec.Spec, said diag.List, tasks registry.Finder, o gen.Options) (*gen.Package, diag.List, error) {
	w, ds := link.Link(s, tasks)
	if said = append(said, ds...).Sort(); said.HasErrors() {
		return nil, said, nil
	}
	o.Compiler = compiler
	o.Adapter = o.Adapter || slices.ContainsFunc(w.Imports, func(i link.Import) bool { return i.Entry.Adapter })
	p, err := gen.Compile(w, o)
	var wrong diag.List
	if errors.As(err, &wrong) {
		return nil, append(said, wrong...).Sort(), nil
	}
	return p, said, err
}

// Count says how many tasks of which packages a registry has: "14 tasks: 10 of ext_ecology, 4 of ext_tracks".
func Count(f registry.Finder) string {
	of := map[string]int{}
	n := 0
	for _, name := range f.Names() {
		es, err := f.Named(name)
		if err != nil {
			continue // whoever uses it says so
		}
		for _, e := range es {
			top, _, _ := strings.Cut(e.Public, ".")
			of[top]++
			n++
		}
	}
	var parts []string
	for _, top := range sortedNames(of) {
		parts = append(parts, fmt.Sprintf("%d of %s", of[top], top))
	}
	switch n {
	case 0:
		return "no package registers a task"
	case 1:
		return "1 task, " + strings.TrimPrefix(parts[0], "1 ")
	}
	return fmt.Sprintf("%d tasks: %s", n, strings.Join(parts, ", "))
}
