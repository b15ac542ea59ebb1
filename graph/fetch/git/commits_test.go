package git

import (
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/fetch"
)

// A known commit needs no network: not after the branch moved, was rewritten or deleted, nor without the repository.
func TestKnownCommit(t *testing.T) {
	for way := range ways {
		t.Run(way, func(t *testing.T) {
			r := newRepo(t)
			first := r.commit(map[string]string{"a": "1"})
			u, requests := r.serve()
			dir := t.TempDir()
			_, tree := resolve(t, fetcherAt(t, way, dir), question(u, "refs/heads/main"))
			r.commit(map[string]string{"a": "2"})
			r.run("reset", "-q", "--hard", first)
			r.run("commit", "-q", "--amend", "-m", "rewritten")
			r.run("branch", "-m", "elsewhere")
			asked := requests.Load()
			want := "a \"1\"\n"
			for _, offline := range []bool{false, true} {
				q := request(u, "refs/heads/main", "", first, tree)
				q.Offline = offline
				if got, err := fetchTree(t, fetcherAt(t, way, dir), q); err != nil || got != want {
					t.Errorf("offline %v: %q, %v", offline, got, err)
				}
			}
			q := question(u, first)
			q.Offline = true
			if c, _ := resolve(t, fetcherAt(t, way, dir), q); c != first {
				t.Error(c)
			}
			if n := requests.Load(); n != asked {
				t.Errorf("%d requests for what is known", n-asked)
			}
			// What is not known cannot be had offline; what was seen last can, where that is asked for.
			q = question(u, "refs/heads/main")
			q.Offline = true
			if _, err := fetcherAt(t, way, dir).Resolve(t.Context(), q); !errors.Is(err, fetch.ErrOffline) {
				t.Errorf("offline: %v", err)
			}
			q.LastSeen = true
			if c, _ := resolve(t, fetcherAt(t, way, dir), q); c != first {
				t.Errorf("last seen: %s", c)
			}
			// Another folder of the same pin is no reason to ask the server, and the pin stays.
			q = question(u, "refs/heads/main")
			q.Had = map[string]string{"url": u, "ref": "refs/heads/main", "commit": first, "tree": tree, "subdir": "x"}
			if c, _ := resolve(t, fetcherAt(t, way, dir), q); c != first || requests.Load() != asked {
				t.Errorf("%s, %d requests", c, requests.Load()-asked)
			}
		})
	}
}

// One answer for a ref as long as the Fetcher lives, whatever the server does meanwhile.
func TestOneResolution(t *testing.T) {
	r := newRepo(t)
	first := r.commit(map[string]string{"a": "1"})
	f := newFetcher(t, "git")
	resolve(t, f, question(r.file(), "refs/heads/main"))
	r.commit(map[string]string{"a": "2"})
	q := question(r.file(), "refs/heads/main")
	if c, _ := resolve(t, f, q); c != first {
		t.Errorf("%s, want %s", c, first)
	}
}

// A server that speaks only the old protocol gives no commit by its id; the ref, or all there is, leads to it.
func TestServerThatGivesOnlyTips(t *testing.T) {
	r := newRepo(t)
	first := r.commit(map[string]string{"a": "1"})
	second := r.commit(map[string]string{"a": "2"})
	u, _ := r.serveProtocol(false)
	for way := range ways {
		dir := t.TempDir()
		for _, commit := range []string{second, first} { // the second time the mirror has a part of the history
			got, err := fetchTree(t, fetcherAt(t, way, dir), request(u, "refs/heads/main", "", commit, r.run("rev-parse", commit+"^{tree}")))
			if err != nil || !strings.HasPrefix(got, "a ") {
				t.Errorf("%s, %s: %q, %v", way, commit, got, err)
			}
		}
	}
}

