// Package command holds the kinds whose work is written in BUILD.hcl itself: a command line or a few lines of shell.
package command

import "github.com/cairn-build/cairn/graph/rule"

// The attributes that the kinds of this package share. Functions, because a kind may say something of its own about one.

func srcsAttr(doc string) rule.Attr { return rule.Attr{Name: "srcs", Type: rule.Files, Doc: doc} }

func depsAttr() rule.Attr {
	return rule.Attr{Name: "deps", Type: rule.LabelRefs,
		Doc: "Targets whose default outputs are read too; `$DEPS`, `in.deps`."}
}

func dataAttr(doc string) rule.Attr {
	return rule.Attr{Name: "data", Type: rule.Files, Runtime: true, Doc: doc}
}

func toolsAttr() rule.Attr {
	return rule.Attr{Name: "tools", Type: rule.Tools, Exec: true, Needs: "program",
		Doc: "What may be started: targets that provide a program, and programs of the host by name; `$TOOL_<NAME>`, `tool(\"name\")`."}
}

func outsAttr() rule.Attr {
	return rule.Attr{Name: "outs", Type: rule.Outputs,
		Doc: "Files that are written, below the target's output folder; `$OUTS`, `out`, and `$OUT` where there is just one output."}
}

func outDirsAttr() rule.Attr {
	return rule.Attr{Name: "out_dirs", Type: rule.Outputs,
		Doc: "Folders that are written as a whole, below the target's output folder. In `$OUTS` and `out` they follow `outs`."}
}

func scriptAttr(doc string) rule.Attr { return rule.Attr{Name: "script", Type: rule.String, Doc: doc} }

func argvAttr(doc string) rule.Attr {
	return rule.Attr{Name: "argv", Type: rule.Strings, Late: true, Doc: doc}
}

func depfileAttr() rule.Attr {
	return rule.Attr{Name: "depfile", Type: rule.String,
		Doc: "A file in Make's syntax, below the target's output folder, that lists what the command has read: only that counts next time. `$DEPFILE`, in `argv` `{depfile}`."}
}

func scratchAttr() rule.Attr {
	return rule.Attr{Name: "scratch", Type: rule.Strings,
		Doc: "Names of folders that live on from build to build, for tools with caches of their own; the path is in `$SCRATCH_<NAME>` and is no part of the key."}
}
