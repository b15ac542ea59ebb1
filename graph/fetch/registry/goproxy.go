package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"path/filepath"
	"strings"

	"github.com/cairn-build/cairn/graph/fetch/http"
)

// goProxy fetches files of Go modules by the GOPROXY protocol.
type goProxy struct {
	o      Options
	client func() *http.Client
	def    oncePerRun
}

func (g *goProxy) fetch(ctx context.Context, w want) (io.ReadCloser, error) {
	list, err := g.proxies(ctx)
	if err != nil {
		return nil, err
	}
	file := escapeModule(w.pkg) + "/@v/" + escapeModule(w.file)
	var misses []string
	for list != "" {
		proxy, rest, sep := cutProxy(list)
		list = rest
		switch proxy {
		case "":
			continue
		case "off":
			misses, list = append(misses, "GOPROXY says off"), ""
			continue
		case "direct":
			misses = append(misses, "GOPROXY says direct, and a version control system has no such file")
			continue
		}
		rc, err := g.from(ctx, proxy, file, w)
		if err == nil {
			return rc, nil
		}
		if e := ctx.Err(); e != nil {
			return nil, e
		}
		misses = append(misses, err.Error())
		var status *http.StatusError
		gone := errors.As(err, &status) && (status.Code == nethttp.StatusNotFound || status.Code == nethttp.StatusGone)
		if sep == ',' && !gone { // after a comma, only "not here" leads on
			break
		}
	}
	return nil, fmt.Errorf("%s; check module and version, and GOPROXY (`go env GOPROXY`)", strings.Join(misses, "; "))
}

func (g *goProxy) from(ctx context.Context, proxy, file string, w want) (io.ReadCloser, error) {
	if dir, ok := localPath(proxy); ok && strings.HasPrefix(proxy, "file://") {
		rc, err := openLocal(filepath.Join(dir, file), w)
		if rc == nil && err == nil {
			err = &http.StatusError{Code: nethttp.StatusNotFound}
		}
		return rc, err
	}
	return g.client().Open(ctx, []http.Source{{URL: strings.TrimRight(proxy, "/") + "/" + file}}, w.progress)
}

func (g *goProxy) proxies(ctx context.Context) (string, error) {
	if v := g.o.Getenv("GOPROXY"); v != "" {
		return v, nil
	}
	return g.def.get(func() (string, error) {
		out, err := g.o.Run(ctx, "go", "env", "GOPROXY")
		v := strings.TrimSpace(string(out))
		if err == nil && v == "" {
			err = errors.New("go names no proxy")
		}
		if err != nil {
			return "", fmt.Errorf("no proxy is configured, and go cannot be asked for its own (%w); set GOPROXY", err)
		}
		return v, nil
	})
}

// cutProxy takes the first of a list whose elements are separated by , or |.
func cutProxy(list string) (proxy, rest string, sep byte) {
	i := strings.IndexAny(list, ",|")
	if i < 0 {
		return strings.TrimSpace(list), "", 0
	}
	return strings.TrimSpace(list[:i]), list[i+1:], list[i]
}

// escapeModule writes upper-case letters as ! and the lower-case one, as the protocol does.
func escapeModule(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('!')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
