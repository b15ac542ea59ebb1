package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/fetch/http"
)

// maxPage is how large a page of an index may be.
const maxPage = 256 << 20

// acceptSimple asks for PEP 691's JSON, and takes HTML.
const acceptSimple = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"

// askPip makes pip tell the index it uses where nothing else is configured.
const askPip = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"

// pypi fetches from Python package indexes as pip does: find-links first, then the index, then the extra ones. A file is
// known by its digest, so whichever has it will do.
type pypi struct {
	o     Options
	setup func() *pypiSetup
	def   oncePerRun
}

type pypiSetup struct {
	conf   pipConfig
	client *http.Client
}

func (p *pypi) configure() *pypiSetup {
	c := readPip(p.o.Getenv, p.o.System)
	o := p.o.HTTP
	o.CAFile, o.Insecure, o.Proxy = c.cert, c.trusted, c.proxy
	return &pypiSetup{conf: c, client: http.New(o)}
}

func (p *pypi) fetch(ctx context.Context, w want) (io.ReadCloser, error) {
	s := p.setup()
	var misses []string
	for _, link := range s.conf.findLinks {
		if rc, why := p.fromLinks(ctx, s, link, w); rc != nil {
			return rc, nil
		} else if why != nil {
			misses = append(misses, why.Error())
		}
	}
	indexes, err := p.indexes(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, index := range indexes {
		rc, err := p.fromIndex(ctx, s, index, w)
		if err == nil {
			return rc, nil
		}
		if e := ctx.Err(); e != nil {
			return nil, e
		}
		misses = append(misses, err.Error())
	}
	if len(misses) == 0 {
		misses = []string{"there is no place to look: pip's configuration says no-index and names no find-links with the file"}
	}
	return nil, fmt.Errorf("%s; check package, version and file, and pip's configuration (`pip config list`)", strings.Join(misses, "; "))
}

func (p *pypi) indexes(ctx context.Context, s *pypiSetup) ([]string, error) {
	if s.conf.noIndex {
		return nil, nil
	}
	index := s.conf.index
	if index == "" {
		var err error
		if index, err = p.def.get(func() (string, error) { return p.ask(ctx) }); err != nil {
			return nil, err
		}
	}
	return append([]string{index}, s.conf.extra...), nil
}

func (p *pypi) ask(ctx context.Context) (string, error) {
	out, err := p.o.Run(ctx, "python3", "-c", askPip)
	index := strings.TrimSpace(string(out))
	if err == nil && !strings.Contains(index, "://") {
		err = errors.New("pip names no index")
	}
	if err != nil {
		return "", fmt.Errorf("no index is configured, and pip cannot be asked for its own (%w); set PIP_INDEX_URL", err)
	}
	return index, nil
}

// fromLinks looks in one of find-links: a folder, or a page with links. Nothing and no error means that it is not there.
func (p *pypi) fromLinks(ctx context.Context, s *pypiSetup, link string, w want) (io.ReadCloser, error) {
	if dir, ok := localPath(link); ok {
		return openLocal(filepath.Join(dir, w.file), w)
	}
	page, err := s.client.Get(ctx, http.Source{URL: link, Header: nethttp.Header{"Accept": {"text/html"}}}, maxPage)
	if err != nil {
		return nil, err
	}
	for _, f := range parseLinks(page) {
		if f.name == w.file && (f.sha256 == "" || strings.EqualFold(f.sha256, w.sha256)) {
			return s.client.Open(ctx, []http.Source{{URL: withLogin(f.url, link)}}, w.progress)
		}
	}
	return nil, nil
}

// fromIndex looks in an index with the simple API (PEP 503, PEP 691).
func (p *pypi) fromIndex(ctx context.Context, s *pypiSetup, index string, w want) (io.ReadCloser, error) {
	name := normalize(w.pkg)
	if dir, ok := localPath(index); ok {
		rc, err := openLocal(filepath.Join(dir, name, w.file), w)
		if rc == nil && err == nil {
			err = fmt.Errorf("%s has no file %q", dir, w.file)
		}
		return rc, err
	}
	files, err := p.list(ctx, s, index, w.pkg)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		if f.name != w.file {
			names = append(names, f.name)
			continue
		}
		if f.sha256 != "" && !strings.EqualFold(f.sha256, w.sha256) {
			return nil, fmt.Errorf("%s says that the SHA-256 of %s is %s, and it should be %s", http.Redact(index), f.name, f.sha256, w.sha256)
		}
		return s.client.Open(ctx, []http.Source{{URL: withLogin(f.url, index)}}, w.progress)
	}
	hint := ""
	if n := diag.Nearest(w.file, names); n != "" {
		hint = fmt.Sprintf(", but %q", n)
	}
	return nil, fmt.Errorf("%s has no file %q of %s%s", http.Redact(index), w.file, w.pkg, hint)
}

// normalize gives a package's name as PEP 503 does: lower case, and one - for each run of - _ and dots.
func normalize(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '-' || r == '_' || r == '.' }), "-")
}

// withLogin gives u the user and password of the place that named it, if it is on the same host and has none.
func withLogin(u, from string) string {
	a, err := url.Parse(u)
	b, err2 := url.Parse(from)
	if err != nil || err2 != nil || a.User != nil || b.User == nil || a.Host != b.Host || a.Scheme != b.Scheme {
		return u
	}
	a.User = b.User
	return a.String()
}

// localPath gives the folder that a find-links or an index names, if it is one of this machine.
func localPath(s string) (string, bool) {
	if rest, ok := strings.CutPrefix(s, "file://"); ok {
		rest = strings.TrimPrefix(rest, "localhost")
		if p, err := url.PathUnescape(rest); err == nil && strings.HasPrefix(p, "/") {
			return p, true
		}
		return "", false
	}
	if strings.Contains(s, "://") {
		return "", false
	}
	return s, s != ""
}

// openLocal opens a file if it has the wanted digest; another file, or none, is nothing and no error.
func openLocal(path string, w want) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil // a folder without the file is like one that is not there
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		f.Close()
		return nil, err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != w.sha256 {
		f.Close()
		return nil, fmt.Errorf("%s has the SHA-256 %s", path, got)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
