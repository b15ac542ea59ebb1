package state

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"testing"
)

// seal mends checksums and length, so that hostile bytes get past them.
func seal(b []byte) {
	ne := binary.NativeEndian
	const head = headerSize + int(numSections)*tableEntry
	if len(b) < head {
		return
	}
	copy(b, magic)
	ne.PutUint32(b[8:], formatVersion)
	ne.PutUint32(b[12:], byteOrderMark)
	copy(b[32:], testSettings[:])
	ne.PutUint64(b[64:], uint64(len(b)))
	ne.PutUint32(b[72:], uint32(numSections))
	for i := range int(numSections) {
		t := b[headerSize+i*tableEntry:]
		off, n := ne.Uint64(t), ne.Uint64(t[8:])
		if off <= uint64(len(b)) && n <= uint64(len(b))-off {
			ne.PutUint32(t[16:], crc32.Checksum(b[off:off+n], castagnoli))
		}
	}
	clear(b[76:80])
	ne.PutUint32(b[76:], crc32.Checksum(b[:head], castagnoli))
}

func snapshotBytes(g *Graph) []byte {
	sec := g.current()
	head, offs, size := sec.header(g.id, g.settings)
	b := alignedBytes(int(size))
	copy(b, head)
	for i, s := range sec {
		copy(b[offs[i]:], s)
	}
	return b
}

// FuzzOpen's inputs are large: run it with -fuzzminimizetime 1x, or it spends its time on making them smaller.
func FuzzOpen(f *testing.F) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, seed))
		g, err := randomBuilder(r, 2+int(seed)*2).Finish()
		if err != nil {
			f.Fatal(err)
		}
		for range 20 {
			randomFact(r, g)
		}
		f.Add(snapshotBytes(g), uint32(0), uint64(0))
		f.Add(snapshotBytes(g), uint32(4711*seed), uint64(1<<40+seed))
	}
	f.Fuzz(func(t *testing.T, data []byte, at uint32, with uint64) {
		b := aligned(data)
		if len(b) >= 8 && with != 0 {
			binary.NativeEndian.PutUint64(b[int(at)%(len(b)-7):], with)
		}
		openBytes(aligned(b), testSettings, pager{}) // as it is
		seal(b)
		g, err := openBytes(b, testSettings, pager{})
		if err != nil {
			return
		}
		dump(g)
		r := rand.New(rand.NewPCG(uint64(at), with))
		for range 10 {
			randomFact(r, g)
		}
		all := make([]TargetID, g.NumTargets())
		for i := range all {
			all[i] = TargetID(i)
		}
		g.Need(all, true)
		g.Longest(nil, 1)
		if _, err := g.Scan(context.Background(), ScanOptions{Root: "/", Jobs: 1, Stater: nothing{}}); err != nil {
			t.Fatal(err)
		}
		o, err := openBytes(snapshotBytes(g), testSettings, pager{})
		if err != nil {
			t.Fatalf("what was opened cannot be saved and opened again: %v", err)
		}
		n, _ := randomBuilder(r, 3).Finish()
		n.Adopt(o)
		o.Adopt(n)
	})
}

type nothing struct{}

func (nothing) Source(string) Stat { return Stat{} }
func (nothing) Placed(string) Stat { return Stat{} }

func FuzzReplay(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 7))
	b := randomBuilder(r, 8)
	base, err := b.Finish()
	if err != nil {
		f.Fatal(err)
	}
	snapshot := snapshotBytes(base)
	g, err := openBytes(aligned(snapshot), testSettings, pager{})
	if err != nil {
		f.Fatal(err)
	}
	for range 4 {
		g.journal = &journal{}
		for range 6 {
			randomFact(r, g)
		}
		f.Add(g.journal.pending.b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := openBytes(aligned(snapshot), testSettings, pager{})
		if err != nil {
			t.Fatal(err)
		}
		g.journal = &journal{}
		g.replay(append(journalHeader(g.id, 3), data...)) // as batches
		g.replay(appendBatch(journalHeader(g.id, 3), data))
		g.replay(appendBatch(journalHeader(g.id, 3), data))
		dumpFacts(g)
		if _, err := openBytes(snapshotBytes(g), testSettings, pager{}); err != nil {
			t.Fatalf("facts of a journal make a bad snapshot: %v", err)
		}
	})
}
