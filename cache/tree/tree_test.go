package tree_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/mem"
	"github.com/cairn-build/cairn/cache/reapi"
	"github.com/cairn-build/cairn/cache/tree"
)

// build makes a folder from lines such as "a/b file text", "x exec text", "l link target", "e dir".
func build(t *testing.T, lines ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, l := range lines {
		f := strings.SplitN(l, " ", 3)
		path := filepath.Join(dir, f[0])
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		switch f[1] {
		case "file":
			err = errors.Join(err, os.WriteFile(path, []byte(f[2]), 0o644))
		case "exec":
			err = errors.Join(err, os.WriteFile(path, []byte(f[2]), 0o755))
		case "link":
			err = errors.Join(err, os.Symlink(f[2], path))
		case "dir":
			err = errors.Join(err, os.MkdirAll(path, 0o755))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// describe reads a folder back into such lines.
func describe(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		fi, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			out = append(out, rel+" dir")
		case d.Type() == fs.ModeSymlink:
			target, _ := os.Readlink(path)
			out = append(out, rel+" link "+target)
		default:
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			kind := " file "
			if fi.Mode()&0o100 != 0 {
				kind = " exec "
			}
			out = append(out, rel+kind+string(b))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var sample = []string{"a/b file one", "a/c exec two", "a/up link ../z", "e dir", "e2/f dir", "l link a/b", "z file one"}

func TestRoundTrip(t *testing.T) {
	src := build(t, sample...)
	s := mem.New()
	got, err := tree.Capture(src, s)
	if err != nil {
		t.Fatal(err)
	}
	if want := (tree.Totals{Files: 3, Dirs: 4, Links: 2, Bytes: 9}); got.Totals != want {
		t.Errorf("totals %+v, want %+v", got.Totals, want)
	}
	dst := filepath.Join(t.TempDir(), "out")
	for _, before := range []string{"nothing", "a folder", "a file", "a link"} {
		switch before {
		case "a folder":
			os.MkdirAll(filepath.Join(dst, "old"), 0o755)
			os.Chmod(filepath.Join(dst, "a"), 0o555)
		case "a file":
			os.RemoveAll(dst)
			os.WriteFile(dst, nil, 0o644)
		case "a link":
			os.RemoveAll(dst)
			os.Symlink(src, dst)
		}
		totals, err := tree.Materialize(s, got.Root, dst)
		if err != nil {
			t.Fatalf("over %s: %v", before, err)
		}
		if totals != got.Totals {
			t.Errorf("over %s: totals %+v", before, totals)
		}
		if g, w := describe(t, dst), describe(t, src); !slices.Equal(g, w) {
			t.Errorf("over %s:\n got %q\nwant %q", before, g, w)
		}
		if es, _ := os.ReadDir(filepath.Dir(dst)); len(es) != 1 {
			t.Errorf("over %s: litter %v", before, es)
		}
	}
	again, err := tree.Capture(dst, mem.New())
	if err != nil || again != got {
		t.Errorf("captured again: %+v, %v; want %+v", again, err, got)
	}
	if g, w := describe(t, src), describe(t, dst); !slices.Equal(g, w) {
		t.Error("a link at the destination was followed")
	}
	es, err := tree.Flatten(s, got.Root)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, e := range es {
		paths = append(paths, e.Path)
	}
	if want := []string{"a", "a/b", "a/c", "a/up", "e", "e2", "e2/f", "l", "z"}; !slices.Equal(paths, want) {
		t.Errorf("Flatten gives %v", paths)
	}
}

func TestCaptureEqualsRoot(t *testing.T) {
	got, err := tree.Capture(build(t, sample...), mem.New())
	if err != nil {
		t.Fatal(err)
	}
	var r reapi.Root
	one, two := digest.Of([]byte("one")), digest.Of([]byte("two"))
	r.AddFile("z", one, false)
	r.AddSymlink("l", "a/b")
	r.AddFile("a/c", two, true)
	r.AddFile("a/b", one, false)
	r.AddSymlink("a/up", "../z")
	r.AddEmptyDir("e2/f")
	r.AddEmptyDir("e")
	if want, err := r.Digest(); err != nil || want != got.Root {
		t.Errorf("Capture gives %v, Root %v, %v", got.Root, want, err)
	}
}

func TestCaptureRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		lines []string
		more  func(dir string) error
		path  string
		why   string
	}{
		"absolute link":  {lines: []string{"d/l link /etc/passwd"}, path: "d/l", why: "absolute"},
		"climbing link":  {lines: []string{"d/l link ../../x"}, path: "d/l", why: "out of the tree"},
		"late dot dot":   {lines: []string{"d/l link a/../../../x"}, path: "d/l", why: "behind a name"},
		"case":           {lines: []string{"d/Read file a", "d/read file b"}, path: "d/read", why: "case only"},
		"not UTF-8":      {lines: []string{"d/x\xff file a"}, path: "d/x\xff", why: "UTF-8"},
		"pipe":           {more: func(d string) error { return syscall.Mkfifo(d+"/p", 0o644) }, path: "p", why: "pipe"},
		"set user ID":    {lines: []string{"s exec a"}, more: func(d string) error { return os.Chmod(d+"/s", 0o755|fs.ModeSetuid) }, path: "s", why: "another user"},
		"socket":         {more: func(d string) error { return socket(d + "/s") }, path: "s", why: "socket"},
		"not UTF-8 dir":  {lines: []string{"\xffd/x file a"}, path: "\xffd", why: "UTF-8"},
		"unicode's case": {lines: []string{"É file a", "é file b"}, path: "é", why: "case only"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := build(t, tc.lines...)
			if tc.more != nil {
				if err := tc.more(dir); err != nil {
					t.Fatal(err)
				}
			}
			_, err := tree.Capture(dir, mem.New())
			var r *tree.RefusedError
			if !errors.As(err, &r) || r.Path != tc.path || !strings.Contains(r.Reason, tc.why) {
				t.Errorf("got %v", err)
			}
		})
	}
	file := build(t, "f file a")
	var r *tree.RefusedError
	if _, err := tree.Capture(file+"/f", mem.New()); !errors.As(err, &r) {
		t.Errorf("a file is no tree: %v", err)
	}
	if _, err := tree.Capture(file+"/none", mem.New()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing is no tree: %v", err)
	}
}

func socket(path string) error {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	return syscall.Bind(fd, &syscall.SockaddrUnix{Name: path})
}

func TestCheckLink(t *testing.T) {
	for _, tc := range []struct {
		at, target string
		ok         bool
	}{
		{"l", "a", true}, {"l", "./a/b", true}, {"l", ".", true}, {"d/l", "..", true}, {"d/l", "../x", true},
		{"l", "a//b/", true}, {"a/b/l", "../../x", true}, {"a/b/l", "./.././../x", true}, {"l", "...", true},
		{"l", "", false}, {"l", "/", false}, {"l", "..", false}, {"l", "../x", false}, {"d/l", "../../x", false},
		{"d/l", "x/..", false}, {"l", "a\x00b", false}, {"l", "\xff", false}, {"l", strings.Repeat("a/", 3000), false},
	} {
		if err := tree.CheckLink(tc.at, tc.target); (err == nil) != tc.ok {
			t.Errorf("%q -> %q: %v", tc.at, tc.target, err)
		}
	}
}

func TestHostile(t *testing.T) {
	s := mem.New()
	file, _ := s.Put([]byte("x"))
	put := func(d *reapi.Directory) digest.Digest {
		dg, err := s.Put(reapi.AppendDirectory(nil, d))
		if err != nil {
			t.Fatal(err)
		}
		return dg
	}
	files := func(names ...string) digest.Digest {
		d := &reapi.Directory{}
		for _, n := range names {
			d.Files = append(d.Files, reapi.FileNode{Name: n, Digest: file})
		}
		return put(d)
	}
	in := func(name string, d digest.Digest) digest.Digest {
		return put(&reapi.Directory{Directories: []reapi.DirectoryNode{{Name: name, Digest: d}}})
	}
	link := func(target string) digest.Digest {
		return put(&reapi.Directory{Symlinks: []reapi.SymlinkNode{{Name: "l", Target: target}}})
	}
	deep := put(&reapi.Directory{})
	for range 260 {
		deep = in("d", deep)
	}
	wide := files("f")
	for range 30 { // each level twice: a thousand million files in a few kilobytes
		wide = put(&reapi.Directory{Directories: []reapi.DirectoryNode{{Name: "a", Digest: wide}, {Name: "b", Digest: wide}}})
	}
	text, _ := s.Put([]byte("no message at all"))
	for name, tc := range map[string]struct {
		root digest.Digest
		path string
	}{
		"slash":          {files("../../x"), "."},
		"dot dot":        {in("d", files("..")), "d"},
		"twice":          {put(&reapi.Directory{Files: []reapi.FileNode{{Name: "a", Digest: file}}, Symlinks: []reapi.SymlinkNode{{Name: "a", Target: "b"}}}), "."},
		"case":           {in("d", files("A", "a")), "d/a"},
		"absolute link":  {link("/etc"), "l"},
		"climbing link":  {in("d", link("../../x")), "d/l"},
		"through a name": {link("x/.."), "l"},
		"deep":           {deep, strings.Repeat("d/", 257) + "d"},
		"wide":           {wide, ""},
		"text":           {text, "."},
	} {
		t.Run(name, func(t *testing.T) {
			err := tree.Walk(s, tc.root, func(tree.Entry) error { return nil })
			var r *tree.RefusedError
			if !errors.As(err, &r) || tc.path != "" && r.Path != tc.path {
				t.Errorf("Walk: %v", err)
			}
			if name == "wide" {
				return // Materialize counts in the same way, and would make two million files first
			}
			parent := t.TempDir()
			_, err = tree.Materialize(s, tc.root, filepath.Join(parent, "out"))
			if !errors.As(err, &r) {
				t.Errorf("Materialize: %v", err)
			}
			if es, _ := os.ReadDir(parent); len(es) != 0 {
				t.Errorf("something was left: %v", es)
			}
		})
	}
}

func TestMissingBlob(t *testing.T) {
	s := mem.New()
	d, _ := s.Put(reapi.AppendDirectory(nil, &reapi.Directory{Files: []reapi.FileNode{{Name: "f", Digest: digest.Of([]byte("gone"))}}}))
	dst := filepath.Join(t.TempDir(), "out")
	os.WriteFile(dst, []byte("before"), 0o644)
	if _, err := tree.Materialize(s, d, dst); !errors.Is(err, cache.ErrMissing) {
		t.Errorf("got %v", err)
	}
	if b, err := os.ReadFile(dst); err != nil || string(b) != "before" {
		t.Errorf("the destination was touched: %q, %v", b, err)
	}
}

// FuzzTree walks and materializes whatever two Directory messages say, and looks for anything outside.
func FuzzTree(f *testing.F) {
	file := digest.Of([]byte("x"))
	for i, name := range []string{"a", "..", "a/b", "A", "\xff", ""} {
		d := &reapi.Directory{Files: []reapi.FileNode{{Name: name, Digest: file}}, Symlinks: []reapi.SymlinkNode{{Name: fmt.Sprint("l", i), Target: "../x"}}}
		f.Add(reapi.AppendDirectory(nil, d), "d", name)
	}
	f.Add(reapi.AppendDirectory(nil, &reapi.Directory{}), "d", "a/../../x")
	f.Fuzz(func(t *testing.T, inner []byte, name, target string) {
		s := mem.New()
		s.Put([]byte("x"))
		id, _ := s.Put(inner)
		root, _ := s.Put(reapi.AppendDirectory(nil, &reapi.Directory{
			Directories: []reapi.DirectoryNode{{Name: name, Digest: id}},
			Symlinks:    []reapi.SymlinkNode{{Name: "link", Target: target}},
		}))
		parent := t.TempDir()
		_, err := tree.Materialize(s, root, filepath.Join(parent, "out"))
		es, _ := os.ReadDir(parent)
		if err != nil && len(es) != 0 || err == nil && len(es) != 1 {
			t.Fatalf("%v, and there is %v", err, es)
		}
		if err != nil {
			return
		}
		got, err := tree.Capture(filepath.Join(parent, "out"), mem.New())
		if err != nil || got.Root != root && len(inner) == 0 {
			t.Fatalf("what was materialized is not what can be captured: %v", err)
		}
		filepath.WalkDir(filepath.Join(parent, "out"), func(path string, d fs.DirEntry, err error) error {
			if d.Type() == fs.ModeSymlink {
				if real, err := filepath.EvalSymlinks(path); err == nil && !strings.HasPrefix(real, parent) {
					t.Fatalf("%s leads to %s", path, real)
				}
			}
			return nil
		})
	})
}
