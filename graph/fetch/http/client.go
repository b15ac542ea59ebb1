// Package http brings bytes over HTTP: several places in order, interrupted downloads taken up where they stopped,
// proxies, certificates and credentials as the user has set them. It does not know what the bytes should be; its caller
// compares digests. Nothing is set up before the first request.
package http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/cairn-build/cairn/graph/fetch"
)

// Options are what a Client is made of. The zero value is right for cairn itself.
type Options struct {
	Getenv   func(string) string                              // os.Getenv by default; for NETRC and HOME
	Wait     func(ctx context.Context, d time.Duration) error // waits d, or until ctx is done
	Tries    int                                              // requests without any progress before a place is given up; default 4
	Stall    time.Duration                                    // how long a server may be silent; default 60 s
	MaxBytes int64                                            // of one download; default 64 GiB
	CAFile   string                                           // certificates that are trusted besides the system's
	Insecure []string                                         // hosts ("h" or "h:port") whose certificates are not checked
	Proxy    string                                           // the proxy's URL; by default what HTTPS_PROXY and its like say
}

// Source is one place that bytes may be had from. Header comes on top of what the client sends.
type Source struct {
	URL    string
	Header nethttp.Header
}

// Client is the fetcher "http". Safe for concurrent use.
type Client struct {
	o     Options
	http  func() (*nethttp.Client, error)
	netrc func() []login
}

// New makes a client. It does no I/O.
func New(o Options) *Client {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Tries == 0 {
		o.Tries = 4
	}
	if o.Stall == 0 {
		o.Stall = time.Minute
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 30
	}
	c := &Client{o: o}
	c.http = sync.OnceValues(c.connect)
	c.netrc = sync.OnceValue(c.readNetrc)
	return c
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Fetch implements fetch.Fetcher. The parameter "urls" has one URL a line.
func (c *Client) Fetch(ctx context.Context, r fetch.Request) (io.ReadCloser, error) {
	var ss []Source
	for _, u := range strings.Fields(r.Params["urls"]) {
		ss = append(ss, Source{URL: u})
	}
	if len(ss) == 0 {
		return nil, fmt.Errorf("internal error: a fetch without URLs")
	}
	return c.Open(ctx, ss, r.Progress)
}

func (c *Client) connect() (*nethttp.Client, error) {
	t := &nethttp.Transport{
		Proxy:                 nethttp.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   30 * time.Second,
		IdleConnTimeout:       30 * time.Second,
		MaxIdleConnsPerHost:   8,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // the bytes as they are
		ExpectContinueTimeout: time.Second,
	}
	if c.o.Proxy != "" {
		u, err := url.Parse(c.o.Proxy)
		if err != nil || u.Host == "" {
			return nil, final("the address of the proxy is wrong")
		}
		t.Proxy = nethttp.ProxyURL(u)
	}
	if c.o.CAFile != "" {
		pem, err := os.ReadFile(c.o.CAFile)
		if err != nil {
			return nil, final("the certificates cannot be read: %v", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, final("%s holds no certificates in PEM form", c.o.CAFile)
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	var rt nethttp.RoundTripper = t
	if len(c.o.Insecure) > 0 {
		careless := t.Clone()
		careless.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // the user has named these hosts
		rt = &byHost{hosts: c.o.Insecure, listed: careless, others: t}
	}
	return &nethttp.Client{Transport: rt, CheckRedirect: checkRedirect}, nil
}

// byHost sends requests to listed hosts another way than the others.
type byHost struct {
	hosts          []string
	listed, others nethttp.RoundTripper
}

// RoundTrip implements net/http.RoundTripper.
func (b *byHost) RoundTrip(r *nethttp.Request) (*nethttp.Response, error) {
	for _, h := range b.hosts {
		if h == r.URL.Host || h == r.URL.Hostname() {
			return b.listed.RoundTrip(r)
		}
	}
	return b.others.RoundTrip(r)
}

func checkRedirect(r *nethttp.Request, via []*nethttp.Request) error {
	if len(via) >= 10 {
		return final("more than 10 redirects")
	}
	if via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return final("redirected from https to %s, which anyone on the way can change", Redact(r.URL.String()))
	}
	return nil
}