func TestShortCommits(t *testing.T) {
	for _, c := range []struct {
		way, format string
		sum         func([]byte) string
	}{
		{"git", "sha1", func(b []byte) string { return fmt.Sprintf("%x", sha1.Sum(b)) }},
		{"go-git", "sha1", func(b []byte) string { return fmt.Sprintf("%x", sha1.Sum(b)) }},
		{"git", "sha256", func(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }},
	} {
		t.Run(c.way+"/"+c.format, func(t *testing.T) {
			r := newRepo(t, "--object-format="+c.format)
			first := r.commit(map[string]string{"a": "1"})
			tree := r.run("rev-parse", "HEAD^{tree}")
			// Commits until two begin alike.
			seen := map[string]string{}
			var twins [2]string
			for i := 0; twins[0] == ""; i++ {
				text := fmt.Sprintf("tree %s\nparent %s\nauthor a <a> %d +0000\ncommitter a <a> %d +0000\n\nx\n", tree, first, i, i)
				id := c.sum(fmt.Appendf(nil, "commit %d\x00%s", len(text), text))
				if other, ok := seen[id[:4]]; ok {
					twins = [2]string{r.object("commit", other), r.object("commit", text)}
				}
				seen[id[:4]] = text
			}
			r.run("update-ref", "refs/heads/one", twins[0])
			r.run("update-ref", "refs/heads/two", twins[1])
			f := newFetcher(t, c.way)
			for _, want := range append(twins[:], first) {
				n := 4
				for strings.HasPrefix(twins[0], want[:n]) && strings.HasPrefix(twins[1], want[:n]) {
					n++
				}
				if got, _ := resolve(t, f, question(r.file(), want[:n+1])); got != want {
					t.Errorf("%s is %s, want %s", want[:n+1], got, want)
				}
			}
			for range 2 {
				_, err := f.Resolve(t.Context(), question(r.file(), twins[0][:4]))
				if declared(err) != "ambiguous-commit" || !strings.Contains(err.Error(), twins[0]) || !strings.Contains(err.Error(), twins[1]) {
					t.Errorf("%v", err)
				}
			}
		})
	}
	r := newRepo(t, "--object-format=sha256")
	id := r.commit(map[string]string{"a": "1"})
	for _, ref := range []string{id, id[:8], "HEAD"} {
		if _, err := newFetcher(t, "go-git").Resolve(t.Context(), question(r.file(), ref)); err == nil || !strings.Contains(err.Error(), "git on PATH") {
			t.Errorf("%s without git: %v", ref, err)
		}
	}
}

// Of a commit nothing but itself is fetched, tip or not, where the server gives it out alone; where history was asked for, later commits
// do not cut it off.
func TestShallow(t *testing.T) {
	r := newRepo(t)
	var commits []string
	for i := range 12 {
		commits = append(commits, r.commit(map[string]string{"a": strconv.Itoa(i)}))
	}
	r.run("tag", "v1", commits[0])
	u, _ := r.serve()
	dir := t.TempDir()
	a, err := parseAddress(u, "")
	if err != nil {
		t.Fatal(err)
	}
	count := func() string {
		return r.run("--git-dir="+fetcherAt(t, "git", dir).mirrorOf(a, "", false).dir, "rev-list", "--all", "--count")
	}
	for i, ref := range []string{"HEAD", commits[3], commits[7][:40]} {
		resolve(t, fetcherAt(t, "git", dir), question(u, ref))
		if got := count(); got != strconv.Itoa(i+1) {
			t.Errorf("%s brought %s commits, want %d", ref, got, i+1)
		}
	}
	if a, err := fetcherAt(t, "git", dir).Resolve(t.Context(), describing(u, commits[3])); err != nil || a["describe"] != "v1-3-g"+commits[3][:12] {
		t.Errorf("%v, %v", a, err)
	}
	r.commit(map[string]string{"a": "last"})
	resolve(t, fetcherAt(t, "git", dir), question(u, "HEAD"))
	if got := count(); got != "13" {
		t.Errorf("%s commits, want all 13", got)
	}
}

// A server that allows it gives go-git a commit alone, too; without its refs being asked for.
func TestReachableAllowed(t *testing.T) {
	r := newRepo(t)
	first := r.commit(map[string]string{"a": "1"})
	r.commit(map[string]string{"a": "2"})
	r.run("config", "uploadpack.allowReachableSHA1InWant", "true")
	u, _ := r.serveProtocol(false)
	for way := range ways {
		dir := t.TempDir()
		if c, _ := resolve(t, fetcherAt(t, way, dir), question(u, first)); c != first {
			t.Errorf("%s: %s", way, c)
		}
		a, err := parseAddress(u, "")
		if err != nil {
			t.Fatal(err)
		}
		f := fetcherAt(t, way, dir)
		if names, err := os.ReadDir(filepath.Join(f.mirrorOf(a, f.transport().suffix(), false).dir, "refs/cairn/remote")); err == nil {
			t.Errorf("%s: all refs were fetched: %v", way, names)
		}
	}
}
