// Package cachetest is the suite that every store passes, and every decorator of one.
package cachetest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

// Store is what the suite tests.
type Store interface {
	cache.Blobs
	cache.Records
}

// Harness makes what the suite tests.
type Harness struct {
	// New gives an empty store and a function that opens the same place once more, as another process would; nil where the
	// store has no place.
	New func(t *testing.T) (s Store, again func() Store)
	// Damage flips a bit of a stored blob behind the store's back; nil where that cannot be done.
	Damage func(t *testing.T, s Store, d digest.Digest)
}

// sizes lie around the limits of what stores treat in different ways.
var sizes = []int{0, 1, 100, 4096, 65535, 65536, 65537, 1 << 20, 3<<20 + 7}

// bytesOf gives n bytes that depend on n and seed only.
func bytesOf(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	return b[:n]
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Run("RoundTrip", func(t *testing.T) { roundTrip(t, h) })
	t.Run("PutFile", func(t *testing.T) { putFile(t, h) })
	t.Run("Missing", func(t *testing.T) { missing(t, h) })
	t.Run("Records", func(t *testing.T) { records(t, h) })
	t.Run("Concurrent", func(t *testing.T) { concurrent(t, h) })
	if h.Damage != nil {
		t.Run("Damage", func(t *testing.T) { damage(t, h) })
	}
	t.Run("Again", func(t *testing.T) { again(t, h) })
}

func put(t *testing.T, s Store, b []byte) digest.Digest {
	t.Helper()
	d, err := s.Put(b)
	if err != nil {
		t.Fatal(err)
	}
	if d != digest.Of(b) {
		t.Fatalf("Put gives %v, want %v", d, digest.Of(b))
	}
	return d
}

// holds checks that d can be had in both ways.
func holds(t *testing.T, s Store, d digest.Digest, want []byte) {
	t.Helper()
	got, err := s.Get(d)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("Get(%v): %d bytes, %v; want %d", d, len(got), err, len(want))
	}
	rc, err := s.Open(d)
	if err != nil {
		t.Fatal(err)
	}
	got, err = io.ReadAll(rc)
	if cerr := rc.Close(); err != nil || cerr != nil || !bytes.Equal(got, want) {
		t.Fatalf("Open(%v): %d bytes, %v, %v; want %d", d, len(got), err, cerr, len(want))
	}
}

// lacks checks that d is missing in every way.
func lacks(t *testing.T, s Store, d digest.Digest) {
	t.Helper()
	if _, err := s.Get(d); !errors.Is(err, cache.ErrMissing) {
		t.Fatalf("Get of what is missing: %v", err)
	}
	if _, err := s.Open(d); !errors.Is(err, cache.ErrMissing) {
		t.Fatalf("Open of what is missing: %v", err)
	}
	if ds, err := s.Missing([]digest.Digest{d}); err != nil || len(ds) != 1 {
		t.Fatalf("Missing: %v, %v", ds, err)
	}
}

func roundTrip(t *testing.T, h Harness) {
	s, _ := h.New(t)
	for _, n := range sizes {
		b := bytesOf(n, 1)
		d := put(t, s, b)
		holds(t, s, d, b)
		if put(t, s, b) != d {
			t.Fatal("the second Put gives another digest")
		}
		holds(t, s, d, b)
	}
}

func putFile(t *testing.T, h Harness) {
	s, _ := h.New(t)
	dir := t.TempDir()
	for i, n := range sizes {
		b := bytesOf(n, 2)
		path := filepath.Join(dir, fmt.Sprint(n))
		if err := os.WriteFile(path, b, 0o644|os.FileMode(i%2)*0o111); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			d, err := s.PutFile(path)
			if err != nil || d != digest.Of(b) {
				t.Fatalf("PutFile of %d bytes: %v, %v", n, d, err)
			}
			holds(t, s, d, b)
		}
	}
	if _, err := s.PutFile(filepath.Join(dir, "nothing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("PutFile of no file: %v", err)
	}
	if _, err := s.PutFile(dir); err == nil {
		t.Error("PutFile took a folder")
	}
}

func missing(t *testing.T, h Harness) {
	s, _ := h.New(t)
	var all, want []digest.Digest
	for i, n := range sizes[1:] {
		b := bytesOf(n, 3)
		d := digest.Of(b)
		all = append(all, d)
		if i%2 == 0 {
			put(t, s, b)
		} else {
			want = append(want, d)
			lacks(t, s, d)
		}
	}
	all = append(all, digest.Empty)
	got, err := s.Missing(all)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Missing gives %v, %v; want %v", got, err, want)
	}
	wrong := all[0]
	wrong.Size++
	lacks(t, s, wrong)
	holds(t, s, all[0], bytesOf(sizes[1], 3))
	holds(t, s, digest.Empty, nil)
}

