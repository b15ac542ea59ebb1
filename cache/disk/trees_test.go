package disk

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/reapi"
	"github.com/cairn-build/cairn/cache/tree"
)

func sampleTree(t *testing.T, c *Cache) tree.Captured {
	t.Helper()
	dir := t.TempDir()
	for path, content := range map[string]string{"a/b/small": "x", "a/large": string(blob(100_000, 6)), "bin/run": "#!", "z": "", "a/b/z": ""} {
		full := filepath.Join(dir, path)
		os.MkdirAll(filepath.Dir(full), 0o755)
		mode := os.FileMode(0o644)
		if strings.HasPrefix(path, "bin/") {
			mode = 0o755
		}
		os.WriteFile(full, []byte(content), mode)
	}
	os.Mkdir(filepath.Join(dir, "empty"), 0o755)
	os.Symlink("../a/large", filepath.Join(dir, "bin/link"))
	got, err := tree.Capture(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTreePath(t *testing.T) {
	dir := t.TempDir()
	ck := &clock{t: time.Now()}
	var told []string
	c := open(t, dir, Options{Now: ck.now, OnCorrupt: func(e *cache.CorruptError) { told = append(told, e.Where) }})
	want := sampleTree(t, c)
	sound := func(what string) string {
		t.Helper()
		ck.add(time.Minute)
		path, err := c.TreePath(want.Root)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got, err := tree.Capture(path, digestOnly{}); err != nil || got != want {
			t.Fatalf("%s: %+v, %v; want %+v", what, got, err, want)
		}
		return path
	}
	if _, made, err := c.PlaceTree(want.Root); err != nil || made == nil || made.Links == 0 || made.Copies != 0 {
		t.Errorf("made of %+v, %v", made, err)
	}
	if _, made, err := c.PlaceTree(want.Root); err != nil || made != nil {
		t.Errorf("made again, of %+v, %v", made, err)
	}
	path := sound("new")
	before, _ := os.Stat(path)
	sound("again")
	if after, _ := os.Stat(path); !os.SameFile(before, after) || len(told) != 0 {
		t.Errorf("it was made twice, told %v", told)
	}
	if fi, _ := os.Stat(path + "/a"); fi.Mode()&0o222 != 0 {
		t.Errorf("a folder has mode %v", fi.Mode())
	}
	one, _ := os.Stat(path + "/z")
	two, _ := os.Stat(path + "/a/b/z")
	if !os.SameFile(one, two) {
		t.Error("equal files do not share one inode")
	}
	for what, change := range map[string]func() error{
		"a file is added":   func() error { return os.WriteFile(path+"/a/new", nil, 0o644) },
		"a file is removed": func() error { return os.Remove(path + "/a/b/small") },
		"a file is edited":  func() error { flip(t, path+"/a/b/small", 0); return nil },
		"a link is bent": func() error {
			return errors.Join(os.Remove(path+"/bin/link"), os.Symlink("run", path+"/bin/link"))
		},
		"a bit is set":        func() error { return os.Chmod(path+"/bin/run", 0o444) },
		"all of it goes":      func() error { return os.RemoveAll(path) },
		"its facts are cut":   func() error { return os.Truncate(path+".facts", 40) },
		"its facts are gone":  func() error { return os.Remove(path + ".facts") },
		"a folder is renamed": func() error { return os.Rename(path+"/a/b", path+"/a/c") },
	} {
		told = nil
		for _, d := range []string{path, path + "/a", path + "/a/b", path + "/bin"} {
			os.Chmod(d, 0o755)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		sound(what)
		if first := strings.Contains(what, "facts") || strings.Contains(what, "all"); first != (len(told) == 0) {
			t.Errorf("%s: told %q", what, told)
		}
	}
	// A large file that is edited is gone, as nothing else holds its bytes.
	flip(t, path+"/a/large", 9)
	ck.add(time.Minute)
	if _, err := c.TreePath(want.Root); !errors.Is(err, cache.ErrMissing) {
		t.Errorf("the bytes are gone: %v", err)
	}
	sampleTree(t, c)
	sound("put again")
	if names, _ := readNames(c.path("tmp")); len(names) != 0 {
		t.Errorf("litter: %v", names)
	}
}

func TestTreePathConcurrent(t *testing.T) {
	dir := t.TempDir()
	caches := []*Cache{open(t, dir, Options{}), open(t, dir, Options{}), open(t, dir, Options{})}
	want := sampleTree(t, caches[0])
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			path, err := caches[i%3].TreePath(want.Root)
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := tree.Capture(path, digestOnly{}); err != nil || got != want {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	wg.Wait()
}

func TestTreePathRefuses(t *testing.T) {
	c := open(t, t.TempDir(), Options{})
	d, _ := c.Put(reapi.AppendDirectory(nil, &reapi.Directory{Symlinks: []reapi.SymlinkNode{{Name: "l", Target: "../../../etc"}}}))
	var r *tree.RefusedError
	if _, err := c.TreePath(d); !errors.As(err, &r) {
		t.Errorf("got %v", err)
	}
	gone, _ := c.Put(reapi.AppendDirectory(nil, &reapi.Directory{Files: []reapi.FileNode{{Name: "f", Digest: digest.Of([]byte("gone"))}}}))
	if _, err := c.TreePath(gone); !errors.Is(err, cache.ErrMissing) {
		t.Errorf("got %v", err)
	}
	for _, sub := range []string{"tmp", "trees"} {
		if names, _ := readNames(c.path(sub)); len(names) != 0 {
			t.Errorf("left in %s: %v", sub, names)
		}
	}
}

func TestMaterializeFromDisk(t *testing.T) {
	c := open(t, t.TempDir(), Options{})
	want := sampleTree(t, c)
	dst := filepath.Join(t.TempDir(), "out")
	if _, err := tree.Materialize(c, want.Root, dst); err != nil {
		t.Fatal(err)
	}
	if got, err := tree.Capture(dst, digestOnly{}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}
