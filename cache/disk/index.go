package disk

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/bits"
	"os"
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// An index says where the records of a pack are, so that opening it reads none of them. It is made again from the pack when
// it is lost, damaged or behind, and is replaced by rename, never changed. Numbers are little-endian.
//
//	header, 64 bytes
//	  0  "cairnix1"     magic and version
//	  8  nonce   u64    the pack's
//	 16  covered i64    the pack's records before this offset are in here
//	 24  count   u32    of entries
//	 28  shift   u32    an entry's bucket is its first 8 key bytes, big-endian, >> shift
//	 32  sum     u32    CRC-32C of bytes 0-32, the buckets and the chunk sums
//	buckets     u32 each, 2^(64-shift)+1: the number of the first entry of a bucket
//	chunk sums  u32 each: CRC-32C of each 4096 bytes of entries
//	zeros up to a multiple of 4096, then the entries, 32 bytes, sorted by key and kind
//	  0  key     16 bytes, the first half
//	 16  time    i64
//	 24  offset  u32
//	 28  size    u24, then kind u8 with 0x80 for a dead key
//
// A chunk's sum is compared when the chunk is first looked at.
const (
	indexMagic      = "cairnix1"
	indexHeaderSize = 64
	entrySize       = 32
	chunkSize       = 4096
	deadBit         = 0x80
)

// entry is where one record is.
type entry struct {
	key  recKey
	pack *pack
	time int64
	off  uint32
	size uint32
	dead bool
}

type index struct {
	data    []byte // the mapped file
	covered int64
	count   int
	shift   uint
	buckets []byte
	sums    []byte
	entries []byte
	checked []atomic.Uint32 // a bit for each chunk
	bad     atomic.Bool
}

var errBadIndex = errors.New("the index is damaged")

// encodeIndex gives an index's bytes. es is sorted in place; of entries with one key the latest is kept.
func encodeIndex(nonce uint64, covered int64, es []entry) []byte {
	slices.SortFunc(es, func(a, b entry) int {
		if c := bytes.Compare(a.key.half[:], b.key.half[:]); c != 0 {
			return c
		}
		if c := cmp.Compare(a.key.kind, b.key.kind); c != 0 {
			return c
		}
		return cmp.Compare(b.time, a.time)
	})
	es = slices.CompactFunc(es, func(a, b entry) bool { return a.key == b.key })
	logBuckets := uint(max(1, bits.Len(uint(len(es)/32))))
	shift := 64 - logBuckets
	nb := 1 << logBuckets
	chunks := (len(es)*entrySize + chunkSize - 1) / chunkSize
	head := indexHeaderSize + 4*(nb+1) + 4*chunks
	start := (head + chunkSize - 1) / chunkSize * chunkSize
	b := make([]byte, start+len(es)*entrySize)
	copy(b, indexMagic)
	le := binary.LittleEndian
	le.PutUint64(b[8:], nonce)
	le.PutUint64(b[16:], uint64(covered))
	le.PutUint32(b[24:], uint32(len(es)))
	le.PutUint32(b[28:], uint32(shift))
	next := 0
	for i, e := range es {
		for bucket := int(binary.BigEndian.Uint64(e.key.half[:8]) >> shift); next <= bucket; next++ {
			le.PutUint32(b[indexHeaderSize+4*next:], uint32(i))
		}
		o := b[start+i*entrySize:]
		copy(o, e.key.half[:])
		le.PutUint64(o[16:], uint64(e.time))
		le.PutUint32(o[24:], e.off)
		kind := uint32(e.key.kind)
		if e.dead {
			kind |= deadBit
		}
		le.PutUint32(o[28:], e.size|kind<<24)
	}
	for ; next <= nb; next++ {
		le.PutUint32(b[indexHeaderSize+4*next:], uint32(len(es)))
	}
	for i := range chunks {
		chunk := b[start+i*chunkSize : min(len(b), start+(i+1)*chunkSize)]
		le.PutUint32(b[indexHeaderSize+4*(nb+1)+4*i:], crc32.Checksum(chunk, castagnoli))
	}
	le.PutUint32(b[32:], indexSum(b[:head]))
	return b
}

func indexSum(head []byte) uint32 {
	return crc32.Update(crc32.Checksum(head[:32], castagnoli), castagnoli, head[indexHeaderSize:])
}

