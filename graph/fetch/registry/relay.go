package registry

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/fetch/http"
)

// Relay implements fetch.Relayer for clients of Python indexes: it is one index in the place of all that pip's configuration names.
// What is asked for on the way is asked for as Fetch does.
func (r *Registry) Relay(context.Context) (fetch.Relay, error) { return r.relay() }

// relay answers the simple API (PEP 503, PEP 691). It always offers the metadata of wheels (PEP 658), so that a client that
// resolves need not read wheels, and says nothing that differs from index to index besides names, digests and what they
// require of Python. It asks each server once for each page.
type relay struct {
	p      *pypi
	server *nethttp.Server
	base   string // of its addresses, with the secret that lets others on this machine see nothing
	ctx    context.Context
	stop   context.CancelFunc

	mu    sync.Mutex
	pages map[string]func() ([]place, error)
	known map[string]place // by "<package>/<file>"
	bad   []string
}

// place is a file that may be asked for, and where it is.
type place struct {
	pageFile
	from string // the page's place, for credentials; "" for a file of this machine, which is at url
}

func (p *pypi) relay() (fetch.Relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	secret := "/" + rand.Text()
	ctx, stop := context.WithCancel(context.Background())
	r := &relay{p: p, base: "http://" + l.Addr().String() + secret, ctx: ctx, stop: stop, pages: map[string]func() ([]place, error){}, known: map[string]place{}}
	mux := nethttp.NewServeMux()
	mux.HandleFunc("GET "+secret+"/simple/{package}/{$}", r.page)
	mux.HandleFunc("GET "+secret+"/files/{package}/{file}", r.file)
	r.server = &nethttp.Server{Handler: mux, ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() { _ = r.server.Serve(l) }() // ends with Close
	return r, nil
}

// Env implements fetch.Relay: the variables are uv's.
func (r *relay) Env() []string {
	return []string{"UV_DEFAULT_INDEX=" + r.base + "/simple"}
}

// Err implements fetch.Relay.
func (r *relay) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.bad) == 0 {
		return nil
	}
	slices.Sort(r.bad)
	return errors.New(strings.Join(slices.Compact(r.bad), "; "))
}

// Close implements fetch.Relay.
func (r *relay) Close() error {
	r.stop()
	return r.server.Close()
}

// fail answers that a server behind did not do what it should.
func (r *relay) fail(w nethttp.ResponseWriter, err error) {
	if r.ctx.Err() == nil {
		r.mu.Lock()
		r.bad = append(r.bad, err.Error())
		r.mu.Unlock()
	}
	// Not a code that clients try again after: that was done.
	nethttp.Error(w, err.Error(), nethttp.StatusFailedDependency)
}

func (r *relay) page(w nethttp.ResponseWriter, q *nethttp.Request) {
	pkg := normalize(q.PathValue("package"))
	places, err := r.list(pkg)
	if err != nil {
		r.fail(w, err)
		return
	}
	if len(places) == 0 {
		nethttp.NotFound(w, q)
		return
	}
	type fileJSON struct {
		Filename string            `json:"filename"`
		URL      string            `json:"url"`
		Hashes   map[string]string `json:"hashes"`
		Python   string            `json:"requires-python,omitempty"`
		Yanked   bool              `json:"yanked"`
		Metadata bool              `json:"core-metadata"`
	}
	files := []fileJSON{}
	for _, f := range places {
		j := fileJSON{Filename: f.name, URL: r.base + "/files/" + url.PathEscape(pkg) + "/" + url.PathEscape(f.name), Hashes: map[string]string{}, Python: f.python,
			Yanked: f.yanked, Metadata: strings.HasSuffix(f.name, ".whl")}
		if f.sha256 != "" {
			j.Hashes["sha256"] = strings.ToLower(f.sha256)
		}
		files = append(files, j)
	}
	w.Header().Set("Content-Type", "application/vnd.pypi.simple.v1+json")
	_ = json.NewEncoder(w).Encode(map[string]any{"meta": map[string]string{"api-version": "1.0"}, "name": pkg, "files": files}) // a client that is gone
}

// list gives the files of a package in all places, each name once: the first place that has it counts, as for pip.
func (r *relay) list(pkg string) ([]place, error) {
	r.mu.Lock()
	get := r.pages[pkg]
	if get == nil {
		get = sync.OnceValues(func() ([]place, error) { return r.ask(pkg) })
		r.pages[pkg] = get
	}
	r.mu.Unlock()
	return get()
}

func (r *relay) ask(pkg string) ([]place, error) {
	s := r.p.setup()
	var all []place
	for _, link := range s.conf.findLinks {
		fs, err := r.linked(s, link, pkg)
		if err != nil {
			return nil, err
		}
		all = append(all, fs...)
	}
	indexes, err := r.p.indexes(r.ctx, s)
	if err != nil {
		return nil, err
	}
	for _, index := range indexes {
		if dir, ok := localPath(index); ok {
			all = append(all, inFolder(dir+"/"+pkg, pkg)...)
			continue
		}
		fs, err := r.p.list(r.ctx, s, index, pkg)
		if err != nil && !errors.Is(err, errNoPackage) {
			return nil, err
		}
		for _, f := range fs {
			all = append(all, place{f, index})
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(all, func(f place) bool {
		key := pkg + "/" + f.name
		_, twice := r.known[key]
		if !twice {
			r.known[key] = f
		}
		return twice
	}), nil
}

func (r *relay) file(w nethttp.ResponseWriter, q *nethttp.Request) {
	name, meta := strings.CutSuffix(q.PathValue("file"), ".metadata")
	if _, err := r.list(q.PathValue("package")); err != nil {
		r.fail(w, err)
		return
	}
	r.mu.Lock()
	f, ok := r.known[q.PathValue("package")+"/"+name]
	r.mu.Unlock()
	if !ok {
		nethttp.NotFound(w, q)
		return
	}
	if meta {
		b, err := r.metadata(f)
		if err != nil {
			r.fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		_, _ = w.Write(b)
		return
	}
	body, err := r.open(f, "")
	if err != nil {
		r.fail(w, err)
		return
	}
	defer body.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	if _, err := io.Copy(w, body); err != nil {
		r.fail(nopWriter{w}, fmt.Errorf("%s: %w", f.name, err))
		panic(nethttp.ErrAbortHandler) // the client must not take a part for the whole
	}
}

// open opens a file, or what lies beside it under its name with an ending.
func (r *relay) open(f place, ending string) (io.ReadCloser, error) {
	if f.from == "" {
		return openPlain(f.url + ending)
	}
	at := f.url
	if u, err := url.Parse(at); err == nil && ending != "" {
		u.Path, u.RawPath = u.Path+ending, ""
		at = u.String()
	}
	return r.p.setup().client.Open(r.ctx, []http.Source{{URL: withLogin(at, f.from)}}, nil)
}

// nopWriter keeps an answer that has begun from getting a second head.
type nopWriter struct{ nethttp.ResponseWriter }

func (nopWriter) WriteHeader(int)             {}
func (nopWriter) Write(b []byte) (int, error) { return len(b), nil }
