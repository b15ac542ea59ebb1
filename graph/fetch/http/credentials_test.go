package http

import (
	"encoding/pem"
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

func TestCredentials(t *testing.T) {
	var auth atomic.Value
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, _ int) { auth.Store(r.Header.Get("Authorization")) })
	dir := t.TempDir()
	netrc := "machine other login x password y\nmachine 127.0.0.1\n  login me password s#cret # mine\n"
	if err := os.WriteFile(filepath.Join(dir, ".netrc"), []byte(netrc), 0o600); err != nil {
		t.Fatal(err)
	}
	const me, url = "Basic bWU6cyNjcmV0", "Basic YTpi"
	for _, c := range []struct {
		env  map[string]string
		user string
		want string
	}{
		{map[string]string{"HOME": dir}, "", me},
		{map[string]string{"NETRC": filepath.Join(dir, ".netrc")}, "", me},
		{map[string]string{"HOME": dir}, "a:b@", url},
		{map[string]string{"HOME": dir, "NETRC": filepath.Join(dir, "none")}, "", ""},
		{nil, "", ""},
	} {
		cl, _ := client(t, Options{Getenv: func(n string) string { return c.env[n] }})
		if _, err := get(cl, strings.Replace(s.URL, "http://", "http://"+c.user, 1)); err != nil {
			t.Fatal(err)
		}
		if got := auth.Load(); got != c.want {
			t.Errorf("%v: sent %q, want %q", c.env, got, c.want)
		}
	}
}

func TestCredentialsStayAtTheirHost(t *testing.T) {
	var leaked atomic.Bool
	other := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		leaked.Store(r.Header.Get("Authorization") != "")
	}))
	defer other.Close()
	away := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, _ int) {
		nethttp.Redirect(w, r, away, nethttp.StatusFound)
	})
	c, _ := client(t, Options{})
	if _, err := get(c, strings.Replace(s.URL, "http://", "http://me:pw@", 1)); err != nil {
		t.Skip("localhost does not lead to this machine here: ", err)
	}
	if leaked.Load() {
		t.Error("credentials were sent to the host that a redirect named")
	}
}

func TestCertificates(t *testing.T) {
	plain := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, _ int) {})
	s := httptest.NewTLSServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/down" {
			nethttp.Redirect(w, r, plain.URL, nethttp.StatusFound)
			return
		}
		w.Write([]byte("ok"))
	}))
	defer s.Close()
	s.Config.ErrorLog = nil
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		o  Options
		ok bool
	}{
		"unknown":    {Options{}, false},
		"named":      {Options{CAFile: file}, true},
		"insecure":   {Options{Insecure: []string{"127.0.0.1"}}, true},
		"by port":    {Options{Insecure: []string{strings.TrimPrefix(s.URL, "https://")}}, true},
		"other host": {Options{Insecure: []string{"example.org"}}, false},
		"no file":    {Options{CAFile: file + "x"}, false},
		"no PEM":     {Options{CAFile: "http_test.go"}, false},
	} {
		cl, w := client(t, c.o)
		b, err := get(cl, s.URL)
		if (err == nil && string(b) == "ok") != c.ok || len(w.ds) != 0 {
			t.Errorf("%s: %q, %v, waited %v", what, b, err, w.ds)
		}
	}
	cl, _ := client(t, Options{CAFile: file})
	if _, err := get(cl, s.URL+"/down"); err == nil || !strings.Contains(err.Error(), "redirected from https") {
		t.Errorf("a redirect to plain http: %v", err)
	}
}

func TestNetrc(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "[]",
		"machine h login u password p":        "[{h u p}]",
		"machine h\n\tpassword p account a\n": "[{h  p}]",
		"macdef init\nmachine evil login u\n\nmachine h login u\ndefault login d password e": "[{h u } { d e}]",
		"# machine x\nmachine machine login default password #p":                             "[{machine default #p}]",
		"login u machine": "[{  }]",
	} {
		if got := fmt.Sprint(parseNetrc(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func FuzzNetrc(f *testing.F) {
	f.Add("machine h login u password p # x\nmacdef m\nx\n\ndefault login d")
	f.Fuzz(func(t *testing.T, s string) { parseNetrc(s) })
}
