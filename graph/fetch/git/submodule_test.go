package git

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/fetch"
)

// gitlink commits an entry that is a submodule's, besides what is in the index.
func (r *repo) gitlink(path, commit, modules string) string {
	r.t.Helper()
	r.check(os.WriteFile(filepath.Join(r.dir, ".gitmodules"), []byte(modules), 0o644))
	r.run("add", ".gitmodules")
	r.run("update-index", "--add", "--cacheinfo", "160000,"+commit+","+path)
	r.run("commit", "-q", "-m", "submodule")
	return r.run("rev-parse", "HEAD")
}

// withSubmodules resolves and fetches a tree and its submodules.
func withSubmodules(t *testing.T, f *Fetcher, url, subdir string, offline bool) (string, error) {
	t.Helper()
	q := question(url, "HEAD")
	q.Params["subdir"], q.Offline, q.LastSeen = subdir, offline, true
	a, err := f.Resolve(t.Context(), q)
	if err != nil {
		return "", err
	}
	r := request(url, "HEAD", subdir, a["commit"], a["tree"])
	r.Submodules, r.Offline = true, offline
	return fetchTree(t, f, r)
}

func TestSubmodules(t *testing.T) {
	for way := range ways {
		for _, form := range []string{"file", "http"} {
			t.Run(way+"/"+form, func(t *testing.T) {
				top := t.TempDir()
				deep := newRepoAt(t, filepath.Join(top, "deep"))
				deepCommit := deep.commit(map[string]string{"d": "deep"})
				deep.commit(map[string]string{"d": "later"}) // not what is asked for
				lib := newRepoAt(t, filepath.Join(top, "lib"))
				lib.commit(map[string]string{"l": "lib", "run": "+x"})
				libCommit := lib.gitlink("inner", deepCommit, "[submodule \"deep\"]\n\tpath = inner\n\turl = ../../deep/.git # beside it\n")
				app := newRepoAt(t, filepath.Join(top, "app"))
				app.commit(map[string]string{"a": "app"})
				app.gitlink("sub/lib", libCommit, "[submodule \"x\"]\n\tpath = \"sub/lib\"\n\turl = ../../lib/.git\n")
				u := app.file() + "/.git"
				if form == "http" {
					u, _ = app.serve()
				}
				dir := t.TempDir()
				for _, offline := range []bool{false, true} {
					got, err := withSubmodules(t, fetcherAt(t, way, dir), u, "", offline)
					want := "a \"app\"\nsub/\nsub/lib/\n"
					if err != nil || !strings.Contains(got, want) || !strings.Contains(got, "sub/lib/inner/\nsub/lib/inner/d \"deep\"\nsub/lib/l \"lib\"\nsub/lib/run* \"x\"\n") {
						t.Errorf("offline %v: %v\n%s", offline, err, got)
					}
				}
				// The file that says where they come from lies above the subdir.
				got, err := withSubmodules(t, fetcherAt(t, way, t.TempDir()), u, "sub", false)
				if err != nil || !strings.HasPrefix(got, "lib/\n") || !strings.Contains(got, "lib/inner/d \"deep\"") {
					t.Errorf("subdir: %v\n%s", err, got)
				}
			})
		}
	}
}

