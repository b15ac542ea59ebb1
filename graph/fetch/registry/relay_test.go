package registry

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/fetch"
)

func wheelBytes(t *testing.T, metadata string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{"a.py": "", "a-1.dist-info/METADATA": metadata} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// asked is what a client of a relay sees of one path.
func asked(t *testing.T, r fetch.Relay, path string) (int, string) {
	t.Helper()
	base := strings.TrimSuffix(strings.TrimPrefix(r.Env()[0], "UV_DEFAULT_INDEX="), "/simple")
	resp, err := nethttp.Get(base + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.ReplaceAll(string(b), base, "BASE")
}

func TestRelay(t *testing.T) {
	whl := wheelBytes(t, "Name: a\n")
	sum := sha256.Sum256(whl)
	digest := hex.EncodeToString(sum[:])
	links := t.TempDir()
	if err := os.WriteFile(filepath.Join(links, "a-2-py3-none-any.whl"), whl, 0o644); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, q *nethttp.Request) {
		if user, password, _ := q.BasicAuth(); user != "ann" || password != "se-cret" {
			w.WriteHeader(nethttp.StatusUnauthorized)
			return
		}
		switch q.URL.Path {
		case "/simple/a/":
			fmt.Fprintf(w, `<a href="../../f/a-1-py3-none-any.whl#sha256=%s" data-requires-python="&gt;=3.9">x</a><a href="../../f/a-3-py3-none-any.whl" data-core-metadata="true">x</a><a href="../../f/a-2-py3-none-any.whl">x</a>`, digest)
		case "/f/a-1-py3-none-any.whl":
			_, _ = w.Write(whl)
		case "/f/a-3-py3-none-any.whl.metadata":
			_, _ = io.WriteString(w, "beside it\n")
		case "/simple/broken/":
			w.WriteHeader(nethttp.StatusForbidden)
		default:
			w.WriteHeader(nethttp.StatusNotFound)
		}
	}))
	defer server.Close()
	env := map[string]string{"PIP_CONFIG_FILE": os.DevNull, "PIP_INDEX_URL": strings.Replace(server.URL, "://", "://ann:se-cret@", 1) + "/simple", "PIP_FIND_LINKS": links}
	r, err := New(Options{Getenv: func(k string) string { return env[k] }, System: t.TempDir()}).Relay(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	code, text := asked(t, r, "/simple/a/")
	var page struct {
		Files []struct {
			Filename string            `json:"filename"`
			URL      string            `json:"url"`
			Hashes   map[string]string `json:"hashes"`
			Python   string            `json:"requires-python"`
		} `json:"files"`
	}
	if err := json.Unmarshal([]byte(text), &page); code != 200 || err != nil {
		t.Fatal(code, err, text)
	}
	// Find-links come first, so its a-2 is the one that counts.
	want := fmt.Sprintf("[{a-2-py3-none-any.whl BASE/files/a/a-2-py3-none-any.whl map[sha256:%s] } {a-1-py3-none-any.whl BASE/files/a/a-1-py3-none-any.whl map[sha256:%s] >=3.9} {a-3-py3-none-any.whl BASE/files/a/a-3-py3-none-any.whl map[] }]", digest, digest)
	if got := fmt.Sprint(page.Files); got != want {
		t.Errorf("the page has\n %s\nwant\n %s", got, want)
	}
	for _, c := range []struct {
		path, text string
		code       int
	}{
		{"/files/a/a-1-py3-none-any.whl", string(whl), 200},
		{"/files/a/a-1-py3-none-any.whl.metadata", "Name: a\n", 200},
		{"/files/a/a-2-py3-none-any.whl.metadata", "Name: a\n", 200},
		{"/files/a/a-3-py3-none-any.whl.metadata", "beside it\n", 200},
		{"/files/a/b.whl", "404 page not found\n", 404},
		{"/simple/none/", "404 page not found\n", 404},
	} {
		if code, text := asked(t, r, c.path); code != c.code || text != c.text {
			t.Errorf("%s: %d %q", c.path, code, text)
		}
	}
	if err := r.Err(); err != nil {
		t.Errorf("what is not there is no failure: %v", err)
	}
	if code, _ := asked(t, r, "/simple/broken/"); code != nethttp.StatusFailedDependency {
		t.Errorf("a page that cannot be had: %d", code)
	}
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "403") || strings.Contains(err.Error(), "se-cret") {
		t.Errorf("what failed is said as %v", err)
	}
	// Who does not know the secret sees nothing, and nobody does after the end.
	at := strings.SplitN(strings.TrimPrefix(r.Env()[0], "UV_DEFAULT_INDEX="), "/", 4)
	resp, err := nethttp.Get(at[0] + "//" + at[2] + "/simple/a/")
	if err != nil || resp.StatusCode != nethttp.StatusNotFound {
		t.Errorf("without the secret: %v %v", resp, err)
	}
	resp.Body.Close()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := nethttp.Get(at[0] + "//" + at[2] + "/"); err == nil {
		t.Error("it answers after its end")
	}
}

func TestPackageOf(t *testing.T) {
	for file, want := range map[string]string{"A_b.c-1.0-py3-none-any.whl": "a-b-c", "a-b-1.0.tar.gz": "a-b", "x.zip": "", "a-1.exe": "", "": ""} {
		if got := packageOf(file); got != want {
			t.Errorf("%s is of %q, want %q", file, got, want)
		}
	}
}
