// Package file holds the kinds that need no command: names for sets of files, and files that are written out of BUILD.hcl.
package file

import (
	_ "embed"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed filegroup.md
var filegroupDoc string

// Filegroup names a set of files.
var Filegroup = &rule.Rule{
	Kind: "filegroup",
	Doc:  filegroupDoc,
	Attrs: []rule.Attr{
		{Name: "srcs", Type: rule.Files, Required: true, Doc: "Source files, and targets whose default outputs belong to the group."},
	},
	Analyze: func(c *rule.Context) error {
		c.SetDefault(c.Files("srcs")...)
		return nil
	},
}
