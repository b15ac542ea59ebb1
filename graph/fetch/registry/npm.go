package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/fetch/http"
)

const acceptNPM = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8"

// npm fetches tarballs from npm's kind of registry.
type npm struct {
	o     Options
	setup func() (npmrc, *http.Client)
	def   oncePerRun
}

func (n *npm) configure() (npmrc, *http.Client) {
	rc := readNpmrc(n.o.Getenv)
	o := n.o.HTTP
	o.CAFile = rc["cafile"]
	if rc["strict-ssl"] == "false" {
		for key, v := range rc {
			if u, err := url.Parse(v); err == nil && u.Host != "" && (key == "registry" || strings.HasSuffix(key, ":registry")) {
				o.Insecure = append(o.Insecure, u.Host)
			}
		}
	}
	if o.Proxy = rc["https-proxy"]; o.Proxy == "" {
		o.Proxy = rc["proxy"]
	}
	return rc, http.New(o)
}

func (n *npm) fetch(ctx context.Context, w want) (io.ReadCloser, error) {
	rc, client := n.setup()
	registry, err := n.registry(ctx, rc, w.pkg)
	if err != nil {
		return nil, err
	}
	at := strings.TrimRight(registry, "/") + "/" + strings.ReplaceAll(w.pkg, "/", "%2f")
	head := rc.login(at)
	head.Set("Accept", acceptNPM)
	page, err := client.Get(ctx, http.Source{URL: at, Header: head}, maxPage)
	if status := (*http.StatusError)(nil); errors.As(err, &status) && status.Code == nethttp.StatusNotFound {
		return nil, fmt.Errorf("%s has no such package; check the name, and npm's configuration (`npm config list`)", http.Redact(registry))
	}
	if err != nil {
		return nil, err
	}
	tarball, err := findTarball(page.Body, w.version)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", http.Redact(registry), err)
	}
	u, err := page.URL.Parse(tarball)
	if err != nil {
		return nil, fmt.Errorf("%s names a tarball that is no URL; ask those who run it", http.Redact(registry))
	}
	sources := []http.Source{{URL: u.String(), Header: rc.login(u.String())}}
	// A mirror may hand on addresses of the registry that it mirrors, which cannot be reached from here.
	if own, err := url.Parse(registry); err == nil && own.Host != u.Host {
		mirrored := *u
		mirrored.Scheme, mirrored.Host = own.Scheme, own.Host
		sources = append(sources, http.Source{URL: mirrored.String(), Header: rc.login(mirrored.String())})
	}
	return client.Open(ctx, sources, w.progress)
}

// registry gives the address for a package: its scope's, the configured one, or npm's own.
func (n *npm) registry(ctx context.Context, rc npmrc, pkg string) (string, error) {
	if scope, _, ok := strings.Cut(pkg, "/"); ok && rc[scope+":registry"] != "" {
		return rc[scope+":registry"], nil
	}
	if rc["registry"] != "" {
		return rc["registry"], nil
	}
	return n.def.get(func() (string, error) {
		out, err := n.o.Run(ctx, "npm", "config", "get", "registry")
		v := strings.TrimSpace(string(out))
		if err == nil && !strings.Contains(v, "://") {
			err = errors.New("npm names no registry")
		}
		if err != nil {
			return "", fmt.Errorf("no registry is configured, and npm cannot be asked for its own (%w); set npm_config_registry", err)
		}
		return v, nil
	})
}

// findTarball reads a package's document.
func findTarball(doc []byte, version string) (string, error) {
	var d struct {
		Versions map[string]struct {
			Dist struct {
				Tarball string `json:"tarball"`
			} `json:"dist"`
		} `json:"versions"`
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		return "", fmt.Errorf("the package's page is no JSON: %w", err)
	}
	v, ok := d.Versions[version]
	if ok && v.Dist.Tarball != "" {
		return v.Dist.Tarball, nil
	}
	var all []string
	for name := range d.Versions {
		all = append(all, name)
	}
	slices.Sort(all)
	hint := ""
	if near := diag.Nearest(version, all); near != "" {
		hint = ", but " + near
	}
	return "", fmt.Errorf("there is no version %s%s; check the version", version, hint)
}
