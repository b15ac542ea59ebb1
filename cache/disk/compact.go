package disk

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

// compact writes a pack again without what goes and what later records have replaced, if that is worth it. The old pack is
// locked, so nothing is added to it; it is removed when the new one has its name. A reader that has the old one open goes on
// reading it until it looks at the folder again.
func (t *trimmer) compact(p *pack) error {
	c := t.c
	f, err := lockPack(p)
	if err != nil {
		return nil // a living process appends to it, or it is gone: next time
	}
	defer f.Close()
	size, err := c.whole(p, f)
	if err != nil {
		return nil
	}
	keep := t.keepSince()
	var stay, leave []entry
	var loose map[recKey]bool
	c.mu.RLock()
	live := int64(packHeaderSize)
	records, blobs := 0, 0
	readable := c.current(p, func(e entry) {
		switch {
		case e.dead && !c.older(p, e.key, &loose):
		case !e.dead && t.goes(c.lastUse(e.key.kind, e.key, e.time), keep):
			leave = append(leave, e)
			if e.key.kind == kindBlob {
				blobs++
			} else if e.key.kind < 0x20 {
				records++
			}
		default:
			stay = append(stay, e)
			live += int64(e.size) + recHeaderSize
		}
	})
	c.mu.RUnlock()
	if !readable {
		return nil // its index is damaged; refresh makes a new one
	}
	worth := int64(4)
	if t.bySize {
		worth = 16
	}
	if !t.force && ((size-live)*worth < size || size == live) {
		return nil
	}
	b, err := c.newBuilder()
	if err != nil {
		return err
	}
	defer b.discard()
	for _, e := range stay {
		if err := b.copy(c, e); err != nil {
			return err
		}
	}
	return t.replace(p, b, leave, size, blobs, records)
}

// whole takes in all of a pack that is locked by this process.
func (c *Cache) whole(p *pack, f *os.File) (int64, error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.gone.Load() {
		return 0, os.ErrNotExist
	}
	c.scanTail(p, fi.Size())
	return fi.Size(), nil
}

// older says whether a key, dead in p, may have an older value in another pack, which would come to life without p's record.
// loose, filled at the first call, holds the keys of the other packs' records that are in no index. c.mu is held.
func (c *Cache) older(p *pack, k recKey, loose *map[recKey]bool) bool {
	if *loose == nil {
		*loose = map[recKey]bool{}
		for _, o := range c.packs {
			if o != p {
				scan(o.f, o.nonce, o.indexed(), o.scanned, func(_ int64, h header) { (*loose)[keyOf(h.kind, h.key)] = true })
			}
		}
	}
	if (*loose)[k] {
		return true
	}
	for _, o := range c.packs {
		if o == p || o.index == nil {
			continue
		}
		if _, ok := o.index.find(k, o); ok || o.index.bad.Load() {
			return true
		}
	}
	return false
}

// replace puts the new pack in the old one's place. Under the gate it looks once more at what was left out: another process
// may have marked it as used.
func (t *trimmer) replace(p *pack, b *builder, left []entry, size int64, blobs, records int) error {
	c := t.c
	c.wmu.Lock()
	defer c.wmu.Unlock()
	unlock, err := c.passGate(unix.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock()
	c.refresh()
	keep := t.keepSince()
	for _, e := range left {
		c.mu.RLock()
		last := c.lastUse(e.key.kind, e.key, e.time)
		c.mu.RUnlock()
		if t.goes(last, keep) {
			continue
		}
		if err := b.copy(c, e); err != nil {
			return err
		}
		if e.key.kind == kindBlob {
			blobs--
		} else if e.key.kind < 0x20 {
			records--
		}
	}
	var oldIndex int64
	if fi, err := os.Stat(p.indexPath()); err == nil {
		oldIndex = fi.Size()
	}
	id, newSize, err := b.finish(c)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if id != "" {
		n, err := c.openPack(id)
		if err != nil {
			return err
		}
		c.packs = append(c.packs, n)
	}
	os.Remove(p.path)
	os.Remove(p.indexPath())
	c.drop(p)
	t.stats.Blobs += blobs
	t.stats.Records += records
	t.stats.After -= size + oldIndex - newSize
	return nil
}

// builder writes a pack that no one sees before finish.
type builder struct {
	f     *os.File
	w     *bufio.Writer
	nonce uint64
	off   int64
	es    []entry
	buf   []byte
	done  bool
}

func (c *Cache) newBuilder() (*builder, error) {
	f, err := os.OpenFile(c.tmp(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	var n [8]byte
	rand.Read(n[:])
	b := &builder{f: f, w: bufio.NewWriterSize(f, 1<<20), nonce: binary.LittleEndian.Uint64(n[:]), off: packHeaderSize}
	b.w.Write(encodePackHeader(b.nonce, c.o.Now().UnixNano()))
	return b, nil
}

// copy adds a record of another pack, with its time. A damaged one is told and left out.
func (b *builder) copy(c *Cache, e entry) error {
	raw := make([]byte, recHeaderSize)
	if _, err := e.pack.f.ReadAt(raw, int64(e.off)); err != nil && err != io.EOF {
		return err
	}
	h, ok := decodeHeader(raw, e.pack.nonce, int64(e.off))
	key := h.key
	if !ok {
		copy(key[:], e.key.half[:]) // all that is left of it
	}
	payload, h, err := c.read(e, key)
	if err != nil {
		c.corrupt(&cache.CorruptError{Digest: digest.Digest{Hash: key, Size: int64(e.size)}, Where: e.pack.path})
		return nil
	}
	b.buf = appendRecord(b.buf[:0], b.nonce, b.off, h, payload)
	if err := c.check(len(b.buf)); err != nil {
		return err
	}
	if _, err := b.w.Write(b.buf); err != nil {
		return err
	}
	b.es = append(b.es, entry{e.key, nil, e.time, uint32(b.off), e.size, e.dead})
	b.off += int64(len(b.buf))
	return nil
}

// finish gives the pack its name; "" where it is empty.
func (b *builder) finish(c *Cache) (id string, size int64, err error) {
	if len(b.es) == 0 {
		return "", 0, nil
	}
	if err := b.w.Flush(); err != nil {
		return "", 0, err
	}
	id = randomID()
	var index []byte
	if len(b.es) > looseMax {
		index = encodeIndex(b.nonce, b.off, b.es)
		if err := c.writeFile("packs/"+id+".idx", index, 0o644); err != nil {
			return "", 0, err
		}
	}
	if err := os.Rename(b.f.Name(), c.path("packs/"+id+".pack")); err != nil {
		os.Remove(c.path("packs/" + id + ".idx"))
		return "", 0, err
	}
	b.done = true
	return id, b.off + int64(len(index)), nil
}

func (b *builder) discard() {
	b.f.Close()
	if !b.done {
		os.Remove(b.f.Name())
	}
}
