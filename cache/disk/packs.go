package disk

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache"
)

// looseMax is how many records of a pack may lie outside its index before a new one is written; scanning one costs about
// 0.2 us.
const looseMax = 2048

// dirSettles is how long a folder's time must be past before equal times mean an unchanged folder: file systems count time
// in ticks of some milliseconds.
const dirSettles = 50 * time.Millisecond

func randomID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// find gives the latest record of a key, dead ones too. c.mu is held.
func (c *Cache) find(k recKey) (entry, bool) {
	best, ok := c.tail[k]
	for _, p := range c.packs {
		if p.index == nil {
			continue
		}
		if e, found := p.index.find(k, p); found && (!ok || e.time > best.time) {
			best, ok = e, true
		}
	}
	return best, ok
}

// seek finds a key's latest record that is not dead, and looks for what other processes wrote before it says no.
func (c *Cache) seek(k recKey) (entry, bool) {
	c.mu.RLock()
	e, ok := c.find(k)
	c.mu.RUnlock()
	if ok && !e.dead {
		return e, true
	}
	c.refresh() // also where this finds nothing new: another goroutine may have found it meanwhile
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok = c.find(k)
	return e, ok && !e.dead
}

// refresh takes in what other processes have added or removed. Without news it costs a stat of the folder and of each pack
// that may grow.
func (c *Cache) refresh() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list()
	for _, p := range c.packs {
		if p.index != nil && p.index.bad.Load() {
			c.reindex(p)
		}
		if p.own || p.scanned >= c.o.PackMax {
			continue
		}
		var st unix.Stat_t
		if unix.Fstat(int(p.f.Fd()), &st) == nil && st.Size > p.scanned {
			c.scanTail(p, st.Size)
		}
	}
}

// list brings c.packs up to date with the folder. c.mu is held for writing. It begins again where packs come and go
// meanwhile: a compaction adds the new pack before it removes the old one, so that a folder that held still while it was read
// has one of them.
func (c *Cache) list() {
	for range 10 {
		changedAt, ok := dirTime(c.path("packs"))
		if !ok || c.loaded && c.settled && changedAt.Equal(c.dirTime) {
			return
		}
		names, err := packNames(c.path("packs"))
		if err != nil {
			return
		}
		c.settled = time.Since(changedAt) > dirSettles
		c.dirTime = changedAt
		c.loaded = true
		whole := c.take(names)
		if after, ok := dirTime(c.path("packs")); whole && (!ok || after.Equal(changedAt)) {
			return
		}
	}
}

func dirTime(dir string) (time.Time, bool) {
	var st unix.Stat_t
	err := unix.Stat(dir, &st)
	return time.Unix(st.Mtim.Unix()), err == nil
}

// take opens the packs of a list that are new, and drops those that are not in it. It says whether all were still there.
func (c *Cache) take(names []string) bool {
	known := make(map[string]*pack, len(c.packs))
	for _, p := range c.packs {
		known[p.id] = p
	}
	whole := true
	for _, id := range names {
		if known[id] != nil {
			delete(known, id)
			continue
		}
		p, err := c.openPack(id)
		switch {
		case p != nil:
			c.packs = append(c.packs, p)
		case errors.Is(err, fs.ErrNotExist):
			whole = false
		}
	}
	for _, p := range known {
		c.drop(p)
	}
	return whole
}

// packNames lists packs until two lists are equal: a compaction adds the new pack and then removes the old one, and a list
// that is read meanwhile in more than one piece may have neither.
func packNames(dir string) (ids []string, err error) {
	for range 5 {
		names, err := readNames(dir)
		if err != nil {
			return nil, err
		}
		var now []string
		for _, n := range names {
			if id, ok := strings.CutSuffix(n, ".pack"); ok {
				now = append(now, id)
			}
		}
		slices.Sort(now)
		if ids != nil && slices.Equal(now, ids) {
			return ids, nil
		}
		ids = append([]string{}, now...)
	}
	return ids, nil
}

