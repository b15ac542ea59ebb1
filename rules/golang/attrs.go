package golang

import "github.com/cairn-build/cairn/graph/rule"

// The attributes that the kinds of this package share.
var (
	srcsAttr = rule.Attr{Name: "srcs", Type: rule.Files, Required: true,
		Doc: "The module's files: `go.mod`, `go.sum`, Go files and what they embed."}
	moduleAttr = rule.Attr{Name: "module", Type: rule.String, Default: ".",
		Doc: "The folder of `go.mod`, relative to the BUILD.hcl's."}
	modulesAttr = rule.Attr{Name: "modules", Type: rule.LabelRef,
		Doc: "The `go_modules` target with the modules that are required; not needed without any, or with a `vendor` folder among `srcs`."}
	tagsAttr = rule.Attr{Name: "build_tags", Type: rule.Strings, Doc: "Go's build tags."}
	cgoAttr  = rule.Attr{Name: "cgo", Type: rule.Bool, Default: false,
		Doc: "Whether C may be called; the C compiler then is part of the key."}
)
