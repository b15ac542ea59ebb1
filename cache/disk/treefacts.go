package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

// Facts of a tree, the file trees/HASH.facts, say what each entry looked like when the tree was complete. Times of change are
// not in it, as links made elsewhere move them. Little-endian:
//
//	"cairntr1", boot 16 bytes, checked u8 (read and compared in a later boot), count u32, then for each entry
//	kind u8, mtime i64, size i64, inode u64, length u16, path; the first is the root, with an empty path
//	CRC-32C u32 of all before
type treeFacts struct {
	boot    [16]byte
	checked bool
	root    treeFact
	entries []treeFact
}

type treeFact struct {
	path        string
	kind        uint8
	mtime, size int64
	ino         uint64
}

const (
	treePlain uint8 = iota
	treeExec
	treeFolder
	treeLink
)

const treeMagic = "cairntr1"

// tamperError says that a tree's folder is there and not as it was made.
type tamperError struct{ path string }

func (e *tamperError) Error() string { return fmt.Sprintf("%q was changed", e.path) }

var errTreeFacts = errors.New("the facts of the tree are damaged")

func (t *treeFacts) encode() []byte {
	le := binary.LittleEndian
	b := append([]byte(treeMagic), t.boot[:]...)
	if t.checked {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = le.AppendUint32(b, uint32(len(t.entries)+1))
	put := func(e *treeFact) {
		b = append(b, e.kind)
		b = le.AppendUint64(b, uint64(e.mtime))
		b = le.AppendUint64(b, uint64(e.size))
		b = le.AppendUint64(b, e.ino)
		b = le.AppendUint16(b, uint16(len(e.path)))
		b = append(b, e.path...)
	}
	put(&t.root)
	for i := range t.entries {
		put(&t.entries[i])
	}
	return le.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeTreeFacts(b []byte) (*treeFacts, error) {
	le := binary.LittleEndian
	const head = 8 + 16 + 1 + 4
	if len(b) < head+4 || string(b[:8]) != treeMagic || le.Uint32(b[len(b)-4:]) != crc32.Checksum(b[:len(b)-4], castagnoli) {
		return nil, errTreeFacts
	}
	t := &treeFacts{boot: [16]byte(b[8:24]), checked: b[24] != 0}
	n := le.Uint32(b[25:])
	b = b[head : len(b)-4]
	text := string(b) // the paths are parts of one text
	t.entries = make([]treeFact, 0, min(n, uint32(len(b)/27)))
	for i := range n {
		const fixed = 1 + 8 + 8 + 8 + 2
		if len(b) < fixed || len(b) < fixed+int(le.Uint16(b[25:])) {
			return nil, errTreeFacts
		}
		size := int(le.Uint16(b[25:]))
		e := treeFact{kind: b[0], mtime: int64(le.Uint64(b[1:])), size: int64(le.Uint64(b[9:])), ino: le.Uint64(b[17:]), path: text[len(text)-len(b)+fixed:][:size]}
		b = b[fixed+size:]
		if i == 0 {
			t.root = e
		} else {
			t.entries = append(t.entries, e)
		}
	}
	if n == 0 || len(b) != 0 {
		return nil, errTreeFacts
	}
	return t, nil
}

// set fills in what an entry looks like; kind and path are there.
func (e *treeFact) set(st *unix.Stat_t) { e.mtime, e.size, e.ino = st.Mtim.Nano(), st.Size, st.Ino }

// checkAlone is how many entries are looked at by one goroutine: it takes a few milliseconds.
const checkAlone = 3000

// check compares the folder with the facts. A folder's time covers what is added to it or removed.
func (t *treeFacts) check(dir string) error {
	parts := min(1+len(t.entries)/checkAlone, runtime.GOMAXPROCS(0))
	errs := make([]error, parts)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			errs[i] = t.checkSome(dir, t.entries[i*len(t.entries)/parts:(i+1)*len(t.entries)/parts])
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkSome looks at each entry from the folder that it lies in, which takes half the time of a walk from the top.
func (t *treeFacts) checkSome(dir string, entries []treeFact) error {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	in := folderStack{fds: []int{fd}, paths: []string{""}}
	defer in.pop(0)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || !t.root.holds(&st) {
		return &tamperError{"."}
	}
	for i := range entries {
		e := &entries[i]
		at, name, ok := in.at(e.path)
		if !ok || unix.Fstatat(at, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil || !e.holds(&st) {
			return &tamperError{e.path}
		}
	}
	return nil
}

func (e *treeFact) holds(st *unix.Stat_t) bool {
	if st.Ino != e.ino || st.Mtim.Nano() != e.mtime || st.Size != e.size {
		return false
	}
	mode := uint32(st.Mode)
	switch e.kind {
	case treeFolder:
		return mode&unix.S_IFMT == unix.S_IFDIR
	case treeLink:
		return mode&unix.S_IFMT == unix.S_IFLNK
	}
	return mode&unix.S_IFMT == unix.S_IFREG && (mode&0o100 != 0) == (e.kind == treeExec)
}

// folderStack is the way from the top of a tree to a folder in it, all of it open.
type folderStack struct {
	fds   []int
	paths []string
}

// pop closes the folders from the n-th on.
func (s *folderStack) pop(n int) {
	for _, fd := range s.fds[n:] {
		unix.Close(fd)
	}
	s.fds, s.paths = s.fds[:n], s.paths[:n]
}

// at gives the folder that path lies in, open, and its name there. Of paths that come in tree.Walk's order each folder is opened
// once. It says no where a folder on the way is none.
func (s *folderStack) at(path string) (fd int, name string, ok bool) {
	dir := ""
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir, path = path[:i], path[i+1:]
	}
	for n := len(s.paths) - 1; s.paths[n] != dir && !(s.paths[n] == "" || strings.HasPrefix(dir, s.paths[n]) && dir[len(s.paths[n])] == '/'); n-- {
		s.pop(n)
	}
	for top := s.paths[len(s.paths)-1]; top != dir; top = s.paths[len(s.paths)-1] {
		rest := strings.TrimPrefix(dir[len(top):], "/")
		next, _, _ := strings.Cut(rest, "/")
		fd, err := unix.Openat(s.fds[len(s.fds)-1], next, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			return 0, "", false
		}
		s.fds, s.paths = append(s.fds, fd), append(s.paths, dir[:len(dir)-len(rest)+len(next)])
	}
	return s.fds[len(s.fds)-1], path, true
}

// digestOnly is a store that keeps nothing: Capture into it computes a digest.
type digestOnly struct{}

func (digestOnly) Missing(ds []digest.Digest) ([]digest.Digest, error) { return ds, nil }
func (digestOnly) Get(digest.Digest) ([]byte, error)                   { return nil, cache.ErrMissing }
func (digestOnly) Open(digest.Digest) (io.ReadCloser, error)           { return nil, cache.ErrMissing }
func (digestOnly) Put(b []byte) (digest.Digest, error)                 { return digest.Of(b), nil }
func (digestOnly) PutFile(path string) (digest.Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return digest.Digest{}, err
	}
	defer f.Close()
	return digest.OfReader(f)
}
