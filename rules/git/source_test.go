package git

import (
	"maps"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/rules/ruletest"
)

func TestSource(t *testing.T) {
	id := strings.Repeat("a1", 20)
	url := "https://git.example/x.git"
	entry := func(more ...string) map[string]string {
		e := map[string]string{"url": url, "ref": "refs/heads/main", "commit": id, "tree": strings.Repeat("b2", 20)}
		for i := 0; i < len(more); i += 2 {
			e[more[i]] = more[i+1]
		}
		return e
	}
	ruletest.Golden(t, Source, ruletest.World{}, []ruletest.Case{
		{Name: "the default branch, not resolved yet", Attrs: map[string]any{"url": url}},
		{Name: "a branch", Attrs: map[string]any{"url": url, "branch": "feat/x"}},
		{Name: "a tag that is followed", Attrs: map[string]any{"url": "git@git.example:x.git", "tag": "v1", "follow": true}},
		{Name: "a commit", Attrs: map[string]any{"url": "ssh://git@git.example/x", "commit": strings.ToUpper(id)}},
		{Name: "a short commit and a folder", Attrs: map[string]any{"url": "file:///srv/x", "commit": "abcdef1", "subdir": "lib/python", "submodules": false}},
		{Name: "a bundle in the workspace", Attrs: map[string]any{"url": "./lib.bundle"}},
		{Name: "a bundle of another package", Attrs: map[string]any{"url": "../lib.bundle"}},
		{Name: "out of the workspace", Attrs: map[string]any{"url": "../../lib.bundle"}},
		{Name: "two names", Attrs: map[string]any{"url": url, "branch": "main", "commit": id}},
		{Name: "a description always", Attrs: map[string]any{"url": url, "describe": "always"}},
		{Name: "no description", Attrs: map[string]any{"url": url, "describe": "never"}},
		{Name: "an odd description", Attrs: map[string]any{"url": url, "describe": "sometimes"}},
		{Name: "submodules", Attrs: map[string]any{"url": url, "submodules": true}},
		{Name: "no commit", Attrs: map[string]any{"url": url, "commit": "main"}},
		{Name: "a commit is not followed", Attrs: map[string]any{"url": url, "commit": id, "follow": true}},
		{Name: "a full name", Attrs: map[string]any{"url": url, "branch": "refs/heads/main"}},
		{Name: "an option", Attrs: map[string]any{"url": "--upload-pack=x", "branch": "-x"}},
		{Name: "a helper", Attrs: map[string]any{"url": "ext::sh -c x"}},
		{Name: "an ssh option", Attrs: map[string]any{"url": "-oProxyCommand=x:y"}},
		{Name: "credentials", Attrs: map[string]any{"url": "https://me:secret@git.example/x"}},
		{Name: "a path", Attrs: map[string]any{"url": "/srv/x.git"}},
		{Name: "a folder that climbs", Attrs: map[string]any{"url": url, "subdir": "a/../.."}},
		{Name: "an empty branch", Attrs: map[string]any{"url": url, "branch": ""}},
	})
	// The lock wins where it is about the same name at the same address.
	for name, c := range map[string]struct {
		entry map[string]string
		fresh bool
	}{
		"fresh":           {entry(), true},
		"another url":     {entry("url", "https://git.example/y.git"), false},
		"another ref":     {entry("ref", "HEAD"), false},
		"another folder":  {entry("subdir", "lib"), false},
		"half an entry":   {entry("tree", ""), false},
		"a name as tree":  {entry("tree", "main"), false},
		"upper-case tree": {entry("tree", strings.Repeat("AB", 20)), false},
		"none":            {nil, false},
	} {
		decl, ds := ruletest.Declare(t, Source, ruletest.World{Lock: c.entry}, ruletest.Case{Attrs: map[string]any{"url": url, "branch": "main"}})
		f := decl.Actions[0].Fetch
		if ds.HasErrors() || (f.Pin.Entry != nil) != c.fresh || (f.GitTree != "") != c.fresh {
			t.Errorf("%s: %+v %v", name, f, ds)
		}
		if c.fresh && (f.GitTree != c.entry["tree"] || f.Params["commit"] != id || !maps.Equal(f.Pin.Params, map[string]string{"url": url, "ref": "refs/heads/main"})) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