func key(i int) digest.Hash { return digest.Of(fmt.Append(nil, "key", i)).Hash }

func records(t *testing.T, h Harness) {
	s, _ := h.New(t)
	want := map[int][]byte{}
	r := rand.New(rand.NewPCG(4, 5))
	kinds := []cache.Kind{cache.Result, cache.Manifest, cache.KeyParts, cache.Tool, cache.Tree}
	for range 2000 {
		i := r.IntN(200)
		k := kinds[i%len(kinds)]
		switch r.IntN(4) {
		case 0:
			if err := s.Forget(k, key(i)); err != nil {
				t.Fatal(err)
			}
			delete(want, i)
		default:
			v := bytesOf(r.IntN(300), r.Uint64())
			if err := s.Record(k, key(i), v); err != nil {
				t.Fatal(err)
			}
			want[i] = v
		}
	}
	for i := range 200 {
		v, ok := s.Lookup(kinds[i%len(kinds)], key(i))
		if w, there := want[i]; ok != there || !bytes.Equal(v, w) {
			t.Fatalf("key %d: %d bytes, %v; want %d, %v", i, len(v), ok, len(w), there)
		}
		if _, ok := s.Lookup(kinds[(i+1)%len(kinds)], key(i)); ok {
			t.Fatal("a record shows under another kind")
		}
	}
}

func concurrent(t *testing.T, h Harness) {
	s, other := h.New(t)
	stores := []Store{s}
	if other != nil {
		stores = append(stores, other())
	}
	var wg sync.WaitGroup
	for g := range 8 {
		s := stores[g%len(stores)]
		wg.Go(func() {
			for i := range 60 {
				b := bytesOf(200+i*1500, uint64(g/4)) // four write the same
				d, err := s.Put(b)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := s.Get(d); err != nil || !bytes.Equal(got, b) {
					t.Errorf("Get after Put: %d bytes, %v", len(got), err)
				}
				k := key(g*1000 + i)
				if err := s.Record(cache.Result, k, b[:50]); err != nil {
					t.Error(err)
				}
				for _, o := range stores {
					if v, ok := o.Lookup(cache.Result, k); !ok || !bytes.Equal(v, b[:50]) {
						t.Error("a record that was written is not seen")
					}
				}
			}
		})
	}
	wg.Wait()
}

func damage(t *testing.T, h Harness) {
	s, _ := h.New(t)
	for _, how := range []string{"Get", "Open"} {
		for _, n := range sizes[1:] {
			b := bytesOf(n, 6)
			d := put(t, s, b)
			h.Damage(t, s, d)
			var err error
			if how == "Get" {
				_, err = s.Get(d)
			} else {
				var rc io.ReadCloser
				if rc, err = s.Open(d); err == nil {
					_, err = io.ReadAll(rc)
					rc.Close()
				}
			}
			var bad *cache.CorruptError
			if !errors.As(err, &bad) || bad.Digest.Hash != d.Hash || !errors.Is(err, cache.ErrMissing) {
				t.Fatalf("%s of %d damaged bytes: %v", how, n, err)
			}
			lacks(t, s, d)
			if _, err := s.Get(d); errors.As(err, &bad) {
				t.Fatalf("%d damaged bytes are told twice", n)
			}
			put(t, s, b)
			holds(t, s, d, b)
		}
	}
}

func again(t *testing.T, h Harness) {
	s, other := h.New(t)
	if other == nil {
		return
	}
	o := other()
	lacks(t, o, digest.Of(bytesOf(10, 7)))
	for _, n := range sizes {
		b := bytesOf(n, 7)
		holds(t, o, put(t, s, b), b)
	}
	for i := range 50 {
		if err := s.Record(cache.Result, key(i), []byte("first")); err != nil {
			t.Fatal(err)
		}
		if err := o.Record(cache.Result, key(i), []byte("second")); err != nil {
			t.Fatal(err)
		}
	}
	third := other()
	for i := range 50 {
		if v, ok := third.Lookup(cache.Result, key(i)); !ok || string(v) != "second" {
			t.Fatalf("the last write does not win: %q, %v", v, ok)
		}
		if err := third.Forget(cache.Result, key(i)); err != nil {
			t.Fatal(err)
		}
	}
	fourth := other()
	for i := range 50 {
		if _, ok := fourth.Lookup(cache.Result, key(i)); ok {
			t.Fatal("a key that was forgotten is there")
		}
	}
}
