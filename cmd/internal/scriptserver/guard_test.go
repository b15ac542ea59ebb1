package scriptserver

import (
	"net/http"
	"testing"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
)

func TestToken(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.Token, o.Socket = "0123456789abcdef", false })
	auth := func(v ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["Authorization"] = v }
	}
	for _, c := range []struct {
		status int
		header []string
	}{
		{200, []string{"Bearer 0123456789abcdef"}},
		{200, []string{"bearer  0123456789abcdef "}},
		{401, nil},
		{401, []string{""}},
		{401, []string{"Bearer"}},
		{401, []string{"Bearer 0123456789abcde"}},
		{401, []string{"Bearer 0123456789abcdefg"}},
		{401, []string{"Basic 0123456789abcdef"}},
		{401, []string{"0123456789abcdef"}},
		{401, []string{"Bearer 0123456789abcdef", "Bearer x"}},
	} {
		h.want(c.status, "GET", "/procedures", "", auth(c.header...))
	}
	a := h.want(401, "POST", "/procedures", `{"script": {"script_type": "filesystem", "script_uri": "file:///a.py"}}`)
	if a.Header().Get("WWW-Authenticate") == "" {
		t.Error(a.Header())
	}
	// Who has no token learns nothing of what there is, but that it lives.
	h.want(401, "GET", "/nothing", "")
	h.want(401, "GET", "/stream", "")
	h.want(401, "DELETE", "/health", "")
	h.want(200, "GET", "/health", "")
	// With it, names and origins are of no interest.
	h.want(200, "GET", "/procedures", "", auth("Bearer 0123456789abcdef"), func(r *http.Request) { r.Host = "cairn.example.org"; r.Header.Set("Origin", "https://ui.example.org") })
}

// Without a token, a page in a browser on the same machine gets nowhere.
func TestWebPages(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.Socket = false })
	for _, c := range []struct {
		status int
		host   string
		set    map[string]string
	}{
		{200, "localhost:5000", nil},
		{200, "LOCALHOST", nil},
		{200, "127.0.0.1:5000", nil},
		{200, "127.8.9.1", nil},
		{200, "[::1]:5000", nil},
		{200, "[::1]", nil},
		{403, "evil.example.org:5000", nil}, // DNS rebinding
		{403, "localhost.evil.example.org", nil},
		{403, "127.0.0.1.evil.example.org", nil},
		{403, "192.168.1.1:5000", nil},
		{403, "", nil},
		{403, "localhost:5000@evil.example.org", nil},
		{403, "localhost:5000", map[string]string{"Origin": "https://evil.example.org"}},
		{403, "localhost:5000", map[string]string{"Origin": "null"}},
		{403, "localhost:5000", map[string]string{"Origin": "http://localhost:8080"}}, // another service of this machine
		{403, "localhost:5000", map[string]string{"Sec-Fetch-Site": "cross-site"}},
		{403, "localhost:5000", map[string]string{"Sec-Fetch-Site": "same-site"}},
		{200, "localhost:5000", map[string]string{"Sec-Fetch-Site": "none"}},
		{200, "localhost:5000", map[string]string{"Origin": "http://localhost:5000", "Sec-Fetch-Site": "same-origin"}},
	} {
		for _, path := range []string{"/procedures", "/health", "/api/v1.0/procedures"} {
			a := h.ask("GET", path, "", func(r *http.Request) {
				r.Host = c.host
				for k, v := range c.set {
					r.Header.Set(k, v)
				}
			})
			if a.Code != c.status {
				t.Errorf("%s %s %v: %d, want %d", path, c.host, c.set, a.Code, c.status)
			}
			for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Headers"} {
				if a.Header().Get(name) != "" {
					t.Errorf("%s is set", name)
				}
			}
		}
	}
	// A form of a page cannot say that it sends JSON; a preflight that asks whether it may gets no for an answer.
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		h.want(415, "POST", "/procedures", `{"script": {}}`, func(r *http.Request) { r.Header.Set("Content-Type", kind) })
	}
	h.want(405, "OPTIONS", "/procedures", "")
}

func TestIsLoopback(t *testing.T) {
	for addr, want := range map[string]bool{"127.0.0.1:5000": true, "localhost:0": true, "[::1]:1": true, "::1": true, "0.0.0.0:5000": false, ":5000": false,
		"[::]:5000": false, "10.0.0.1:80": false, "example.org:80": false, "": false, "[::ffff:127.0.0.1]:1": true} {
		if httpd.IsLoopback(addr) != want {
			t.Errorf("%q: %v", addr, !want)
		}
	}
}
