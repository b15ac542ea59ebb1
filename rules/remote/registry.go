package remote

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed registry_file.md
var registryDoc string

// RegistryFile is a file of a package index.
var RegistryFile = &rule.Rule{
	Kind: "registry_file",
	Doc:  registryDoc,
	Attrs: []rule.Attr{
		{Name: "index", Type: rule.String, Required: true, Enum: []string{"go", "npm", "pypi"}, Doc: "Which kind of index has the package."},
		{Name: "package", Type: rule.String, Required: true, Doc: "The package's name; for `go` the module's path."},
		{Name: "version", Type: rule.String, Required: true, Doc: "The package's version, exactly."},
		{Name: "file", Type: rule.String, Doc: "The file's name. Required for `pypi`; the default is the package's tarball for `npm`, the module's zip for `go`."},
		sha256Attr, outAttr, executableAttr, unpackAttr, stripAttr,
	},
	Analyze: analyzeRegistry,
}

func analyzeRegistry(c *rule.Context) error {
	index, pkg, version, file := c.String("index"), c.String("package"), c.String("version"), c.String("file")
	for _, attr := range []string{"package", "version", "file"} {
		v := c.String(attr)
		if v != "" && (rule.CheckRel(v) != nil || strings.ContainsAny(v, " ?#%&")) {
			c.Problem(attr, "bad-name", fmt.Sprintf("%q is no %s's name", v, attr), "It has no spaces, and none of the characters that have a meaning in a URL.")
			return nil
		}
	}
	base := pkg[strings.LastIndexByte(pkg, '/')+1:]
	switch {
	case strings.ContainsAny(file, "/"):
		c.Problem("file", "bad-name", fmt.Sprintf("%q is no file's name", file), "Give the name alone, as the index shows it.")
	case index == "pypi" && file == "":
		c.Problem("file", "no-file", "file is missing", fmt.Sprintf("A release on a Python index has many files. Name the one, say %q.", base+"-"+version+".tar.gz"))
		return nil
	case index == "npm" && file == "":
		file = base + "-" + version + ".tgz"
	case index == "go" && file == "":
		file = version + ".zip"
	}
	declare(c, "registry", file, map[string]string{"index": index, "package": pkg, "version": version, "file": file})
	return nil
}
