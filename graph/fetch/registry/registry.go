// Package registry brings files of package indexes: PyPI's kind, npm's and Go's. Which server is asked, through which proxy
// and with which credentials is read from the configuration of the user's own client; where that names no server, the
// client itself is asked for its default, so that no server's name stands here. It knows neither digests nor caches.
package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/fetch/http"
)

// Options are what a Registry is made of. The zero value is right for cairn itself.
type Options struct {
	Getenv func(string) string                                       // os.Getenv by default
	Run    func(ctx context.Context, argv ...string) ([]byte, error) // starts a client and gives what it prints
	System string                                                    // the folder of the machine's own configuration; "/etc" by default
	HTTP   http.Options                                              // Getenv, CAFile, Insecure and Proxy are filled in
}

// Registry is the fetcher "registry". Its parameters are index ("pypi", "npm" or "go"), package, version and file. Safe
// for concurrent use. No configuration is read and no client started before a fetch needs it.
type Registry struct {
	pypi func(context.Context, want) (io.ReadCloser, error)
	npm  func(context.Context, want) (io.ReadCloser, error)
	gomo func(context.Context, want) (io.ReadCloser, error)

	offers func(ctx context.Context, pkg string) ([]fetch.Offer, error)
	relay  func() (fetch.Relay, error)
}

// want is what is asked for.
type want struct {
	pkg, version, file string
	sha256             string
	progress           func(done, total int64)
}

// New makes a registry fetcher. It does no I/O.
func New(o Options) *Registry {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Run == nil {
		o.Run = run
	}
	if o.System == "" {
		o.System = "/etc"
	}
	o.HTTP.Getenv = o.Getenv
	p := &pypi{o: o}
	n := &npm{o: o}
	g := &goProxy{o: o}
	p.setup = sync.OnceValue(p.configure)
	n.setup = sync.OnceValues(n.configure)
	g.client = sync.OnceValue(func() *http.Client { return http.New(o.HTTP) })
	return &Registry{pypi: p.fetch, npm: n.fetch, gomo: g.fetch, offers: p.offers, relay: p.relay}
}

// Fetch implements fetch.Fetcher.
func (r *Registry) Fetch(ctx context.Context, q fetch.Request) (io.ReadCloser, error) {
	w := want{pkg: q.Params["package"], version: q.Params["version"], file: q.Params["file"], sha256: q.SHA256, progress: q.Progress}
	index := q.Params["index"]
	get := map[string]func(context.Context, want) (io.ReadCloser, error){"pypi": r.pypi, "npm": r.npm, "go": r.gomo}[index]
	if get == nil {
		return nil, fmt.Errorf("internal error: unknown kind of index %q", index)
	}
	if strings.ContainsAny(w.file, "/\\") || w.file == ".." {
		return nil, fmt.Errorf("%q is no file's name; give the name alone", w.file)
	}
	rc, err := get(ctx, w)
	if err != nil {
		return nil, fmt.Errorf("%s package %s %s: %w", index, w.pkg, w.version, err)
	}
	return rc, nil
}

// run starts a client that is asked for its configuration.
func run(ctx context.Context, argv ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		last := strings.TrimSpace(stderr.String())
		last = last[strings.LastIndexByte(last, '\n')+1:]
		return nil, fmt.Errorf("%s: %w: %s", argv[0], err, last)
	}
	return out, err
}

// oncePerRun asks a client once for its default server; a failure is not remembered.
type oncePerRun struct {
	mu    sync.Mutex
	value string
}

func (o *oncePerRun) get(ask func() (string, error)) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.value == "" {
		v, err := ask()
		if err != nil {
			return "", err
		}
		o.value = v
	}
	return o.value, nil
}
