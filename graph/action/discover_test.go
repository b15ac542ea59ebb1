package action

import (
	"errors"
	"testing"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/mem"
	"github.com/cairn-build/cairn/cache/reapi"
	"github.com/cairn-build/cairn/graph/rule"
)

// inMemory is a Store whose bytes lie nowhere on disk.
type inMemory struct{ *mem.Store }

func (inMemory) BlobPath(digest.Digest, bool) (string, error) { return "", errors.New("not on disk") }
func (inMemory) TreePath(digest.Digest) (string, error)       { return "", errors.New("not on disk") }

// sources are the files of a tree.
type sources map[string]file

type file struct {
	text string
	exec bool
}

// wheelJob is an action that discovers what it looks at of a tree and of a file; edit changes the tree.
func wheelJob(t *testing.T, x *Executor, edit func(sources), describe string) *Job {
	t.Helper()
	files := sources{"src/sky.py": {"sky", false}, "src/tool": {"tool", true}, "scripts/a.py": {"a", false}, "pyproject.toml": {"p", false}}
	edit(files)
	root := &reapi.Root{}
	for p, f := range files {
		root.AddFile(p, digest.Of([]byte(f.text)), f.exec)
	}
	d, err := putRoot(x.Store, root)
	if err != nil {
		t.Fatal(err)
	}
	j := &Job{Label: "//:wheel", Action: &rule.Action{
		Outputs: []rule.Artifact{{Path: "cairn-out/w/dist", Kind: rule.OutputTree}},
		Spawn:   &rule.Spawn{Argv: []string{"build"}, DepFile: "cairn-out/w/d", Discover: []string{"cairn-out/repo", "cairn-out/describe"}}},
		Inputs: []Resolved{
			{Artifact: rule.Artifact{Path: "cairn-out/repo", Kind: rule.OutputTree}, Digest: d},
			{Artifact: rule.Artifact{Path: "cairn-out/describe", Kind: rule.OutputFile}, Digest: digest.Of([]byte(describe))},
			{Artifact: rule.Artifact{Path: "cairn-out/w/tool.py", Kind: rule.OutputFile}, Digest: digest.Of([]byte("driver"))},
		}}
	if err := x.Keys(j); err != nil {
		t.Fatal(err)
	}
	return j
}

func TestOnlyWhatWasLookedAtCounts(t *testing.T) {
	x := &Executor{Store: inMemory{mem.New()}}
	nothing := func(sources) {}
	j := wheelJob(t, x, nothing, "v1")
	const repo = "cairn-out/repo"
	reads, err := x.discovered(j, []string{repo + "/pyproject.toml", repo + "/src/", repo + "/src/sky.py", repo + "/src/tool", repo + "/setup.cfg/.", repo + "/scripts/."}, j.Action.Spawn.Discover)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Save(j, &Done{Result: &Result{Outputs: []OutputResult{{Path: "cairn-out/w/dist", Digest: j.Inputs[0].Digest, Tree: true}}}, Reads: reads}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what     string
		describe string
		hit      bool
		edit     func(sources)
	}{
		{"nothing new", "v1", true, nothing},
		{"a file that was not looked at", "v1", true, func(s sources) { s["scripts/a.py"] = file{"b", false} }},
		{"a new file in a folder that was not listed", "v1", true, func(s sources) { s["scripts/b.py"] = file{"b", true} }},
		{"a new folder", "v1", true, func(s sources) { s["docs/x/y"] = file{"b", false} }},
		{"another description", "v2", true, nothing},
		{"a file that was read", "v1", false, func(s sources) { s["src/sky.py"] = file{"b", false} }},
		{"the mode of a file that was read", "v1", false, func(s sources) { s["src/sky.py"] = file{"sky", true} }},
		{"a new file in a folder that was listed", "v1", false, func(s sources) { s["src/new.py"] = file{"b", false} }},
		{"a new folder in a folder that was listed", "v1", false, func(s sources) { s["src/sub/new.py"] = file{"b", false} }},
		{"a file that was looked for", "v1", false, func(s sources) { s["setup.cfg"] = file{"b", false} }},
	} {
		k := wheelJob(t, x, c.edit, c.describe)
		if _, _, hit := x.Lookup(k); hit != c.hit {
			t.Errorf("%s: hit is %v, want %v", c.what, hit, c.hit)
		}
	}
	// A tree by its own path is all that is in it.
	all, err := x.discovered(j, []string{repo}, j.Action.Spawn.Discover)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	other := wheelJob(t, x, func(s sources) { s["docs/x"] = file{"x", false} }, "v1")
	if x.looked(other)(repo) == all[0].Digest || x.looked(j)(repo) != all[0].Digest {
		t.Error("a tree's path does not stand for what is in it")
	}
	// What is not discovered is in the narrow key, with all that it holds.
	k := wheelJob(t, x, nothing, "v1")
	k.Inputs[2].Digest = digest.Of([]byte("another driver"))
	if err := x.Keys(k); err != nil || k.Narrow == j.Narrow {
		t.Errorf("another driver, %v, and the narrow key is the same", err)
	}
	var undeclared *UndeclaredError
	if _, err := x.discovered(j, []string{"cairn-out/w/tool.py"}, j.Action.Spawn.Discover); !errors.As(err, &undeclared) {
		t.Errorf("a look at what is not discovered: %v", err)
	}
}
