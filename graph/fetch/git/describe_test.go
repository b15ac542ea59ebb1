package git

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/fetch"
)

// describing asks for a commit's place in history, whatever is in its tree.
func describing(url, ref string) fetch.Question {
	q := question(url, ref)
	q.Params["describing"] = "always"
	q.Want = []string{"describe"}
	return q
}

// gitDescribes is what git itself says.
func (r *repo) gitDescribes(commit string) string {
	return r.run("describe", "--tags", "--long", "--always", "--abbrev=12", "--match", "*[0-9]*", commit)
}

// Histories that fork and join, with tags of both sorts all over: git says the same of each commit.
func TestDescribeIsGits(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	for round := range 4 {
		r := newRepo(t)
		tree := r.object("tree", "")
		var commits []string
		for i := range 40 {
			text := "tree " + tree + "\n"
			if i > 0 {
				parents := map[string]bool{}
				for range 1 + rnd.IntN(3) {
					parents[commits[max(0, i-1-rnd.IntN(6))]] = true
				}
				for p := range parents {
					text += "parent " + p + "\n"
				}
			}
			when := 1700000000 + i*10 - rnd.IntN(40) // clocks go wrong
			who := fmt.Sprintf("a <a@example.org> %d +0000\n", when)
			commits = append(commits, r.object("commit", text+"author "+who+"committer "+who+fmt.Sprintf("\n%d\n", i)))
		}
		for i := range 14 * round {
			at := commits[rnd.IntN(len(commits))]
			switch rnd.IntN(4) {
			case 0:
				r.run("tag", fmt.Sprintf("v%d", i), at)
			case 1:
				r.run("tag", "-a", "-m", "t", fmt.Sprintf("rel/%d", i), at)
			case 2:
				r.run("tag", "nightly"+strings.Repeat("x", i), at)
			case 3:
				r.run("tag", "-a", "-m", "t", fmt.Sprintf("w%d", i), at)
			}
		}
		for i, id := range commits {
			r.run("update-ref", fmt.Sprintf("refs/heads/b%d", i), id)
		}
		for way := range ways {
			f := newFetcher(t, way)
			for i := rnd.IntN(4); i < len(commits); i += 4 {
				a, err := f.Resolve(t.Context(), describing(r.file(), commits[i]))
				if err != nil {
					t.Fatal(err)
				}
				if want := r.gitDescribes(commits[i]); a["describe"] != want {
					t.Errorf("%s, round %d, commit %d: %s, want %s", way, round, i, a["describe"], want)
				}
			}
		}
	}
}

// A tag that is added changes what is said of the same tree; what is here already is not fetched again.
func TestDescribe(t *testing.T) {
	each(t, func(t *testing.T, way string, url func(*repo) string) {
		r := newRepo(t)
		first := r.commit(map[string]string{"a": "1"})
		second := r.commit(map[string]string{"a": "2"})
		u, dir := url(r), t.TempDir()
		ask := func(q fetch.Question) string {
			t.Helper()
			a, err := fetcherAt(t, way, dir).Resolve(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			return a["describe"]
		}
		resolve(t, fetcherAt(t, way, dir), question(u, "HEAD")) // the commit alone, where the server can
		if got := ask(describing(u, "HEAD")); got != second[:12] {
			t.Errorf("without tags: %s", got)
		}
		r.run("tag", "latest")
		if got := ask(describing(u, "HEAD")); got != second[:12] {
			t.Errorf("with a tag that is no version: %s", got)
		}
		r.run("tag", "v1.0", first)
		if got := ask(describing(u, "HEAD")); got != "v1.0-1-g"+second[:12] {
			t.Errorf("with a tag: %s", got)
		}
		r.run("tag", "-a", "-m", "t", "v1.1")
		if got := ask(describing(u, "HEAD")); got != "v1.1-0-g"+second[:12] {
			t.Errorf("with a tag on it: %s", got)
		}
		r.run("tag", "-f", "v1.1", first)
		if got := ask(describing(u, "HEAD")); !strings.HasSuffix(got, "-1-g"+second[:12]) {
			t.Errorf("with a tag that moved: %s", got)
		}
		third := r.commit(map[string]string{"a": "3"})
		if got := ask(describing(u, "HEAD")); got != r.gitDescribes(third) {
			t.Errorf("after a commit: %s", got)
		}
		// Offline: what was asked for before.
		q := describing(u, third)
		q.Offline = true
		if got := ask(q); got != r.gitDescribes(third) {
			t.Errorf("offline: %s", got)
		}
		// Not wanted, not said.
		if a, err := fetcherAt(t, way, dir).Resolve(t.Context(), question(u, "HEAD")); err != nil || len(a) != 2 {
			t.Errorf("%v, %v", a, err)
		}
	})
}

// The tree says whether its version comes from git; where it does not, history is not asked for.
func TestDescribeByTree(t *testing.T) {
	for way := range ways {
		r := newRepo(t)
		commit := r.commit(map[string]string{"plain": "x", "lib/settings": "version from git\n"})
		r.run("tag", "v1")
		u, requests := r.serve()
		dir := t.TempDir()
		fetcher := func() *Fetcher {
			f := fetcherAt(t, way, dir)
			f.o.VersionFromGit = func(read func(string) ([]byte, error)) bool {
				if b, err := read("none/settings"); err != fs.ErrNotExist {
					t.Errorf("%q, %v", b, err)
				}
				b, err := read("settings")
				return err == nil && strings.HasPrefix(string(b), "version from git")
			}
			return f
		}
		resolve(t, fetcher(), question(u, "HEAD"))
		n := requests.Load()
		for _, c := range [][2]string{{"", ""}, {"lib", "v1-0-g" + commit[:12]}} {
			sub, want := c[0], c[1]
			q := describing(u, commit)
			delete(q.Params, "describing")
			q.Params["subdir"] = sub
			a, err := fetcher().Resolve(t.Context(), q)
			if got, ok := a["describe"]; err != nil || !ok || got != want {
				t.Errorf("%s, %q: %v, %v", way, sub, a, err)
			}
			if sub == "" && requests.Load() != n {
				t.Errorf("%s: the server was asked", way)
			}
		}
	}
}

// A commit that no branch leads to any more stays readable, and so does what was known of its history; what was not is an error
// that says so, and takes nothing away.
func TestDescribeRewritten(t *testing.T) {
	for way := range ways {
		r := newRepo(t)
		r.commit(map[string]string{"a": "1"})
		second := r.commit(map[string]string{"a": "2"})
		u, _ := r.serveProtocol(false)
		dir := t.TempDir()
		_, tree := resolve(t, fetcherAt(t, way, dir), question(u, "HEAD"))
		r.run("checkout", "-q", "--orphan", "new")
		r.commit(map[string]string{"a": "3"})
		r.run("branch", "-D", "main")
		r.run("reflog", "expire", "--expire=now", "--all")
		r.run("gc", "-q", "--prune=now")
		r.run("tag", "v1")
		a, err := fetcherAt(t, way, dir).Resolve(t.Context(), describing(u, second))
		if way == "git" && declared(err) != "no-history" || way == "go-git" && (err != nil || a["describe"] != second[:12]) {
			t.Errorf("%s: %v, %v", way, a, err)
		}
		req := request(u, "HEAD", "", second, tree)
		req.Offline = true
		if got, err := fetchTree(t, fetcherAt(t, way, dir), req); err != nil || got != "a \"2\"\n" {
			t.Errorf("%s: %q, %v", way, got, err)
		}
	}
}
