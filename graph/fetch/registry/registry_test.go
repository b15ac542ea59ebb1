package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/fetch/http"
)

const wheel = "the wheel's bytes"

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// env is an environment with a home of its own and no configuration but what is given. It starts no client unless run
// says what that prints.
type env struct {
	t    *testing.T
	vars map[string]string
	run  map[string]string // by program
	ran  []string
	dir  string
}

func newEnv(t *testing.T, vars ...string) *env {
	e := &env{t: t, vars: map[string]string{}, run: map[string]string{}, dir: t.TempDir()}
	e.vars["HOME"] = filepath.Join(e.dir, "home")
	for i := 0; i < len(vars); i += 2 {
		e.vars[vars[i]] = vars[i+1]
	}
	return e
}

func (e *env) write(path, text string) string {
	e.t.Helper()
	p := filepath.Join(e.dir, path)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		e.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		e.t.Fatal(err)
	}
	return p
}

func (e *env) registry() *Registry {
	return New(Options{
		Getenv: func(n string) string { return e.vars[n] },
		System: filepath.Join(e.dir, "etc"),
		Run: func(_ context.Context, argv ...string) ([]byte, error) {
			e.ran = append(e.ran, argv[0])
			if out, ok := e.run[argv[0]]; ok {
				return []byte(out + "\n"), nil
			}
			return nil, errors.New("not there")
		},
		HTTP: http.Options{Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }},
	})
}

func (e *env) get(r *Registry, params ...string) (string, error) {
	q := fetch.Request{Params: map[string]string{}, SHA256: sum(wheel)}
	for i := 0; i < len(params); i += 2 {
		q.Params[params[i]] = params[i+1]
	}
	rc, err := r.Fetch(context.Background(), q)
	if err != nil {
		return "", err
	}
	defer rc.Close()
	b, err := io.ReadAll(rc)
	return string(b), err
}

func (e *env) pypi(r *Registry) (string, error) {
	return e.get(r, "index", "pypi", "package", "My.Pkg", "version", "1.0", "file", "my_pkg-1.0.whl")
}

// site is a server of literal answers; "JSON " before a body makes it PEP 691's.
func site(t *testing.T, pages map[string]string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		b, ok := pages[r.URL.EscapedPath()]
		user, pw, _ := r.BasicAuth()
		if need, has := pages["auth"]; has && need != user+":"+pw && need != r.Header.Get("Authorization") {
			w.WriteHeader(401)
			return
		}
		if !ok {
			w.WriteHeader(404)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if j, is := strings.CutPrefix(b, "JSON "); is {
			b = j
			w.Header().Set("Content-Type", "application/vnd.pypi.simple.v1+json")
		}
		io.WriteString(w, strings.ReplaceAll(b, "HOST", "http://"+r.Host))
	}))
	t.Cleanup(s.Close)
	return s
}

func TestPyPI(t *testing.T) {
	html := `<!DOCTYPE html><html><!-- <a href="/no/my_pkg-1.0.whl"> --><body><a class=x href="../../files/other.whl">o</a>
<A data-requires-python="&gt;=3" HREF='../../files/my_pkg-1.0.whl#sha256=` + sum(wheel) + `'>my_pkg-1.0.whl</A></body></html>`
	json := `JSON {"files":[{"filename":"my_pkg-1.0.whl","url":"HOST/files/my_pkg-1.0.whl","hashes":{"sha256":"` + sum(wheel) + `"}}]}`
	for what, page := range map[string]string{"html": html, "json": json, "no hash": `<a href=/files/my_pkg-1.0.whl>x</a>`} {
		s := site(t, map[string]string{"/simple/my-pkg/": page, "/files/my_pkg-1.0.whl": wheel})
		for _, index := range []string{s.URL + "/simple", s.URL + "/simple/"} {
			e := newEnv(t, "PIP_INDEX_URL", index)
			if got, err := e.pypi(e.registry()); err != nil || got != wheel {
				t.Errorf("%s: %q, %v", what, got, err)
			}
			if len(e.ran) != 0 {
				t.Errorf("%s: started %q, though an index is configured", what, e.ran)
			}
		}
	}
}

