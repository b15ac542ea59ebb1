package python

import (
	"testing"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ruletest"
)

// short stands in for the scripts that come with cairn, which are in the calls' words: here they would only make each change of them two.
func short() {
	probeSource, installSource, resolveSource, buildSource, readsSource, hostSource = "probe", "install", "resolve", "build", "reads", "host"
}

// wheelWorld is world with wheels, and a repository.
func wheelWorld() ruletest.World {
	w := world()
	repo := rule.Artifact{Path: "cairn-out/g/repo/repo", Kind: rule.OutputTree}
	w.Targets["//g:repo"] = dep("g", "repo", []rule.Artifact{repo}, rule.Checkout{Tree: repo, CommitFile: rule.Artifact{Path: "cairn-out/g/repo/commit", Kind: rule.OutputFile},
		DescribeFile: rule.Artifact{Path: "cairn-out/g/repo/describe", Kind: rule.OutputFile}})
	dist := rule.Artifact{Path: "cairn-out/w/lib/dist", Kind: rule.OutputTree}
	w.Targets["//w:lib"] = dep("w", "lib", []rule.Artifact{dist}, Wheel{Tree: dist, Plan: rule.Artifact{Path: "cairn-out/w/lib/plan.json", Kind: rule.OutputFile}})
	return w
}

func TestPythonEnv(t *testing.T) {
	short()
	ruletest.Golden(t, PythonEnv, wheelWorld(), []ruletest.Case{
		{Name: "a lock of the package", Attrs: map[string]any{"lock": "pylock.toml", "python": "3.11", "extras": []string{"x"}, "groups": []string{"dev"}, "overlaps": []string{"tests/**"}}},
		{Name: "a project's own", Attrs: map[string]any{"project": "//r:tree", "python": "python3"}},
		{Name: "a lock in a tree", Attrs: map[string]any{"lock": "//r:tree", "lock_path": "deep/uv.lock", "python": "python3.12"}},
		{Name: "a lock that a target makes", Attrs: map[string]any{"lock": "//r:file", "python": "python3"}},
		{Name: "own code beside a lock, of a commit, with the host's packages", Attrs: map[string]any{"lock": "pylock.toml", "project": "//g:repo", "install_project": false, "wheels": []string{"//w:lib"},
			"key": "commit", "system_site_packages": true, "python": "python3"}},
		{Name: "own code alone, where it lies", Attrs: map[string]any{"wheels": []string{"//w:lib"}, "editable": []string{"src", "."}, "editable_srcs": []string{"src/a.py"}, "python": "python3"}},
		{Name: "sources of packages", Attrs: map[string]any{"lock": "pylock.toml", "allow_sdist": true, "build_tools": []string{"gcc"}, "python": "python3"}},
		{Name: "nothing", Attrs: map[string]any{"python": "python3"}},
		{Name: "a tree without a path", Attrs: map[string]any{"lock": "//r:tree", "python": "python3"}},
		{Name: "a path in a file", Attrs: map[string]any{"lock": "pylock.toml", "lock_path": "x", "python": "python3"}},
		{Name: "a path that climbs", Attrs: map[string]any{"project": "//r:tree", "lock_path": "../x", "python": "python3"}},
		{Name: "two outputs", Attrs: map[string]any{"lock": "//r:both", "python": "python3"}},
		{Name: "an interpreter by path", Attrs: map[string]any{"lock": "pylock.toml", "python": "/usr/bin/python3"}},
		{Name: "no project to install", Attrs: map[string]any{"lock": "pylock.toml", "install_project": true, "python": "python3"}},
		{Name: "no commit", Attrs: map[string]any{"lock": "pylock.toml", "key": "commit", "python": "python3"}},
		{Name: "no wheel", Attrs: map[string]any{"wheels": []string{"//r:tree"}, "python": "python3"}},
		{Name: "an editable folder that climbs", Attrs: map[string]any{"editable": []string{"../x"}, "python": "python3"}},
		{Name: "a source in no editable folder", Attrs: map[string]any{"editable": []string{"src"}, "editable_srcs": []string{"lib/a.py"}, "python": "python3"}},
	})
}

func TestPythonWheel(t *testing.T) {
	short()
	ruletest.Golden(t, PythonWheel, wheelWorld(), []ruletest.Case{
		{Name: "of a repository", Attrs: map[string]any{"project": "//g:repo", "subdir": "lib", "python": "3.12"}},
		{Name: "of the workspace", Attrs: map[string]any{"srcs": []string{"lib/pyproject.toml", "lib/src/sky.py"}, "root": "lib", "build_lock": "pylock.toml", "version": "2.0",
			"config_settings": map[string]string{"a": "b"}, "tools": []string{"gcc"}, "python": "python3"}},
		{Name: "nothing", Attrs: map[string]any{"python": "python3"}},
		{Name: "both", Attrs: map[string]any{"project": "//r:tree", "srcs": []string{"a.py"}, "python": "python3"}},
		{Name: "a file", Attrs: map[string]any{"project": "//r:file", "python": "python3"}},
		{Name: "a source elsewhere", Attrs: map[string]any{"srcs": []string{"a.py"}, "root": "lib", "python": "python3"}},
		{Name: "folders that climb", Attrs: map[string]any{"project": "//r:tree", "subdir": "../x", "python": "python3"}},
		{Name: "a root that climbs", Attrs: map[string]any{"srcs": []string{"a.py"}, "root": "/x", "python": "python3"}},
		{Name: "a root of a project", Attrs: map[string]any{"project": "//r:tree", "root": "x", "python": "python3"}},
		{Name: "a lock that is a folder", Attrs: map[string]any{"project": "//r:tree", "build_lock": "//r:tree", "python": "python3"}},
	})
}
