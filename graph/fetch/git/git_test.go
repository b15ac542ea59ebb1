package git

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cairn-build/cairn/graph/fetch"
)

// each runs a test with both ways, over file:// and over HTTP.
func each(t *testing.T, test func(t *testing.T, way string, url func(*repo) string)) {
	for way := range ways {
		t.Run(way+"/file", func(t *testing.T) { test(t, way, (*repo).file) })
		t.Run(way+"/http", func(t *testing.T) {
			test(t, way, func(r *repo) string { u, _ := r.serve(); return u })
		})
	}
}

func TestRefs(t *testing.T) {
	each(t, func(t *testing.T, way string, url func(*repo) string) {
		r := newRepo(t)
		first := r.commit(map[string]string{"a": "1"})
		r.run("branch", "feat/test")
		r.run("tag", "light")
		r.run("tag", "-a", "-m", "t", "v1")
		r.run("tag", "-a", "-m", "t", "v1-again", "v1")
		second := r.commit(map[string]string{"a": "2"})
		r.run("branch", "other")
		r.run("branch", "-m", "main", "trunk")
		third := r.commit(map[string]string{"a": "3"})
		u := url(r)
		for _, c := range []struct{ ref, want string }{
			{"HEAD", third},
			{"refs/heads/trunk", third},
			{"refs/heads/other", second},
			{"refs/heads/feat/test", first},
			{"refs/tags/light", first},
			{"refs/tags/v1", first},
			{"refs/tags/v1-again", first},
			{second, second}, // not at a tip of its own branch, and asked for by its id
			{second[:10], second},
		} {
			commit, tree := resolve(t, newFetcher(t, way), question(u, c.ref))
			if commit != c.want || tree != r.run("rev-parse", c.want+"^{tree}") {
				t.Errorf("%s is %s %s, want %s", c.ref, commit, tree, c.want)
			}
		}
		for _, c := range []struct{ ref, code, says string }{
			{"refs/heads/test", "no-branch", "feat/test"},
			{"refs/heads/main", "no-branch", "trunk"},
			{"refs/heads/v1", "tag-as-branch", `tag = "v1"`},
			{"refs/tags/other", "branch-as-tag", `branch = "other"`},
			{"refs/tags/v2", "no-tag", "v1"},
			{strings.Repeat("1", 40), "no-commit", ""},
			{"00112233", "no-commit", ""},
			{r.run("rev-parse", "v1"), "not-a-commit", "tag"},
		} {
			f := newFetcher(t, way)
			for range 2 { // the second time alike
				_, err := f.Resolve(t.Context(), question(u, c.ref))
				var e *fetch.DeclaredError
				if !errors.As(err, &e) || e.Code != c.code || !strings.Contains(e.Error()+e.Hint, c.says) {
					t.Errorf("%s: %v, want %s", c.ref, err, c.code)
				}
			}
		}
	})
}

func TestTree(t *testing.T) {
	files := map[string]string{
		"a.txt": "one\n", "bin/run": "+#!/bin/sh\n", "bin/again": "->run", "lib/deep/x": "$Id$ $Format:%H$\n", "lib/up": "->../a.txt",
		".gitattributes": "* text eol=crlf ident export-subst\nlib/hidden export-ignore\n", "lib/hidden": "h", "big": strings.Repeat("0123456789", 300_000),
	}
	each(t, func(t *testing.T, way string, url func(*repo) string) {
		r := newRepo(t)
		r.commit(files)
		f, u := newFetcher(t, way), url(r)
		got, err := show(t, f, u, "HEAD", "")
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"a.txt \"one\\n\"\n", "bin/run* \"#!/bin/sh\\n\"\n", "bin/again -> run\n", "lib/up -> ../a.txt\n",
			"lib/deep/x \"$Id$ $Format:%H$\\n\"\n", "lib/hidden \"h\"\n", "big \"0123456789"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in\n%.600s", want, got)
			}
		}
		got, err = show(t, f, u, "HEAD", "lib/deep")
		if want := "x \"$Id$ $Format:%H$\\n\"\n"; err != nil || got != want {
			t.Errorf("subdir: %q, %v", got, err)
		}
		for sub, code := range map[string]string{"lip": "no-path", "a.txt": "no-path", "lib/deep/x/y": "no-path", "lib": "link-leaves-tree"} {
			if _, err := show(t, f, u, "HEAD", sub); declared(err) != code {
				t.Errorf("%s: %v, want %s", sub, err, code)
			}
		}
	})
}

