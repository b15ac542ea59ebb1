package disk

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

func (c *Cache) small(size int64) bool { return size <= int64(c.o.SmallMax) }

// Missing implements cache.Blobs. It looks at names and sizes, not at bytes.
func (c *Cache) Missing(ds []digest.Digest) ([]digest.Digest, error) {
	var missing []digest.Digest
	for _, d := range ds {
		if !c.has(d) {
			missing = append(missing, d)
		}
	}
	return missing, nil
}

func (c *Cache) has(d digest.Digest) bool {
	if d == digest.Empty {
		return true
	}
	for range 2 {
		var written int64
		if c.small(d.Size) {
			e, ok := c.seek(keyOf(kindBlob, d.Hash))
			if !ok || int64(e.size) != d.Size {
				return false
			}
			written = e.time
		} else {
			_, _, st, err := c.statFile(d.Hash)
			if err != nil || st.Size != d.Size {
				return false
			}
			written = st.Mtim.Nano()
		}
		if !c.touch(kindBlob, d.Hash, written) {
			return true
		}
		c.refresh()
	}
	return true
}

// Get implements cache.Blobs.
func (c *Cache) Get(d digest.Digest) ([]byte, error) {
	if d == digest.Empty {
		return []byte{}, nil
	}
	if c.small(d.Size) {
		return c.getSmall(d)
	}
	f, err := c.openFile(d)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, d.Size)
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, c.wrap(err)
	}
	if sha256.Sum256(b) != d.Hash {
		return nil, c.setAsideFile(f.Name(), d)
	}
	return b, nil
}

func (c *Cache) getSmall(d digest.Digest) ([]byte, error) {
	b, ok, damage := c.fetch(kindBlob, d.Hash)
	switch {
	case damage != nil:
		return nil, damage
	case !ok || int64(len(b)) != d.Size:
		return nil, cache.ErrMissing
	}
	return b, nil
}

// Open implements cache.Blobs.
func (c *Cache) Open(d digest.Digest) (io.ReadCloser, error) {
	if d == digest.Empty || c.small(d.Size) {
		b, err := c.Get(d)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(bytes.NewReader(b)), nil
	}
	f, err := c.openFile(d)
	if err != nil {
		return nil, err
	}
	return &verifier{c: c, f: f, d: d, h: sha256.New()}, nil
}

// verifier reads a file and tells at its end whether it was the right one.
type verifier struct {
	c *Cache
	f *os.File
	d digest.Digest
	h hash.Hash
	n int64
}

func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.f.Read(p)
	v.h.Write(p[:n])
	v.n += int64(n)
	if v.n > v.d.Size {
		return n, v.c.setAsideFile(v.f.Name(), v.d)
	}
	if err == io.EOF && digest.Hash(v.h.Sum(nil)) != v.d.Hash {
		return n, v.c.setAsideFile(v.f.Name(), v.d)
	}
	return n, err
}

func (v *verifier) Close() error { return v.f.Close() }

// Put implements cache.Blobs.
func (c *Cache) Put(b []byte) (digest.Digest, error) {
	d := digest.Of(b)
	if c.small(d.Size) {
		return d, c.putSmall(d, b)
	}
	if c.present(d) {
		return d, nil
	}
	if c.o.ReadOnly {
		return d, c.wrap(ErrReadOnly)
	}
	t, err := c.create(false)
	if err != nil {
		return d, c.wrap(err)
	}
	t.write(b)
	return d, c.wrap(t.install(d))
}

// present says whether a large blob is there in a file that is as it was when it was written.
func (c *Cache) present(d digest.Digest) bool {
	path, exec, st, err := c.statFile(d.Hash)
	if err != nil || st.Size != d.Size || !c.trusted(path, d, exec, &st) {
		return false
	}
	return !c.touch(kindBlob, d.Hash, st.Mtim.Nano()) || c.has(d)
}

