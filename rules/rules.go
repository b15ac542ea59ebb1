// Package rules is the list of what can be built, and nothing else.
package rules

import (
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/command"
	"github.com/cairn-build/cairn/rules/file"
	"github.com/cairn-build/cairn/rules/git"
	"github.com/cairn-build/cairn/rules/golang"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/python"
	"github.com/cairn-build/cairn/rules/remote"
	"github.com/cairn-build/cairn/rules/workflow"
)

// All gives every kind, sorted by name.
func All() []*rule.Rule {
	return []*rule.Rule{
		file.Alias,
		command.Command,
		ioc.EpicsBase,
		file.Filegroup,
		git.Source,
		golang.Binary,
		golang.Modules,
		golang.Test,
		remote.HTTPFile,
		ioc.Ioc,
		ioc.IocModule,
		ioc.IocPool,
		ioc.IocTest,
		command.Program,
		python.PythonEnv,
		python.PythonLock,
		python.PythonTest,
		python.PythonWheel,
		remote.RegistryFile,
		ioc.RequireModule,
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
