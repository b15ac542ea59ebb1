package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/fetch"
)

// describe says where a commit stands in history, as `git describe --tags --long --always --abbrev=12 --match '*[0-9]*'` does: tags
// without a digit name no version. "" where the question leaves it to the tree and the tree's version does not come from git.
func (f *Fetcher) describe(ctx context.Context, a address, commit string, q fetch.Question) (string, error) {
	key := fmt.Sprintf("%s %s %s %q", a.id, commit, q.Params["describing"], q.Params["subdir"])
	f.mu.Lock()
	text, ok := f.described[key]
	f.mu.Unlock()
	if ok {
		return text, nil
	}
	text, err := f.findPlace(ctx, a, commit, q)
	if err == nil {
		f.mu.Lock()
		f.described[key] = text
		f.mu.Unlock()
	}
	return text, err
}

func (f *Fetcher) findPlace(ctx context.Context, a address, commit string, q fetch.Question) (string, error) {
	if q.Params["describing"] != "always" {
		from := false
		err := f.healing(ctx, a, commit, q.Params["ref"], q.Offline, func(m *mirror) error {
			return f.with(ctx, m, func(s objectStore) (err error) {
				from, err = f.fromGit(s, a, commit, q.Params["subdir"])
				return err
			})
		})
		if err != nil || !from {
			return "", err
		}
	}
	text := ""
	err := f.healing(ctx, a, commit, q.Params["ref"], q.Offline, func(*mirror) error {
		m, tags, err := f.history(ctx, a, commit, q)
		if err == nil {
			err = f.with(ctx, m, func(s objectStore) (err error) {
				text, err = describe(ctx, s, m.ends(), commit, tags)
				return err
			})
		}
		if errors.Is(err, errCutShort) {
			return &fetch.DeclaredError{Code: "no-history", Summary: fmt.Sprintf("%s does not give out what led to commit %s", a.show, short(commit)),
				Detail: "No branch or tag leads to it any more, so its place in history, which a version comes from, cannot be found out.",
				Hint:   "Write describe = \"never\" where no version hangs on it, or name another commit."}
		}
		return err
	})
	return text, err
}

// fromGit asks whether the version of what is at subdir of a commit comes from git.
func (f *Fetcher) fromGit(s objectStore, a address, commit, subdir string) (bool, error) {
	if f.o.VersionFromGit == nil {
		return false, nil
	}
	var failed error
	from := f.o.VersionFromGit(func(p string) ([]byte, error) {
		b, err := readFile(s, a, commit, path.Join(subdir, p))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = err
		}
		return b, err
	})
	return from, failed
}

// readFile gives a file of a commit; fs.ErrNotExist where there is none.
func readFile(s objectStore, a address, commit, name string) ([]byte, error) {
	dir, base := path.Split(name)
	id, err := treeAt(s, a, commit, strings.TrimSuffix(dir, "/"))
	var none *fetch.DeclaredError
	if errors.As(err, &none) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	es, err := readTree(s, id)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(es, func(e entry) bool { return e.name == base })
	if i < 0 || es[i].mode != modeFile && es[i].mode != modeGroupFile && es[i].mode != modeProgram {
		return nil, fs.ErrNotExist
	}
	return readAll(s, es[i].id, "blob")
}

// history gives a mirror that holds a commit with what led to it, as far as the server gives that out, and the tags of the
// repository. History is asked for only where it, or a tag, is not here.
func (f *Fetcher) history(ctx context.Context, a address, commit string, q fetch.Question) (*mirror, refs, error) {
	if q.Offline {
		for _, m := range f.mirrors(a, len(commit) == 64) {
			if m.ref(historyRef(commit)) == commit {
				tags, err := m.tags()
				return m, tags, err
			}
		}
		return nil, nil, offline(a, "the history of commit "+short(commit))
	}
	tags, err := f.all(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	t := f.transport()
	m := f.mirrorOf(a, t.suffix(), len(commit) == 64)
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	if err := m.create(); err != nil {
		return nil, nil, err
	}
	had, err := m.tags()
	if err != nil {
		return nil, nil, err
	}
	here := m.ref(historyRef(commit)) == commit
	for name, id := range tags {
		if strings.HasPrefix(name, "refs/tags/") && !strings.HasSuffix(name, "^{}") {
			here = here && had[name] == id
		}
	}
	if here {
		return m, tags, nil
	}
	m.sweep()
	err = t.fetch(ctx, m, a, append([]string{commit}, everything...), false)
	if errors.Is(err, errNotServed) { // most servers give no commit that nothing leads to
		err = t.fetch(ctx, m, a, everything, false)
	}
	if err != nil {
		return nil, nil, fetchFailed(ctx, a, "its branches and tags", err)
	}
	if f.kind(ctx, m, commit) == "" {
		return nil, nil, errCutShort
	}
	return m, tags, m.setRef(historyRef(commit), commit)
}

// all gives all refs of a repository; the server is asked once in the Fetcher's life.
func (f *Fetcher) all(ctx context.Context, a address) (refs, error) {
	f.mu.Lock()
	l := f.lists[a.id]
	if l == nil {
		l = &listing{}
		f.lists[a.id] = l
	}
	f.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refs == nil {
		rs, err := f.transport().list(ctx, a)
		if err != nil {
			return nil, err
		}
		l.refs = rs
	}
	return l.refs, nil
}
