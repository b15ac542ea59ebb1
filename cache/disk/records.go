package disk

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

var (
	errGone  = errors.New("the pack was removed") // by a trim of another process; what it held is in another pack
	errOther = errors.New("another key with an equal first half")
	errBytes = errors.New("the bytes are damaged")
)

// read gets a record's payload in new memory, checked.
func (c *Cache) read(e entry, key digest.Hash) ([]byte, header, error) {
	b := make([]byte, recHeaderSize+int(e.size))
	c.mu.RLock()
	if e.pack.gone.Load() {
		c.mu.RUnlock()
		return nil, header{}, errGone
	}
	n, err := e.pack.f.ReadAt(b, int64(e.off))
	c.mu.RUnlock()
	if err != nil && !(err == io.EOF && n == len(b)) {
		return nil, header{}, errBytes
	}
	h, ok := decodeHeader(b, e.pack.nonce, int64(e.off))
	payload := b[recHeaderSize:]
	switch {
	case !ok || h.size != e.size || h.kind != e.key.kind:
		return payload, h, errBytes
	case h.key != key:
		return nil, h, errOther
	case h.kind == kindBlob: // its hash says more than a checksum
		if digest.Of(payload).Hash != key {
			return payload, h, errBytes
		}
	case crc32.Checksum(payload, castagnoli) != h.content:
		return payload, h, errBytes
	}
	return payload, h, nil
}

// fetch gives a key's value and marks it as used. A damaged one is put aside and told.
func (c *Cache) fetch(kind uint8, key digest.Hash) ([]byte, bool, *cache.CorruptError) {
	marked := false
	for range 100 { // again where the record was marked just now, or where a trim moved it
		e, ok := c.seek(keyOf(kind, key))
		if !ok {
			return nil, false, nil
		}
		if !marked && c.touch(kind, key, e.time) {
			marked = true
			c.refresh()
			continue
		}
		payload, _, err := c.read(e, key)
		switch err {
		case nil:
			return payload, true, nil
		case errOther:
			return nil, false, nil
		case errBytes:
			return nil, false, c.setAsideRecord(e, key, payload)
		}
		c.refresh()
	}
	return nil, false, nil
}

// setAsideRecord makes a damaged record's key one without a value.
func (c *Cache) setAsideRecord(e entry, key digest.Hash, payload []byte) *cache.CorruptError {
	c.mu.RLock()
	now, ok := c.find(e.key)
	c.mu.RUnlock()
	if !ok || now.dead || now.time != e.time {
		return nil // another goroutine was faster
	}
	if c.append(e.key.kind, flagDead, key, nil) != nil {
		c.mu.Lock()
		c.insert(entry{key: e.key, pack: e.pack, time: e.time + 1, dead: true})
		c.mu.Unlock()
	} else if len(payload) > 0 {
		c.writeFile("quarantine/"+key.String()+"-"+randomID(), payload, 0o444)
	}
	d := digest.Digest{Hash: key, Size: int64(e.size)}
	return c.corrupt(&cache.CorruptError{Digest: d, Where: fmt.Sprintf("%s at %d", e.pack.path, e.off)})
}

// Lookup implements cache.Records.
func (c *Cache) Lookup(k cache.Kind, key digest.Hash) ([]byte, bool) {
	if !validKind(k) {
		return nil, false
	}
	b, ok, _ := c.fetch(uint8(k), key)
	return b, ok
}

// Record implements cache.Records. A value may have up to 16 MiB.
func (c *Cache) Record(k cache.Kind, key digest.Hash, value []byte) error {
	if !validKind(k) {
		return fmt.Errorf("internal error: a cache record of kind %d", k)
	}
	return c.append(uint8(k), 0, key, value)
}

// Forget implements cache.Records.
func (c *Cache) Forget(k cache.Kind, key digest.Hash) error {
	if !validKind(k) {
		return fmt.Errorf("internal error: a cache record of kind %d", k)
	}
	if _, ok := c.seek(keyOf(uint8(k), key)); !ok {
		return nil
	}
	return c.append(uint8(k), flagDead, key, nil)
}

func validKind(k cache.Kind) bool { return k >= 1 && k < 0x20 }

const markEvery = 3600 // seconds

func hourOf(nanos int64) int64 { return nanos / 1e9 / markEvery }

// touch marks a key as used, at most once in an hour of the clock; the time of writing counts as a use. It says whether it
// had to write a mark: then what it marks had not been used for a while, and may have been trimmed up to that moment, so
// the caller looks for it again.
func (c *Cache) touch(kind uint8, key digest.Hash, written int64) bool {
	if c.o.ReadOnly {
		return false
	}
	hour := hourOf(c.o.Now().UnixNano())
	if hourOf(written) >= hour {
		return false
	}
	k := keyOf(kind|kindUse, key)
	c.umu.Lock()
	if c.hour != hour {
		clear(c.marked)
		c.hour = hour
	}
	_, seen := c.marked[k]
	c.marked[k] = struct{}{}
	c.umu.Unlock()
	if seen {
		return false
	}
	c.mu.RLock()
	e, ok := c.find(k)
	c.mu.RUnlock()
	if ok && hourOf(e.time) >= hour {
		return false
	}
	return c.appendThen(kind|kindUse, 0, key, nil, func() error { return nil }) == nil
}

// passGate locks the gate; c.wmu is held.
func (c *Cache) passGate(how int) (unlock func(), err error) {
	if c.gate == nil {
		f, err := os.OpenFile(c.path("gate"), os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		c.gate = f
	}
	if err := flock(c.gate, how); err != nil {
		return nil, err
	}
	return func() { flock(c.gate, unix.LOCK_UN) }, nil
}
