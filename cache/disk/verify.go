package disk

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

// VerifyStats says what Verify read.
type VerifyStats struct {
	Blobs, Records, Trees int
	Bytes                 int64
	Bad                   []*cache.CorruptError
}

// Verify reads everything in the cache and compares it with its digest or checksum. What is wrong is put aside, reported, and
// missing from then on. progress, where not nil, is called now and then with bytes done of about how many.
func (c *Cache) Verify(ctx context.Context, progress func(done, total int64)) (VerifyStats, error) {
	var s VerifyStats
	items, err := c.survey(ctx)
	if err != nil {
		return s, err
	}
	ps, sizes := c.packsNow()
	var total int64
	for _, n := range sizes {
		total += n
	}
	for _, it := range items {
		total += it.size
	}
	step := func(n int64) error {
		s.Bytes += n
		if progress != nil {
			progress(min(s.Bytes, total), total)
		}
		return ctx.Err()
	}
	for _, p := range ps {
		if err := c.verifyPack(p, &s, step); err != nil {
			return s, err
		}
		if err := c.closeGaps(ctx, p, &s); err != nil {
			return s, err
		}
	}
	for _, it := range items {
		if err := c.verifyItem(it, &s); err != nil {
			return s, err
		}
		if err := step(it.size); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (c *Cache) verifyPack(p *pack, s *VerifyStats, step func(int64) error) error {
	var es []entry
	c.mu.RLock()
	c.current(p, func(e entry) {
		if !e.dead {
			es = append(es, e)
		}
	})
	c.mu.RUnlock()
	for _, e := range es {
		key, ok := c.keyAt(e)
		payload, _, err := c.read(e, key)
		if errors.Is(err, errGone) {
			return nil
		}
		if !ok || err != nil {
			if bad := c.setAsideRecord(e, key, payload); bad != nil {
				s.Bad = append(s.Bad, bad)
			}
		}
		switch {
		case e.key.kind == kindBlob:
			s.Blobs++
		case e.key.kind < 0x20:
			s.Records++
		}
		if err := step(int64(e.size) + recHeaderSize); err != nil {
			return err
		}
	}
	return nil
}

// closeGaps tells of damage in a pack that no record is known of, and writes the pack again without it, where no living
// process appends to it.
func (c *Cache) closeGaps(ctx context.Context, p *pack, s *VerifyStats) error {
	gaps := 0
	c.mu.RLock()
	if !p.gone.Load() {
		scanGaps(p.f, p.nonce, packHeaderSize, p.scanned, func(int64, header) {}, func(off int64) {
			gaps++
			s.Bad = append(s.Bad, c.corrupt(&cache.CorruptError{Where: fmt.Sprintf("%s at %d", p.path, off)}))
		})
	}
	c.mu.RUnlock()
	if gaps == 0 || c.o.ReadOnly {
		return nil
	}
	f, err := c.lockTrim()
	if f == nil {
		return c.wrap(err)
	}
	defer f.Close()
	c.wmu.Lock()
	err = c.release()
	c.wmu.Unlock()
	if err != nil {
		return c.wrap(err)
	}
	now := c.o.Now()
	t := &trimmer{c: c, o: TrimOptions{Now: now}, ctx: ctx, began: now.UnixNano(), cut: math.MinInt64, force: true}
	return c.wrap(t.compact(p))
}

// keyAt reads the whole key of a record; half of it where the record's header is damaged.
func (c *Cache) keyAt(e entry) (digest.Hash, bool) {
	var raw [recHeaderSize]byte
	c.mu.RLock()
	defer c.mu.RUnlock()
	var key digest.Hash
	copy(key[:], e.key.half[:])
	if e.pack.gone.Load() {
		return key, false
	}
	if _, err := e.pack.f.ReadAt(raw[:], int64(e.off)); err != nil {
		return key, false
	}
	h, ok := decodeHeader(raw[:], e.pack.nonce, int64(e.off))
	if !ok {
		return key, false
	}
	return h.key, true
}

func (c *Cache) verifyItem(it item, s *VerifyStats) error {
	if it.tree {
		s.Trees++
		root := digest.Digest{Hash: it.hash}
		err := c.verifyTree(root)
		if err == nil {
			return nil
		}
		if errors.Is(err, os.ErrNotExist) {
			os.Remove(it.path + ".facts")
			return nil
		}
		e := c.corrupt(&cache.CorruptError{Digest: root, Where: it.path})
		s.Bad = append(s.Bad, e)
		if c.o.ReadOnly {
			return nil
		}
		os.Remove(it.path + ".facts")
		c.tmu.Lock()
		delete(c.trees, it.hash.String())
		c.tmu.Unlock()
		return c.wrap(c.removeTree(it.path))
	}
	f, err := os.Open(it.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return c.wrap(err)
	}
	got, err := digest.OfReader(f)
	f.Close()
	if err != nil {
		return c.wrap(err)
	}
	s.Blobs++
	mode, err := os.Lstat(it.path)
	if got.Hash == it.hash && err == nil && mode.Mode().IsRegular() && (mode.Mode()&0o100 != 0) == it.exec {
		return nil
	}
	var bad *cache.CorruptError
	if errors.As(c.setAsideFile(it.path, digest.Digest{Hash: it.hash, Size: got.Size}), &bad) {
		s.Bad = append(s.Bad, bad)
	}
	return nil
}