func TestPyPIDefault(t *testing.T) {
	s := site(t, map[string]string{"/simple/my-pkg/": `<a href=/f/my_pkg-1.0.whl>`, "/f/my_pkg-1.0.whl": wheel})
	e := newEnv(t)
	r := e.registry()
	if _, err := e.pypi(r); err == nil || !strings.Contains(err.Error(), "set PIP_INDEX_URL") {
		t.Errorf("without pip: %v", err)
	}
	e.run["python3"] = s.URL + "/simple"
	for range 2 {
		if got, err := e.pypi(r); err != nil || got != wheel {
			t.Errorf("%q, %v", got, err)
		}
	}
	if len(e.ran) != 2 { // the one that failed, and the one that did not
		t.Errorf("started %q", e.ran)
	}
}

func TestPyPIPlaces(t *testing.T) {
	full := site(t, map[string]string{"/simple/my-pkg/": `<a href=/f/my_pkg-1.0.whl>`, "/f/my_pkg-1.0.whl": wheel, "/links": `<a href="f/my_pkg-1.0.whl">`})
	empty := site(t, nil)
	other := site(t, map[string]string{"/simple/my-pkg/": `<a href="/f/my_pkg-1.0.whl#sha256=` + sum("x") + `">`, "/f/my_pkg-1.0.whl": "x"})
	locked := site(t, map[string]string{"auth": "me:pw", "/simple/my-pkg/": `<a href=/f/my_pkg-1.0.whl>`, "/f/my_pkg-1.0.whl": wheel})
	withLogin := strings.Replace(locked.URL, "://", "://me:pw@", 1)
	wrong := filepath.Dir(newEnv(t).write("my_pkg-1.0.whl", "another"))
	right := filepath.Dir(newEnv(t).write("my_pkg-1.0.whl", wheel))
	tree := filepath.Dir(filepath.Dir(newEnv(t).write("my-pkg/my_pkg-1.0.whl", wheel)))
	for _, c := range []struct {
		what string
		env  []string
		ok   bool
	}{
		{"an extra index", []string{"PIP_INDEX_URL", empty.URL + "/simple", "PIP_EXTRA_INDEX_URL", other.URL + "/simple " + full.URL + "/simple"}, true},
		{"a folder of links", []string{"PIP_FIND_LINKS", wrong + " " + right, "PIP_NO_INDEX", "1"}, true},
		{"a folder with another file", []string{"PIP_FIND_LINKS", wrong, "PIP_INDEX_URL", full.URL + "/simple"}, true},
		{"a folder by URL", []string{"PIP_FIND_LINKS", "file://" + right, "PIP_NO_INDEX", "1"}, true},
		{"a page of links", []string{"PIP_FIND_LINKS", full.URL + "/links", "PIP_NO_INDEX", "true"}, true},
		{"an index in a folder", []string{"PIP_INDEX_URL", "file://" + tree}, true},
		{"credentials of the index are the file's", []string{"PIP_INDEX_URL", withLogin + "/simple"}, true},
		{"nowhere", []string{"PIP_NO_INDEX", "1"}, false},
		{"no such package", []string{"PIP_INDEX_URL", empty.URL + "/simple"}, false},
		{"another file of the name", []string{"PIP_INDEX_URL", other.URL + "/simple"}, false},
		{"no credentials", []string{"PIP_INDEX_URL", locked.URL + "/simple"}, false},
		{"wrong credentials", []string{"PIP_INDEX_URL", strings.Replace(locked.URL, "://", "://me:no@", 1) + "/simple"}, false},
	} {
		e := newEnv(t, c.env...)
		got, err := e.pypi(e.registry())
		if (err == nil && got == wheel) != c.ok {
			t.Errorf("%s: %q, %v", c.what, got, err)
		}
		if err != nil && (strings.Contains(err.Error(), "me:") || !strings.Contains(err.Error(), "My.Pkg 1.0")) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

func TestPyPINearestName(t *testing.T) {
	s := site(t, map[string]string{"/my-pkg/": `<a href=/f/my_pkg-1.0.tar.gz><a href=/f/my_pkg-1.1.whl>`})
	e := newEnv(t, "PIP_INDEX_URL", s.URL)
	if _, err := e.pypi(e.registry()); err == nil || !strings.Contains(err.Error(), `but "my_pkg-1.1.whl"`) {
		t.Errorf("got %v", err)
	}
}

func TestPipConfig(t *testing.T) {
	e := newEnv(t)
	e.write("etc/pip.conf", "[global]\nindex-url = http://machine/\nfind-links =\n    /a\n    ~/b\n")
	e.write("home/.config/pip/pip.conf", "# mine\n[global]\nindex_url: http://user/\nextra-index-url = http://x/ http://y/\n[install]\nno-index = yes\ntrusted-host = h\n    i:8080\n[list]\nno-index = no\n")
	read := func(vars ...string) pipConfig {
		for i := 0; i < len(vars); i += 2 {
			e.vars[vars[i]] = vars[i+1]
		}
		return readPip(func(n string) string { return e.vars[n] }, filepath.Join(e.dir, "etc"))
	}
	want := pipConfig{index: "http://user/", extra: []string{"http://x/", "http://y/"}, findLinks: []string{"/a", filepath.Join(e.dir, "home/b")},
		noIndex: true, trusted: []string{"h", "i:8080"}}
	if got := read(); !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	e.write("venv/pip.conf", "[global]\nindex-url=http://venv/\ncert=/c\n")
	if got := read("VIRTUAL_ENV", filepath.Join(e.dir, "venv")); got.index != "http://venv/" || got.cert != "/c" {
		t.Errorf("virtual environment: %+v", got)
	}
	own := e.write("own.conf", "[global]\nindex-url=http://own/\nproxy = http://p:1\n")
	if got := read("PIP_CONFIG_FILE", own, "PIP_CERT", "/d"); got.index != "http://own/" || got.cert != "/d" || got.proxy != "http://p:1" {
		t.Errorf("own file: %+v", got)
	}
	if got := read("PIP_INDEX_URL", "http://env/"); got.index != "http://env/" {
		t.Errorf("variable: %+v", got)
	}
	if got := read("PIP_CONFIG_FILE", os.DevNull, "PIP_INDEX_URL", "", "PIP_CERT", ""); fmt.Sprint(got) != fmt.Sprint(pipConfig{}) {
		t.Errorf("no files: %+v", got)
	}
	if got := read("CURL_CA_BUNDLE", "/e"); got.cert != "/e" {
		t.Errorf("bundle: %+v", got)
	}
}

func npmGet(e *env, r *Registry, pkg, version string) (string, error) {
	return e.get(r, "index", "npm", "package", pkg, "version", version)
}

func TestNPM(t *testing.T) {
	doc := func(tarball string) string {
		return `{"versions":{"1.0.0":{"dist":{"tarball":"` + tarball + `"}},"1.0.1":{"dist":{}}}}`
	}
	s := site(t, map[string]string{
		"/npm/left-pad": doc("HOST/t/left-pad-1.0.0.tgz"), "/t/left-pad-1.0.0.tgz": wheel,
		"/npm/@a%2fb": doc("http://127.0.0.1:1/t/b.tgz"), "/t/b.tgz": wheel,
		"/npm/text": "hello",
	})
	locked := site(t, map[string]string{"auth": "Bearer s3cret", "/own/@mine%2fx": doc("HOST/own/x.tgz"), "/own/x.tgz": wheel})
	basic := site(t, map[string]string{"auth": "me:pw", "/@b%2fx": doc("HOST/x.tgz"), "/x.tgz": wheel})
	host := func(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }
	e := newEnv(t, "TOKEN", "s3cret")
	e.write("home/.npmrc", fmt.Sprintf("; mine\nregistry = %s/npm/\n@mine:registry=%s/own\n//%s/own/:_authToken=${TOKEN}\n@b:registry=%s\n//%s/:username=me\n//%s/:_password=\"cHc=\"\n",
		s.URL, locked.URL, host(locked), basic.URL, host(basic), host(basic)))
	r := e.registry()
	for _, pkg := range []string{"left-pad", "@a/b", "@mine/x", "@b/x"} {
		if got, err := npmGet(e, r, pkg, "1.0.0"); err != nil || got != wheel {
			t.Errorf("%s: %q, %v", pkg, got, err)
		}
	}
	for _, c := range []struct{ pkg, version, want string }{
		{"none", "1.0.0", "no such package"}, {"left-pad", "1.0.2", "no version 1.0.2, but 1.0."}, {"left-pad", "1.0.1", "no version"}, {"text", "1", "no JSON"},
	} {
		if _, err := npmGet(e, r, c.pkg, c.version); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if len(e.ran) != 0 {
		t.Errorf("started %q", e.ran)
	}
	e.vars["TOKEN"] = "other"
	if _, err := npmGet(e, e.registry(), "@mine/x", "1.0.0"); err == nil || strings.Contains(err.Error(), "other") {
		t.Errorf("a wrong token: %v", err)
	}
}

func TestNPMDefault(t *testing.T) {
	s := site(t, map[string]string{"/x": `{"versions":{"1":{"dist":{"tarball":"/x.tgz"}}}}`, "/x.tgz": wheel})
	e := newEnv(t)
	e.run["npm"] = s.URL + "/"
	if got, err := npmGet(e, e.registry(), "x", "1"); err != nil || got != wheel {
		t.Errorf("%q, %v", got, err)
	}
	e.vars["npm_config_registry"] = s.URL
	e.run = nil
	if got, err := npmGet(e, e.registry(), "x", "1"); err != nil || got != wheel {
		t.Errorf("by variable: %q, %v", got, err)
	}
	e.vars["npm_config_registry"] = ""
	if _, err := npmGet(e, e.registry(), "x", "1"); err == nil || !strings.Contains(err.Error(), "set npm_config_registry") {
		t.Errorf("without npm: %v", err)
	}
}

func TestExpand(t *testing.T) {
	get := func(n string) string { return map[string]string{"A": "1"}[n] }
	for in, want := range map[string]string{"": "", "x${A}y${A}": "x1y1", "${B}": "${B}", "${A": "${A", "$A": "$A", "${${A}": "${1"} {
		if got := expand(in, get); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestGo(t *testing.T) {
	full := site(t, map[string]string{"/example.org/!mod/v2/@v/v2.0.0-!r!c.zip": wheel})
	gone := site(t, nil)
	broken := site(t, map[string]string{"auth": "x:y"})
	dir := newEnv(t)
	dir.write("example.org/!mod/v2/@v/v2.0.0-!r!c.zip", wheel)
	for _, c := range []struct {
		what, proxies string
		ok            bool
	}{
		{"one", full.URL, true},
		{"the second", gone.URL + "," + full.URL + "/,direct", true},
		{"a comma after a failure", broken.URL + "," + full.URL, false},
		{"a bar after a failure", broken.URL + "|" + full.URL, true},
		{"a folder", "file://" + dir.dir, true},
		{"off", "off," + full.URL, false},
		{"direct", "direct", false},
	} {
		e := newEnv(t, "GOPROXY", c.proxies)
		ask := func() (string, error) {
			return e.get(e.registry(), "index", "go", "package", "example.org/Mod/v2", "version", "v2.0.0-RC", "file", "v2.0.0-RC.zip")
		}
		if got, err := ask(); (err == nil && got == wheel) != c.ok {
			t.Errorf("%s: %q, %v", c.what, got, err)
		}
		e.vars["GOPROXY"] = ""
		e.run["go"] = c.proxies
		if got, err := ask(); (err == nil && got == wheel) != c.ok {
			t.Errorf("%s, as go says: %q, %v", c.what, got, err)
		}
	}
}

func TestBadRequests(t *testing.T) {
	e := newEnv(t)
	for _, p := range [][]string{{"index", "cpan"}, {"index", "pypi", "file", "../x"}, {"index", "go", "file", ".."}} {
		if _, err := e.get(e.registry(), p...); err == nil {
			t.Errorf("%q was accepted", p)
		}
	}
	if _, err := e.get(e.registry(), "index", "go", "package", "m", "file", "x"); err == nil || !strings.Contains(err.Error(), "set GOPROXY") {
		t.Errorf("without go: %v", err)
	}
}

func TestRun(t *testing.T) {
	if out, err := run(context.Background(), "echo", "hi"); err != nil || string(out) != "hi\n" {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := run(context.Background(), "sh", "-c", "echo first >&2; echo last >&2; exit 3"); err == nil || !strings.HasSuffix(err.Error(), ": last") {
		t.Errorf("got %v", err)
	}
}

func page(body string) *http.Page {
	u, _ := url.Parse("http://h/simple/p/")
	return &http.Page{URL: u, Body: []byte(body)}
}

func TestLinks(t *testing.T) {
	for body, want := range map[string]string{
		`<a href="a.whl#sha256=00">`:                            "[{a.whl http://h/simple/p/a.whl 00  false false}]",
		`<base href="http://i/x/"><a href=b%20c.whl?q=1&amp;r>`: "[{b c.whl http://i/x/b%20c.whl?q=1&r   false false}]",
		`<a
href = 'x' href=y>`: "[{x http://h/simple/p/x   false false}]",
		`<abbr href=z><a name=q><a href><!-- <a href=c> --`: "[{p http://h/simple/p/   false false}]",
		`<a href="x`: "[{x http://h/simple/p/x   false false}]",
		`<`:          "[]",
		`<a href=x data-requires-python="&gt;=3.9" data-yanked data-core-metadata="sha256=00">`: "[{x http://h/simple/p/x  >=3.9 true true}]",
		`<a href=x data-dist-info-metadata=true data-core-metadata=false>`:                      "[{x http://h/simple/p/x   false true}]",
	} {
		if got := fmt.Sprint(parseLinks(page(body))); got != want {
			t.Errorf("%q:\n got %s\nwant %s", body, got, want)
		}
	}
}

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{"Brotli": "brotli", "a__b--c..d": "a-b-c-d", "A.B_C": "a-b-c"} {
		if got := normalize(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzLinks(f *testing.F) {
	f.Add(`<base href="/x/"><a href="a.whl#sha256=00" data-x>t</a><!-- <a href=b> -->`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, l := range parseLinks(page(s)) {
			if strings.Contains(l.name, "/") && l.name != "/" {
				t.Errorf("%q: name %q", s, l.name)
			}
		}
	})
}

func FuzzINI(f *testing.F) {
	f.Add("[global]\nindex-url = x\n  y\n# c\nkey: v\n[")
	f.Fuzz(func(t *testing.T, s string) {
		parseINI(s, func(_, key, value string) {
			if key == "" || value != strings.TrimSpace(value) {
				t.Errorf("%q: %q = %q", s, key, value)
			}
		})
	})
}

func FuzzNpmrc(f *testing.F) {
	f.Add("registry=${A}\n//h/:_authToken = \"x\"\n;c\nflag")
	f.Fuzz(func(t *testing.T, s string) {
		rc := npmrc{}
		parseNpmrc(s, func(string) string { return "v" }, rc)
		rc.login("http://h/a/b/c")
	})
}
