package golang

import (
	_ "embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed go_binary.md
var binaryDoc string

// Binary builds a Go program.
var Binary = &rule.Rule{
	Kind: "go_binary",
	Doc:  binaryDoc,
	Attrs: []rule.Attr{
		srcsAttr, moduleAttr, modulesAttr,
		{Name: "main", Type: rule.String, Default: ".", Doc: "The program's package, relative to the module's folder: `./cmd/cairn`."},
		{Name: "out", Type: rule.Output, Doc: "The program's path below the target's output folder; by default the last part of `main`, else the target's name."},
		{Name: "vars", Type: rule.StringMap, Doc: "String variables that are set when linking, by import path and name: `{ \"main.version\" = var.version }`."},
		{Name: "ldflags", Type: rule.Strings, Doc: "Further flags for the linker, such as `-s`."},
		tagsAttr, cgoAttr,
		{Name: "data", Type: rule.Files, Runtime: true, Doc: "Files and targets that must be there when the program runs."},
	},
	Analyze: analyzeBinary,
}

func analyzeBinary(c *rule.Context) error {
	g, ok := newCmd(c, c.String("module"))
	if !ok {
		return nil
	}
	pkg := packagePath(c, "main", c.String("main"))
	name := c.String("out")
	if name == "" {
		name = path.Base(pkg)
	}
	if name == "." {
		name = c.Label().Base()
	}
	out := c.OutputFile("out", name)
	if c.Bool("cgo") {
		g.cgo()
	}
	argv := append(g.verb("build"), "-trimpath", "-buildvcs=false", "-o", g.fromDir(out.Path))
	argv = append(argv, tags(c)...)
	if l := ldflags(c); l != "" {
		argv = append(argv, "-ldflags="+l)
	}
	a := g.action("GoBuild", append(argv, pkg))
	a.Outputs = []rule.Artifact{out}
	c.Declare(a)
	c.SetDefault(out)
	c.Provide(rule.Program{Argv: []string{out.Path}, Data: append([]rule.Artifact{out}, c.Files("data")...), Platform: c.Platform()})
	return nil
}

// packagePath gives a package of the module as the go command wants it: "." or "./...".
func packagePath(c *rule.Context, attr, text string) string {
	p := strings.TrimPrefix(text, "./")
	if p == "." || p == "" {
		return "."
	}
	if err := rule.CheckRel(strings.TrimSuffix(p, "/")); err != nil {
		c.Problem(attr, "bad-package", fmt.Sprintf("Bad package %q", text), "A package of the module "+err.Error()+".")
		return "."
	}
	return "./" + strings.TrimSuffix(p, "/")
}

func tags(c *rule.Context) []string {
	t := c.Strings("build_tags")
	if len(t) == 0 {
		return nil
	}
	if slices.ContainsFunc(t, func(s string) bool { return s == "" || strings.ContainsAny(s, ", \t\n") }) {
		c.Problem("build_tags", "bad-tag", "A build tag is one word", "")
	}
	t = slices.Clone(t)
	slices.Sort(t)
	return []string{"-tags=" + strings.Join(slices.Compact(t), ",")}
}

// ldflags gives the linker's flags in one word, each quoted as the go command reads them.
func ldflags(c *rule.Context) string {
	var words []string
	for _, f := range c.Strings("ldflags") {
		words = append(words, quote(c, "ldflags", f))
	}
	vars := c.StringMap("vars")
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if !strings.Contains(name, ".") || strings.ContainsAny(name, "= '\"") {
			c.Problem("vars", "bad-var", fmt.Sprintf("%q is no variable", name), "Write import path and name, as in example.org/app/version.Number, or main.version.")
		}
		words = append(words, "-X", quote(c, "vars", name+"="+vars[name]))
	}
	return strings.Join(words, " ")
}

func quote(c *rule.Context, attr, w string) string {
	switch {
	case w != "" && !strings.ContainsAny(w, " \t\n\r'\""):
		return w
	case !strings.Contains(w, "'"):
		return "'" + w + "'"
	case !strings.Contains(w, "\""):
		return "\"" + w + "\""
	}
	c.Problem(attr, "bad-quotes", fmt.Sprintf("%q has both kinds of quotes", w), "The go command can quote with one or with the other.")
	return ""
}
