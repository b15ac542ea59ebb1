package disk

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

func TestPlace(t *testing.T) {
	c := open(t, t.TempDir(), Options{})
	dir := t.TempDir()
	for _, n := range []int{0, 800, 100_000} {
		b := blob(n, 1)
		d, err := c.Put(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, exec := range []bool{false, true} {
			dst := filepath.Join(dir, "f")
			os.Remove(dst)
			for _, before := range []string{"nothing", "a file", "a link"} {
				if before == "a link" {
					os.Remove(dst)
					os.Symlink("elsewhere", dst)
				}
				if err := c.Place(d, dst, exec); err != nil {
					t.Fatalf("%d bytes over %s: %v", n, before, err)
				}
				fi, err := os.Lstat(dst)
				if err != nil || !fi.Mode().IsRegular() || (fi.Mode()&0o100 != 0) != exec || fi.Mode()&0o200 == 0 {
					t.Errorf("%d bytes over %s: %v, %v", n, before, fi.Mode(), err)
				}
				if got, _ := os.ReadFile(dst); !bytes.Equal(got, b) {
					t.Errorf("%d bytes over %s: other bytes", n, before)
				}
			}
			os.WriteFile(dst, []byte("edited by a person"), 0o644)
			if got, err := c.Get(d); err != nil || !bytes.Equal(got, b) {
				t.Fatalf("an edit has reached the cache: %v", err)
			}
		}
	}
	dst := filepath.Join(dir, "f")
	for _, n := range []int64{5, 1 << 20} {
		if err := c.Place(digest.Digest{Hash: key(1), Size: n}, dst, false); !errors.Is(err, cache.ErrMissing) {
			t.Errorf("placing what is missing: %v", err)
		}
		if b, _ := os.ReadFile(dst); string(b) != "edited by a person" {
			t.Error("the old file was touched")
		}
	}
	if es, _ := os.ReadDir(dir); len(es) != 1 {
		t.Errorf("litter: %v", es)
	}
}

func TestBlobPath(t *testing.T) {
	dir := t.TempDir()
	c, other := open(t, dir, Options{}), open(t, dir, Options{})
	for _, n := range []int{0, 800, 100_000} {
		b := blob(n, 2)
		d, err := c.Put(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, exec := range []bool{true, false} {
			path, err := other.BlobPath(d, exec)
			if err != nil {
				t.Fatal(err)
			}
			again, err := c.BlobPath(d, exec)
			fi, serr := os.Stat(path)
			if err != nil || again != path || serr != nil || fi.Mode()&0o222 != 0 || (fi.Mode()&0o100 != 0) != exec {
				t.Errorf("%d bytes: %s and %s, %v, %v", n, path, again, err, fi.Mode())
			}
			if got, _ := os.ReadFile(path); !bytes.Equal(got, b) {
				t.Error("other bytes")
			}
		}
	}
	if _, err := c.BlobPath(digest.Digest{Hash: key(1), Size: 1 << 20}, false); !errors.Is(err, cache.ErrMissing) {
		t.Errorf("of what is missing: %v", err)
	}
}

// An edit through a path that was handed out is noticed by its time; small blobs come back from their pack, large ones are
// missing.
func TestBlobPathNoticesEdits(t *testing.T) {
	dir := t.TempDir()
	told := 0
	c := open(t, dir, Options{OnCorrupt: func(*cache.CorruptError) { told++ }})
	for _, n := range []int{800, 100_000} {
		d, _ := c.Put(blob(n, 3))
		path, err := c.BlobPath(d, false)
		if err != nil {
			t.Fatal(err)
		}
		flip(t, path, 5)
		told = 0
		again, err := c.BlobPath(d, false)
		if n == 800 {
			if got, _ := os.ReadFile(again); err != nil || digest.Of(got) != d {
				t.Errorf("not mended: %v", err)
			}
		} else if !errors.Is(err, cache.ErrMissing) {
			t.Errorf("got %v", err)
		}
		if told != 1 {
			t.Errorf("told %d times", told)
		}
	}
}

// After a crash of the machine a file may have its size and its time, and other bytes: it is read once in the next boot.
func TestBlobPathInAnotherBoot(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{})
	good, _ := c.Put(blob(100_000, 4))
	bad, _ := c.Put(blob(100_000, 5))
	path, _ := c.BlobPath(bad, false)
	fi, _ := os.Stat(path)
	flip(t, path, 5)
	os.Chtimes(path, fi.ModTime(), fi.ModTime())
	if _, err := c.BlobPath(bad, false); err != nil {
		t.Fatalf("in the same boot nothing tells: %v", err)
	}
	for boot := byte(1); boot < 3; boot++ {
		next := open(t, dir, Options{})
		next.boot = func() [16]byte { return [16]byte{boot} }
		if _, err := next.BlobPath(bad, false); !errors.Is(err, cache.ErrMissing) {
			t.Errorf("boot %d: the damaged one: %v", boot, err)
		}
		if _, err := next.BlobPath(good, false); err != nil {
			t.Errorf("boot %d: the sound one: %v", boot, err)
		}
		if f, ok := next.factOf(good.Hash, false); !ok || !f.checked {
			t.Errorf("boot %d: it will be read again: %+v", boot, f)
		}
	}
}

// A disk that is full at any moment: the error says so, nothing half-written is ever seen, and all is well when there is
// room again.
func TestFullDisk(t *testing.T) {
	small, large := blob(800, 7), blob(300_000, 8)
	for fail := 1; ; fail++ {
		dir := t.TempDir()
		c := open(t, dir, Options{})
		n := 0
		c.fault = func(int) error {
			if n++; n == fail {
				return &os.PathError{Op: "write", Path: "somewhere", Err: syscall.ENOSPC}
			}
			return nil
		}
		var failed error
		note := func(err error) {
			if err != nil {
				failed = err
			}
		}
		for range 2 { // the second time there is room
			_, err := c.Put(small)
			note(err)
			_, err = c.Put(large)
			note(err)
			note(c.Record(cache.Result, key(1), small))
			_, err = c.BlobPath(digest.Of(small), true)
			if !errors.Is(err, cache.ErrMissing) {
				note(err)
			}
		}
		for _, b := range [][]byte{small, large} {
			for _, c := range []*Cache{c, open(t, dir, Options{})} {
				if got, err := c.Get(digest.Of(b)); err != nil || !bytes.Equal(got, b) {
					t.Fatalf("fault %d: %v", fail, err)
				}
				if _, ok := c.Lookup(cache.Result, key(1)); !ok {
					t.Fatalf("fault %d: no record", fail)
				}
			}
		}
		if s, err := c.Verify(t.Context(), nil); err != nil || len(s.Bad) != 0 || s.Blobs < 3 || s.Records != 1 {
			t.Errorf("fault %d: verify %+v, %v", fail, s, err)
		}
		if names, _ := readNames(c.path("tmp")); len(names) != 0 {
			t.Errorf("fault %d: litter %v", fail, names)
		}
		if n < fail {
			if fail < 6 {
				t.Errorf("only %d writes were seen", n)
			}
			return
		}
		if !errors.Is(failed, syscall.ENOSPC) || !strings.Contains(failed.Error(), dir) {
			t.Errorf("fault %d: the error is %v", fail, failed)
		}
	}
}

func TestVerify(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{})
	tr := sampleTree(t, c)
	path, _ := c.TreePath(tr.Root)
	small, _ := c.Put(blob(800, 10))
	large, _ := c.Put(blob(200_000, 11))
	c.Record(cache.Result, key(1), []byte("sound"))
	c.Record(cache.Result, key(2), []byte("damaged"))
	calls := 0
	s, err := c.Verify(t.Context(), func(done, total int64) {
		if calls++; done > total {
			t.Errorf("%d of %d", done, total)
		}
	})
	if err != nil || len(s.Bad) != 0 || s.Records != 2 || s.Trees != 1 || calls == 0 {
		t.Fatalf("sound: %+v, %v, %d calls", s, err, calls)
	}
	damageBlob(t, c, small)
	damageBlob(t, c, large)
	e, _ := c.find(keyOf(uint8(cache.Result), key(2)))
	flip(t, e.pack.path, int64(e.off)+40) // in the key itself
	os.WriteFile(path+"/a/more", nil, 0o644)
	s, err = c.Verify(t.Context(), nil)
	if err != nil || len(s.Bad) != 4 {
		t.Errorf("damaged: %+v, %v", s, err)
	}
	if s, err = c.Verify(t.Context(), nil); err != nil || len(s.Bad) != 0 {
		t.Errorf("a second time: %+v, %v", s, err)
	}
	if missing, _ := c.Missing([]digest.Digest{small, large}); len(missing) != 2 {
		t.Errorf("missing %v", missing)
	}
	if _, ok := c.Lookup(cache.Result, key(2)); ok {
		t.Error("the damaged record is there")
	}
	if st, err := c.Stats(); err != nil || st.Quarantined == 0 || st.Records[cache.Result] != 1 {
		t.Errorf("%+v, %v", st, err)
	}
}
