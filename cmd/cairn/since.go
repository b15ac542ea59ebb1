package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// revision is how the workspace differs from a commit of the git repository that it lies in. Files are relative to the
// workspace; those that git ignores are not among them.
type revision struct {
	root    string
	name    string // as the user gave it
	commit  string
	moved   bool            // another commit is checked out
	changed map[string]bool // file -> its name came or went, and not just its content
}

// since asks git what has changed since rev: in commits, in the index, in the files, and which files are new. A name that
// cannot be resolved is an error that says how to mend it: nothing is ever guessed.
func since(ctx context.Context, root, rev string) (*revision, error) {
	r := &revision{root: root, name: rev, changed: map[string]bool{}}
	if _, err := r.git(ctx, "rev-parse", "--git-dir"); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, &environmentError{errors.New("git is needed to tell what has changed, and is not on PATH")}
		}
		return nil, &usageError{"the workspace is in no git repository: " + err.Error(), "--since compares with a commit; give targets instead."}
	}
	out, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil || rev == "" {
		return nil, r.unresolved(ctx)
	}
	r.commit = strings.TrimSpace(out)
	head, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
	r.moved = err != nil || strings.TrimSpace(head) != r.commit
	status, err := r.git(ctx, "diff", "--name-status", "-z", "--no-renames", "--no-ext-diff", "--relative", r.commit, "--")
	if err != nil {
		return nil, r.unreadable(ctx, err)
	}
	for words := strings.Split(status, "\x00"); len(words) > 1; words = words[2:] {
		r.changed[words[1]] = words[0] != "M"
	}
	untracked, err := r.git(ctx, "ls-files", "-z", "--others", "--exclude-standard")
	if err != nil {
		return nil, &environmentError{err}
	}
	for f := range strings.SplitSeq(untracked, "\x00") {
		if f = strings.TrimSuffix(f, "/"); f != "" { // a repository within this one ends in a slash
			r.changed[f] = true
		}
	}
	return r, nil
}

func (r *revision) unresolved(ctx context.Context) error {
	if r.shallow(ctx) {
		return &usageError{fmt.Sprintf("%q is no commit of this clone, which is a shallow one", r.name),
			"git fetch --unshallow brings the rest (in CI: a checkout with full history, such as fetch-depth: 0)."}
	}
	return &usageError{fmt.Sprintf("git knows no commit %q here", r.name), "git fetch brings branches and tags of the remote; git log --oneline lists commits."}
}

func (r *revision) unreadable(ctx context.Context, err error) error {
	if r.shallow(ctx) {
		return &usageError{"this clone is a shallow one: " + err.Error(), "git fetch --unshallow brings the rest."}
	}
	return &environmentError{err}
}

func (r *revision) shallow(ctx context.Context) bool {
	out, err := r.git(ctx, "rev-parse", "--is-shallow-repository")
	return err == nil && strings.TrimSpace(out) == "true"
}

// before gives a file of the workspace as it was; empty where it was not.
func (r *revision) before(ctx context.Context, file string) string {
	out, err := r.git(ctx, "show", r.commit+":./"+file)
	if err != nil {
		return ""
	}
	return out
}

// now gives a file of the workspace as it is; empty where it is not.
func (r *revision) now(file string) string {
	b, err := os.ReadFile(filepath.Join(r.root, filepath.FromSlash(file)))
	if err != nil {
		return ""
	}
	return string(b)
}

// gone says whether a file is not there any more.
func (r *revision) gone(file string) bool {
	_, err := os.Lstat(filepath.Join(r.root, filepath.FromSlash(file)))
	return errors.Is(err, fs.ErrNotExist)
}

func (r *revision) git(ctx context.Context, args ...string) (string, error) {
	c := exec.CommandContext(ctx, "git", append([]string{"--no-optional-locks", "-C", r.root}, args...)...)
	c.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { // a hook has them, and they may be relative to another folder
		return strings.HasPrefix(v, "GIT_DIR=") || strings.HasPrefix(v, "GIT_WORK_TREE=") || strings.HasPrefix(v, "GIT_INDEX_FILE=") || strings.HasPrefix(v, "GIT_PREFIX=")
	})
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		text, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		err = errors.New(strings.TrimPrefix(text, "fatal: "))
	}
	return stdout.String(), err
}
