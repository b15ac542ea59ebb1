package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// The hundred modules lie in ten layers; each one but those of the first uses two of the layer below.
const (
	modules = 100
	layer   = 10
)

// uses gives the modules that module i uses.
func uses(i int) []int {
	if i < layer {
		return nil
	}
	below := i / layer * layer
	return []int{below - layer + i%layer, below - layer + (i+3)%layer}
}

// users gives the modules that use module i.
func users(i int) []int {
	var out []int
	for j := range modules {
		for _, u := range uses(j) {
			if u == i {
				out = append(out, j)
			}
		}
	}
	return out
}

// writeHundred writes the workspace of a hundred modules and builds it.
func (b *bench) writeHundred() error {
	ws := b.Path("hundred")
	if err := figures.RemoveAll(ws); err != nil {
		return err
	}
	if err := figures.Write(filepath.Join(ws, "BUILD.hcl"), "workspace \"hundred\" { epics_base = \"//:base\" }\n\nepics_base \"base\" {}\n"); err != nil {
		return err
	}
	for i := range modules {
		for name, text := range module(i) {
			if err := figures.Write(filepath.Join(ws, fmt.Sprintf("m%02d", i), name), text); err != nil {
				return err
			}
		}
	}
	b.Note("building a hundred modules")
	_, _, err := b.counted("hundred", "cache", "//...")
	return err
}

// module gives the files of module i.
func module(i int) map[string]string {
	var deps, includes, sum strings.Builder
	for _, u := range uses(i) {
		fmt.Fprintf(&deps, "\"//m%02d\", ", u)
		fmt.Fprintf(&includes, "#include <m%02d.h>\n", u)
		fmt.Fprintf(&sum, " + m%02dValue()", u)
	}
	n := fmt.Sprintf("m%02d", i)
	name := strings.NewReplacer("NAME", n, "DEPS", strings.TrimSuffix(deps.String(), ", "), "INCLUDES", includes.String(), "SUM", sum.String())
	return map[string]string{
		"BUILD.hcl": name.Replace(`ioc_module "NAME" {
  version   = "1.0.0"
  sources   = ["NAME.c"]
  headers   = ["NAME.h"]
  dbds      = ["NAME.dbd"]
  templates = ["NAME.db"]
  deps      = [DEPS]
}
`),
		n + ".h":   name.Replace("#ifndef INC_NAME_H\n#define INC_NAME_H\nint NAMEValue(void);\n#endif\n"),
		n + ".c":   name.Replace("#include <epicsExport.h>\n#include \"NAME.h\"\nINCLUDESint NAMEValue(void) { return 1SUM; }\nstatic void NAMERegister(void) { NAMEValue(); }\nepicsExportRegistrar(NAMERegister);\n"),
		n + ".dbd": name.Replace("registrar(NAMERegister)\n"),
		n + ".db":  name.Replace("record(calc, \"$(P):NAME\") { field(CALC, \"1\") }\n"),
	}
}

// noop measures a build of a hundred modules of which nothing has changed.
func (b *bench) noop() error {
	if err := b.writeHundred(); err != nil {
		return err
	}
	c := figures.Command{Dir: b.Path("hundred"), Env: b.env("cache"), Argv: []string{b.Cairn, "build", "//..."}}
	all, err := figures.Turns(2*b.turns,
		figures.Command{Dir: b.Path("hundred"), Env: b.env("cache"), Argv: []string{b.Cairn, "version"}}.Run,
		c.Run)
	if err != nil {
		return err
	}
	_, text, _, err := c.Output()
	if err != nil {
		return err
	}
	fmt.Printf("\n`cairn build //...`, %d modules, nothing has changed: %s\n", modules, strings.TrimSpace(text))
	all[0].Line("`cairn version`, for comparison")
	all[1].Line("no-op")
	b.Gate("no-op of 100 modules", all[1].Least(), 50*time.Millisecond, "50 ms")
	n, err := processes(c)
	if err != nil {
		return fmt.Errorf("its processes cannot be traced: %w", err)
	}
	b.Exactly("processes that a no-op starts", n, 0)
	one := figures.Command{Dir: b.Path("hundred"), Env: b.env("cache"), Argv: []string{"sh", "-c", "true & wait; (true); " + "ls >/dev/null"}}
	if n, err = processes(one); err != nil || n != 3 {
		return fmt.Errorf("three processes of a shell are counted as %d: %w", n, err)
	}
	return nil
}

// bump measures what a revision more of one module makes cairn do.
func (b *bench) bump() error {
	if err := b.writeHundred(); err != nil {
		return err
	}
	fmt.Printf("\na revision more of one module among %d\n", modules)
	for _, i := range []int{layer/2 + layer, modules/2 + 5, modules - 1} {
		if err := figures.Replace(b.Path("hundred", fmt.Sprintf("m%02d", i), "BUILD.hcl"), `"1.0.0"`, fmt.Sprintf(`"1.0.0+%d"`, b.revision)); err != nil {
			return err
		}
		r, took, err := b.counted("hundred", "cache", "//...")
		if err != nil {
			return err
		}
		made, foreign := 0, 0 // modules of which more than a check ran
		for label, kinds := range r.Labels {
			if slices.ContainsFunc(kinds, func(k string) bool { return k != "Dep" && k != "Symbols" }) {
				made++
				if !concerned(label, i) {
					foreign++
				}
			}
		}
		fmt.Printf("  m%02d, which %d name: %v in %d modules; %.2f s\n", i, len(users(i)), r.Kinds, len(r.Labels), took.Seconds())
		b.Exactly(fmt.Sprintf("modules made anew for m%02d", i), made, 1+len(users(i)))
		b.Exactly(fmt.Sprintf("of them not concerned by m%02d", i), foreign, 0)
		b.Exactly(fmt.Sprintf("links for m%02d", i), r.Kinds["Link"], 1)
		b.Exactly(fmt.Sprintf("modules checked for m%02d", i), len(r.Labels)-made, len(above(users(i))))
	}
	return nil
}

// concerned says whether a target is module i or one that names it.
func concerned(label string, i int) bool {
	return slices.ContainsFunc(append(users(i), i), func(u int) bool {
		return label == fmt.Sprintf("//m%02d", u) || label == fmt.Sprintf("//m%02d:m%02d", u, u)
	})
}

// above gives the modules that use one of these and are none of them. Their .dep files are looked at again, because those of the modules
// that they use are others: two versions of one module would be found there.
func above(is []int) []int {
	var out []int
	for _, i := range is {
		out = append(out, users(i)...)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(u int) bool { return slices.Contains(is, u) })
}
