package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The workspace of an ad-hoc run goes when nobody has used it for long, unless somebody is still at it.
func TestAdhocWorkspacesGo(t *testing.T) {
	top, began := t.TempDir(), time.Unix(1_800_000_000, 0)
	open := func(text string, now time.Time) *adhocDir {
		t.Helper()
		p, err := openAdhoc(top, text, now)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	there := func(p *adhocDir) bool {
		b, err := os.ReadFile(filepath.Join(p.dir, "BUILD.hcl"))
		return err == nil && len(b) > 0
	}
	idle, busy, recent := open("idle", began), open("busy", began), open("recent", began)
	idle.close()
	recent.close()
	if err := os.Mkdir(filepath.Join(idle.dir, "kept"), 0o555); err != nil {
		t.Fatal(err)
	}
	open("recent", began.Add(adhocKept)).close()
	if !there(idle) || !there(busy) || !there(recent) {
		t.Fatal("one is gone although none was made")
	}
	open("new", began.Add(adhocKept+time.Hour)).close()
	if there(idle) || !there(busy) || !there(recent) {
		t.Errorf("idle is there: %v, busy: %v, recent: %v; want just the last two", there(idle), there(busy), there(recent))
	}
	if _, err := os.Stat(idle.dir + ".lock"); err == nil {
		t.Error("the lock of the one that went is still there")
	}
	busy.close()
	again := open("idle", began.Add(adhocKept+time.Hour))
	defer again.close()
	if !there(again) || there(busy) {
		t.Errorf("made again: %v; let go: %v", there(again), there(busy))
	}
}

// What a request is called by decides its workspace, and words of HCL in it stay words.
func TestAdhocBuildFile(t *testing.T) {
	q := &adhoc{url: `https://git.example/a"b`, attr: "branch", name: "${env(\"HOME\")}%{\\\n", path: "a b.py", createEnv: true, passEnv: []string{"A", "B"}}
	want := `# Written by ` + "`cairn run --git`" + `; it is safe to remove this folder.

workspace "adhoc" {}

git_source "repository" {
  url        = "https://git.example/a\"b"
  branch     = "\u0024{env(\"HOME\")}\u0025{\\\u000a"
  follow     = true
  submodules = false
}

python_env "environment" {
  project    = ":repository"
}

script "script" {
  source     = ":repository"
  path       = "a b.py"
  python_env = ":environment"
  pass_env   = ["A", "B"]
}
`
	if got := q.buildFile(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	q.attr, q.name = "commit", "12345678"
	if got := q.buildFile(); got == want {
		t.Error("another question has the same text")
	}
}
