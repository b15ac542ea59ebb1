package disk

import (
	"os"
	"testing"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/cachetest"
	"github.com/cairn-build/cairn/cache/digest"
)

func open(t testing.TB, dir string, o Options) *Cache {
	t.Helper()
	c, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// flip changes one bit of a file, read-only or not.
func flip(t testing.TB, path string, off int64) {
	t.Helper()
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	os.Chmod(path, 0o600)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	f.ReadAt(b[:], off)
	b[0] ^= 0x10
	f.WriteAt(b[:], off)
	os.Chmod(path, fi.Mode())
}

func damageBlob(t testing.TB, c *Cache, d digest.Digest) {
	t.Helper()
	if path, _, _, err := c.statFile(d.Hash); err == nil && !c.small(d.Size) {
		flip(t, path, d.Size/2)
		return
	}
	e, ok := c.seek(keyOf(kindBlob, d.Hash))
	if !ok {
		t.Fatal("not there")
	}
	flip(t, e.pack.path, int64(e.off)+recHeaderSize+int64(e.size)/2)
}

func TestConformance(t *testing.T) {
	for name, o := range map[string]Options{
		"defaults":    {},
		"small packs": {PackMax: 20000, SmallMax: 4096},
	} {
		t.Run(name, func(t *testing.T) {
			cachetest.Run(t, cachetest.Harness{
				New: func(t *testing.T) (cachetest.Store, func() cachetest.Store) {
					dir := t.TempDir()
					return open(t, dir, o), func() cachetest.Store { return open(t, dir, o) }
				},
				Damage: func(t *testing.T, s cachetest.Store, d digest.Digest) { damageBlob(t, s.(*Cache), d) },
			})
		})
	}
}

var (
	_ cache.Blobs   = (*Cache)(nil)
	_ cache.Records = (*Cache)(nil)
)
