package disk

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/tree"
)

// treeFresh is for how long a check of a tree counts, in seconds: a check costs about 1.5 us a file.
const treeFresh = 2

// TreePath gives the path of a read-only folder that holds a tree, for use where it lies. It is made once, of hard links to
// the cache's own files, by whichever process comes first. Who gets it must not write to it; what was changed in it all the
// same is noticed by stat the next time, told as damage, and the folder is made again. It stays at least while a lease is
// held that is older than the call. The error wraps cache.ErrMissing where blobs are missing, and is a *tree.RefusedError for
// a tree that is not allowed.
func (c *Cache) TreePath(root digest.Digest) (string, error) {
	dir, _, err := c.PlaceTree(root)
	return dir, err
}

// TreeMade says what a tree's folder was made of.
type TreeMade struct {
	Links  int // files that are hard links to the cache's own
	Copies int // files that are not: as many links as the file system allows, or another user's
}

// PlaceTree is TreePath, and says what it made; nil where the folder was there.
func (c *Cache) PlaceTree(root digest.Digest) (string, *TreeMade, error) {
	name := root.Hash.String()
	dir := c.path("trees/" + name)
	if c.treeChecked(name) {
		return dir, nil, nil
	}
	c.touch(kindTreeDir, root.Hash, 0)
	was := c.checkTree(root)
	switch {
	case was == nil:
		c.noteTree(name)
		return dir, nil, nil
	case c.o.ReadOnly:
		return "", nil, cache.ErrMissing
	}
	l, err := c.lockTree(root.Hash)
	if err != nil {
		return "", nil, c.wrap(err)
	}
	defer l.Unlock()
	var made *TreeMade
	if errors.Is(was, fs.ErrNotExist) && c.treeComplete(root.Hash) {
		// Made meanwhile by who held the lock: eight that wait for one tree do not all look at its ten thousand files.
		c.noteTree(name)
		return dir, nil, nil
	}
	if err := c.checkTree(root); err != nil {
		if err := c.clearTree(root, err); err != nil {
			return "", nil, c.wrap(err)
		}
		if made, err = c.makeTree(root); err != nil {
			return "", nil, err
		}
	}
	c.noteTree(name)
	return dir, made, nil
}

func (c *Cache) treeChecked(name string) bool {
	c.tmu.Lock()
	defer c.tmu.Unlock()
	at, ok := c.trees[name]
	now := c.o.Now().Unix()
	return ok && now >= at && now-at < treeFresh
}

func (c *Cache) noteTree(name string) {
	c.tmu.Lock()
	defer c.tmu.Unlock()
	c.trees[name] = c.o.Now().Unix()
}

// treeComplete says whether a tree has facts, which are written when all of it is there, and a folder.
func (c *Cache) treeComplete(root digest.Hash) bool {
	b, err := os.ReadFile(c.factsPath(root))
	if err != nil {
		return false
	}
	if _, err = decodeTreeFacts(b); err == nil {
		_, err = os.Lstat(c.path("trees/" + root.String()))
	}
	return err == nil
}

func (c *Cache) factsPath(root digest.Hash) string {
	return c.path("trees/" + root.String() + ".facts")
}

// checkTree says whether a tree's folder is complete and unchanged. An error that is a *tamperError means that it was there.
// After a crash of the machine, in the next boot, the bytes are read once.
func (c *Cache) checkTree(root digest.Digest) error {
	b, err := os.ReadFile(c.factsPath(root.Hash))
	if err != nil {
		return err
	}
	tf, err := decodeTreeFacts(b)
	if err != nil {
		return err
	}
	dir := c.path("trees/" + root.Hash.String())
	if err := tf.check(dir); err != nil {
		return err
	}
	if boot := c.boot(); !tf.checked && tf.boot != boot {
		if err := c.verifyTree(root); err != nil {
			return err
		}
		if !c.o.ReadOnly {
			tf.checked = true
			c.writeFile("trees/"+root.Hash.String()+".facts", tf.encode(), 0o644)
		}
	}
	return nil
}

// verifyTree reads a whole tree's folder and compares it with its digest.
func (c *Cache) verifyTree(root digest.Digest) error {
	got, err := tree.Capture(c.path("trees/"+root.Hash.String()), digestOnly{})
	if err != nil {
		return err
	}
	if got.Root.Hash != root.Hash {
		return &tamperError{"."}
	}
	return nil
}

// clearTree removes what is at a tree's place; why says what is wrong with it.
func (c *Cache) clearTree(root digest.Digest, why error) error {
	os.Remove(c.factsPath(root.Hash))
	dir := c.path("trees/" + root.Hash.String())
	var t *tamperError
	if errors.As(why, &t) {
		c.corrupt(&cache.CorruptError{Digest: root, Where: dir + "/" + t.path})
	}
	return c.removeTree(dir)
}

// removeTree takes a folder out of the way with one rename, then removes it.
func (c *Cache) removeTree(dir string) error {
	os.Chmod(dir, 0o755) // a folder that is moved to another parent must be writable
	tmp := c.tmp()
	if err := os.Rename(dir, tmp); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	c.sweep(tmp)
	return nil
}

// sweep removes a file or folder below tmp/.
func (c *Cache) sweep(path string) {
	if r, err := os.OpenRoot(c.path("tmp")); err == nil {
		defer r.Close()
		tree.RemoveAll(r, path[strings.LastIndexByte(path, '/')+1:])
	}
}
