package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// A commit is made, and each tool goes from there to the script's first line: what PREP_ENV, LOADING and a script's start are.

// cairnCommits is a workspace whose script follows the repository's branch, in an environment of the commit's lock and library;
// with fixed, the environment is that of the first commit, as a default environment is.
func (b *bench) cairnCommits(name, key string, fixed bool) (string, error) {
	ws := b.Path("ws/" + name)
	project, released, workspace, env := ":repository", "", "", "  python_env = \":environment\"\n"
	if fixed {
		project, workspace, env = ":released", " default_env = \"//:environment\" ", ""
		released = fmt.Sprintf("git_source \"released\" {\n  url    = \"file://%s\"\n  commit = %q\n}\n", b.Path("repo"), b.first)
	}
	return ws, figures.Write(filepath.Join(ws, "BUILD.hcl"), fmt.Sprintf(`workspace "bench" {%s}
git_source "repository" {
  url    = "file://%s"
  branch = "main"
  follow = true
}
%spython_env "environment" {
  project = %q
  python  = %q
  key     = %q
}
script "observe" {
  source     = ":repository"
  path       = %q
%s}
`, workspace, b.Path("repo"), released, project, filepath.Base(b.python), key, scriptPath, env))
}

func (b *bench) runScript(ws string) step {
	return step{ws, b.cairnEnv(b.Path("cache")), []string{b.Cairn, "run", "//:observe", "--events", "events"}}
}

// clone gives a folder for a turn's clone, and the step that makes it: as shallow as the OET's.
func (b *bench) clone(name string, turn int) (string, step) {
	dir := b.Path(fmt.Sprintf("clones/%s-%d", name, turn))
	return dir, step{b.Dir, nil, []string{"git", "clone", "-q", "--depth", "1", "--single-branch", "--branch", "main", "file://" + b.Path("repo"), dir}}
}

// oet gives the steps of the OET: a clone, a virtual environment that sees the host's packages, a newer pip, and the library
// with pip; deps says whether its dependencies are to be installed, or are there already.
func (b *bench) oet(name string, deps bool) func(turn int) []step {
	return func(turn int) []step {
		dir, clone := b.clone(name, turn)
		venv := b.Path(fmt.Sprintf("clones/%s-%d-venv", name, turn))
		py := filepath.Join(venv, "bin/python")
		install := []string{py, "-m", "pip", "install", "-q", "."}
		if !deps {
			install = append(install, "--no-deps")
		}
		return []step{
			clone,
			{b.Dir, nil, []string{b.python, "-m", "venv", "--clear", "--system-site-packages", venv}},
			{dir, b.pipEnv(), []string{py, "-m", "pip", "install", "-q", "--upgrade", "pip"}},
			{dir, b.pipEnv(), install},
			{dir, nil, []string{py, filepath.Join(dir, scriptPath)}},
		}
	}
}

// uvCommit gives the steps of one who makes an environment for each commit, with uv.
func (b *bench) uvCommit(turn int) []step {
	dir, clone := b.clone("uv", turn)
	return []step{
		clone,
		{dir, b.uvEnv(), []string{b.uv, "sync", "-q", "--frozen", "--no-editable"}},
		{dir, nil, []string{filepath.Join(dir, ".venv/bin/python"), scriptPath}},
	}
}

// commitScenario is what the two kinds of commits have in common: one commit for each turn, and four ways from it.
type commitScenario struct {
	cairn, fixed, byCommit, uv, floor, scratch *entry
	made                                       map[string]time.Duration // the longest action by mnemonic, of cairn's last turn
}

