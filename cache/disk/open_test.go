package disk

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o644)
	for _, ro := range []bool{false, true} {
		for _, path := range []string{file, filepath.Join(file, "below")} {
			if _, err := Open(path, Options{ReadOnly: ro}); err == nil || !strings.Contains(err.Error(), path) || !errors.Is(err, unix.ENOTDIR) {
				t.Errorf("%s, read-only %v: %v", path, ro, err)
			}
		}
	}
}

func TestReadOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "c")
	empty := open(t, dir, Options{ReadOnly: true})
	if _, err := empty.Get(digest.Of([]byte("x"))); !errors.Is(err, cache.ErrMissing) {
		t.Errorf("an empty cache: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Fatal("it was made")
	}
	w := open(t, dir, Options{})
	var ds []digest.Digest
	for _, n := range []int{800, 100_000} {
		d, _ := w.Put(blob(n, 9))
		ds = append(ds, d)
	}
	tr := sampleTree(t, w)
	if _, err := w.TreePath(tr.Root); err != nil {
		t.Fatal(err)
	}
	w.Close()
	var before []string
	list := func() (all []string) {
		filepath.Walk(dir, func(p string, fi os.FileInfo, err error) error {
			all = append(all, p+fi.ModTime().String())
			return nil
		})
		return all
	}
	before = list()
	r := open(t, dir, Options{ReadOnly: true, Now: newClock().now})
	for _, d := range ds {
		if _, err := r.Get(d); err != nil {
			t.Error(err)
		}
		if _, err := r.Put(append(blob(int(d.Size), 9), 'x')); !errors.Is(err, ErrReadOnly) {
			t.Errorf("Put: %v", err)
		}
	}
	if _, err := r.TreePath(tr.Root); err != nil {
		t.Error(err)
	}
	if _, err := r.BlobPath(ds[1], false); err != nil {
		t.Error(err)
	}
	if l, _, ok := r.LockKey(key(1)); !ok {
		t.Error("no lock")
	} else {
		l.Unlock()
	}
	l, err := r.Lease()
	if err != nil {
		t.Error(err)
	}
	l.Release()
	if err := r.Record(cache.Result, key(1), nil); !errors.Is(err, ErrReadOnly) {
		t.Errorf("Record: %v", err)
	}
	r.Close()
	if after := list(); strings.Join(after, "\n") != strings.Join(before, "\n") {
		t.Error("something was written")
	}
}

func TestDefaultDir(t *testing.T) {
	for _, tc := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"CAIRN_CACHE": "/x/y", "HOME": "/h"}, "/x/y"},
		{map[string]string{"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/cairn"},
		{map[string]string{"XDG_CACHE_HOME": "relative", "HOME": "/h"}, filepath.Join("/h", userCache, "cairn")},
		{map[string]string{"CAIRN_CACHE": "relative", "HOME": "/h"}, ""},
		{map[string]string{}, ""},
	} {
		got, err := DefaultDir(func(k string) string { return tc.env[k] })
		if got != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("%v: %q, %v", tc.env, got, err)
		}
	}
}
