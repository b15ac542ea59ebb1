package git

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cairn-build/cairn/graph/fetch"
)

// repo is a real repository that a test makes with git.
type repo struct {
	t   *testing.T
	dir string
}

func newRepo(t *testing.T, initArgs ...string) *repo {
	t.Helper()
	return newRepoAt(t, filepath.Join(t.TempDir(), "repo.git"), initArgs...)
}

func newRepoAt(t *testing.T, dir string, initArgs ...string) *repo {
	t.Helper()
	r := &repo{t, dir}
	r.run(append([]string{"init", "-q", "-b", "main", r.dir}, initArgs...)...)
	return r
}

func (r *repo) run(args ...string) string {
	r.t.Helper()
	c := exec.Command("git", args...)
	if _, err := os.Stat(r.dir); err == nil {
		c.Dir = r.dir
	}
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org", "GIT_AUTHOR_DATE=1700000000 +0000", "GIT_COMMITTER_DATE=1700000000 +0000"}
	out, err := c.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit writes files (nil removes one; "->x" makes a link, "+x" a program) and commits them.
func (r *repo) commit(files map[string]string) string {
	r.t.Helper()
	for name, text := range files {
		p := filepath.Join(r.dir, name)
		r.check(os.MkdirAll(filepath.Dir(p), 0o755))
		os.Remove(p)
		switch {
		case strings.HasPrefix(text, "->"):
			r.check(os.Symlink(text[2:], p))
		case strings.HasPrefix(text, "+"):
			r.check(os.WriteFile(p, []byte(text[1:]), 0o755))
		case text != "":
			r.check(os.WriteFile(p, []byte(text), 0o644))
		}
	}
	r.run("add", "-A")
	r.run("commit", "-q", "--allow-empty", "-m", "change")
	return r.run("rev-parse", "HEAD")
}

// object writes an object that git's own commands would not make.
func (r *repo) object(kind, text string) string {
	r.t.Helper()
	f := filepath.Join(r.t.TempDir(), "object")
	r.check(os.WriteFile(f, []byte(text), 0o644))
	return r.run("hash-object", "-t", kind, "--literally", "-w", f)
}

func (r *repo) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) file() string { return "file://" + r.dir }

// serve gives the repository's address on a smart HTTP server of git's own, and counts the requests.
func (r *repo) serve() (url string, requests *atomic.Int32) { return r.serveProtocol(true) }

// serveProtocol can leave out version 2 of the protocol, as old servers do: those give out only what a ref leads to.
func (r *repo) serveProtocol(v2 bool) (url string, requests *atomic.Int32) {
	r.t.Helper()
	execPath := strings.TrimSpace(r.run("--exec-path"))
	n := &atomic.Int32{}
	env := []string{"GIT_PROJECT_ROOT=" + filepath.Dir(r.dir), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "HOME=" + r.t.TempDir()}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		n.Add(1)
		h := &cgi.Handler{Path: filepath.Join(execPath, "git-http-backend"), Dir: r.dir, Root: "/git", Env: env, Stderr: io.Discard}
		if v2 {
			h.Env = append(slices.Clone(env), "GIT_PROTOCOL="+q.Header.Get("Git-Protocol"))
		}
		h.ServeHTTP(w, q)
	}))
	r.t.Cleanup(s.Close)
	return s.URL + "/git/" + filepath.Base(r.dir) + "/.git", n
}

// ways are the two ways to talk to servers and read objects.
var ways = map[string]func() (string, error){
	"git":    nil,
	"go-git": func() (string, error) { return "", errors.New("not there") },
}

// newFetcher makes a Fetcher with a cache and a HOME of its own.
func newFetcher(t *testing.T, way string) *Fetcher {
	t.Helper()
	return fetcherAt(t, way, t.TempDir())
}

func fetcherAt(t *testing.T, way, dir string) *Fetcher {
	home := t.TempDir()
	return New(Options{Dir: dir, Git: ways[way], Environ: func() []string {
		return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1"}
	}})
}

func question(url, ref string) fetch.Question {
	return fetch.Question{Params: map[string]string{"url": url, "ref": ref}}
}

func resolve(t *testing.T, f *Fetcher, q fetch.Question) (commit, tree string) {
	t.Helper()
	a, err := f.Resolve(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return a["commit"], a["tree"]
}

// declared gives the code of a *fetch.DeclaredError.
func declared(err error) string {
	var e *fetch.DeclaredError
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprintf("not declared: %v", err)
}

// tree fetches a tree and gives it as text: a line for each entry.
func fetchTree(t *testing.T, f *Fetcher, r fetch.Request) (string, error) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := f.FetchTree(t.Context(), r, root); err != nil {
		return "", err
	}
	var b strings.Builder
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		fi, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			fmt.Fprintf(&b, "%s/\n", rel)
		case d.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(p)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s -> %s\n", rel, to)
		default:
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			x := ""
			if fi.Mode()&0o100 != 0 {
				x = "*"
			}
			fmt.Fprintf(&b, "%s%s %q\n", rel, x, data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), nil
}

func request(url, ref, subdir, commit, tree string) fetch.Request {
	return fetch.Request{Params: map[string]string{"url": url, "ref": ref, "subdir": subdir, "commit": commit}, GitTree: tree}
}

// show resolves and fetches.
func show(t *testing.T, f *Fetcher, url, ref, subdir string) (string, error) {
	t.Helper()
	q := question(url, ref)
	q.Params["subdir"] = subdir
	a, err := f.Resolve(t.Context(), q)
	if err != nil {
		return "", err
	}
	return fetchTree(t, f, request(url, ref, subdir, a["commit"], a["tree"]))
}