func TestRefused(t *testing.T) {
	lfs := "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
	for way := range ways {
		r := newRepo(t)
		blob := r.object("blob", "x")
		tree := func(entries ...string) string { // mode SP name -> id
			var b strings.Builder
			for _, e := range entries {
				b.WriteString(e + "\x00" + string(unhex(t, blob)))
			}
			return r.object("tree", b.String())
		}
		link := func(to string) string {
			return r.object("tree", "120000 l\x00"+string(unhex(t, r.object("blob", to))))
		}
		for _, c := range []struct{ name, tree, code string }{
			{"lfs pointer", r.object("tree", "100644 data.bin\x00"+string(unhex(t, r.object("blob", lfs)))), "lfs-pointer"},
			{"link out", link("../x"), "link-leaves-tree"},
			{"absolute link", link("/etc/passwd"), "link-leaves-tree"},
			{"case clash", tree("100644 README", "100644 readme"), "case-clash"},
			{"submodule", tree("160000 sub"), "submodule"},
			{"climbs", tree("100644 .."), "bad-name"},
			{"slash", tree("100644 a/b"), "bad-name"},
			{"git folder", tree("100644 .GIT"), "bad-name"},
			{"not UTF-8", tree("100644 \xff"), "bad-name"},
			{"device", tree("20644 dev"), "bad-mode"},
			{"twice", tree("100644 a", "100644 a"), "case-clash"},
		} {
			commit := r.object("commit", "tree "+c.tree+"\nauthor a <a> 0 +0000\ncommitter a <a> 0 +0000\n\nx\n")
			r.run("update-ref", "refs/heads/b", commit)
			dir, err := os.MkdirTemp(t.TempDir(), "f")
			if err != nil {
				t.Fatal(err)
			}
			_, err = show(t, fetcherAt(t, way, dir), r.file(), "refs/heads/b", "")
			if declared(err) != c.code {
				t.Errorf("%s, %s: %v, want %s", way, c.name, err, c.code)
			}
		}
		got, err := func() (string, error) {
			commit := r.object("commit", "tree "+tree("100644 a", "160000 sub")+"\nauthor a <a> 0 +0000\ncommitter a <a> 0 +0000\n\nx\n")
			r.run("update-ref", "refs/heads/b", commit)
			f := newFetcher(t, way)
			commit, tree := resolve(t, f, question(r.file(), "refs/heads/b"))
			q := request(r.file(), "refs/heads/b", "", commit, tree)
			q.EmptySubmodules = true
			return fetchTree(t, f, q)
		}()
		if err != nil || got != "a \"x\"\nsub/\n" {
			t.Errorf("%s: an empty submodule: %q, %v", way, got, err)
		}
	}
}

func TestSHA256(t *testing.T) {
	r := newRepo(t, "--object-format=sha256")
	want := r.commit(map[string]string{"a": "1", "d/b": "+2"})
	f := newFetcher(t, "git")
	commit, tree := resolve(t, f, question(r.file(), "refs/heads/main"))
	if commit != want || len(tree) != 64 {
		t.Errorf("%s %s", commit, tree)
	}
	got, err := fetchTree(t, f, request(r.file(), "refs/heads/main", "", commit, tree))
	if want := "a \"1\"\nd/\nd/b* \"2\"\n"; err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
}

