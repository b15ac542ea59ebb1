package disk

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/tree"
)

func benchKey(i int) (h digest.Hash) {
	binary.LittleEndian.PutUint64(h[8:], uint64(i))
	return digest.Of(h[:]).Hash
}

func BenchmarkRecord(b *testing.B) {
	c := open(b, b.TempDir(), Options{})
	v := make([]byte, 300)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Record(cache.Result, benchKey(i), v); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkPutFileSmall(b *testing.B) {
	c := open(b, b.TempDir(), Options{})
	dir := b.TempDir()
	var paths []string
	for i := range 2000 {
		p := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(p, fmt.Appendf(nil, "%0150d", i), 0o644); err != nil {
			b.Fatal(err)
		}
		paths = append(paths, p)
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() { // the first 2000 are new to the cache, the rest are not
		if _, err := c.PutFile(paths[i%len(paths)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkPutNew(b *testing.B) {
	c := open(b, b.TempDir(), Options{})
	v := make([]byte, 150)
	i := 0
	for b.Loop() {
		binary.LittleEndian.PutUint64(v, uint64(i))
		if _, err := c.Put(v); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// full gives the directory of a cache with n records, half of what a build of n/2 actions leaves.
func full(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	c := open(b, dir, Options{})
	v := make([]byte, 200)
	for i := range n {
		if err := c.Record(cache.Result, benchKey(i), v); err != nil {
			b.Fatal(err)
		}
	}
	c.Close()
	return dir
}

func BenchmarkLookup(b *testing.B) {
	const n = 200_000
	c := open(b, full(b, n), Options{})
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.Lookup(cache.Result, benchKey(i%n)); !ok {
			b.Fatal("lost")
		}
		i += 7919
	}
}

func BenchmarkLookupMissing(b *testing.B) {
	c := open(b, full(b, 200_000), Options{})
	i := 0
	for b.Loop() {
		if _, ok := c.Lookup(cache.Manifest, benchKey(i)); ok {
			b.Fatal("found")
		}
		i++
	}
}

// BenchmarkOpen200k opens, looks one record up and closes.
func BenchmarkOpen200k(b *testing.B) {
	dir := full(b, 200_000)
	i := 0
	for b.Loop() {
		c, err := Open(dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, ok := c.Lookup(cache.Result, benchKey(i%200_000)); !ok {
			b.Fatal("lost")
		}
		c.Close()
		i++
	}
}

func BenchmarkOpenOnly(b *testing.B) {
	dir := full(b, 10)
	for b.Loop() {
		c, err := Open(dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}

func BenchmarkPlace(b *testing.B) {
	c := open(b, b.TempDir(), Options{})
	d, _ := c.Put(make([]byte, 150))
	dir := b.TempDir()
	i := 0
	for b.Loop() {
		if err := c.Place(d, filepath.Join(dir, fmt.Sprint(i)), false); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkCreate is what Place is measured against: a file made by the system calls alone.
func BenchmarkCreate(b *testing.B) {
	dir := b.TempDir()
	v := make([]byte, 150)
	i := 0
	for b.Loop() {
		f, err := os.OpenFile(filepath.Join(dir, fmt.Sprint(i)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			b.Fatal(err)
		}
		f.Write(v)
		f.Close()
		i++
	}
}

func BenchmarkBlobPath(b *testing.B) {
	c := open(b, b.TempDir(), Options{})
	d, _ := c.Put(make([]byte, 150))
	for b.Loop() {
		if _, err := c.BlobPath(d, false); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLockKey(b *testing.B) {
	c := open(b, b.TempDir(), Options{})
	i := 0
	for b.Loop() {
		l, _, ok := c.LockKey(benchKey(i))
		if !ok {
			b.Fatal("held")
		}
		l.Unlock()
		i++
	}
}

// BenchmarkTree10k captures a folder of ten thousand small files, makes it in the cache, makes it again from linked files, and
// checks it.
func BenchmarkTree10k(b *testing.B) {
	src := b.TempDir()
	for i := range 10_000 {
		dir := filepath.Join(src, fmt.Sprint("d", i/20))
		if i%20 == 0 {
			if err := os.Mkdir(dir, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), fmt.Appendf(nil, "%0800d", i), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	c := open(b, b.TempDir(), Options{})
	var root digest.Digest
	step := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	step("capture", func() error {
		t, err := tree.Capture(src, c)
		root = t.Root
		return err
	})
	step("make", func() error {
		if _, err := c.makeTree(root); err != nil {
			return err
		}
		b.StopTimer()
		defer b.StartTimer()
		return c.clearTree(root, nil)
	})
	if _, err := c.TreePath(root); err != nil {
		b.Fatal(err)
	}
	step("check", func() error { return c.checkTree(root) })
}
