package action

import (
	"strings"
	"testing"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/rule"
)

// installing gives the job of one file as two targets would declare it, which differ by their folder.
func installing(target, script string) *Job {
	in := func(path string, kind rule.ArtifactKind) Resolved {
		return Resolved{Artifact: rule.Artifact{Path: path, Kind: kind}, Digest: digest.Of([]byte(script))}
	}
	at := "cairn-out/" + target
	return &Job{Label: "//:" + target, dirs: []string{at + "/parts"},
		Inputs: []Resolved{in("lib/own.py", rule.Source), in(at+"/uv", rule.OutputTree), in(at+"/uv2", rule.OutputTree), in(at+"/wheels/a.whl", rule.OutputFile)},
		Action: &rule.Action{Outputs: []rule.Artifact{{Path: at + "/parts", Kind: rule.OutputTree}}, Spawn: &rule.Spawn{
			Argv:   []string{"lib/own.py", at + "/uv/bin/uv", "--with=" + at + "/uv2/x", at + "/wheels/a.whl", at + "/parts/a"},
			Env:    []rule.EnvVar{{Name: "AT", Value: at + "/parts"}},
			Stdout: at + "/parts/log"}}}
}

// TestAnywhere: the same command of two targets has the same paths, and so the same key; sources stay where they are.
func TestAnywhere(t *testing.T) {
	keys := map[string]bool{}
	for _, target := range []string{"a", "some/where/else/a"} {
		j := installing(target, "x")
		outs := j.Action.Outputs
		anywhere(j)
		if outs[0].Path != "cairn-out/"+target+"/parts" {
			t.Errorf("the declared action was changed: %v", outs)
		}
		want := "lib/own.py cairn-out/each/1/uv/bin/uv --with=cairn-out/each/2/uv2/x cairn-out/each/3/a.whl cairn-out/each/out/a"
		if got := strings.Join(j.Action.Spawn.Argv, " "); got != want {
			t.Errorf("arguments %s, want %s", got, want)
		}
		if j.Inputs[0].Path != "lib/own.py" || j.Inputs[3].Path != "cairn-out/each/3/a.whl" || j.Inputs[3].source() != "cairn-out/"+target+"/wheels/a.whl" {
			t.Errorf("inputs %v", j.Inputs)
		}
		if p := j.Action.Spawn; p.Env[0].Value != "cairn-out/each/out" || p.Stdout != "cairn-out/each/out/log" || j.dirs[0] != "cairn-out/each/out" {
			t.Errorf("%v, %s, %v", p.Env, p.Stdout, j.dirs)
		}
		if err := (&Executor{}).Keys(j); err != nil {
			t.Fatal(err)
		}
		keys[j.Key.String()] = true
	}
	if len(keys) != 1 {
		t.Errorf("%d keys", len(keys))
	}
}
