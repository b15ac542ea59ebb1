package site

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// put writes files: a path, then its text.
func put(t *testing.T, dir string, files ...string) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		at := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// tree makes a module's tree.
func tree(t *testing.T, name, version string, files ...string) Tree {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name, version)
	put(t, dir, files...)
	tr, ok := Look(dir)
	if !ok {
		t.Fatalf("%s is no tree", dir)
	}
	return tr
}

func pool(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "pool")
	t.Cleanup(func() { _ = removeTree(dir) })
	return dir
}

// install installs one tree and says what that came to; "refused" where it is a problem.
func install(t *testing.T, pool string, tr Tree) string {
	t.Helper()
	h, err := Open(t.Context(), pool, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	s, l, err := Plan(pool, tr)
	if err != nil {
		t.Fatal(err)
	}
	if l.HasErrors() {
		return "refused"
	}
	if err := h.Do(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return s.Do
}

// content gives all files of a folder with their texts, "" where it is not there.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		b.WriteString(filepath.ToSlash(rel) + "=" + string(text) + " ")
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

const (
	x86 = "linux-x86_64"
	arm = "linux-aarch64"
)

func TestInstall(t *testing.T) {
	p := pool(t)
	one := tree(t, "a", "1.0.0", "lib/"+x86+"/a.dep", "", "db/a.db", "1")
	other := tree(t, "a", "1.0.0", "lib/"+x86+"/a.dep", "", "db/a.db", "2")
	both := tree(t, "a", "1.0.0", "lib/"+arm+"/a.dep", "", "bin/"+arm+"/tool", "t", "db/a.db", "1")
	otherArm := tree(t, "a", "1.0.0", "lib/"+arm+"/a.dep", "", "db/a.db", "2")
	for _, c := range []struct {
		tr   Tree
		want string
	}{
		{one, Install}, {one, Unchanged}, {other, "refused"}, {otherArm, "refused"}, {both, Add}, {both, Unchanged}, {one, Unchanged},
	} {
		if got := install(t, p, c.tr); got != c.want {
			t.Fatalf("%s came to %s, want %s", contents(t, c.tr.Dir), got, c.want)
		}
		if names := folders(p); len(names) != 1 || len(namesOf(t, p)) != 1 {
			t.Fatalf("the pool holds %v", namesOf(t, p))
		}
	}
	if got, want := contents(t, filepath.Join(p, "a", "1.0.0")), "bin/"+arm+"/tool=t db/a.db=1 lib/"+arm+"/a.dep= lib/"+x86+"/a.dep="; got != want {
		t.Errorf("installed is %s, want %s", got, want)
	}
	readOnly(t, filepath.Join(p, "a", "1.0.0"))
}

func namesOf(t *testing.T, dir string) []string {
	t.Helper()
	es, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var out []string
	for _, e := range es {
		out = append(out, e.Name())
	}
	return out
}

func readOnly(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := e.Info()
		if err == nil && fi.Mode().Perm()&0o222 != 0 {
			t.Errorf("%s has mode %v", p, fi.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTestVersionsAreReplaced(t *testing.T) {
	p := pool(t)
	at := filepath.Join(p, "a", "test")
	first := tree(t, "a", "test", "lib/"+x86+"/a.dep", "", "lib/"+arm+"/a.dep", "", "db/a.db", "1", "bin/"+arm+"/tool", "t")
	if got := install(t, p, first); got != Install {
		t.Fatal(got)
	}
	// What the architectures share is the same: the other one stays.
	if got := install(t, p, tree(t, "a", "test", "lib/"+x86+"/a.dep", "#new", "db/a.db", "1")); got != Replace {
		t.Fatal(got)
	}
	if got, want := contents(t, at), "bin/"+arm+"/tool=t db/a.db=1 lib/"+arm+"/a.dep= lib/"+x86+"/a.dep=#new"; got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
	readOnly(t, at)
	if got := install(t, p, tree(t, "a", "test", "lib/"+x86+"/a.dep", "", "db/b.db", "1")); got != Replace {
		t.Fatal(got)
	}
	if got, want := contents(t, at), "db/b.db=1 lib/"+x86+"/a.dep="; got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
	readOnly(t, at)
	if names := namesOf(t, p); len(names) != 1 {
		t.Errorf("the pool holds %v", names)
	}
}

// TestKilled: whatever a process left that was killed at some point counts for nothing and is gone after the next installation.
func TestKilled(t *testing.T) {
	one := tree(t, "a", "1.0.0", "lib/"+x86+"/a.dep", "", "db/a.db", "1")
	for name, left := range map[string][]string{
		"in the middle of copying": {workName + "/a@1.0.0/db/a.db", "half", workName + "/a@1.0.0/lib/" + x86 + "/a.dep", ""},
		"after an exchange":        {workName + "/b@test/lib/" + x86 + "/b.dep", ""},
	} {
		p := pool(t)
		put(t, p, left...)
		all, problems := List([]string{p})
		for _, e := range all {
			t.Errorf("killed %s: %s counts, %v", name, e.Name(), problems)
		}
		if got := install(t, p, one); got != Install {
			t.Errorf("killed %s: it came to %s", name, got)
		}
		if names := namesOf(t, p); len(names) != 1 || names[0] != "a" {
			t.Errorf("killed %s: the pool holds %v", name, names)
		}
	}
	// A half-added architecture is no obstacle.
	p := pool(t)
	put(t, p, "a/1.0.0/bin/"+arm+"/tool", "half", "a/1.0.0/db/a.db", "1", "a/1.0.0/lib/"+x86+"/a.dep", "")
	if got := install(t, p, tree(t, "a", "1.0.0", "lib/"+arm+"/a.dep", "", "bin/"+arm+"/tool", "whole", "db/a.db", "1")); got != Add {
		t.Errorf("it came to %s", got)
	}
	if got := contents(t, filepath.Join(p, "a/1.0.0/bin")); got != arm+"/tool=whole" {
		t.Errorf("it is %s", got)
	}
	// Between the two steps of a file system that cannot exchange the old version is away: it comes back.
	p = pool(t)
	put(t, p, workName+"/a@test"+oldMark+"/lib/"+x86+"/a.dep", "#old", workName+"/a@test/lib/"+x86+"/a.dep", "#new")
	if err := os.Mkdir(filepath.Join(p, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	install(t, p, one)
	if got := contents(t, filepath.Join(p, "a/test")); got != "lib/"+x86+"/a.dep=#old" {
		t.Errorf("of the version that was away there is %q", got)
	}
}

// TestAtOnce: several install the same and different things into one pool.
func TestAtOnce(t *testing.T) {
	p := pool(t)
	trees := []Tree{tree(t, "a", "1.0.0", "lib/"+x86+"/a.dep", "", "db/a.db", "1"), tree(t, "a", "1.0.0", "lib/"+x86+"/a.dep", "", "db/a.db", "2"),
		tree(t, "a", "1.0.1", "lib/"+x86+"/a.dep", ""), tree(t, "b", "1.0.0", "lib/"+x86+"/b.dep", "")}
	var wg sync.WaitGroup
	var mu sync.Mutex
	count := map[string]int{}
	for i := range 12 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			did := install(t, p, trees[i%len(trees)])
			mu.Lock()
			defer mu.Unlock()
			count[did]++
		}()
	}
	wg.Wait()
	if count[Install] != 3 || count["refused"] != 3 || count[Unchanged] != 6 {
		t.Errorf("it came to %v", count)
	}
	if names := namesOf(t, p); strings.Join(names, " ") != "a b" {
		t.Errorf("the pool holds %v", names)
	}
}

// TestWaits: who holds the pool is waited for, and the wait can be broken off.
func TestWaits(t *testing.T) {
	p := pool(t)
	h, err := Open(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	told := errors.New("told")
	if _, err := Open(ctx, p, func() { cancel(told) }); !errors.Is(err, told) {
		t.Errorf("it did not wait: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if names := namesOf(t, p); names != nil {
		t.Errorf("it left %v", names)
	}
}

// TestWithoutExchange: where the file system cannot exchange two folders the old one is moved out of the way first.
func TestWithoutExchange(t *testing.T) {
	p := pool(t)
	install(t, p, tree(t, "a", "test", "lib/"+x86+"/a.dep", "#old"))
	h, err := Open(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.swap = func(string, string) error { return errors.ErrUnsupported }
	s, _, err := Plan(p, tree(t, "a", "test", "lib/"+x86+"/a.dep", "#new"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(h.Do(t.Context(), s), h.Close()); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, p); got != "a/test/lib/"+x86+"/a.dep=#new" {
		t.Errorf("the pool holds %s", got)
	}
	readOnly(t, filepath.Join(p, "a", "test"))
}

// TestReplaceFailsWhole: what cannot be copied leaves the old one.
func TestReplaceFailsWhole(t *testing.T) {
	p := pool(t)
	old := tree(t, "a", "test", "lib/"+x86+"/a.dep", "#old")
	install(t, p, old)
	h, err := Open(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	next := tree(t, "a", "test", "lib/"+x86+"/a.dep", "#new")
	s, _, err := Plan(p, next)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(next.Dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := h.Do(t.Context(), s); err == nil || !strings.Contains(err.Error(), "neither a file nor a folder") {
		t.Errorf("it installed a pipe: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, p); got != "a/test/lib/"+x86+"/a.dep=#old" {
		t.Errorf("the pool holds %s", got)
	}
}

func TestUninstall(t *testing.T) {
	p := pool(t)
	a1, a2 := tree(t, "a", "1.0.0", "lib/"+x86+"/a.dep", ""), tree(t, "a", "1.0.0+1", "lib/"+x86+"/a.dep", "")
	user := tree(t, "b", "1.0.0", "lib/"+x86+"/b.dep", "a 1.0.0\n")
	any := tree(t, "c", "1.0.0", "lib/"+x86+"/c.dep", "a\n")
	for _, tr := range []Tree{a1, a2, user, any} {
		install(t, p, tr)
	}
	all, problems := List([]string{p})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range []struct{ version, want string }{
		{"1.0.0", ""}, // both get the revision
		{"1.0.0+1", "b then 1.0.0: true, c then 1.0.0: false"},
	} {
		var got []string
		for _, d := range Dependants(Tree{Module: "a", Version: c.version, Archs: []string{x86}, Dir: filepath.Join(p, "a", c.version)}, []string{p}, all) {
			word := ": false"
			if d.Needs() {
				word = ": true"
			}
			got = append(got, d.Module+" then "+d.Then+word)
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s is needed by %q, want %q", c.version, text, c.want)
		}
	}
	h, err := Open(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("1.0.0+1", filepath.Join(p, "a", "latest")); err != nil {
		t.Fatal(err)
	}
	for _, tr := range []Tree{{Module: "a", Version: "latest"}, a1, a2} {
		if err := h.Uninstall(tr); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if names := namesOf(t, p); strings.Join(names, " ") != "b c" {
		t.Errorf("the pool holds %v", names)
	}
}

// TestNoPool: what is no folder, and none that can be changed, is said to be that. See cli_install_faults for a read-only mount.
func TestNoPool(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "file", "")
	if _, err := Open(t.Context(), filepath.Join(dir, "file"), nil); err == nil {
		t.Error("a file was opened as a pool")
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "file", "pool"), nil); err == nil {
		t.Error("a pool was made below a file")
	}
}
