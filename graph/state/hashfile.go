package state

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/cairn-build/cairn/cache/digest"
	"golang.org/x/sys/unix"
)

// ErrChangedWhileRead says that a file was written to while it was read; what was read may never have been its content.
// Test with errors.Is.
var ErrChangedWhileRead = errors.New("changed while it was read")

// ErrNotRegular says that something is no plain file. Test with errors.Is.
var ErrNotRegular = errors.New("not a plain file")

var buffers = sync.Pool{New: func() any { return new([128 << 10]byte) }}

// HashFile reads a source, links looked through, and gives its facts: those from before it was read, which were the same
// afterwards. now gives nanoseconds since 1970. A missing file is fs.ErrNotExist.
func HashFile(path string, now func() int64) (SourceFact, error) {
	at := now()
	f, err := hashFile(path, hashFD)
	if err != nil {
		return SourceFact{}, fmt.Errorf("%s: %w", path, err)
	}
	f.Racy = f.Stat.RacyAt(at)
	return f, nil
}

// hashFile is HashFile; read is hashFD.
func hashFile(path string, read func(fd int, size int64) (digest.Digest, error)) (SourceFact, error) {
	var link Stat
	var u unix.Stat_t
	// Not blocking, so that a named pipe is an error and no wait.
	const flags = unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK
	fd, err := open(path, flags|unix.O_NOFOLLOW)
	if err == unix.ELOOP {
		if err = lstat(path, &u); err == nil {
			link = fromUnix(&u)
			fd, err = open(path, flags)
		}
	}
	if err != nil {
		return SourceFact{}, err
	}
	defer unix.Close(fd)
	if err := fstat(fd, &u); err != nil {
		return SourceFact{}, err
	}
	before := fromUnix(&u)
	if !before.IsRegular() {
		return SourceFact{}, ErrNotRegular
	}
	d, err := read(fd, before.Size)
	if err != nil {
		return SourceFact{}, err
	}
	if err := fstat(fd, &u); err != nil {
		return SourceFact{}, err
	}
	if d.Size != before.Size || fromUnix(&u) != before {
		return SourceFact{}, ErrChangedWhileRead
	}
	if link.IsLink() {
		before = via(link, before)
	}
	return SourceFact{Stat: before, Digest: d}, nil
}

// hashFD reads size bytes, or fewer where the file ends before; a small file takes one read.
func hashFD(fd int, size int64) (digest.Digest, error) {
	buf := buffers.Get().(*[128 << 10]byte)
	defer buffers.Put(buf)
	h := sha256.New()
	for n := int64(0); n < size; {
		m, err := unix.Read(fd, buf[:min(size-n, int64(len(buf)))])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return digest.Digest{}, err
		}
		if m == 0 {
			return digest.Digest{Size: n}, nil
		}
		n += int64(m)
		if n == size && n == int64(m) {
			return digest.Of(buf[:m]), nil
		}
		h.Write(buf[:m])
	}
	d := digest.Digest{Size: size}
	h.Sum(d.Hash[:0])
	return d, nil
}

func open(path string, flags int) (fd int, err error) {
	err = retry(func() (e error) {
		fd, e = unix.Open(path, flags, 0)
		return e
	})
	return fd, err
}

func fstat(fd int, u *unix.Stat_t) error { return retry(func() error { return unix.Fstat(fd, u) }) }
