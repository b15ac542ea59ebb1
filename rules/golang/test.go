package golang

import (
	_ "embed"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed go_test.md
var testDoc string

// Test runs the tests of Go packages.
var Test = &rule.Rule{
	Kind: "go_test",
	Doc:  testDoc,
	Attrs: []rule.Attr{
		{Name: "srcs", Type: rule.Files, Required: true, Doc: "The module's files: `go.mod`, `go.sum`, Go files, what they embed, and the tests' own files (`testdata`)."},
		moduleAttr, modulesAttr,
		{Name: "packages", Type: rule.Strings, Default: []string{"./..."}, Doc: "The packages to test, relative to the module's folder; `./...` is all below."},
		{Name: "run", Type: rule.String, Doc: "A regular expression that picks tests by name."},
		{Name: "short", Type: rule.Bool, Default: false, Doc: "Passes `-short`, at which tests leave out what takes long."},
		{Name: "race", Type: rule.Bool, Default: false, Doc: "Looks for data races; turns `cgo` on."},
		{Name: "args", Type: rule.Strings, Doc: "Arguments for the test programs, after the packages."},
		tagsAttr, cgoAttr,
		{Name: "tools", Type: rule.Tools, Exec: true, Doc: "Programs of the host that the tests start, besides `sh`, the core utilities and `go`."},
		{Name: "data", Type: rule.Files, Runtime: true, Doc: "Further files and targets that the tests read."},
	},
	Analyze: analyzeTest,
}

func analyzeTest(c *rule.Context) error {
	g, ok := newCmd(c, c.String("module"))
	if !ok {
		return nil
	}
	if c.Platform() != c.Host {
		c.Problem("", "cross-test", "Tests run on the host's platform only", "This one is asked for "+c.Platform().String()+".")
		return nil
	}
	if c.Bool("cgo") || c.Bool("race") {
		g.cgo()
	}
	// Go's own cache of test results is left out of it: cairn's knows all that a test can read. So is Go's own limit of
	// time, as a target has one.
	argv := append(g.verb("test"), "-trimpath", "-buildvcs=false", "-count=1", "-timeout=0")
	argv = append(argv, tags(c)...)
	if c.Bool("short") {
		argv = append(argv, "-short")
	}
	if c.Bool("race") {
		argv = append(argv, "-race")
	}
	if r := c.String("run"); r != "" {
		argv = append(argv, "-run="+r)
	}
	if len(c.Strings("packages")) == 0 {
		c.Problem("packages", "no-packages", "packages is empty", "There is nothing to test.")
	}
	for _, p := range c.Strings("packages") {
		argv = append(argv, packagePath(c, "packages", p))
	}
	if args := c.Strings("args"); len(args) > 0 {
		argv = append(append(argv, "-args"), args...)
	}
	for _, r := range c.Refs("tools") {
		if r.Host == "" {
			c.Problem("tools", "target-as-tool", "A go_test's tools are programs of the host", "Put targets into data.")
			continue
		}
		g.host = append(g.host, r.Host)
	}
	a := g.action("GoTest", argv)
	a.Test = true
	a.Spawn.Posix = true
	a.Inputs = append(a.Inputs, c.Files("data")...)
	c.Declare(a)
	return nil
}
