package golang

import (
	"testing"

	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ruletest"
)

var world = ruletest.World{
	Toolchains: []rule.Toolchain{Toolchain},
	Targets: map[string][]rule.Dep{
		"//:modules": {{Label: label.Label{Name: "modules"}, Files: []rule.Artifact{{Path: "cairn-out/modules/modules", Kind: rule.OutputTree}}}},
		"//:file":    {{Label: label.Label{Name: "file"}, Files: []rule.Artifact{{Path: "cairn-out/file/f", Kind: rule.OutputFile}}}},
	},
}

var srcs = []string{"go.mod", "go.sum", "cmd/app/main.go"}

func TestModules(t *testing.T) {
	ruletest.Golden(t, Modules, world, []ruletest.Case{
		{Name: "in the root", Label: "//:modules", Attrs: map[string]any{"srcs": []string{"go.mod", "go.sum"}}},
		{Name: "in a folder", Attrs: map[string]any{"srcs": []string{"m/go.mod"}, "module": "m"}},
		{Name: "for another platform the same", Label: "//:modules", Platform: rule.Platform{OS: "darwin", Arch: "arm64"}, Attrs: map[string]any{"srcs": []string{"go.mod"}}},
		{Name: "without go.mod", Attrs: map[string]any{"srcs": []string{"go.sum"}}},
	})
}

func TestBinary(t *testing.T) {
	ruletest.Golden(t, Binary, world, []ruletest.Case{
		{Name: "in the root, with modules", Label: "//:app", Attrs: map[string]any{"srcs": srcs, "modules": "//:modules", "main": "./cmd/app", "data": []string{"x.txt"}}},
		{Name: "below, without modules", Attrs: map[string]any{"srcs": []string{"go.mod", "main.go"}}},
		{Name: "everything", Attrs: map[string]any{"srcs": []string{"go/src/go.mod"}, "module": "go/src", "main": "a/", "out": "bin/x", "cgo": true,
			"vars": map[string]string{"main.version": "1 2", "main.a": "it's"}, "ldflags": []string{"-s"}, "build_tags": []string{"b", "a", "b"}}},
		{Name: "for another platform", Platform: rule.Platform{OS: "linux", Arch: "aarch64"}, Attrs: map[string]any{"srcs": []string{"go.mod"}}},
		{Name: "an unknown platform", Platform: rule.Platform{OS: "linux", Arch: "riscv64"}, Attrs: map[string]any{"srcs": []string{"go.mod"}}},
		{Name: "cgo for another platform", Platform: rule.Platform{OS: "darwin", Arch: "arm64"}, Attrs: map[string]any{"srcs": []string{"go.mod"}, "cgo": true}},
		{Name: "modules of the wrong kind", Attrs: map[string]any{"srcs": []string{"go.mod"}, "modules": "//:file"}},
		{Name: "a package outside", Attrs: map[string]any{"srcs": []string{"go.mod"}, "main": "../x"}},
		{Name: "bad variables", Attrs: map[string]any{"srcs": []string{"go.mod"}, "vars": map[string]string{"version": "1", "main.x": "'\""}}},
		{Name: "bad tags", Attrs: map[string]any{"srcs": []string{"go.mod"}, "build_tags": []string{"a,b"}}},
	})
	without := world
	without.Toolchains = nil
	d, problems := ruletest.Declare(t, Binary, without, ruletest.Case{Attrs: map[string]any{"srcs": []string{"go.mod"}}})
	if len(d.Actions) != 0 || len(problems) != 1 || problems[0].Code != "no-toolchain" {
		t.Errorf("without a toolchain: %v, %v", d, problems)
	}
}

func TestTest(t *testing.T) {
	ruletest.Golden(t, Test, world, []ruletest.Case{
		{Name: "in the root", Label: "//:tests", Attrs: map[string]any{"srcs": srcs, "modules": "//:modules", "tools": []string{"$git"}, "data": []string{"//:file"}}},
		{Name: "everything", Attrs: map[string]any{"srcs": []string{"go.mod"}, "packages": []string{"./a/...", "b"}, "run": "TestX|TestY", "short": true,
			"race": true, "args": []string{"-v"}, "build_tags": []string{"slow"}}},
		{Name: "a target as a tool", Attrs: map[string]any{"srcs": []string{"go.mod"}, "tools": []string{"//:file"}}},
		{Name: "no packages", Attrs: map[string]any{"srcs": []string{"go.mod"}, "packages": []string{}}},
		{Name: "another platform", Platform: rule.Platform{OS: "darwin", Arch: "arm64"}, Attrs: map[string]any{"srcs": []string{"go.mod"}}},
	})
}
