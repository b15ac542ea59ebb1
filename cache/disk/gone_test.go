package disk

import (
	"os"
	"path/filepath"
	"testing"
)

func TestGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	open := func() *Cache {
		c, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	first, second := open(), open()
	if first.Gone() || second.Gone() {
		t.Error("a cache that is there is gone")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if !first.Gone() {
		t.Error("a cache that was removed is not gone")
	}
	third := open()
	if !second.Gone() || third.Gone() {
		t.Errorf("another in its place: the old one is gone: %v, the new one: %v", second.Gone(), third.Gone())
	}
}
