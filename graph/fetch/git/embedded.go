package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/go-git/go-billy/v5/osfs"
	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
	gittransport "github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/client"
	"github.com/go-git/go-git/v5/plumbing/transport/server"
	"github.com/go-git/go-git/v5/storage"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/memory"
)

// embedded is the transport that go-git is. It knows no credential helpers and no partial histories: most servers do not give
// it a commit alone, so it fetches the ref that leads there, with its history.
type embedded struct{ environ func() []string }

// go-git would start the system's git for file URLs, and this is for machines without; it can serve them itself.
var serveFiles = sync.OnceFunc(func() { client.InstallProtocol("file", server.NewClient(folders{})) })

var sha256Config = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?mi)^\s*objectformat\s*=\s*sha256`) })

// folders loads the repositories that file URLs name, with or without a work tree.
type folders struct{}

// Load implements server.Loader.
func (folders) Load(ep *gittransport.Endpoint) (storer.Storer, error) {
	for _, dir := range []string{ep.Path, filepath.Join(ep.Path, ".git"), ep.Path + ".git"} {
		if fi, err := os.Stat(filepath.Join(dir, "objects")); err == nil && fi.IsDir() {
			if b, err := os.ReadFile(filepath.Join(dir, "config")); err == nil && sha256Config().Match(b) {
				return nil, errors.New("it names its objects by SHA-256, which needs git on PATH")
			}
			return filesystem.NewStorageWithOptions(osfs.New(dir), cache.NewObjectLRUDefault(), filesystem.Options{KeepDescriptors: true}), nil
		}
	}
	return nil, gittransport.ErrRepositoryNotFound
}

func remote(s storage.Storer, a address) (*gogit.Remote, error) {
	serveFiles()
	text := a.text
	if filepath.IsAbs(text) {
		fi, err := os.Stat(text)
		if err != nil {
			return nil, err
		}
		if fi.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is a bundle, which needs git on PATH", a.show)
		}
		text = "file://" + text
	}
	return gogit.NewRemote(s, &config.RemoteConfig{Name: "cairn", URLs: []string{text}}), nil
}

func (e embedded) list(ctx context.Context, a address, names ...string) (refs, error) {
	r, err := remote(memory.NewStorage(), a)
	if err != nil {
		return nil, err
	}
	who, err := e.who(a)
	if err != nil {
		return nil, err
	}
	all, err := r.ListContext(ctx, &gogit.ListOptions{PeelingOption: gogit.AppendPeeled, Auth: who.auth, CABundle: who.ca})
	if errors.Is(err, gittransport.ErrEmptyRemoteRepository) {
		return refs{}, nil
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("cannot ask %s for its branches and tags: %w", a.show, plain(err))
	}
	every, links := refs{}, map[string]string{}
	for _, ref := range all {
		if ref.Type() == plumbing.SymbolicReference {
			links[ref.Name().String()] = ref.Target().String()
		} else {
			every[ref.Name().String()] = ref.Hash().String()
		}
	}
	for from, to := range links {
		if id := every[to]; id != "" {
			every[from] = id
		}
	}
	if len(names) == 0 {
		return every, nil
	}
	if err := peel(a, every, names); err != nil {
		return nil, err
	}
	rs := refs{}
	for _, n := range names {
		if id := every[n]; id != "" {
			rs[n] = id
		}
	}
	return rs, nil
}

// peel adds what tags lead to, which go-git's own server does not tell.
func peel(a address, rs refs, names []string) error {
	ep, err := gittransport.NewEndpoint(a.text)
	if err != nil || ep.Protocol != "file" {
		return nil // other servers tell
	}
	s, err := folders{}.Load(ep)
	if err != nil {
		return err
	}
	for _, n := range names {
		if id := rs[n]; id != "" && strings.HasPrefix(n, "refs/tags/") {
			h := plumbing.NewHash(id)
			for {
				tag, err := gitobject.GetTag(s, h)
				if err != nil {
					break // what it leads to is no tag
				}
				h = tag.Target
			}
			if h.String() != id {
				rs[n+"^{}"] = h.String()
			}
		}
	}
	return nil
}

// endedFirst ends go-git's error where a server has answered and gone before go-git has closed its own side of a connection by ssh. The
// answer is lost with it, so it is asked for once more.
const endedFirst = "closing input: EOF"

func (e embedded) fetch(ctx context.Context, m *mirror, a address, spec []string, _ bool) error {
	s := openStorage(m)
	defer s.close()
	r, err := remote(s.s, a)
	if err != nil {
		return err
	}
	who, err := e.who(a)
	if err != nil {
		return err
	}
	o := &gogit.FetchOptions{RemoteName: "cairn", Tags: gogit.NoTags, Force: true, Auth: who.auth, CABundle: who.ca}
	exact := false
	for _, text := range spec {
		switch {
		case isID(text):
			exact = true
			text += ":" + commitRef(text)
		case !strings.Contains(text, ":"):
			text = "+" + text + ":" + strings.Replace(seenRef(text), "seen", "tip", 1) // hashed: a and a/b may follow each other
		default:
			o.Prune = true
		}
		o.RefSpecs = append(o.RefSpecs, config.RefSpec(text))
	}
	if err = r.FetchContext(ctx, o); err != nil && strings.HasSuffix(err.Error(), endedFirst) {
		err = r.FetchContext(ctx, o)
	}
	var none gogit.NoMatchingRefSpecError
	switch {
	case err == nil, errors.Is(err, gogit.NoErrAlreadyUpToDate):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case exact, errors.As(err, &none), errors.Is(err, gittransport.ErrEmptyRemoteRepository):
		return errNotServed // a server that cannot be reached says so again when it is asked for the ref
	}
	return plain(err)
}

func (embedded) suffix() string { return ".full" }

// plain is an error of go-git's without what may be secret in it.
func plain(err error) error {
	switch {
	case errors.Is(err, gittransport.ErrAuthenticationRequired), errors.Is(err, gittransport.ErrAuthorizationFailed):
		return fmt.Errorf("%s; with git on PATH its credential helpers are asked", redact(err.Error()))
	case errors.Is(err, gittransport.ErrRepositoryNotFound):
		return errors.New("there is no repository")
	}
	return errors.New(redact(err.Error()))
}
