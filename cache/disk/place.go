package disk

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

// BlobPath gives the path of a read-only file that holds the blob, executable or not as asked, for mounting and linking. It
// is the cache's own file: who gets it must not write to it. It stays at least while a lease is held that is older than the
// call. ErrMissing where there is no such blob.
func (c *Cache) BlobPath(d digest.Digest, exec bool) (string, error) {
	path := c.filePath(d.Hash, exec)
	for range 2 {
		var st unix.Stat_t
		if unix.Lstat(path, &st) != nil || st.Size != d.Size || !c.trusted(path, d, exec, &st) {
			break
		}
		if !c.touch(kindBlob, d.Hash, st.Mtim.Nano()) {
			return path, nil
		}
		c.refresh() // marked now; see that it was not trimmed just before
	}
	if c.o.ReadOnly {
		return "", cache.ErrMissing
	}
	t, err := c.create(exec)
	if err != nil {
		return "", c.wrap(err)
	}
	if err := c.Fill(d, t.f); err != nil {
		t.discard()
		return "", err
	}
	return path, c.wrap(t.install(d))
}

// Fill writes a blob into f, which is empty: it shares the blocks where the file system can, else it copies. The bytes have
// been verified. On an error f may hold a part.
func (c *Cache) Fill(d digest.Digest, f *os.File) error {
	if d == digest.Empty {
		return nil
	}
	if c.small(d.Size) {
		b, err := c.getSmall(d)
		if err != nil {
			return err
		}
		if err := c.check(len(b)); err != nil {
			return c.wrap(err)
		}
		_, err = f.Write(b)
		return err
	}
	src, err := c.openFile(d)
	if err != nil {
		return err
	}
	defer src.Close()
	var st unix.Stat_t
	if unix.Fstat(int(src.Fd()), &st) == nil && c.canClone(f, src) {
		if c.trusted(src.Name(), d, st.Mode&0o100 != 0, &st) && c.clone(f, src) {
			return nil
		}
	}
	h := sha256.New()
	buf := make([]byte, 256<<10)
	for {
		n, err := src.Read(buf)
		h.Write(buf[:n])
		if err := c.check(n); err != nil {
			return c.wrap(err)
		}
		if _, err := f.Write(buf[:n]); err != nil {
			return err
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return c.wrap(err)
		}
	}
	if digest.Hash(h.Sum(nil)) != d.Hash {
		return c.setAsideFile(src.Name(), d)
	}
	return nil
}

// Place puts a copy of a blob at dst, where a person may edit it; it shares no inode with the cache. What is at dst is
// replaced at one moment. Mode 0644 or 0755 less the umask. ErrMissing where there is no such blob.
//
// A small blob goes straight to a name that is free, with one write: a process that is killed between the two system calls
// leaves an empty file. Anything else is written beside dst and renamed.
func (c *Cache) Place(d digest.Digest, dst string, exec bool) error {
	mode := os.FileMode(0o644)
	if exec {
		mode = 0o755
	}
	if c.small(d.Size) {
		f, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err == nil {
			return c.fillAndClose(d, f)
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	dir, base := filepath.Split(dst)
	tmp := dir + "." + base + ".cairn-" + randomID()
	if len(base) > 220 {
		tmp = dir + ".cairn-" + randomID()
	}
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if err := c.fillAndClose(d, f); err != nil {
		return err
	}
	if err := os.Rename(tmp, dst); err != nil {
		os.Remove(tmp)
		return err
	}
	return nil
}

// fillAndClose leaves no file behind when it fails.
func (c *Cache) fillAndClose(d digest.Digest, f *os.File) error {
	err := c.Fill(d, f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

type devices struct{ from, to uint64 }

func devicesOf(dst, src *os.File) (devices, bool) {
	var a, b unix.Stat_t
	if unix.Fstat(int(src.Fd()), &a) != nil || unix.Fstat(int(dst.Fd()), &b) != nil {
		return devices{}, false
	}
	return devices{uint64(a.Dev), uint64(b.Dev)}, true
}

// canClone says whether clone may work: it has not failed yet between these two file systems.
func (c *Cache) canClone(dst, src *os.File) bool {
	dev, ok := devicesOf(dst, src)
	if !ok {
		return false
	}
	can, tried := c.clones.Load(dev)
	return !tried || can.(bool)
}

// clone makes dst share src's blocks. What it learns of a pair of file systems it remembers.
func (c *Cache) clone(dst, src *os.File) bool {
	dev, ok := devicesOf(dst, src)
	if !ok {
		return false
	}
	if can, tried := c.clones.Load(dev); tried && !can.(bool) {
		return false
	}
	err := cloneFile(dst, src)
	if err == nil || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, unix.EXDEV) || errors.Is(err, unix.EINVAL) {
		c.clones.Store(dev, err == nil)
	}
	return err == nil
}
