package disk

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

func key(i int) digest.Hash { return digest.Of(fmt.Append(nil, "key", i)).Hash }

func value(i int) []byte { return bytes.Repeat(fmt.Append(nil, i, "."), i%40) }

func onlyPack(t testing.TB, dir string) string {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(dir, "packs", "*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatalf("packs: %v, %v", packs, err)
	}
	return packs[0]
}

// fill writes n records in a new cache and gives the pack and where each record ends.
func fill(t testing.TB, dir string, n int) (pack []byte, ends []int64) {
	t.Helper()
	c := open(t, dir, Options{})
	for i := range n {
		if err := c.Record(cache.Result, key(i), value(i)); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, c.w.off)
	}
	path := c.w.p.path
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b, ends
}

// A process that dies in the middle of an append leaves a pack that ends anywhere.
func TestTornAtEveryByte(t *testing.T) {
	src := t.TempDir()
	pack, ends := fill(t, src, 8)
	dir := t.TempDir()
	open(t, dir, Options{}).Close()
	path := filepath.Join(dir, "packs", filepath.Base(onlyPack(t, src)))
	for cut := packHeaderSize; cut <= len(pack); cut++ {
		if err := os.WriteFile(path, pack[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		reader := open(t, dir, Options{ReadOnly: true})
		whole := 0
		for i, end := range ends {
			v, ok := reader.Lookup(cache.Result, key(i))
			if want := end <= int64(cut); ok != want || ok && !bytes.Equal(v, value(i)) {
				t.Fatalf("cut at %d: record %d: %v, want %v", cut, i, ok, want)
			}
			if ok {
				whole++
			}
		}
		reader.Close()
		writer := open(t, dir, Options{})
		if err := writer.Record(cache.Result, key(100), []byte("after")); err != nil {
			t.Fatal(err)
		}
		writer.Close()
		fi, err := os.Stat(onlyPack(t, dir)) // the next writer took it over and cut the tail off
		want := int64(packHeaderSize)
		if whole > 0 {
			want = ends[whole-1]
		}
		if err != nil || fi.Size() != want+recHeaderSize+5 {
			t.Fatalf("cut at %d: the pack has %d bytes, want %d", cut, fi.Size(), want+recHeaderSize+5)
		}
		reader = open(t, dir, Options{ReadOnly: true})
		if v, ok := reader.Lookup(cache.Result, key(100)); !ok || string(v) != "after" {
			t.Fatalf("cut at %d: what was appended is not found", cut)
		}
		for i := range whole {
			if _, ok := reader.Lookup(cache.Result, key(i)); !ok {
				t.Fatalf("cut at %d: record %d is lost", cut, i)
			}
		}
		reader.Close()
	}
}

// A flipped bit costs the record that it is in, and no other; wrong bytes are never handed out.
func TestFlipAtEveryByte(t *testing.T) {
	src := t.TempDir()
	pack, ends := fill(t, src, 6)
	dir := t.TempDir()
	open(t, dir, Options{}).Close()
	path := filepath.Join(dir, "packs", filepath.Base(onlyPack(t, src)))
	for at := packHeaderSize; at < len(pack); at++ {
		b := bytes.Clone(pack)
		b[at] ^= 0x40
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		c := open(t, dir, Options{ReadOnly: true})
		start := int64(packHeaderSize)
		for i, end := range ends {
			v, ok := c.Lookup(cache.Result, key(i))
			hit := start <= int64(at) && int64(at) < end
			if ok == hit || ok && !bytes.Equal(v, value(i)) {
				t.Fatalf("bit in byte %d: record %d at %d: found %v", at, i, start, ok)
			}
			start = end
		}
		c.Close()
	}
}

func TestDamagedPackHeader(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, 3)
	for at := range int64(28) {
		path := onlyPack(t, dir)
		good, _ := os.ReadFile(path)
		flip(t, path, at)
		told := 0
		c := open(t, dir, Options{OnCorrupt: func(*cache.CorruptError) { told++ }})
		for range 3 {
			if _, ok := c.Lookup(cache.Result, key(1)); ok {
				t.Fatal("found in a pack that cannot be read")
			}
		}
		c.Close()
		if told != 1 {
			t.Fatalf("byte %d: told %d times", at, told)
		}
		if _, err := os.Stat(path); err == nil {
			t.Fatal("not put aside")
		}
		os.WriteFile(path, good, 0o644)
	}
}

// A record that lies inside of a blob must not come to life when the blob's own header is damaged.
func TestRecordInsideBlob(t *testing.T) {
	dir := t.TempDir()
	pack, _ := fill(t, dir, 3)
	c := open(t, dir, Options{})
	d, err := c.Put(pack) // a copy of the very pack that it goes into
	if err != nil {
		t.Fatal(err)
	}
	e, _ := c.find(keyOf(kindBlob, d.Hash))
	c.Forget(cache.Result, key(1))
	c.Close()
	flip(t, e.pack.path, int64(e.off)+9)
	c = open(t, dir, Options{})
	if _, ok := c.Lookup(cache.Result, key(1)); ok {
		t.Error("the copy in the blob was read")
	}
	if _, ok := c.Lookup(cache.Result, key(2)); !ok {
		t.Error("a record before the damage is lost")
	}
}

func TestDamageIsToldOnceAndMended(t *testing.T) {
	dir := t.TempDir()
	var told []*cache.CorruptError
	c := open(t, dir, Options{OnCorrupt: func(e *cache.CorruptError) { told = append(told, e) }})
	if err := c.Record(cache.Result, key(1), []byte("some value")); err != nil {
		t.Fatal(err)
	}
	e, _ := c.find(keyOf(uint8(cache.Result), key(1)))
	flip(t, e.pack.path, int64(e.off)+recHeaderSize+2)
	for range 3 {
		if _, ok := c.Lookup(cache.Result, key(1)); ok {
			t.Fatal("a damaged record was handed out")
		}
	}
	if len(told) != 1 || told[0].Digest.Hash != key(1) {
		t.Fatalf("told %v", told)
	}
	other := open(t, dir, Options{})
	if _, ok := other.Lookup(cache.Result, key(1)); ok {
		t.Fatal("it is back for another process")
	}
	c.Record(cache.Result, key(1), []byte("new"))
	if v, ok := other.Lookup(cache.Result, key(1)); !ok || string(v) != "new" {
		t.Fatalf("%q, %v", v, ok)
	}
}

// Two packs hold the same key; the later one counts, whichever is read first, also with the clock set back.
func TestLastWriteWinsAcrossPacks(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir, Options{}), open(t, dir, Options{})
	for i := range 20 {
		w := a
		if i%2 == 1 {
			w = b
		}
		v := fmt.Append(nil, i)
		if err := w.Record(cache.Tool, key(0), v); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*Cache{w, open(t, dir, Options{ReadOnly: true})} {
			if got, ok := c.Lookup(cache.Tool, key(0)); !ok || !bytes.Equal(got, v) {
				t.Fatalf("after write %d: %q, %v", i, got, ok)
			}
		}
	}
}

