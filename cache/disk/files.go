package disk

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

func casDir(exec bool) string {
	if exec {
		return "cas/exec/"
	}
	return "cas/plain/"
}

func (c *Cache) filePath(h digest.Hash, exec bool) string {
	hex := h.String()
	return c.dir + "/" + casDir(exec) + hex[:2] + "/" + hex
}

// statFile finds the file of a large blob in either mode.
func (c *Cache) statFile(h digest.Hash) (path string, exec bool, st unix.Stat_t, err error) {
	for _, exec = range []bool{false, true} {
		path = c.filePath(h, exec)
		if err = unix.Lstat(path, &st); err == nil {
			return path, exec, st, nil
		}
	}
	return "", false, st, err
}

// openFile opens the file of a large blob whose size is right.
func (c *Cache) openFile(d digest.Digest) (*os.File, error) {
	path, _, st, err := c.statFile(d.Hash)
	if err == nil && c.touch(kindBlob, d.Hash, st.Mtim.Nano()) {
		path, _, st, err = c.statFile(d.Hash)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil, cache.ErrMissing
	}
	if err != nil {
		return nil, c.wrap(err)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, cache.ErrMissing
	}
	if err != nil {
		return nil, c.wrap(err)
	}
	if st.Size != d.Size {
		defer f.Close()
		got, err := digest.OfReader(f)
		if err != nil {
			return nil, c.wrap(err)
		}
		if got.Hash == d.Hash {
			return nil, cache.ErrMissing // the digest that was asked for is wrong, not the file
		}
		return nil, c.setAsideFile(path, d)
	}
	return f, nil
}

// temp is a file that becomes a blob's when it is whole.
type temp struct {
	c    *Cache
	f    *os.File
	exec bool
	err  error
}

func (c *Cache) create(exec bool) (*temp, error) {
	mode := os.FileMode(0o444)
	if exec {
		mode = 0o555
	}
	f, err := os.OpenFile(c.tmp(), os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	return &temp{c: c, f: f, exec: exec}, nil
}

// write keeps the first error for install.
func (t *temp) write(b []byte) {
	if t.err == nil {
		t.err = t.c.check(len(b))
	}
	if t.err == nil {
		_, t.err = t.f.Write(b)
	}
}

func (t *temp) discard() {
	t.f.Close()
	os.Remove(t.f.Name())
}

// install puts the file, which holds d's bytes, in its place. Where a sound one is there already it stays.
func (t *temp) install(d digest.Digest) error {
	var st unix.Stat_t
	err := t.err
	if err == nil {
		err = unix.Fstat(int(t.f.Fd()), &st)
	}
	if err != nil {
		t.discard()
		return err
	}
	t.f.Close()
	to := t.c.filePath(d.Hash, t.exec)
	var old unix.Stat_t
	if unix.Lstat(to, &old) == nil && old.Size == d.Size && t.c.trusted(to, d, t.exec, &old) {
		t.c.touch(kindBlob, d.Hash, old.Mtim.Nano())
		if unix.Lstat(to, &old) == nil {
			os.Remove(t.f.Name())
			return nil
		}
	}
	f := fact{mtime: st.Mtim.Nano(), size: st.Size, ino: st.Ino, boot: t.c.boot()}
	err = t.c.noteFact(d.Hash, t.exec, f, func() error {
		err := os.Rename(t.f.Name(), to)
		if errors.Is(err, fs.ErrNotExist) {
			if err = os.MkdirAll(to[:len(to)-65], 0o755); err == nil {
				err = os.Rename(t.f.Name(), to)
			}
		}
		return err
	})
	if err != nil {
		os.Remove(t.f.Name())
		return err
	}
	t.c.written.Add(d.Size)
	return nil
}

// A fact says what a file in cas looked like when its bytes were known to be right. Change time is not in it, as each hard
// link that is made moves it. Nothing is synced when it is written, so after a crash of the machine the bytes may be wrong
// though the file looks right: a fact from an earlier boot counts only if the bytes were read in a later one than they were
// written in. A record of kind kindFactPlain or kindFactExec, little-endian: mtime i64 ns, size i64, inode u64, checked u8
// (1: the bytes were read from the disk in a later boot), boot 16 bytes.
type fact struct {
	mtime, size int64
	ino         uint64
	checked     bool
	boot        [16]byte
}

const factSize = 8 + 8 + 8 + 1 + 16

type factKey struct {
	hash digest.Hash
	exec bool
}

func factKind(exec bool) uint8 {
	if exec {
		return kindFactExec
	}
	return kindFactPlain
}

func (c *Cache) noteFact(h digest.Hash, exec bool, f fact, then func() error) error {
	c.facts.Store(factKey{h, exec}, f)
	b := make([]byte, 0, factSize)
	b = binary.LittleEndian.AppendUint64(b, uint64(f.mtime))
	b = binary.LittleEndian.AppendUint64(b, uint64(f.size))
	b = binary.LittleEndian.AppendUint64(b, f.ino)
	if f.checked {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	return c.appendThen(factKind(exec), 0, h, append(b, f.boot[:]...), then)
}

func (c *Cache) factOf(h digest.Hash, exec bool) (fact, bool) {
	if f, ok := c.facts.Load(factKey{h, exec}); ok {
		return f.(fact), true
	}
	e, ok := c.seek(keyOf(factKind(exec), h))
	if !ok {
		return fact{}, false
	}
	b, _, err := c.read(e, h)
	if err != nil || len(b) != factSize {
		return fact{}, false
	}
	f := fact{
		mtime:   int64(binary.LittleEndian.Uint64(b)),
		size:    int64(binary.LittleEndian.Uint64(b[8:])),
		ino:     binary.LittleEndian.Uint64(b[16:]),
		checked: b[24] != 0,
		boot:    [16]byte(b[25:]),
	}
	c.facts.Store(factKey{h, exec}, f)
	return f, true
}

// trusted says whether the file at path, which looks like st, may be used without reading it first. Where its fact does not
// hold any more the bytes are read once: right ones get a new fact, wrong ones are put aside.
func (c *Cache) trusted(path string, d digest.Digest, exec bool, st *unix.Stat_t) bool {
	if uint32(st.Mode)&unix.S_IFMT != unix.S_IFREG || (uint32(st.Mode)&0o100 != 0) != exec {
		return false
	}
	f, known := c.factOf(d.Hash, exec)
	same := known && f.mtime == st.Mtim.Nano() && f.size == st.Size && f.ino == st.Ino
	boot := c.boot()
	if same && (f.checked || f.boot == boot) {
		return true
	}
	in, err := os.Open(path)
	if err != nil {
		return false
	}
	defer in.Close()
	got, err := digest.OfReader(in)
	if err != nil {
		return false
	}
	if got.Hash != d.Hash {
		c.setAsideFile(path, d)
		return false
	}
	c.noteFact(d.Hash, exec, fact{st.Mtim.Nano(), st.Size, st.Ino, same && f.boot != boot, boot}, nil)
	return true
}
