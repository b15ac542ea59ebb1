package git

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/exec/debiantest"
	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/fetch/git/gittest"
)

// A server of each sort, with what its addresses have before the path of a repository.
var servers = map[string]func(repos, place string) (*gittest.Server, string, error){
	"https": func(repos, place string) (*gittest.Server, string, error) {
		s, err := gittest.HTTPS(repos, place)
		if err != nil {
			return nil, "", err
		}
		return s, s.URL, nil
	},
	"ssh": func(repos, place string) (*gittest.Server, string, error) {
		s, err := gittest.SSH(place)
		if err != nil {
			return nil, "", err
		}
		return s, s.URL + repos, nil
	},
	"git": func(repos, _ string) (*gittest.Server, string, error) {
		s, err := gittest.Daemon(repos)
		if err != nil {
			return nil, "", err
		}
		return s, s.URL, nil
	},
}

// onServers runs a test against each of the named servers, in each way. new gives a Fetcher that has what a client of the server's must have, and a
// cache below dir.
func onServers(t *testing.T, names []string, test func(t *testing.T, repos, base string, s *gittest.Server, new func(dir string) *Fetcher)) {
	for _, name := range names {
		start := servers[name]
		for way := range ways {
			t.Run(name+"/"+way, func(t *testing.T) {
				repos := t.TempDir()
				s, base, err := start(repos, t.TempDir())
				var missing *debiantest.MissingError
				if errors.As(err, &missing) {
					t.Skip(missing)
				}
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(s.Close)
				home := t.TempDir()
				env := append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1"}, s.Env...)
				if way == "go-git" && s.Key != "" {
					if err := os.MkdirAll(filepath.Join(home, ".ssh"), 0o700); err != nil {
						t.Fatal(err)
					}
					key, err := os.ReadFile(s.Key)
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(home, ".ssh", "id_ed25519"), key, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				for _, v := range s.Env { // go-git looks at the process's own for known hosts
					if file, ok := strings.CutPrefix(v, "SSH_KNOWN_HOSTS="); ok {
						t.Setenv("SSH_KNOWN_HOSTS", file)
					}
				}
				test(t, repos, base, s, func(dir string) *Fetcher {
					return New(Options{Dir: dir, Git: ways[way], Environ: func() []string { return env }})
				})
			})
		}
	}
}

// Each server gives what is asked for in each way: branches, tags, the default branch, commits that are no tips, short ones, submodules by
// relative addresses, history; what is known needs nobody; what is not there is said.
func TestServers(t *testing.T) {
	onServers(t, []string{"https", "ssh", "git"}, func(t *testing.T, repos, base string, s *gittest.Server, new func(string) *Fetcher) {
		sub := newRepoAt(t, filepath.Join(repos, "group/sub"))
		subCommit := sub.commit(map[string]string{"s": "sub"})
		sub.commit(map[string]string{"s": "later"})
		r := newRepoAt(t, filepath.Join(repos, "group/app"))
		first := r.commit(map[string]string{"a": "1"})
		r.run("tag", "-a", "-m", "t", "v1")
		second := r.commit(map[string]string{"a": "2", "big": strings.Repeat("0123456789", 20_000)})
		third := r.gitlink("sub", subCommit, "[submodule \"s\"]\n\tpath = sub\n\turl = ../sub\n")
		r.run("branch", "-m", "main", "trunk")
		r.run("branch", "feat/test", first)
		u, dir := base+"/group/app", t.TempDir()
		for _, c := range []struct{ ref, want string }{
			{"HEAD", third}, {"refs/heads/trunk", third}, {"refs/heads/feat/test", first}, {"refs/tags/v1", first}, {second, second}, {second[:9], second},
		} {
			commit, tree := resolve(t, new(t.TempDir()), question(u, c.ref))
			if commit != c.want || tree != r.run("rev-parse", c.want+"^{tree}") {
				t.Errorf("%s is %s %s, want %s", c.ref, commit, tree, c.want)
			}
		}
		got, err := withSubmodules(t, new(dir), u, "", false)
		if err != nil || !strings.Contains(got, "a \"2\"\n") || !strings.Contains(got, "sub/s \"sub\"\n") {
			t.Errorf("%v\n%.300s", err, got)
		}
		a, err := new(dir).Resolve(t.Context(), describing(u, second))
		if err != nil || a["describe"] != "v1-1-g"+second[:12] {
			t.Errorf("%v, %v", a, err)
		}
		before := s.Visits()
		if before == 0 {
			t.Error("nobody came to the server")
		}
		if c, tree := resolve(t, new(dir), question(u, third)); c != third {
			t.Error(c)
		} else if _, err := fetchTree(t, new(dir), withSub(request(u, "HEAD", "", third, tree))); err != nil {
			t.Error(err)
		}
		if n := s.Visits(); n != before {
			t.Errorf("%d requests for what is known", n-before)
		}
		for _, c := range []struct{ ref, code string }{{"refs/heads/test", "no-branch"}, {strings.Repeat("1", 40), "no-commit"}, {"refs/heads/v1", "tag-as-branch"}} {
			if _, err := new(dir).Resolve(t.Context(), question(u, c.ref)); declared(err) != c.code {
				t.Errorf("%s: %v", c.ref, err)
			}
		}
		// A repository that is not there, and a server that has gone.
		if _, err := new(dir).Resolve(t.Context(), question(base+"/group/none", "HEAD")); err == nil || !strings.Contains(err.Error(), "/group/none") {
			t.Errorf("%v", err)
		}
		s.Close()
		q := question(u, "HEAD")
		q.LastSeen = true
		_, err = new(dir).Resolve(t.Context(), q)
		if err == nil || declared(err)[:3] != "not" || !strings.Contains(err.Error(), "/group/app") || !strings.Contains(err.Error(), "with --offline it is commit "+third[:12]) {
			t.Errorf("%v", err)
		}
		if _, err = new(t.TempDir()).Resolve(t.Context(), q); err == nil || strings.Contains(err.Error(), "--offline") {
			t.Errorf("nothing was ever seen there: %v", err)
		}
	})
}

func withSub(r fetch.Request) fetch.Request {
	r.Submodules = true
	return r
}

// Who the server does not know gets no further, and who does not know the server trusts nobody.
func TestStrangers(t *testing.T) {
	onServers(t, []string{"https", "ssh"}, func(t *testing.T, repos, base string, s *gittest.Server, new func(string) *Fetcher) {
		newRepoAt(t, filepath.Join(repos, "app")).commit(map[string]string{"a": "1"})
		f := new(t.TempDir())
		t.Setenv("SSH_KNOWN_HOSTS", "/dev/null")
		f.o.Environ = func() []string {
			return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "GIT_SSH_COMMAND=ssh -F /dev/null -o UserKnownHostsFile=/dev/null"}
		}
		_, err := f.Resolve(t.Context(), question(base+"/app", "HEAD"))
		if err == nil || declared(err)[:3] != "not" || !strings.Contains(err.Error(), "/app") {
			t.Errorf("%v", err)
		}
	})
}