func TestIndex(t *testing.T) {
	dir := t.TempDir()
	const n = looseMax + 500
	fill(t, dir, n)
	idx, _ := filepath.Glob(dir + "/packs/*.idx")
	if len(idx) != 1 {
		t.Fatalf("no index was written at Close: %v", idx)
	}
	good, _ := os.ReadFile(idx[0])
	check := func(what string, wantTail bool) {
		t.Helper()
		c := open(t, dir, Options{})
		for i := range n {
			if v, ok := c.Lookup(cache.Result, key(i)); !ok || !bytes.Equal(v, value(i)) {
				t.Fatalf("%s: record %d: %v", what, i, ok)
			}
		}
		if _, ok := c.Lookup(cache.Result, key(-1)); ok {
			t.Fatalf("%s: a key that was never written", what)
		}
		if tail := len(c.tail) > 0; tail != wantTail {
			t.Errorf("%s: %d records outside of the index", what, len(c.tail))
		}
		c.Close()
		if again, err := os.ReadFile(idx[0]); err != nil || !bytes.Equal(again, good) {
			t.Errorf("%s: the index was not made again: %d bytes, %v", what, len(again), err)
		}
	}
	check("sound", false)
	os.Remove(idx[0])
	check("lost", true)
	for _, at := range []int{0, 10, 20, 26, 29, 33, 70, len(good) / 2, len(good) - 1} {
		os.WriteFile(idx[0], good, 0o644)
		flip(t, idx[0], int64(at))
		check(fmt.Sprint("damaged at ", at), true)
	}
	for _, size := range []int{0, 10, indexHeaderSize, len(good) / 2, len(good) - 1} {
		os.WriteFile(idx[0], good[:size], 0o644)
		check(fmt.Sprint("cut at ", size), true)
	}
	// An index that is longer than what is left of its pack says nothing.
	path := onlyPack(t, dir)
	os.Truncate(path, 5000)
	c := open(t, dir, Options{})
	if _, ok := c.Lookup(cache.Result, key(n-1)); ok {
		t.Error("found behind the pack's end")
	}
	if _, ok := c.Lookup(cache.Result, key(3)); !ok {
		t.Error("what is left of the pack is lost")
	}
}