// decodeIndex checks all of an index but its entries.
func decodeIndex(b []byte, nonce uint64, packSize int64) (*index, error) {
	le := binary.LittleEndian
	if len(b) < indexHeaderSize || string(b[:8]) != indexMagic || le.Uint64(b[8:]) != nonce {
		return nil, errBadIndex
	}
	x := &index{data: b, covered: int64(le.Uint64(b[16:])), count: int(le.Uint32(b[24:])), shift: uint(le.Uint32(b[28:]))}
	if x.shift < 64-26 || x.shift > 63 || x.covered < packHeaderSize || x.covered > packSize {
		return nil, errBadIndex
	}
	nb := 1 << (64 - x.shift)
	chunks := (x.count*entrySize + chunkSize - 1) / chunkSize
	head := indexHeaderSize + 4*(nb+1) + 4*chunks
	start := (head + chunkSize - 1) / chunkSize * chunkSize
	if len(b) != start+x.count*entrySize || le.Uint32(b[32:]) != indexSum(b[:head]) {
		return nil, errBadIndex
	}
	x.buckets = b[indexHeaderSize : indexHeaderSize+4*(nb+1)]
	x.sums = b[indexHeaderSize+4*(nb+1) : head]
	x.entries = b[start:]
	x.checked = make([]atomic.Uint32, (chunks+31)/32)
	return x, nil
}

// mapIndex opens an index file. Close it with unmap.
func mapIndex(path string, nonce uint64, packSize int64) (*index, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if fi.Size() < indexHeaderSize || fi.Size() > 1<<31-1 {
		return nil, errBadIndex
	}
	b, err := unix.Mmap(int(f.Fd()), 0, int(fi.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	x, err := decodeIndex(b, nonce, packSize)
	if err != nil {
		unix.Munmap(b)
	}
	return x, err
}

func (x *index) unmap() {
	if x != nil {
		unix.Munmap(x.data)
	}
}

// check compares the sums of the chunks that hold entries lo to hi.
func (x *index) check(lo, hi int) bool {
	for c := lo * entrySize / chunkSize; c*chunkSize < hi*entrySize; c++ {
		word, bit := &x.checked[c/32], uint32(1)<<(c%32)
		if word.Load()&bit != 0 {
			continue
		}
		chunk := x.entries[c*chunkSize : min(len(x.entries), (c+1)*chunkSize)]
		if crc32.Checksum(chunk, castagnoli) != binary.LittleEndian.Uint32(x.sums[4*c:]) {
			x.bad.Store(true)
			return false
		}
		word.Or(bit)
	}
	return true
}

func (x *index) entry(i int, p *pack) entry {
	b := x.entries[i*entrySize:]
	last := binary.LittleEndian.Uint32(b[28:])
	return entry{
		key:  recKey{uint8(last>>24) &^ deadBit, [16]byte(b[:16])},
		pack: p,
		time: int64(binary.LittleEndian.Uint64(b[16:])),
		off:  binary.LittleEndian.Uint32(b[24:]),
		size: last & maxPayload,
		dead: last>>24&deadBit != 0,
	}
}

// find looks a key up. Where the index turns out damaged it finds nothing and x.bad is set.
func (x *index) find(k recKey, p *pack) (entry, bool) {
	bucket := binary.BigEndian.Uint64(k.half[:8]) >> x.shift
	lo := int(binary.LittleEndian.Uint32(x.buckets[4*bucket:]))
	hi := int(binary.LittleEndian.Uint32(x.buckets[4*bucket+4:]))
	if lo >= hi || hi > x.count || !x.check(lo, hi) {
		return entry{}, false
	}
	for i := lo; i < hi; i++ {
		b := x.entries[i*entrySize : i*entrySize+entrySize]
		if b[31]&^deadBit == k.kind && [16]byte(b[:16]) == k.half {
			return x.entry(i, p), true
		}
	}
	return entry{}, false
}

// all gives every entry; false where the index is damaged.
func (x *index) all(p *pack, visit func(entry)) bool {
	if x.count > 0 && !x.check(0, x.count) {
		return false
	}
	for i := range x.count {
		visit(x.entry(i, p))
	}
	return true
}
