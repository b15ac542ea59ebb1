package git

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/fetch"
)

// commit gives the full id of the commit that ref means, asking the server once in the Fetcher's life.
func (f *Fetcher) commit(ctx context.Context, a address, ref string, q fetch.Question) (string, error) {
	if isID(ref) {
		return ref, nil
	}
	f.mu.Lock()
	ans := f.memo[a.id+" "+ref]
	if ans == nil {
		ans = &answer{}
		f.memo[a.id+" "+ref] = ans
	}
	f.mu.Unlock()
	ans.mu.Lock()
	defer ans.mu.Unlock()
	if ans.commit != "" {
		return ans.commit, nil
	}
	var commit string
	var err error
	switch {
	case q.Offline && q.LastSeen:
		if commit = f.lastSeen(a, ref); commit == "" {
			err = offline(a, ref)
		}
	case q.Offline:
		err = offline(a, ref)
	case isHex(ref):
		commit, err = f.expand(ctx, a, ref)
	default:
		commit, err = f.ask(ctx, a, ref, slices.Contains(q.Want, "describe"))
		var declared *fetch.DeclaredError
		if last := f.lastSeen(a, ref); err != nil && q.LastSeen && last != "" && ctx.Err() == nil && !errors.As(err, &declared) {
			err = fmt.Errorf("%w; with --offline it is commit %s, which it was when it was last asked for", err, short(last))
		}
	}
	if err == nil {
		ans.commit = commit
	}
	return commit, err
}

func offline(a address, what string) error {
	return fetch.Offlinef("%s of %s is not on this machine, and --offline forbids to ask for it", what, a.show)
}

// lastSeen gives what a ref was when the server was last asked, "" where that is not known.
func (f *Fetcher) lastSeen(a address, ref string) string {
	for _, m := range f.mirrors(a, false) {
		if id := m.ref(seenRef(ref)); isID(id) && m.has(id) {
			return id
		}
	}
	for _, m := range f.mirrors(a, true) {
		if id := m.ref(seenRef(ref)); isID(id) && m.has(id) {
			return id
		}
	}
	return ""
}

// ask asks the server what a branch, a tag or HEAD is; with whole for all its refs, which are wanted anyway.
func (f *Fetcher) ask(ctx context.Context, a address, ref string, whole bool) (string, error) {
	t := f.transport()
	names := []string{ref, ref + "^{}"}
	branch, isBranch := strings.CutPrefix(ref, "refs/heads/")
	tag, isTag := strings.CutPrefix(ref, "refs/tags/")
	switch {
	case isBranch:
		names = append(names, "refs/tags/"+branch)
	case isTag:
		names = append(names, "refs/heads/"+tag)
	}
	var rs refs
	var err error
	if whole {
		rs, err = f.all(ctx, a)
	} else {
		rs, err = t.list(ctx, a, names...)
	}
	if err != nil {
		return "", err
	}
	if id := rs.commit(ref); isID(id) {
		return id, nil
	}
	e := &fetch.DeclaredError{Code: "no-ref", Summary: fmt.Sprintf("%s has no ref %s", a.show, ref)}
	prefix := ""
	switch {
	case ref == "HEAD":
		e.Code, e.Summary = "no-default-branch", a.show+" has no default branch"
		e.Hint = "Name a branch: branch = \"main\"."
		return "", e
	case isBranch && rs["refs/tags/"+branch] != "":
		e.Code, e.Summary = "tag-as-branch", fmt.Sprintf("%s has no branch %q; that is a tag", a.show, branch)
		e.Hint = fmt.Sprintf("Write tag = %q.", branch)
		return "", e
	case isTag && rs["refs/heads/"+tag] != "":
		e.Code, e.Summary = "branch-as-tag", fmt.Sprintf("%s has no tag %q; that is a branch", a.show, tag)
		e.Hint = fmt.Sprintf("Write branch = %q.", tag)
		return "", e
	case isBranch:
		e.Code, e.Summary, prefix = "no-branch", fmt.Sprintf("%s has no branch %q", a.show, branch), "refs/heads/"
	case isTag:
		e.Code, e.Summary, prefix = "no-tag", fmt.Sprintf("%s has no tag %q", a.show, tag), "refs/tags/"
	}
	// Only to say what there is; that the ref is missing is known.
	if all, err := t.list(ctx, a); err == nil && prefix != "" {
		there := all.names(prefix)
		e.Hint = diag.DidYouMean(ref[len(prefix):], there)
		if n := len(there); n > 0 && e.Hint == "" {
			e.Detail = "There are " + strings.Join(there[:min(n, 8)], ", ")
			if n > 8 {
				e.Detail += fmt.Sprintf(" and %d more", n-8)
			}
			e.Detail += "."
		}
	} else if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return "", e
}

