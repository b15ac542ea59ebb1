package disk

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

// newClock starts years from now, so that the times of files that the kernel sets are always earlier uses.
func newClock() *clock {
	return &clock{t: time.Now().Add(5 * 365 * 24 * time.Hour).Truncate(time.Hour)}
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func blob(n, seed int) []byte { return bytes.Repeat(fmt.Appendf(nil, "%08d", seed), n/8) }

const day = 24 * time.Hour

// present says which of a list are in the cache, without marking them as used.
func present(c *Cache, ds []digest.Digest) string {
	s := ""
	for _, d := range ds {
		_, ok := c.seek(keyOf(kindBlob, d.Hash))
		_, _, _, err := c.statFile(d.Hash)
		if ok || err == nil {
			s += "x"
		} else {
			s += "-"
		}
	}
	return s
}

func TestTrimByAge(t *testing.T) {
	for _, size := range []int{1000, 200_000} {
		dir, ck := t.TempDir(), newClock()
		c := open(t, dir, Options{Now: ck.now})
		var ds []digest.Digest
		for i := range 6 {
			d, err := c.Put(blob(size, i))
			if err != nil {
				t.Fatal(err)
			}
			if path, _, _, err := c.statFile(d.Hash); err == nil {
				os.Chtimes(path, ck.now(), ck.now())
			}
			c.Record(cache.Result, key(i), []byte(d.String()))
			ds = append(ds, d)
			ck.add(day)
		}
		c.Get(ds[0]) // old, and used just now
		c.Lookup(cache.Result, key(1))
		s, err := c.Trim(t.Context(), TrimOptions{MaxAge: 3*day + time.Hour})
		if err != nil || !s.Done || s.Blobs != 2 || s.Records != 2 || s.After >= s.Before {
			t.Errorf("size %d: %+v, %v", size, s, err)
		}
		if got := present(c, ds); got != "x--xxx" {
			t.Errorf("size %d: left are %s", size, got)
		}
		other := open(t, dir, Options{Now: ck.now, ReadOnly: true})
		for i := range 6 {
			_, ok := other.Lookup(cache.Result, key(i))
			if want := i == 1 || i >= 3; ok != want {
				t.Errorf("size %d: record %d: %v", size, i, ok)
			}
		}
		if _, err := other.Get(ds[0]); err != nil {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

func TestTrimBySize(t *testing.T) {
	for _, size := range []int{40_000, 400_000} {
		dir, ck := t.TempDir(), newClock()
		c := open(t, dir, Options{Now: ck.now, PackMax: 150_000})
		var ds []digest.Digest
		for i := range 20 {
			d, err := c.Put(blob(size, i))
			if err != nil {
				t.Fatal(err)
			}
			if path, _, _, err := c.statFile(d.Hash); err == nil {
				os.Chtimes(path, ck.now(), ck.now())
			}
			ds = append(ds, d)
			ck.add(2 * time.Hour)
		}
		c.Missing(ds[:3]) // a look at them is a use
		ck.add(2 * time.Hour)
		s, err := c.Trim(t.Context(), TrimOptions{MaxBytes: int64(size) * 10})
		if err != nil || !s.Done || s.After > int64(size)*10 || s.After < int64(size)*7 {
			t.Errorf("size %d: %+v, %v", size, s, err)
		}
		if got := present(c, ds); got[:4] != "xxx-" || got[15:] != "xxxxx" {
			t.Errorf("size %d: left are %s", size, got)
		}
		st, err := c.Stats()
		if err != nil || st.Bytes != s.After {
			t.Errorf("size %d: Stats says %d bytes, Trim %d (%v)", size, st.Bytes, s.After, err)
		}
		for _, d := range ds[15:] {
			if _, err := c.Get(d); err != nil {
				t.Error(err)
			}
		}
	}
}

// A lease keeps what was used since it was taken, whoever takes it away.
func TestTrimKeepsWhatALeaseCovers(t *testing.T) {
	dir, ck := t.TempDir(), newClock()
	writer := open(t, dir, Options{Now: ck.now})
	var ds []digest.Digest
	for i := range 6 {
		d, err := writer.Put(blob([]int{500, 100_000}[i%2], i))
		if err != nil {
			t.Fatal(err)
		}
		ds = append(ds, d)
	}
	writer.Close() // a pack that a living process appends to is left alone
	ck.add(10 * day)
	build := open(t, dir, Options{Now: ck.now})
	lease, err := build.Lease()
	if err != nil {
		t.Fatal(err)
	}
	ck.add(2 * time.Hour)
	build.Missing(ds[:2])
	if path, err := build.BlobPath(ds[2], true); err != nil {
		t.Fatal(path, err)
	}
	fresh, _ := build.Put([]byte("written under the lease"))
	build.wmu.Lock()
	build.release() // nor is one that a living process appends to compacted
	build.wmu.Unlock()
	ck.add(10 * day)
	trim := open(t, dir, Options{Now: ck.now})
	if s, err := trim.Trim(t.Context(), TrimOptions{MaxBytes: 1, MaxAge: time.Hour}); err != nil || s.Blobs == 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	if got := present(trim, append(ds, fresh)); got != "xxx---x" {
		t.Errorf("under the lease left are %s", got)
	}
	for _, d := range append(ds[:3:3], fresh) {
		if _, err := build.Get(d); err != nil {
			t.Errorf("the build has lost %v: %v", d, err)
		}
	}
	lease.Release()
	build.Close()
	ck.add(day)
	if _, err := trim.Trim(t.Context(), TrimOptions{MaxBytes: 1, MaxAge: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if got := present(trim, append(ds, fresh)); got != "-------" {
		t.Errorf("without a lease left are %s", got)
	}
	if names, _ := readNames(trim.path("leases")); len(names) != 0 {
		t.Errorf("ended leases stay: %v", names)
	}
}

func TestLeaseOfADeadProcess(t *testing.T) {
	dir := t.TempDir()
	_, out, end := helper(t, "lock", dir)
	out.ReadString('\n')
	c := open(t, dir, Options{})
	if _, ok := c.oldestLease(); !ok {
		t.Fatal("the lease of another process is not seen")
	}
	end()
	if _, ok := c.oldestLease(); ok {
		t.Error("the lease has outlived its process")
	}
}

// Many goroutines build, each in its own Cache, while others trim all they may. What a Cache under a lease was told is there
// must be there.
func TestTrimUnderBuilds(t *testing.T) {
	dir, ck := t.TempDir(), newClock()
	o := Options{Now: ck.now, PackMax: 60_000, SmallMax: 2000, OnCorrupt: func(e *cache.CorruptError) { t.Error(e) }}
	ctx, stop := context.WithTimeout(t.Context(), 800*time.Millisecond)
	defer stop()
	var trims, builders sync.WaitGroup
	for range 2 {
		c := open(t, dir, o)
		trims.Go(func() {
			for ctx.Err() == nil {
				if _, err := c.Trim(context.Background(), TrimOptions{MaxBytes: 1, MaxAge: time.Minute}); err != nil {
					t.Error(err)
					return
				}
				ck.add(17 * time.Minute)
			}
		})
	}
	for g := range 2 {
		builders.Go(func() {
			for round := 0; ctx.Err() == nil; round++ {
				c, err := Open(dir, o)
				if err != nil {
					t.Error(err)
					return
				}
				l, err := c.Lease()
				if err != nil {
					t.Error(err)
					return
				}
				var mine []digest.Digest
				for i := range 20 {
					b := blob(100+i*200, i+100*(round%3))
					d := digest.Of(b)
					if missing, _ := c.Missing([]digest.Digest{d}); len(missing) > 0 {
						if _, err := c.Put(b); err != nil {
							t.Error(err)
						}
					}
					mine = append(mine, d)
					k := key(g*1000_000 + round*100 + i)
					if err := c.Record(cache.Result, k, b[:8]); err != nil {
						t.Error(err)
					}
					if v, ok := c.Lookup(cache.Result, k); !ok || !bytes.Equal(v, b[:8]) {
						t.Errorf("round %d: record %d was trimmed under a lease: %q, %v", round, i, v, ok)
					}
				}
				for i, d := range mine {
					if _, err := c.Get(d); err != nil {
						t.Errorf("round %d: blob %d was trimmed under a lease: %v", round, i, err)
					}
				}
				l.Release()
				c.Close()
			}
		})
	}
	builders.Wait()
	stop()
	trims.Wait()
}

// What was trimmed between the opening of a cache and a lease is missing to who holds the lease, even where it was last used within the hour.
func TestTrimBeforeLease(t *testing.T) {
	dir, ck := t.TempDir(), newClock()
	c, other := open(t, dir, Options{Now: ck.now}), open(t, dir, Options{Now: ck.now})
	small := blob(500, 1)
	d, err := other.Put(small)
	if err != nil {
		t.Fatal(err)
	}
	if missing, _ := c.Missing([]digest.Digest{d}); len(missing) > 0 {
		t.Fatal("the other's blob is not seen")
	}
	ck.add(2 * time.Minute)
	if _, err := other.Trim(context.Background(), TrimOptions{MaxBytes: 1}); err != nil {
		t.Fatal(err)
	}
	l, err := c.Lease()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	if missing, _ := c.Missing([]digest.Digest{d}); len(missing) == 0 {
		t.Error("what was trimmed is taken for there")
	}
}

func TestTrimBudgetAndBusy(t *testing.T) {
	dir, ck := t.TempDir(), newClock()
	c := open(t, dir, Options{Now: ck.now})
	for i := range 10 {
		c.Put(blob(100_000, i))
	}
	ck.add(100 * day)
	s, err := c.Trim(t.Context(), TrimOptions{MaxAge: day, Budget: 1})
	if err != nil || s.Done || s.Blobs != 0 {
		t.Errorf("with no time at all: %+v, %v", s, err)
	}
	f, _ := os.OpenFile(c.path("trim"), os.O_RDWR, 0)
	flock(f, 2)
	if s, err := c.Trim(t.Context(), TrimOptions{MaxAge: day}); err != nil || !s.Busy {
		t.Errorf("beside another one: %+v, %v", s, err)
	}
	f.Close()
	if s, did, err := c.MaybeTrim(t.Context(), DefaultMaxBytes); err != nil || !did || s.Blobs != 10 {
		t.Errorf("after an unfinished one: %+v, %v, %v", s, did, err)
	}
	os.Chtimes(c.path("trim"), ck.now(), ck.now())
	if _, did, err := c.MaybeTrim(t.Context(), DefaultMaxBytes); err != nil || did {
		t.Errorf("not due: %v, %v", did, err)
	}
	ck.add(7 * time.Hour)
	if _, did, err := c.MaybeTrim(t.Context(), DefaultMaxBytes); err != nil || !did {
		t.Errorf("due by time: %v, %v", did, err)
	}
}

// What was forgotten stays forgotten when packs are compacted, in whichever order.
func TestCompactKeepsForgotten(t *testing.T) {
	dir, ck := t.TempDir(), newClock()
	a, b := open(t, dir, Options{Now: ck.now}), open(t, dir, Options{Now: ck.now})
	for i := range 100 {
		a.Record(cache.Result, key(i), bytes.Repeat([]byte("v"), 200))
	}
	for i := range 90 {
		b.Forget(cache.Result, key(i))
		b.Record(cache.Tool, key(i), bytes.Repeat([]byte("w"), 200))
	}
	for i := range 80 {
		b.Record(cache.Tool, key(i), []byte("last"))
	}
	for round := range 4 {
		if round == 1 {
			a.Close()
			a = open(t, dir, Options{Now: ck.now})
		}
		if round == 2 {
			b.Close()
			b = open(t, dir, Options{Now: ck.now})
		}
		ck.add(time.Hour)
		if _, err := a.Trim(t.Context(), TrimOptions{MaxAge: 90 * day}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*Cache{a, b, open(t, dir, Options{ReadOnly: true})} {
			for i := range 100 {
				if _, ok := c.Lookup(cache.Result, key(i)); ok != (i >= 90) {
					t.Fatalf("round %d: result %d: %v", round, i, ok)
				}
				v, ok := c.Lookup(cache.Tool, key(i))
				if ok != (i < 90) || ok && (string(v) == "last") != (i < 80) {
					t.Fatalf("round %d: tool %d: %q, %v", round, i, v, ok)
				}
			}
		}
	}
	s, err := a.Stats()
	if err != nil || s.Records[cache.Result] != 10 || s.Records[cache.Tool] != 90 {
		t.Errorf("%+v, %v", s, err)
	}
	if s.PackBytes > 60_000 {
		t.Errorf("%d bytes for 10 records of 200 and 10 of 200 and 80 of 4", s.PackBytes)
	}
	for _, junk := range []string{"tmp"} {
		if names, _ := readNames(filepath.Join(dir, junk)); len(names) != 0 {
			t.Errorf("left in %s: %v", junk, names)
		}
	}
}

func TestEvict(t *testing.T) {
	dir := t.TempDir()
	c, other := open(t, dir, Options{}), open(t, dir, Options{})
	small, _ := c.Put(blob(100, 1))
	large, _ := c.Put(blob(100_000, 2))
	c.BlobPath(large, true)
	c.Record(cache.Result, key(1), nil)
	c.Record(cache.Manifest, key(1), nil)
	if n, err := c.Evict(small, large, digest.Of([]byte("not there"))); n != 2 || err != nil {
		t.Errorf("Evict: %d, %v", n, err)
	}
	if n, err := c.EvictKey(key(1)); n != 2 || err != nil {
		t.Errorf("EvictKey: %d, %v", n, err)
	}
	for _, c := range []*Cache{c, other, open(t, dir, Options{})} {
		if missing, _ := c.Missing([]digest.Digest{small, large}); len(missing) != 2 {
			t.Errorf("only %v are gone", missing)
		}
		if _, ok := c.Lookup(cache.Result, key(1)); ok {
			t.Error("the result is there")
		}
	}
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{"1": 1, "10G": 10 << 30, "1.5k": 1536, "500MiB": 500 << 20, "2 TB": 2 << 40, "7b": 7} {
		if got, err := ParseSize(s); err != nil || got != want {
			t.Errorf("%q: %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "G", "-1", "0", "ten", "1Q", "1e30", "NaN", "inf", "1GG"} {
		if got, err := ParseSize(s); err == nil {
			t.Errorf("%q: %d", s, got)
		}
	}
}