func FuzzPack(f *testing.F) {
	pack, _ := fill(f, f.TempDir(), 5)
	f.Add(pack[packHeaderSize:])
	f.Add(pack[packHeaderSize+10:])
	f.Add([]byte{})
	nonce, _ := decodePackHeader(pack)
	f.Fuzz(func(t *testing.T, b []byte) {
		b = append(bytes.Clone(pack[:packHeaderSize]), b...)
		last := int64(packHeaderSize)
		end := scan(bytes.NewReader(b), nonce, packHeaderSize, int64(len(b)), func(off int64, h header) {
			if off < last || off+recHeaderSize+int64(h.size) > int64(len(b)) {
				t.Fatal("a record outside of the pack, or two in one place")
			}
			last = off + recHeaderSize + int64(h.size)
		})
		if end < last {
			t.Fatal("the end lies before a record")
		}
	})
}

func FuzzIndex(f *testing.F) {
	es := []entry{}
	for i := range 300 {
		es = append(es, entry{keyOf(uint8(i%3), key(i)), nil, int64(i), uint32(i), uint32(i), i%7 == 0})
	}
	good := encodeIndex(7, 1000, es)
	f.Add(good, false)
	f.Add(good[:len(good)-1], false)
	f.Add(good[:100], true)
	f.Fuzz(func(t *testing.T, b []byte, mend bool) {
		b = bytes.Clone(b)
		if mend && len(b) > indexHeaderSize { // let it get past the first sum
			copy(b, good[:32])
		}
		x, err := decodeIndex(b, 7, 1000)
		if err != nil {
			return
		}
		for i := range 310 {
			x.find(keyOf(uint8(i%3), key(i)), nil)
		}
		x.all(nil, func(entry) {})
	})
}

func FuzzTreeFacts(f *testing.F) {
	f.Add((&treeFacts{entries: []treeFact{{path: "a", kind: treeExec, mtime: 1, size: 2, ino: 3}}}).encode(), true)
	f.Add([]byte(treeMagic), false)
	f.Fuzz(func(t *testing.T, b []byte, mend bool) {
		if mend && len(b) > 40 {
			body := b[:len(b)-4]
			b = (&treeFacts{}).encode()
			b = append(append(b[:8:8], body[8:]...), 0, 0, 0, 0)
		}
		tf, err := decodeTreeFacts(b)
		if err == nil && !bytes.Equal(tf.encode(), b) && b[24] < 2 {
			t.Fatal("not what was read")
		}
	})
}
