package disk

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache/digest"
)

// Evict removes blobs and trees, whoever uses them, and gives how many were there. A tree goes as a folder and as a blob; the
// blobs that it refers to stay.
func (c *Cache) Evict(ds ...digest.Digest) (int, error) {
	if c.o.ReadOnly {
		return 0, c.wrap(ErrReadOnly)
	}
	n := 0
	for _, d := range ds {
		found := false
		if _, ok := c.seek(keyOf(kindBlob, d.Hash)); ok {
			found = true
			if err := c.append(kindBlob, flagDead, d.Hash, nil); err != nil {
				return n, err
			}
		}
		for _, exec := range []bool{false, true} {
			err := os.Remove(c.filePath(d.Hash, exec))
			found = found || err == nil
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return n, c.wrap(err)
			}
			c.facts.Delete(factKey{d.Hash, exec})
		}
		if os.Remove(c.factsPath(d.Hash)) == nil {
			found = true
			if err := c.removeTree(c.path("trees/" + d.Hash.String())); err != nil {
				return n, c.wrap(err)
			}
		}
		c.tmu.Lock()
		delete(c.trees, d.Hash.String())
		c.tmu.Unlock()
		if found {
			n++
		}
	}
	return n, nil
}

// DropTrees removes the folders of trees, whose bytes stay, and gives how many were there. While anybody holds a lease nothing is
// removed, because a program may run in one of them: used is true then.
func (c *Cache) DropTrees(roots ...digest.Digest) (n int, used bool, err error) {
	if c.o.ReadOnly {
		return 0, false, c.wrap(ErrReadOnly)
	}
	c.wmu.Lock()
	unlock, err := c.passGate(unix.LOCK_EX)
	c.wmu.Unlock()
	if err != nil {
		return 0, false, c.wrap(err)
	}
	defer unlock()
	if _, used := c.oldestLease(); used {
		return 0, true, nil
	}
	for _, d := range roots {
		if os.Remove(c.factsPath(d.Hash)) != nil {
			continue
		}
		n++
		if err := c.removeTree(c.path("trees/" + d.Hash.String())); err != nil {
			return n, false, c.wrap(err)
		}
		c.tmu.Lock()
		delete(c.trees, d.Hash.String())
		c.tmu.Unlock()
	}
	return n, false, nil
}

// EvictKey forgets the records of all kinds of a key, and gives how many there were.
func (c *Cache) EvictKey(key digest.Hash) (int, error) {
	n := 0
	for k := uint8(1); k < 0x20; k++ {
		if _, ok := c.seek(keyOf(k, key)); !ok {
			continue
		}
		if err := c.append(k, flagDead, key, nil); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
