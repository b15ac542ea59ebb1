package disk

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync/atomic"

	"github.com/cairn-build/cairn/cache/digest"
)

// A pack is an append-only file of records. Numbers are little-endian.
//
//	pack header, 32 bytes
//	  0  "cairnpk1"      magic and version
//	  8  nonce   u64     random, one for each pack
//	 16  created i64     Unix nanoseconds
//	 24  sum     u32     CRC-32C of bytes 0-24
//	 28  zero    u32
//	record header, 64 bytes, then the payload
//	  0  magic   u32
//	  4  sum     u32     CRC-32C of nonce, of the record's own offset in the pack (u64), and of bytes 8-64
//	  8  size    u32     of the payload, below 16 MiB
//	 12  content u32     CRC-32C of the payload
//	 16  time    i64     Unix nanoseconds; of all records of one kind and key, in all packs, the latest counts
//	 24  kind    u8      0: a blob, the key is its hash; below 0x20: cache.Kind; else see the constants
//	 25  flags   u8      1: the key has no value any more
//	 26  zero    6 bytes
//	 32  key     32 bytes
//
// A reader stops at what is not a whole record: that is a torn tail, or one that is being written. The next process that
// appends to the pack cuts a torn tail off. Where whole records follow damage (a bit flipped in the middle), reading goes on
// at the first of them. The nonce and the offset keep bytes inside a payload from being taken for a record then, also where
// the payload is a copy of a pack.
const (
	packMagic      = "cairnpk1"
	packHeaderSize = 32
	recMagic       = 0xca12d05e
	recHeaderSize  = 64
	maxPayload     = 1<<24 - 1

	kindBlob      = 0x00 // key: the blob's hash
	kindFactPlain = 0x20 // key: the blob's hash; stat facts of cas/plain's file, see fact
	kindFactExec  = 0x21 // the same of cas/exec's
	kindTreeDir   = 0x22 // no record of its own; marks of use of trees/
	kindUse       = 0x40 // or-ed with another kind: that key was used at this record's time; no payload

	flagDead = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// recKey is what records are found by in memory and in an index: half of the key is plenty, and the whole one is compared
// when the record is read.
type recKey struct {
	kind uint8
	half [16]byte
}

func keyOf(kind uint8, key digest.Hash) recKey { return recKey{kind, [16]byte(key[:16])} }

// header is a record's header, decoded.
type header struct {
	size    uint32
	content uint32
	time    int64
	kind    uint8
	flags   uint8
	key     digest.Hash
}

func headerSum(b []byte, nonce uint64, off int64) uint32 {
	var seed [16]byte
	binary.LittleEndian.PutUint64(seed[:], nonce)
	binary.LittleEndian.PutUint64(seed[8:], uint64(off))
	return crc32.Update(crc32.Update(0, castagnoli, seed[:]), castagnoli, b[8:recHeaderSize])
}

// appendRecord appends the record that will lie at offset off.
func appendRecord(dst []byte, nonce uint64, off int64, h header, payload []byte) []byte {
	start := len(dst)
	var zero [recHeaderSize]byte
	dst = append(dst, zero[:]...)
	b := dst[start:]
	binary.LittleEndian.PutUint32(b, recMagic)
	binary.LittleEndian.PutUint32(b[8:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(b[12:], crc32.Checksum(payload, castagnoli))
	binary.LittleEndian.PutUint64(b[16:], uint64(h.time))
	b[24], b[25] = h.kind, h.flags
	copy(b[32:], h.key[:])
	binary.LittleEndian.PutUint32(b[4:], headerSum(b, nonce, off))
	return append(dst, payload...)
}

// decodeHeader reads a record header that is said to lie at off; false for anything else.
func decodeHeader(b []byte, nonce uint64, off int64) (header, bool) {
	if len(b) < recHeaderSize || binary.LittleEndian.Uint32(b) != recMagic ||
		binary.LittleEndian.Uint32(b[4:]) != headerSum(b, nonce, off) {
		return header{}, false
	}
	h := header{
		size:    binary.LittleEndian.Uint32(b[8:]),
		content: binary.LittleEndian.Uint32(b[12:]),
		time:    int64(binary.LittleEndian.Uint64(b[16:])),
		kind:    b[24],
		flags:   b[25],
		key:     digest.Hash(b[32:64]),
	}
	return h, h.size <= maxPayload
}

func encodePackHeader(nonce uint64, created int64) []byte {
	b := make([]byte, packHeaderSize)
	copy(b, packMagic)
	binary.LittleEndian.PutUint64(b[8:], nonce)
	binary.LittleEndian.PutUint64(b[16:], uint64(created))
	binary.LittleEndian.PutUint32(b[24:], crc32.Checksum(b[:24], castagnoli))
	return b
}

func decodePackHeader(b []byte) (nonce uint64, err error) {
	if len(b) < packHeaderSize || string(b[:8]) != packMagic || binary.LittleEndian.Uint32(b[24:]) != crc32.Checksum(b[:24], castagnoli) {
		return 0, errNotAPack
	}
	return binary.LittleEndian.Uint64(b[8:]), nil
}

var errNotAPack = fmt.Errorf("the pack's header is damaged")

// pack is one pack that is open for reading. scanned and index change under Cache.mu.
type pack struct {
	id      string
	path    string
	f       *os.File
	nonce   uint64
	index   *index // nil where there is none
	scanned int64  // records before this offset are in index or in Cache.tail
	loose   int    // how many of them are not in index
	own     bool   // this process appends to it
	gone    atomic.Bool
}

// indexed gives the offset up to which the index knows the pack.
func (p *pack) indexed() int64 {
	if p.index == nil {
		return packHeaderSize
	}
	return p.index.covered
}

// scan calls visit with each whole record from offset from, which is a record's, to size, and gives the end of the last one.
// Payloads are not read. A record's damage is stepped over where another record follows.
func scan(r io.ReaderAt, nonce uint64, from, size int64, visit func(off int64, h header)) int64 {
	return scanGaps(r, nonce, from, size, visit, func(int64) {})
}

// scanGaps is scan that also calls gap with the offset of each damage that it steps over.
func scanGaps(r io.ReaderAt, nonce uint64, from, size int64, visit func(off int64, h header), gap func(off int64)) int64 {
	w := window{r: r, size: size}
	end := from
	for off := from; off+recHeaderSize <= size; {
		h, ok := decodeHeader(w.at(off, recHeaderSize), nonce, off)
		if !ok || off+recHeaderSize+int64(h.size) > size {
			next := resync(&w, nonce, off+1)
			if next < 0 {
				break
			}
			gap(off)
			off = next
			continue
		}
		visit(off, h)
		off += recHeaderSize + int64(h.size)
		end = off
	}
	return end
}

// resync finds the first whole record at or behind off, -1 for none.
func resync(w *window, nonce uint64, off int64) int64 {
	var magic [4]byte
	binary.LittleEndian.PutUint32(magic[:], recMagic)
	for off+recHeaderSize <= w.size {
		b := w.at(off, min(windowSize, w.size-off))
		if len(b) < recHeaderSize {
			return -1
		}
		i := bytes.Index(b, magic[:])
		if i < 0 {
			off += int64(len(b)) - 3
			continue
		}
		off += int64(i)
		h, ok := decodeHeader(w.at(off, recHeaderSize), nonce, off)
		if ok && off+recHeaderSize+int64(h.size) <= w.size {
			return off
		}
		off++
	}
	return -1
}

const windowSize = 256 << 10

// window reads a file in large pieces.
type window struct {
	r     io.ReaderAt
	size  int64
	buf   []byte
	start int64
}

// at gives n bytes at off, fewer where the file ends; nil where it cannot be read.
func (w *window) at(off, n int64) []byte {
	if off < w.start || off+n > w.start+int64(len(w.buf)) {
		want := min(max(n, windowSize), w.size-off)
		if want <= 0 {
			return nil
		}
		if int64(cap(w.buf)) < want {
			w.buf = make([]byte, max(want, windowSize))
		}
		m, err := w.r.ReadAt(w.buf[:want], off)
		if err != nil && err != io.EOF {
			m = 0
		}
		w.buf, w.start = w.buf[:m], off
	}
	b := w.buf[off-w.start:]
	return b[:min(int64(len(b)), n)]
}
