// Package rules is the list of what can be built, and nothing else.
package rules

import (
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/command"
	"github.com/cairn-build/cairn/rules/file"
	"github.com/cairn-build/cairn/rules/git"
	"github.com/cairn-build/cairn/rules/golang"
	iocbase "github.com/cairn-build/cairn/rules/ioc/base"
	iocmodule "github.com/cairn-build/cairn/rules/ioc/module"
	iocstart "github.com/cairn-build/cairn/rules/ioc/start"
	"github.com/cairn-build/cairn/rules/python"
	"github.com/cairn-build/cairn/rules/remote"
	"github.com/cairn-build/cairn/rules/workflow"
)

// All gives every kind, sorted by name.
func All() []*rule.Rule {
	return []*rule.Rule{
		file.Alias,
		command.Command,
		iocbase.Kind,
		file.Filegroup,
		git.Source,
		golang.Binary,
		golang.Modules,
		golang.Test,
		remote.HTTPFile,
		iocstart.Kind,
		iocmodule.Kind,
		iocmodule.PoolKind,
		iocstart.TestKind,
		command.Program,
		python.PythonEnv,
		python.PythonLock,
		python.PythonTest,
		python.PythonWheel,
		remote.RegistryFile,
		iocbase.RequireKind,
		python.Script,
		workflow.TaskPackage,
		command.Test,
		workflow.Workflow,
		workflow.WorkflowTest,
		file.WriteFile,
	}
}

// Toolchains gives every toolchain; one without a platform makes things for all.
func Toolchains() []rule.Toolchain {
	return []rule.Toolchain{
		golang.Toolchain,
	}
}
