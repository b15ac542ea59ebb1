package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// bench runs scenarios and keeps what came of gates.
type bench struct {
	*settings
	*figures.Report
	size    size
	next    int // the next set of groups that no environment has yet
	edits   int
	first   string // the repository's first commit
	started int    // workspaces so far
}

// size is what the lock comes to.
type size struct {
	wheels, files, allFiles int
	bytes, allBytes         float64
	tree                    string // cairn's folder of the environment
}

// prepare makes the repository with its lock, fills the caches of all tools, and looks how much it is.
func (b *bench) prepare() error {
	for _, old := range []string{"repo", "uv-project", "cache", "ws", "clones"} {
		if err := figures.RemoveAll(b.Path(old)); err != nil {
			return err
		}
	}
	for name, text := range project() {
		if err := figures.Write(filepath.Join(b.Path("repo"), name), text); err != nil {
			return err
		}
	}
	b.Note("locking")
	if err := sh(b.Path("repo"), b.uvEnv(), b.uv, "lock", "-q"); err != nil {
		return err
	}
	for _, name := range []string{"pyproject.toml", "uv.lock"} {
		text, err := os.ReadFile(filepath.Join(b.Path("repo"), name))
		if err != nil {
			return err
		}
		if err := figures.Write(filepath.Join(b.Path("uv-project"), name), string(text)); err != nil {
			return err
		}
	}
	if err := b.git("init", "-q", "-b", "main", "."); err != nil {
		return err
	}
	if err := b.commit("first"); err != nil {
		return err
	}
	if b.first = figures.OneLine("git", "-C", b.Path("repo"), "rev-parse", "HEAD"); len(b.first) < 40 {
		return fmt.Errorf("the repository's first commit is %s", b.first)
	}
	b.Note("filling uv's cache")
	if err := sh(b.Path("uv-project"), b.uvEnv(), b.uv, "sync", "-q", "--frozen", "--no-install-project", "--all-groups"); err != nil {
		return err
	}
	b.Note("filling cairn's cache")
	ws, err := b.envWorkspace(variants - 1)
	if err != nil {
		return err
	}
	if err := sh(ws, b.cairnEnv(b.Path("cache")), b.Cairn, "build"); err != nil {
		return err
	}
	return b.measureSize(ws)
}

func (b *bench) measureSize(ws string) error {
	sum := func(dir string) (n int, bytes float64, err error) {
		err = filepath.Walk(dir, func(_ string, fi os.FileInfo, err error) error {
			if err == nil && fi.Mode().IsRegular() {
				n++
				bytes += float64(fi.Size())
			}
			return err
		})
		return n, bytes, err
	}
	infos, err := filepath.Glob(b.Path("uv-project/.venv/lib/python*/site-packages/*.dist-info"))
	if err != nil {
		return err
	}
	b.size.wheels = len(infos)
	if b.size.files, b.size.bytes, err = sum(b.Path("uv-project/.venv/lib")); err != nil {
		return err
	}
	out := b.Path("where")
	code := fmt.Sprintf("import os, numpy; open(%q, 'w').write(os.path.realpath(numpy.__file__))", out)
	if err := sh(ws, b.cairnEnv(b.Path("cache")), b.Cairn, "run", "//:env", "--", "-c", code); err != nil {
		return err
	}
	at, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	tree, _, ok := strings.Cut(string(at), "/lib/python")
	if !ok {
		return fmt.Errorf("numpy lies at %s", at)
	}
	b.size.tree = tree
	b.size.allFiles, b.size.allBytes, err = sum(tree)
	return err
}

// envWorkspace makes a workspace with an environment of the lock's packages and a set of its groups, and gives its folder.
func (b *bench) envWorkspace(set int) (string, error) {
	b.started++
	ws := b.Path(fmt.Sprintf("ws/%d", b.started))
	lock, err := os.ReadFile(b.Path("uv-project/uv.lock"))
	if err != nil {
		return "", err
	}
	if err := figures.Write(filepath.Join(ws, "uv.lock"), string(lock)); err != nil {
		return "", err
	}
	return ws, b.askFor(ws, set)
}

// askFor writes the BUILD.hcl of a workspace that envWorkspace has made.
func (b *bench) askFor(ws string, set int) error {
	return figures.Write(filepath.Join(ws, "BUILD.hcl"), fmt.Sprintf("workspace \"bench\" {}\npython_env \"env\" {\n  lock   = \"uv.lock\"\n  python = %q\n  groups = [%s]\n}\n",
		filepath.Base(b.python), quoted(groups(set))))
}

func quoted(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fmt.Sprintf("%q", w)
	}
	return strings.Join(out, ", ")
}

// unasked gives a set of groups that nobody has asked for yet.
func (b *bench) unasked() (int, error) {
	if b.next >= variants-1 {
		return 0, fmt.Errorf("there are only %d environments: ask for fewer turns", variants)
	}
	b.next++
	return b.next - 1, nil
}

func (b *bench) git(args ...string) error {
	return sh(b.Path("repo"), []string{"GIT_AUTHOR_NAME=a", "GIT_COMMITTER_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_EMAIL=a@example.org"},
		append([]string{"git", "-c", "core.fsync=none", "-c", "gc.auto=0"}, args...)...)
}

func (b *bench) commit(what string) error {
	if err := b.git("add", "-A"); err != nil {
		return err
	}
	return b.git("commit", "-q", "-m", what)
}

// edit commits another content of one file.
func (b *bench) edit(file string, text func(what string) string) error {
	b.edits++
	what := fmt.Sprintf("edit %d", b.edits)
	if err := figures.Write(filepath.Join(b.Path("repo"), file), text(what)); err != nil {
		return err
	}
	return b.commit(what)
}