// drop forgets a pack that was removed. c.mu is held for writing.
func (c *Cache) drop(p *pack) {
	if p.own {
		return // removed by hand; this process goes on with what it has open
	}
	c.packs = slices.DeleteFunc(c.packs, func(o *pack) bool { return o == p })
	for k, e := range c.tail {
		if e.pack == p {
			delete(c.tail, k)
		}
	}
	p.gone.Store(true)
	p.f.Close()
	p.index.unmap()
	p.index = nil
}

func (c *Cache) openPack(id string) (*pack, error) {
	p := &pack{id: id, path: filepath.Join(c.dir, "packs", id+".pack")}
	f, err := os.Open(p.path)
	if err != nil {
		return nil, err
	}
	var head [packHeaderSize]byte
	_, err = f.ReadAt(head[:], 0)
	var size int64
	if err == nil {
		p.nonce, err = decodePackHeader(head[:])
	}
	if fi, serr := f.Stat(); serr == nil {
		size = fi.Size()
	} else {
		err = serr
	}
	if err != nil {
		f.Close()
		if errors.Is(err, errNotAPack) || size < packHeaderSize {
			c.setAside(p)
		}
		return nil, err
	}
	p.f = f
	p.index, err = mapIndex(p.indexPath(), p.nonce, size)
	lost := err != nil && !errors.Is(err, fs.ErrNotExist)
	p.scanned = p.indexed()
	c.scanTail(p, size)
	if (p.loose > looseMax || lost) && !c.o.ReadOnly {
		c.writeIndex(p)
	}
	return p, nil
}

// setAside moves a pack whose header is damaged out of the way. Its records cannot be told from chance any more.
func (c *Cache) setAside(p *pack) {
	if !c.o.ReadOnly {
		if os.Rename(p.path, c.path("quarantine/"+p.id+".pack")) != nil {
			return
		}
		os.Remove(p.indexPath())
	}
	c.corrupt(&cache.CorruptError{Where: p.path})
}

func (p *pack) indexPath() string { return strings.TrimSuffix(p.path, ".pack") + ".idx" }

// scanTail takes in the records behind p.scanned. c.mu is held for writing, or p is not yet shared.
func (c *Cache) scanTail(p *pack, size int64) {
	p.scanned = scan(p.f, p.nonce, p.scanned, size, func(off int64, h header) {
		p.loose++
		c.insert(entry{keyOf(h.kind, h.key), p, h.time, uint32(off), h.size, h.flags&flagDead != 0})
	})
}

func (c *Cache) insert(e entry) {
	if old, ok := c.tail[e.key]; !ok || e.time >= old.time {
		c.tail[e.key] = e
	}
}

// reindex drops a damaged index and reads the pack itself. c.mu is held for writing.
func (c *Cache) reindex(p *pack) {
	p.index.unmap()
	p.index, p.loose = nil, 0
	size := p.scanned
	if !p.own {
		if fi, err := p.f.Stat(); err == nil {
			size = fi.Size()
		}
	}
	end := p.scanned
	p.scanned = packHeaderSize
	c.scanTail(p, size)
	if p.own {
		p.scanned = end
	}
	if !c.o.ReadOnly {
		c.writeIndex(p)
	}
}

// writeIndex writes an index of all that p is known to hold. Records that it covers stay in c.tail as well, which costs
// memory but no time. Failing costs time only, so there is no error.
func (c *Cache) writeIndex(p *pack) {
	es, covered := c.entriesOf(p)
	if es == nil || c.writeFile("packs/"+p.id+".idx", encodeIndex(p.nonce, covered, es), 0o644) != nil {
		return
	}
	p.loose = 0
}

// entriesOf gives all records of p up to p.scanned, older ones of a key too where the index has not left them out. c.mu is
// held, or p is not yet shared. nil says that they cannot be read.
func (c *Cache) entriesOf(p *pack) (es []entry, covered int64) {
	es = []entry{}
	if p.index != nil && !p.index.all(p, func(e entry) { es = append(es, e) }) {
		return nil, 0
	}
	scan(p.f, p.nonce, p.indexed(), p.scanned, func(off int64, h header) {
		es = append(es, entry{keyOf(h.kind, h.key), p, h.time, uint32(off), h.size, h.flags&flagDead != 0})
	})
	return es, p.scanned
}
