package registry

import (
	"context"
	"errors"
	"fmt"
	nethttp "net/http"
	"os"
	"strings"

	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/fetch/http"
)

// Offers implements fetch.Lister for Python indexes: all files that find-links and the indexes have of a package. A file of
// which the index gives no digest is left out: who asks knows digests and wants names.
func (r *Registry) Offers(ctx context.Context, params map[string]string) ([]fetch.Offer, error) {
	if params["index"] != "pypi" {
		return nil, fmt.Errorf("internal error: the files of index %q cannot be listed", params["index"])
	}
	return r.offers(ctx, params["package"])
}

func (p *pypi) offers(ctx context.Context, pkg string) ([]fetch.Offer, error) {
	s := p.setup()
	indexes, err := p.indexes(ctx, s)
	if err != nil {
		return nil, err
	}
	var out []fetch.Offer
	var misses []string
	asked := 0
	for _, index := range indexes {
		files, err := p.list(ctx, s, index, pkg)
		if e := ctx.Err(); e != nil {
			return nil, e
		}
		if err != nil {
			misses = append(misses, err.Error())
			continue
		}
		asked++
		for _, f := range files {
			if f.sha256 != "" {
				out = append(out, fetch.Offer{File: f.name, SHA256: strings.ToLower(f.sha256)})
			}
		}
	}
	if asked == 0 {
		if len(misses) == 0 {
			misses = []string{"pip's configuration says no-index, and what files have which hashes only an index can tell"}
		}
		return nil, fmt.Errorf("pypi package %s: %s; check pip's configuration (`pip config list`)", pkg, strings.Join(misses, "; "))
	}
	return out, nil
}

// errNoPackage says that an index knows no such package.
var errNoPackage = errors.New("no package")

// list gives the files that an index has of a package.
func (p *pypi) list(ctx context.Context, s *pypiSetup, index, pkg string) ([]pageFile, error) {
	name := normalize(pkg)
	if dir, ok := localPath(index); ok {
		return nil, fmt.Errorf("%s/%s is a folder; it cannot tell what its files' hashes are without reading them", strings.TrimRight(dir, string(os.PathSeparator)), name)
	}
	at := strings.TrimRight(index, "/") + "/" + name + "/"
	page, err := s.client.Get(ctx, http.Source{URL: at, Header: nethttp.Header{"Accept": {acceptSimple}}}, maxPage)
	if status := (*http.StatusError)(nil); errors.As(err, &status) && status.Code == nethttp.StatusNotFound {
		return nil, fmt.Errorf("%s has %w %q", http.Redact(index), errNoPackage, pkg)
	}
	if err != nil {
		return nil, err
	}
	files, err := parsePage(page)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", http.Redact(at), err)
	}
	return files, nil
}