// expand gives the one commit whose id starts so.
func (f *Fetcher) expand(ctx context.Context, a address, prefix string) (string, error) {
	t := f.transport()
	all, err := f.all(ctx, a)
	if err != nil {
		return "", err
	}
	long := false // what its objects are named by is seen from any of its refs
	for _, id := range all {
		long = long || len(id) == 64
	}
	if long && f.git() == "" {
		return "", errNeedsGit(a)
	}
	m := f.mirrorOf(a, t.suffix(), long)
	unlock, err := m.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if err := m.create(); err != nil {
		return "", err
	}
	m.sweep()
	if err := t.fetch(ctx, m, a, everything, false); err != nil {
		return "", fetchFailed(ctx, a, "its branches and tags", err)
	}
	var found []string
	err = f.with(ctx, m, func(s objectStore) error {
		ids, err := s.starting(prefix)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if kind, err := s.kind(id); err != nil {
				return err
			} else if kind == "commit" {
				found = append(found, id)
			}
		}
		return nil
	})
	slices.Sort(found)
	found = slices.Compact(found)
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", &fetch.DeclaredError{Code: "no-commit", Summary: fmt.Sprintf("%s has no commit that starts with %s", a.show, prefix),
			Hint: "Only what a branch or tag leads to can be found by its first digits."}
	case len(found) > 1:
		return "", &fetch.DeclaredError{Code: "ambiguous-commit", Summary: fmt.Sprintf("%d commits of %s start with %s", len(found), a.show, prefix),
			Detail: strings.Join(found[:min(len(found), 4)], ", ") + ".", Hint: "Write all 40 digits."}
	}
	return found[0], m.setRef(commitRef(found[0]), found[0])
}

func errNeedsGit(a address) error {
	return fmt.Errorf("%s names its objects by SHA-256, which needs git on PATH", a.show)
}

// everything is the refspecs of all branches and tags. The server's HEAD is among them.
var everything = []string{"+refs/heads/*:refs/cairn/remote/heads/*", "+refs/tags/*:refs/cairn/remote/tags/*"}

// mirrors gives all mirrors of an address that may hold a commit, the one to be written first.
func (f *Fetcher) mirrors(a address, sha256 bool) []*mirror {
	first := f.mirrorOf(a, f.transport().suffix(), sha256)
	ms := []*mirror{first}
	for _, s := range []string{(&system{}).suffix(), embedded{}.suffix()} {
		if m := f.mirrorOf(a, s, sha256); m.dir != first.dir {
			ms = append(ms, m)
		}
	}
	return ms
}

// bring gives a mirror that holds a commit. ref is where it was found, or the commit itself. It asks for the commit alone,
// then for the ref, then for all there is.
func (f *Fetcher) bring(ctx context.Context, a address, commit, ref string, isOffline bool) (*mirror, error) {
	sha256 := len(commit) == 64
	ms := f.mirrors(a, sha256)
	for _, m := range ms {
		if m.has(commit) {
			return m, nil
		}
	}
	if isOffline {
		return nil, offline(a, "commit "+short(commit))
	}
	if sha256 && f.git() == "" {
		return nil, errNeedsGit(a)
	}
	m, t := ms[0], f.transport()
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if m.has(commit) { // another process was at it
		return m, nil
	}
	if err := m.create(); err != nil {
		return nil, err
	}
	m.sweep()
	tries := []struct {
		what    string
		spec    []string
		shallow bool
	}{
		{"commit " + short(commit), []string{commit}, true},
		{ref, []string{ref}, true},
		{"its branches and tags", everything, false},
	}
	for _, try := range tries {
		if try.what == ref && (isHex(ref) || ref == "") {
			continue
		}
		err := t.fetch(ctx, m, a, try.spec, try.shallow)
		if err != nil && !errors.Is(err, errNotServed) {
			return nil, fetchFailed(ctx, a, try.what, err)
		}
		switch kind := f.kind(ctx, m, commit); {
		case err != nil || kind == "":
		case kind == "commit":
			if err := m.setRef(commitRef(commit), commit); err != nil {
				return nil, err
			}
			f.tidy(ctx, m)
			f.sweepMirrors(ctx)
			return m, nil
		default:
			return nil, &fetch.DeclaredError{Code: "not-a-commit", Summary: fmt.Sprintf("%s of %s is a %s, not a commit", short(commit), a.show, kind)}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	e := &fetch.DeclaredError{Code: "no-commit", Summary: fmt.Sprintf("%s has no commit %s", a.show, commit)}
	if !isHex(ref) {
		e.Detail = "The lock file found it at " + ref + "; it may have been rewritten since."
		e.Hint = "`cairn lock` moves the entry to what is there now."
	}
	return nil, e
}

// kind gives the kind of an object, "" where it is not there or cannot be read.
func (f *Fetcher) kind(ctx context.Context, m *mirror, id string) (kind string) {
	err := f.with(ctx, m, func(s objectStore) (err error) {
		kind, err = s.kind(id)
		return err
	})
	if err != nil {
		return ""
	}
	return kind
}

// fetchFailed names what was asked of whom.
func fetchFailed(ctx context.Context, a address, what string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, errNotServed) {
		err = errors.New("the server does not give them out")
	}
	return fmt.Errorf("cannot fetch %s of %s: %w", what, a.show, err)
}
