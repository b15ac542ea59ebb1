// Package git brings trees out of git repositories: a branch, a tag or a commit becomes a commit's id and the id of a tree,
// and a tree's id becomes files, byte for byte as they were committed. Nothing is converted on the way (no line ends, no
// keywords, no export-subst), and no object is believed: each is hashed as it is read and compared with its id.
//
// Of each repository a bare mirror is kept, which grows by what is asked for. The git of the system, where there is one,
// does the talking to servers, because it knows the user's credentials, proxies and ssh; without it go-git does. It is the only
// package that imports go-git.
package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/graph/fetch"
)

// Options is what a Fetcher needs to know.
type Options struct {
	Dir     string                 // where mirrors lie; made when first needed
	Git     func() (string, error) // the path of the system's git; nil: looked up in PATH. An error means that there is none
	Environ func() []string        // nil: os.Environ
	// VersionFromGit says whether the version of a project comes from git; read gives a file at the project's root, or fs.ErrNotExist.
	// nil: none does.
	VersionFromGit func(read func(path string) ([]byte, error)) bool
}

// Fetcher is a fetch.TreeFetcher and a fetch.Resolver. It is safe for concurrent use.
type Fetcher struct {
	o         Options
	git       func() string // "" for none
	mu        sync.Mutex
	memo      map[string]*answer
	lists     map[string]*listing // by address
	described map[string]string   // what describe said
}

// listing is all refs of a repository as long as the Fetcher lives.
type listing struct {
	mu   sync.Mutex
	refs refs
}

// answer is what a ref means as long as the Fetcher lives.
type answer struct {
	mu     sync.Mutex
	commit string
}

var (
	_ fetch.TreeFetcher = (*Fetcher)(nil)
	_ fetch.Resolver    = (*Fetcher)(nil)
	_ fetch.Fetcher     = (*Fetcher)(nil)
)

// New makes a Fetcher. It reads nothing.
func New(o Options) *Fetcher {
	if o.Git == nil {
		o.Git = func() (string, error) { return exec.LookPath("git") }
	}
	if o.Environ == nil {
		o.Environ = os.Environ
	}
	return &Fetcher{o: o, memo: map[string]*answer{}, lists: map[string]*listing{}, described: map[string]string{}, git: sync.OnceValue(func() string {
		path, err := o.Git()
		if err != nil {
			return ""
		}
		return path
	})}
}

// Fetch implements fetch.Fetcher, so that a Fetcher can be wired in among others. A repository is no file.
func (f *Fetcher) Fetch(context.Context, fetch.Request) (io.ReadCloser, error) {
	return nil, errors.New("internal error: the git fetcher brings trees, not files")
}

