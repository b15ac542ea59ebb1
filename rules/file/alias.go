package file

import (
	_ "embed"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed alias.md
var aliasDoc string

// Alias is another name for a target.
var Alias = &rule.Rule{
	Kind: "alias",
	Doc:  aliasDoc,
	Attrs: []rule.Attr{
		{Name: "actual", Type: rule.LabelRef, Required: true, Doc: "The target that this one is another name for."},
	},
	Analyze: func(c *rule.Context) error {
		c.SetDefault(c.Files("actual")...)
		deps := c.Deps("actual")
		if len(deps) == 1 { // several instances have no one set of facts
			for _, p := range deps[0].Providers {
				c.Provide(p)
			}
		}
		return nil
	},
}