// putSmall does not look for what other processes have added of late: a blob that is there twice does no harm. One that is
// there is read: whoever puts it counts on having it, and damage that is found when it is wanted is found too late.
func (c *Cache) putSmall(d digest.Digest, b []byte) error {
	if d.Size == 0 {
		return nil
	}
	c.mu.RLock()
	loaded := c.loaded
	e, ok := c.find(keyOf(kindBlob, d.Hash))
	c.mu.RUnlock()
	if !loaded {
		e, ok = c.seek(keyOf(kindBlob, d.Hash))
	}
	if ok && !e.dead && int64(e.size) == d.Size {
		if there, have, _ := c.fetch(kindBlob, d.Hash); have && int64(len(there)) == d.Size {
			return nil
		}
	}
	return c.append(kindBlob, 0, d.Hash, b)
}

// PutFile implements cache.Blobs. path may be a link to a regular file.
func (c *Cache) PutFile(path string) (digest.Digest, error) {
	fd, err := openRaw(path)
	if err != nil {
		return digest.Digest{}, &os.PathError{Op: "open", Path: path, Err: err}
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return digest.Digest{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if uint32(st.Mode)&unix.S_IFMT != unix.S_IFREG {
		unix.Close(fd)
		return digest.Digest{}, &os.PathError{Op: "read", Path: path, Err: errors.New("it is not a regular file")}
	}
	if !c.small(st.Size) {
		return c.putLarge(fd, path, uint32(st.Mode))
	}
	buf := c.bufs.Get().(*[]byte)
	defer c.bufs.Put(buf)
	n, err := readRaw(fd, *buf)
	if err != nil {
		unix.Close(fd)
		return digest.Digest{}, &os.PathError{Op: "read", Path: path, Err: err}
	}
	if n > c.o.SmallMax { // it has grown
		return c.putLarge(fd, path, uint32(st.Mode))
	}
	unix.Close(fd)
	d := digest.Of((*buf)[:n])
	return d, c.putSmall(d, (*buf)[:n])
}

// putLarge copies the file from its start, hashes what it copies, and closes fd.
func (c *Cache) putLarge(fd int, path string, mode uint32) (digest.Digest, error) {
	src := os.NewFile(uintptr(fd), path)
	defer src.Close()
	if c.o.ReadOnly {
		return digest.Digest{}, c.wrap(ErrReadOnly)
	}
	t, err := c.create(mode&0o100 != 0)
	if err != nil {
		return digest.Digest{}, c.wrap(err)
	}
	var from io.Reader = io.NewSectionReader(src, 0, 1<<62)
	shared := c.clone(t.f, src)
	if shared { // the blocks of this moment; now they cannot change under us
		from = t.f
	}
	h := sha256.New()
	buf := make([]byte, 256<<10)
	var size int64
	for {
		n, err := from.Read(buf)
		h.Write(buf[:n])
		size += int64(n)
		if !shared {
			t.write(buf[:n])
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.discard()
			return digest.Digest{}, &os.PathError{Op: "read", Path: path, Err: err}
		}
	}
	d := digest.Digest{Hash: digest.Hash(h.Sum(nil)), Size: size}
	if c.small(size) { // it has shrunk
		t.discard()
		return c.PutFile(path)
	}
	return d, c.wrap(t.install(d))
}

func openRaw(path string) (int, error) {
	for {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// readRaw fills buf until it is full or the file ends. A short read of a regular file is its end.
func readRaw(fd int, buf []byte) (int, error) {
	for {
		n, err := unix.Read(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, err
		}
		return n, nil
	}
}

// setAsideFile moves a damaged file out of cas and tells of it.
func (c *Cache) setAsideFile(path string, d digest.Digest) error {
	c.facts.Range(func(k, _ any) bool {
		if k.(factKey).hash == d.Hash {
			c.facts.Delete(k)
		}
		return true
	})
	e := &cache.CorruptError{Digest: d, Where: path}
	if !c.o.ReadOnly {
		to := c.path(fmt.Sprintf("quarantine/%s-%s", d.Hash, randomID()))
		if err := os.Rename(path, to); errors.Is(err, os.ErrNotExist) {
			return e // another was faster, and has told
		} else if err != nil {
			os.Remove(path)
		}
	}
	return c.corrupt(e)
}
