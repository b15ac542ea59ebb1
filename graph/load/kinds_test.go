package load

import "github.com/cairn-build/cairn/graph/rule"

// testKinds are kinds with an attribute of each type.
var testKinds = map[string]*rule.Rule{
	"command": {Kind: "command", Attrs: []rule.Attr{
		{Name: "srcs", Type: rule.Files, Doc: "d"},
		{Name: "deps", Type: rule.LabelRefs, Doc: "d"},
		{Name: "data", Type: rule.Files, Doc: "d", Runtime: true},
		{Name: "tools", Type: rule.Tools, Doc: "d", Exec: true},
		{Name: "outs", Type: rule.Outputs, Doc: "d"},
		{Name: "out_dirs", Type: rule.Outputs, Doc: "d"},
		{Name: "script", Type: rule.String, Doc: "d"},
		{Name: "argv", Type: rule.Strings, Doc: "d", Late: true},
		{Name: "stdout", Type: rule.String, Doc: "d", Late: true},
		{Name: "depfile", Type: rule.Output, Doc: "d"},
	}},
	"thing": {Kind: "thing", Attrs: []rule.Attr{
		{Name: "file", Type: rule.File, Doc: "The one file."},
		{Name: "dep", Type: rule.LabelRef, Doc: "d"},
		{Name: "mode", Type: rule.String, Doc: "d", Enum: []string{"fast", "slow"}, Default: "slow"},
		{Name: "level", Type: rule.Int, Doc: "d"},
		{Name: "on", Type: rule.Bool, Doc: "d"},
		{Name: "words", Type: rule.Strings, Doc: "d"},
		{Name: "table", Type: rule.StringMap, Doc: "d"},
		{Name: "any", Type: rule.Any, Doc: "d"},
	}},
	"strict": {Kind: "strict", Attrs: []rule.Attr{{Name: "spec", Type: rule.File, Doc: "The spec.", Required: true}}},
}

var linux = rule.Platform{OS: "linux", Arch: "x86_64"}
var darwin = rule.Platform{OS: "darwin", Arch: "arm64"}

func testOptions(fs FS) Options {
	return Options{Root: "/ws", Kinds: testKinds, Host: linux, Version: "0.3.0", FS: fs, Jobs: 2}
}