// Resolve implements fetch.Resolver. The question is "url", "ref" ("refs/heads/...", "refs/tags/...", "HEAD", or the hex digits
// of a commit, all or the first ones) and "subdir" (may be absent); the answer is "commit" and "tree", the id of the tree
// at subdir. The word "describe" is given where it is wanted: the commit's place in history, or "" where the version of the tree does
// not come from git and "describing" is not "always".
func (f *Fetcher) Resolve(ctx context.Context, q fetch.Question) (map[string]string, error) {
	a, err := parseAddress(q.Params["url"], q.Root)
	if err != nil {
		return nil, err
	}
	ref, subdir := q.Params["ref"], q.Params["subdir"]
	if err := checkRef(ref); err != nil {
		return nil, err
	}
	commit := ""
	if q.Had["url"] == q.Params["url"] && q.Had["ref"] == ref && isID(q.Had["commit"]) {
		commit = q.Had["commit"] // only the folder is another
	} else if commit, err = f.commit(ctx, a, ref, q); err != nil {
		return nil, err
	}
	tree := ""
	err = f.healing(ctx, a, commit, ref, q.Offline, func(m *mirror) error {
		return f.with(ctx, m, func(s objectStore) (err error) {
			if tree, err = treeAt(s, a, commit, subdir); err == nil && !q.Offline && !isHex(ref) && q.Had == nil {
				err = m.setRef(seenRef(ref), commit)
			}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	out := map[string]string{"commit": commit, "tree": tree}
	if slices.Contains(q.Want, "describe") {
		if out["describe"], err = f.describe(ctx, a, commit, q); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// FetchTree implements fetch.TreeFetcher. Params are "url", "ref", "subdir" and "commit"; the tree at subdir of the commit must
// be r.GitTree.
func (f *Fetcher) FetchTree(ctx context.Context, r fetch.Request, into *os.Root) error {
	a, err := parseAddress(r.Params["url"], r.Root)
	if err != nil {
		return err
	}
	if r.Progress != nil {
		ctx = fetch.WithProgress(ctx, r.Progress)
	}
	commit, subdir := r.Params["commit"], r.Params["subdir"]
	if !isID(commit) || !isID(r.GitTree) {
		return fmt.Errorf("internal error: %q and %q are no ids of git", commit, r.GitTree)
	}
	return f.healing(ctx, a, commit, r.Params["ref"], r.Offline, func(m *mirror) error {
		return f.with(ctx, m, func(s objectStore) error {
			tree, err := treeAt(s, a, commit, subdir)
			if err != nil {
				return err
			}
			if tree != r.GitTree {
				return &fetch.DeclaredError{Code: "tree-mismatch", Summary: fmt.Sprintf("BUILD.lock.hcl says that commit %s of %s has the tree %s", short(commit), a.show, r.GitTree),
					Detail: "It has " + tree + ".", Hint: "The entry was edited or merged wrongly; `cairn lock` makes it anew."}
			}
			p := &project{f: f, ctx: ctx, url: r.Params["url"], at: a, commit: commit, subdir: subdir, request: r}
			return p.export(s, tree, into)
		})
	}, func() error { return empty(into) })
}

// healing calls use with a mirror that holds the commit. Where the mirror turns out to be damaged, it is thrown away, what
// undo says is undone, and use has a second try with a new one.
func (f *Fetcher) healing(ctx context.Context, a address, commit, ref string, offline bool, use func(*mirror) error, undo ...func() error) error {
	for try := 0; ; try++ {
		m, err := f.bring(ctx, a, commit, ref, offline)
		if err != nil {
			return err
		}
		err = use(m)
		var damaged *damagedError
		if !errors.As(err, &damaged) || ctx.Err() != nil {
			return err
		}
		if try > 0 || offline {
			return fmt.Errorf("the mirror %s of %s is damaged: %w; remove it", m.dir, a.show, err)
		}
		if err := m.discard(ctx); err != nil {
			return err
		}
		for _, u := range undo {
			if err := u(); err != nil {
				return err
			}
		}
	}
}

// transport is how to talk to a server.
type transport interface {
	// list gives what the server shows of the named refs, or of all refs for none. Names are exact.
	list(ctx context.Context, a address, names ...string) (refs, error)
	// fetch brings what spec names into m; with shallow, one commit without its history is enough. errNotServed where the
	// server has no such thing or does not give it out that way.
	fetch(ctx context.Context, m *mirror, a address, spec []string, shallow bool) error
	// suffix tells apart the mirrors of transports that cannot share one.
	suffix() string
}

// errNotServed says that a server does not give what was asked for, in the way in which it was asked for.
var errNotServed = errors.New("not served")

// refs are a server's, by full name. A tag's own object has the name, the commit that it leads to the name with "^{}".
type refs map[string]string

// commit gives the commit that a ref leads to, "" for none.
func (r refs) commit(name string) string {
	if id := r[name+"^{}"]; id != "" {
		return id
	}
	return r[name]
}

// names gives the short names of the refs below a prefix, sorted.
func (r refs) names(prefix string) []string {
	var out []string
	for _, n := range slices.Sorted(maps.Keys(r)) {
		if s, ok := strings.CutPrefix(n, prefix); ok && !strings.HasSuffix(s, "^{}") {
			out = append(out, s)
		}
	}
	return out
}

func (f *Fetcher) transport() transport {
	if path := f.git(); path != "" {
		return metered{&system{path: path, environ: f.o.Environ}}
	}
	return metered{embedded{f.o.Environ}}
}

// with opens the objects of m for use.
func (f *Fetcher) with(ctx context.Context, m *mirror, use func(objectStore) error) error {
	defer m.inUse()()
	s, err := f.objects(ctx, m)
	if err != nil {
		return err
	}
	err = use(s)
	if cerr := s.close(); err == nil {
		err = cerr
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// empty removes all that is in a folder.
func empty(r *os.Root) error {
	d, err := r.Open(".")
	if err != nil {
		return err
	}
	names, err := d.Readdirnames(-1)
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	for _, n := range names {
		if err == nil {
			err = r.RemoveAll(n)
		}
	}
	return err
}

// isID says whether s is an object's full id.
func isID(s string) bool { return (len(s) == 40 || len(s) == 64) && isHex(s) }

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

func short(id string) string { return id[:min(len(id), 12)] }
