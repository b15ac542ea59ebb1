package disk

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

// Stats says what is in the cache.
type Stats struct {
	Bytes       int64 // on the disk, without Quarantine
	SmallBlobs  int
	SmallBytes  int64 // payload
	LargeBlobs  int   // files in cas/
	LargeBytes  int64
	Records     map[cache.Kind]int
	Packs       int
	PackBytes   int64 // packs and their indexes, what is superseded in them too
	Trees       int
	Quarantined int
	Oldest      int64 // Unix seconds of the least recent use of anything; 0 where the cache is empty
}

// item is a file of cas/ or a folder of trees/.
type item struct {
	path string
	hash digest.Hash
	tree bool
	exec bool
	size int64
	last int64 // Unix nanoseconds of the last use
}

// lastUse gives when a key was last used, if it was written at a certain time. c.mu is held.
func (c *Cache) lastUse(kind uint8, key recKey, written int64) int64 {
	switch kind {
	case kindFactPlain, kindFactExec:
		kind = kindBlob
	}
	if kind&kindUse != 0 {
		return written
	}
	if e, ok := c.find(recKey{kind | kindUse, key.half}); ok && e.time > written {
		return e.time
	}
	return written
}

// fileUse is lastUse of a file in cas. The moment that its fact was written counts too: that is this program's clock, while
// the file's time is the file system's. c.mu is held.
func (c *Cache) fileUse(h digest.Hash, exec bool, written int64) int64 {
	if e, ok := c.find(keyOf(factKind(exec), h)); ok && e.time > written {
		written = e.time
	}
	return c.lastUse(kindBlob, keyOf(kindBlob, h), written)
}

// survey lists the files of cas/ and the trees: a stat each, about 2 us.
func (c *Cache) survey(ctx context.Context) ([]item, error) {
	var items []item
	c.refresh()
	for _, exec := range []bool{false, true} {
		shards, _ := os.ReadDir(c.path(casDir(exec)))
		for _, sh := range shards {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			dir := c.path(casDir(exec) + sh.Name())
			names, _ := readNames(dir)
			c.mu.RLock()
			for _, n := range names {
				h, ok := parseHash(n)
				var st unix.Stat_t
				if !ok || unix.Lstat(dir+"/"+n, &st) != nil {
					continue
				}
				items = append(items, item{dir + "/" + n, h, false, exec, st.Blocks * 512, c.fileUse(h, exec, st.Mtim.Nano())})
			}
			c.mu.RUnlock()
		}
	}
	names, _ := readNames(c.path("trees"))
	for _, n := range names {
		h, ok := parseHash(strings.TrimSuffix(n, ".facts"))
		var st unix.Stat_t
		if !ok || !strings.HasSuffix(n, ".facts") || unix.Lstat(c.path("trees/"+n), &st) != nil {
			continue
		}
		c.mu.RLock()
		items = append(items, item{c.path("trees/" + h.String()), h, true, false, st.Blocks * 512,
			c.lastUse(kindTreeDir, keyOf(kindTreeDir, h), st.Mtim.Nano())})
		c.mu.RUnlock()
	}
	return items, nil
}

func readNames(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

func parseHash(s string) (h digest.Hash, ok bool) {
	if len(s) != 64 {
		return h, false
	}
	_, err := hex.Decode(h[:], []byte(s))
	return h, err == nil
}

// packsNow gives the packs of this moment, with the size of their files.
func (c *Cache) packsNow() (ps []*pack, sizes []int64) {
	c.refresh()
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, p := range c.packs {
		size := p.scanned
		if fi, err := os.Stat(p.indexPath()); err == nil {
			size += fi.Size()
		}
		ps, sizes = append(ps, p), append(sizes, size)
	}
	return ps, sizes
}

// current calls visit with each record of p that no later one has replaced; false where they cannot be read. c.mu is held.
func (c *Cache) current(p *pack, visit func(entry)) bool {
	es, _ := c.entriesOf(p)
	for _, e := range es {
		if now, ok := c.find(e.key); ok && now.pack == p && now.off == e.off {
			visit(e)
		}
	}
	return es != nil
}

// Stats counts what is in the cache.
func (c *Cache) Stats() (Stats, error) {
	s := Stats{Records: map[cache.Kind]int{}}
	items, err := c.survey(context.Background())
	if err != nil {
		return s, err
	}
	use := func(t int64) {
		if sec := t / 1e9; s.Oldest == 0 || sec < s.Oldest {
			s.Oldest = sec
		}
	}
	for _, it := range items {
		use(it.last)
		s.Bytes += it.size
		if it.tree {
			s.Trees++
			continue
		}
		s.LargeBlobs++
		s.LargeBytes += it.size
	}
	ps, sizes := c.packsNow()
	c.mu.RLock()
	defer c.mu.RUnlock()
	for i, p := range ps {
		s.Packs++
		s.PackBytes += sizes[i]
		c.current(p, func(e entry) {
			switch {
			case e.dead || e.key.kind >= 0x20:
				return
			case e.key.kind == kindBlob:
				s.SmallBlobs++
				s.SmallBytes += int64(e.size)
			default:
				s.Records[cache.Kind(e.key.kind)]++
			}
			use(c.lastUse(e.key.kind, e.key, e.time))
		})
	}
	s.Bytes += s.PackBytes
	q, _ := filepath.Glob(c.path("quarantine/*"))
	s.Quarantined = len(q)
	return s, nil
}
