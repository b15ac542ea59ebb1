package disk

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache/digest"
)

// writer is the pack that this process appends to. The pack's flock is held for as long, so that no other process appends
// to it or compacts it; it ends with the process.
type writer struct {
	p   *pack
	f   *os.File
	off int64
}

// append adds one record and makes it visible to this process; others see it from the moment it is written.
func (c *Cache) append(kind, flags uint8, key digest.Hash, payload []byte) error {
	return c.appendThen(kind, flags, key, payload, nil)
}

// appendThen writes a record that says that something is in use, and then calls then, both under the shared gate: a trim,
// which holds the gate alone while it removes, comes before both or sees the record.
func (c *Cache) appendThen(kind, flags uint8, key digest.Hash, payload []byte, then func() error) error {
	if c.o.ReadOnly {
		return c.wrap(ErrReadOnly)
	}
	if len(payload) > maxPayload {
		return c.wrap(fmt.Errorf("a record of %d bytes is larger than %d", len(payload), maxPayload))
	}
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if then != nil {
		unlock, err := c.passGate(unix.LOCK_SH)
		if err != nil {
			return c.wrap(err)
		}
		defer unlock()
	}
	if err := c.acquire(); err != nil {
		return c.wrap(err)
	}
	k := keyOf(kind, key)
	c.mu.RLock()
	old, found := c.find(k)
	c.mu.RUnlock()
	now := max(c.o.Now().UnixNano(), c.lastTime+1)
	if found && old.time >= now { // another machine's clock, or a clock set back
		now = old.time + 1
	}
	c.lastTime = now
	h := header{time: now, kind: kind, flags: flags, key: key}
	if _, err := c.w.write(c, h, payload); err != nil {
		c.abandon()
		return c.wrap(err)
	}
	c.written.Add(int64(len(payload)) + recHeaderSize)
	if c.w.off >= c.o.PackMax {
		if err := c.release(); err != nil {
			return c.wrap(err)
		}
	}
	if then != nil {
		return then()
	}
	return nil
}

// write appends one record to w. After an error w must not be used.
func (w *writer) write(c *Cache, h header, payload []byte) (entry, error) {
	c.buf = appendRecord(c.buf[:0], w.p.nonce, w.off, h, payload)
	err := c.check(len(c.buf))
	if err == nil {
		_, err = w.f.WriteAt(c.buf, w.off)
	}
	if cap(c.buf) > 1<<20 {
		c.buf = nil
	}
	if err != nil {
		w.f.Truncate(w.off) // else the tail is torn, which every reader copes with
		return entry{}, err
	}
	e := entry{keyOf(h.kind, h.key), w.p, h.time, uint32(w.off), uint32(len(payload)), h.flags&flagDead != 0}
	w.off += recHeaderSize + int64(len(payload))
	c.mu.Lock()
	c.insert(e)
	w.p.scanned = w.off
	w.p.loose++
	c.mu.Unlock()
	return e, nil
}

// acquire makes sure that there is a pack to append to: one that no process holds, else a new one. c.wmu is held.
func (c *Cache) acquire() error {
	if c.w != nil {
		return nil
	}
	c.refresh()
	var candidates []*pack
	c.mu.RLock()
	for _, p := range c.packs {
		if p.scanned < c.o.PackMax {
			candidates = append(candidates, p)
		}
	}
	c.mu.RUnlock()
	for _, p := range candidates {
		if w, err := c.adopt(p); err == nil {
			c.w = w
			return nil
		}
	}
	w, err := c.newPack()
	if err == nil {
		c.w = w
	}
	return err
}

// lockPack opens a pack for appending if no process holds it.
func lockPack(p *pack) (*os.File, error) {
	f, err := os.OpenFile(p.path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := flock(f, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil || st.Nlink == 0 {
		f.Close()
		return nil, errors.Join(err, os.ErrNotExist) // removed while we opened it
	}
	return f, nil
}

// adopt takes over a pack that no process holds, and cuts off what a dead one left unfinished.
func (c *Cache) adopt(p *pack) (*writer, error) {
	f, err := lockPack(p)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.gone.Load() {
		f.Close()
		return nil, os.ErrNotExist
	}
	c.scanTail(p, fi.Size())
	if p.scanned >= c.o.PackMax {
		f.Close()
		return nil, os.ErrNotExist
	}
	if fi.Size() != p.scanned {
		if err := f.Truncate(p.scanned); err != nil {
			f.Close()
			return nil, err
		}
	}
	p.own = true
	return &writer{p, f, p.scanned}, nil
}

// newPack makes an empty pack, locked and known to this process.
func (c *Cache) newPack() (*writer, error) {
	var b [8]byte
	rand.Read(b[:])
	p := &pack{id: randomID(), nonce: binary.LittleEndian.Uint64(b[:]), scanned: packHeaderSize, own: true}
	p.path = filepath.Join(c.dir, "packs", p.id+".pack")
	tmp := c.tmp()
	f, err := os.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	err = c.check(packHeaderSize)
	if err == nil {
		_, err = f.Write(encodePackHeader(p.nonce, c.o.Now().UnixNano()))
	}
	if err == nil {
		err = flock(f, unix.LOCK_EX|unix.LOCK_NB)
	}
	c.mu.Lock() // no other goroutine is to find it in the folder before it is in c.packs
	defer c.mu.Unlock()
	if err == nil {
		err = os.Rename(tmp, p.path)
	}
	if err == nil {
		p.f, err = os.Open(p.path)
	}
	if err != nil {
		f.Close()
		os.Remove(tmp)
		return nil, err
	}
	c.packs = append(c.packs, p)
	return &writer{p, f, packHeaderSize}, nil
}

// release stops appending to the pack, and writes its index if many records are in none. c.wmu is held.
func (c *Cache) release() error {
	w := c.w
	if w == nil {
		return nil
	}
	c.w = nil
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.p.loose > looseMax || w.off >= c.o.PackMax && w.p.loose > 0 {
		c.writeIndex(w.p)
	}
	w.p.own = false
	return w.f.Close()
}

// abandon stops appending after an error.
func (c *Cache) abandon() {
	w := c.w
	c.w = nil
	c.mu.Lock()
	w.p.own = false
	c.mu.Unlock()
	w.f.Close()
}

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