func (b *bench) afterCommit(file string, text func(string) string) (*commitScenario, error) {
	if err := figures.RemoveAll(b.Path("clones")); err != nil {
		return nil, err
	}
	c := &commitScenario{}
	mine := func(name, ws, key string, fixed bool) (*entry, error) {
		ws, err := b.cairnCommits(ws, key, fixed)
		if err != nil {
			return nil, err
		}
		return &entry{name: name, steps: func(int) []step { return []step{b.runScript(ws)} }, after: func(*sample) error {
			c.made, err = started(filepath.Join(ws, "events"))
			return err
		}}, sh(ws, b.cairnEnv(b.Path("cache")), b.Cairn, "run", "//:observe")
	}
	var err error
	if c.cairn, err = mine("cairn, create_env = true", "content", "content", false); err != nil {
		return nil, err
	}
	if c.fixed, err = mine("cairn, create_env = false", "fixed", "content", true); err != nil {
		return nil, err
	}
	if c.byCommit, err = mine("cairn, create_env = true, key = commit", "commit", "commit", false); err != nil {
		return nil, err
	}
	c.cairn.prepare = func(int) error { return b.edit(file, text) }
	c.uv = &entry{name: "clone, uv sync --frozen", steps: b.uvCommit}
	c.floor = &entry{name: "OET, all dependencies on the host", turns: b.slow, steps: b.oet("floor", false)}
	c.scratch = &entry{name: "OET, environment from scratch", turns: b.slow, steps: b.oet("scratch", true)}
	// Caches of downloads are warm for all of them: the first time does not count.
	b.Note("filling pip's cache")
	for _, e := range []*entry{c.uv, c.floor, c.scratch} {
		if _, err := measure(e.steps(-1)...); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// started reads what cairn did: the wall time of the actions that ran, by mnemonic.
func started(events string) (map[string]time.Duration, error) {
	b, err := os.ReadFile(events)
	if err != nil {
		return nil, err
	}
	out := map[string]time.Duration{}
	for line := range strings.Lines(string(b)) {
		var e struct {
			Type, Mnemonic, Status string
			Wall                   float64 `json:"wall_ms"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("%s: %w", events, err)
		}
		if e.Type == "finish" && e.Status == "ran" {
			out[e.Mnemonic] = max(out[e.Mnemonic], time.Duration(e.Wall*1e6))
		}
	}
	return out, nil
}

func (b *bench) scriptCommit() error {
	c, err := b.afterCommit(scriptPath, scriptText)
	if err != nil {
		return err
	}
	for _, e := range []*entry{c.cairn, c.fixed} {
		looked := e.after
		e.after = func(s *sample) error {
			err := looked(s)
			for m := range c.made {
				if m != "Checkout" && m != "Script" && err == nil {
					err = fmt.Errorf("a commit of a script ran %s", m)
				}
			}
			return err
		}
	}
	if err := take(b.turns, c.cairn, c.fixed, c.byCommit, c.uv, c.floor, c.scratch); err != nil {
		return err
	}
	b.table("a commit of a script", c.cairn, c.fixed, c.byCommit, c.uv, c.floor, c.scratch)
	b.Gate("script-commit", c.cairn.least(), 200*time.Millisecond, "200 ms to its first line")
	b.Gate("script-commit-create-env-false", c.fixed.least(), 200*time.Millisecond, "200 ms to its first line")
	b.Gate("script-commit-wall", c.cairn.least(), scale(c.floor.least(), 1./50), "1/50 of the OET's least")
	b.Gate("script-commit-cpu", c.cairn.leastCPU(), scale(c.scratch.leastCPU(), 1./100), "1/100 of venv and pip, CPU")
	b.Gate("script-commit-cpu-floor", c.cairn.leastCPU(), scale(c.floor.leastCPU(), 1./100), "1/100 of the OET's least, CPU")
	return nil
}

// wheelMnemonic is the action that builds a wheel from sources.
const wheelMnemonic = "Build"

func (b *bench) libraryCommit() error {
	c, err := b.afterCommit(modulePath(7), func(what string) string { return moduleText(7, what) })
	if err != nil {
		return err
	}
	beyond := &entry{name: "cairn, without building the wheel"}
	looked := c.cairn.after
	c.cairn.after = func(s *sample) error {
		err := looked(s)
		build, ok := c.made[wheelMnemonic]
		if err == nil && !ok {
			err = fmt.Errorf("a commit of the library built no wheel, but ran %v", c.made)
		}
		beyond.got = append(beyond.got, sample{wall: s.wall - build, cpu: s.cpu})
		return err
	}
	if err := take(b.turns, c.cairn, c.uv, c.floor, c.scratch); err != nil {
		return err
	}
	b.table("a commit of the library", c.cairn, beyond, c.uv, c.floor, c.scratch)
	b.Gate("library-commit", beyond.least(), 500*time.Millisecond, "500 ms beyond the building of the wheel")
	return nil
}