func TestSubmodulesRefused(t *testing.T) {
	id := strings.Repeat("1", 40)
	for way := range ways {
		for _, c := range []struct {
			name, modules, code, says string
			http                      bool
		}{
			{"unknown commit", "[submodule \"s\"]\npath = sub\nurl = ../../lib/.git\n", "no-commit", "has no commit " + id, false},
			{"no entry", "[submodule \"s\"]\npath = other\nurl = ../lib\n", "submodule-unknown", `"sub"`, false},
			{"no file", "", "submodule-unknown", `"sub"`, false},
			{"malformed", "[submodule\n", "bad-gitmodules", ".gitmodules", false},
			{"a helper", "[submodule \"s\"]\npath = sub\nurl = ext::sh -c x\n", "bad-url", `"sub"`, false},
			{"an option", "[submodule \"s\"]\npath = sub\nurl = --upload-pack=x\n", "bad-url", `"sub"`, false},
			{"a secret", "[submodule \"s\"]\npath = sub\nurl = https://me:secret@h.example/x\n", "bad-url", `"sub"`, false},
			{"too far up", "[submodule \"s\"]\npath = sub\nurl = " + strings.Repeat("../", 60) + "x\n", "bad-url", "leads out of", false},
			{"this machine", "[submodule \"s\"]\npath = sub\nurl = file:///etc\n", "bad-url", "whatever machine", true},
		} {
			app := newRepo(t)
			app.gitlink("sub", id, c.modules)
			newRepoAt(t, filepath.Join(filepath.Dir(app.dir), "lib")).commit(map[string]string{"a": "1"})
			u := app.file() + "/.git"
			if c.http {
				u, _ = app.serve()
			}
			f := newFetcher(t, way)
			for range 2 {
				_, err := withSubmodules(t, f, u, "", false)
				var e *fetch.DeclaredError
				if !errors.As(err, &e) || e.Code != c.code || !strings.Contains(e.Error(), c.says) || strings.Contains(e.Error(), "secret") {
					t.Errorf("%s, %s: %v, want %s", way, c.name, err, c.code)
				}
			}
		}
		// One that cannot be reached is not declared wrongly, and neither is one that is not here while offline.
		app := newRepo(t)
		app.gitlink("sub", id, "[submodule \"s\"]\npath = sub\nurl = http://127.0.0.1:1/x.git\n")
		f := newFetcher(t, way)
		_, err := withSubmodules(t, f, app.file(), "", false)
		if err == nil || declared(err)[:3] != "not" || !strings.Contains(err.Error(), `"sub"`) || !strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: %v", way, err)
		}
		if _, err = withSubmodules(t, f, app.file(), "", true); !errors.Is(err, fetch.ErrOffline) {
			t.Errorf("%s: %v", way, err)
		}
	}
}

func TestRelativeAddress(t *testing.T) {
	for _, c := range []struct{ base, text, want string }{
		{"https://h.example/a/b.git", "../c.git", "https://h.example/a/c.git"},
		{"https://h.example/a/b.git", "../../x/c", "https://h.example/x/c"},
		{"https://h.example:8443/a/b/", "./c", "https://h.example:8443/a/b/c"},
		{"https://h.example/a", "../../c", ""},
		{"https://h.example/a", "../", ""},
		{"ssh://git@h.example/a/b", "../c", "ssh://git@h.example/a/c"},
		{"git@h.example:a/b.git", "../c.git", "git@h.example:a/c.git"},
		{"git@h.example:b.git", "../c.git", "git@h.example:c.git"},
		{"git@h.example:/srv/b.git", "../c.git", "git@h.example:/srv/c.git"},
		{"git@h.example:b.git", "../../c.git", ""},
		{"file:///srv/a", "../b", "file:///srv/b"},
		{"workspace:libs/a.bundle", "../b", "workspace:libs/b"},
		{"workspace:a", "../../b", ""},
		{"https://h.example/a", "https://i.example/b", "https://i.example/b"},
	} {
		got, err := relativeAddress(c.base, c.text)
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s from %s: %q, %v", c.text, c.base, got, err)
		}
	}
}

func FuzzModules(f *testing.F) {
	f.Add("[submodule \"a\"]\n\tpath = a/b\n\turl = ../c # x\n", "https://h/a/b")
	f.Add("[submodule \"a\"]\npath=\"a \\\"b\"\nurl = ./\\\n c\n", "git@h:a/b")
	f.Add("[a]\nb = c\n[submodule]\npath", "file:///a")
	f.Fuzz(func(t *testing.T, text, base string) {
		places, err := parseModules([]byte(text))
		if err != nil {
			return
		}
		for p, u := range places {
			if p == "" || u == "" {
				t.Fatalf("%q: %q comes from %q", text, p, u)
			}
			full, err := relativeAddress(base, u)
			if a, bad := parseAddress(full, "/ws"); err == nil && bad == nil && strings.HasPrefix(a.text, "-") {
				t.Fatalf("%q from %q is %q", u, base, a.text)
			}
		}
	})
}

// What the headers of commits and tags, which others wrote, do to a walk.
func FuzzHeaders(f *testing.F) {
	f.Add([]byte("tree 1\nparent 2\nparent 3\ncommitter a <b> 17 +0000\n\nx"))
	f.Add([]byte("object 1\ntagger > 99999999999999999999\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h := headers(b)
		for name, value := range h {
			if name == "" || strings.ContainsAny(name+value, "\n") {
				t.Fatalf("%q: %q", name, value)
			}
			dateOf(value)
		}
	})
}