// The user's git configuration runs nothing of its own.
func TestNoHooks(t *testing.T) {
	r := newRepo(t)
	r.commit(map[string]string{"a": "1"})
	f := newFetcher(t, "git")
	home := t.TempDir()
	hook := filepath.Join(home, "hooks", "reference-transaction")
	if err := os.MkdirAll(filepath.Dir(hook), 0o755); err != nil {
		t.Fatal(err)
	}
	ran := filepath.Join(home, "ran")
	if err := os.WriteFile(hook, []byte("#!/bin/sh\ntouch "+ran+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	config := "[core]\n\thooksPath = " + filepath.Dir(hook) + "\n\tfsmonitor = " + hook + "\n[init]\n\ttemplateDir = " + filepath.Dir(hook) + "\n"
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	f.o.Environ = func() []string {
		return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_DIR=/nowhere", "GIT_INDEX_FILE=/nowhere"}
	}
	if _, err := show(t, f, r.file(), "HEAD", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a hook ran")
	}
}

// A bundle in the workspace is a repository too.
func TestBundle(t *testing.T) {
	r := newRepo(t)
	first := r.commit(map[string]string{"a": "1"})
	r.commit(map[string]string{"a": "2"})
	ws := t.TempDir()
	r.run("bundle", "create", "-q", filepath.Join(ws, "lib.bundle"), "HEAD", "main")
	f := newFetcher(t, "git")
	q := question("workspace:lib.bundle", "refs/heads/main")
	q.Root = ws
	commit, tree := resolve(t, f, q)
	req := request("workspace:lib.bundle", "refs/heads/main", "", commit, tree)
	req.Root = ws
	if got, err := fetchTree(t, f, req); err != nil || got != "a \"2\"\n" {
		t.Errorf("%q, %v", got, err)
	}
	q.Params["ref"] = first[:9]
	if c, _ := resolve(t, f, q); c != first {
		t.Error(c)
	}
}

// The end of the context ends git and all that it started.
func TestCancel(t *testing.T) {
	r := newRepo(t)
	r.commit(map[string]string{"a": "1"})
	f := newFetcher(t, "git")
	dir := t.TempDir()
	started := filepath.Join(dir, "started")
	if out, err := exec.Command("mkfifo", started).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	ssh := filepath.Join(dir, "ssh")
	if err := os.WriteFile(ssh, []byte("#!/bin/sh\necho $$ >"+started+"\nexec sleep 100\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	environ := f.o.Environ
	f.o.Environ = func() []string { return append(environ(), "GIT_SSH_COMMAND="+ssh) }
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		os.ReadFile(started) // until the script has written to it
		cancel()
	}()
	_, err := f.Resolve(ctx, question("ssh://git@host.example/x.git", "refs/heads/main"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestErrorsNameWhatWasAsked(t *testing.T) {
	for way := range ways {
		_, err := newFetcher(t, way).Resolve(t.Context(), question("http://127.0.0.1:1/x.git", "refs/heads/main"))
		if err == nil || !strings.Contains(err.Error(), "http://127.0.0.1:1/x.git") || declared(err)[:3] != "not" {
			t.Errorf("%s: %v", way, err)
		}
	}
}

// The git protocol itself, from git's own daemon.
func TestDaemon(t *testing.T) {
	r := newRepo(t)
	first := r.commit(map[string]string{"a": "1"})
	r.commit(map[string]string{"a": "2"})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr)
	l.Close()
	c := exec.CommandContext(t.Context(), "git", "daemon", "--reuseaddr", "--listen=127.0.0.1", "--port="+strconv.Itoa(addr.Port), "--export-all", "--base-path="+filepath.Dir(r.dir))
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1"}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Cancel(); c.Wait() })
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if conn, err := net.Dial("tcp", addr.String()); err == nil {
			conn.Close()
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("the daemon does not answer")
		}
	}
	u := "git://" + addr.String() + "/repo.git/.git"
	for way := range ways {
		got, err := show(t, newFetcher(t, way), u, "refs/heads/main", "")
		if err != nil || got != "a \"2\"\n" {
			t.Errorf("%s: %q, %v", way, got, err)
		}
		if c, _ := resolve(t, newFetcher(t, way), question(u, first)); c != first {
			t.Errorf("%s: %s", way, c)
		}
	}
}

// Many at once, with fetchers of their own as processes have them: each gets what it asked for, one after the other.
func TestAtOnce(t *testing.T) {
	for way := range ways {
		r := newRepo(t)
		var commits []string
		for i := range 8 {
			commits = append(commits, r.commit(map[string]string{"a": strconv.Itoa(i) + "x"}))
		}
		u, _ := r.serve()
		dir := t.TempDir()
		var wg sync.WaitGroup
		for i, commit := range commits {
			f := fetcherAt(t, way, dir)
			wg.Go(func() {
				if a, err := f.Resolve(t.Context(), question(u, commit)); err != nil || a["commit"] != commit {
					t.Errorf("%s, %d: %v, %v", way, i, a, err)
				}
			})
		}
		wg.Wait()
	}
}
