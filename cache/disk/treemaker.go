package disk

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/tree"
)

// makeTree builds a tree's folder under another name and puts it in place; its facts are what makes it count.
func (c *Cache) makeTree(root digest.Digest) (*TreeMade, error) {
	m := &treeMaker{c: c, tmp: c.tmp()}
	if err := os.Mkdir(m.tmp, 0o755); err != nil {
		return nil, c.wrap(err)
	}
	defer c.sweep(m.tmp) // nothing is there any more where all went well
	if err := m.list(root); err != nil {
		return nil, err
	}
	if err := m.make(); err != nil {
		return nil, err
	}
	dir := c.path("trees/" + root.Hash.String())
	if err := os.Rename(m.tmp, dir); err != nil {
		return nil, c.wrap(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		return nil, c.wrap(err)
	}
	tf := &treeFacts{boot: c.boot(), root: treeFact{kind: treeFolder}, entries: m.entries}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil { // a move may change its time
		return nil, c.wrap(err)
	}
	tf.root.set(&st)
	if err := c.writeFile("trees/"+root.Hash.String()+".facts", tf.encode(), 0o644); err != nil {
		return nil, c.wrap(err)
	}
	return &TreeMade{Links: int(m.links.Load()), Copies: int(m.copies.Load())}, nil
}

// treeMaker makes the folders of a tree, several at once: each is filled by one worker, which makes everything that lies in
// it, looks at it, and closes it for writing. Folders below it are work of their own from then on.
type treeMaker struct {
	c       *Cache
	tmp     string
	top     int          // tmp, open
	entries []treeFact   // in tree.Walk's order
	blobs   []tree.Entry // beside entries
	folders []treeFolderJob
	byPath  map[string]int // of folders
	work    chan int       // of folders
	open    atomic.Int64   // folders that are work, or being worked on
	failed  atomic.Pointer[error]
	links   atomic.Int64
	copies  atomic.Int64
	making  [256]sync.Mutex // of blobs by the first byte of their hash: their file may have to be made
}

// treeFolderJob is one folder: path, its own place in entries (-1 is the root), and those of what lies directly in it.
type treeFolderJob struct {
	path string
	self int
	in   []int
}

// list reads what the tree consists of.
func (m *treeMaker) list(root digest.Digest) error {
	m.folders = []treeFolderJob{{self: -1}}
	m.byPath = map[string]int{"": 0}
	last, at := "", 0 // the folder of the entry before, which most have in common
	return tree.Walk(m.c, root, func(e tree.Entry) error {
		dir := ""
		if i := strings.LastIndexByte(e.Path, '/'); i >= 0 {
			dir = e.Path[:i]
		}
		if dir != last {
			last, at = dir, m.byPath[dir]
		}
		i := len(m.entries)
		f := treeFact{path: e.Path, kind: treePlain}
		switch {
		case e.Dir:
			f.kind = treeFolder
			m.byPath[e.Path] = len(m.folders)
			m.folders = append(m.folders, treeFolderJob{path: e.Path, self: i})
		case e.Link != "":
			f.kind = treeLink
		case e.Exec:
			f.kind = treeExec
		}
		m.entries, m.blobs = append(m.entries, f), append(m.blobs, e)
		m.folders[at].in = append(m.folders[at].in, i)
		return nil
	})
}

// make makes it all, and ends when every worker has. The error is the first one.
func (m *treeMaker) make() error {
	top, err := unix.Open(m.tmp, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return m.c.wrap(err)
	}
	defer unix.Close(top)
	m.top = top
	m.work = make(chan int, len(m.folders)) // never blocks: each folder is put in once
	m.add(0)
	var group sync.WaitGroup
	for range min(len(m.folders), max(2, min(runtime.GOMAXPROCS(0), 8))) {
		group.Go(func() {
			for n := range m.work {
				if m.failed.Load() == nil {
					if err := m.folder(&m.folders[n]); err != nil {
						m.failed.CompareAndSwap(nil, &err)
					}
				}
				if m.open.Add(-1) == 0 { // nobody else can add anything any more
					close(m.work)
				}
			}
		})
	}
	group.Wait()
	if err := m.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// add makes a folder, which is there and empty, work for somebody.
func (m *treeMaker) add(n int) {
	m.open.Add(1)
	m.work <- n
}

// folder fills one folder. The top one stays writable until it has its final place, and its fact is taken then.
func (m *treeMaker) folder(f *treeFolderJob) error {
	fd := m.top
	if f.self >= 0 {
		var err error
		if fd, err = unix.Openat(m.top, f.path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0); err != nil {
			return m.c.wrap(err)
		}
		defer unix.Close(fd)
	}
	for _, i := range f.in { // folders first: they are work for others
		if e := &m.blobs[i]; e.Dir {
			if err := unix.Mkdirat(fd, base(e.Path), 0o755); err != nil {
				return m.c.wrap(err)
			}
			m.add(m.byPath[e.Path])
		}
	}
	for _, i := range f.in {
		e := &m.blobs[i]
		switch {
		case e.Dir:
			continue
		case e.Link != "":
			if err := unix.Symlinkat(e.Link, fd, base(e.Path)); err != nil {
				return m.c.wrap(err)
			}
		default:
			if err := m.file(fd, base(e.Path), e); err != nil {
				return err
			}
		}
		var st unix.Stat_t
		if err := unix.Fstatat(fd, base(e.Path), &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return m.c.wrap(err)
		}
		m.entries[i].set(&st)
	}
	if f.self < 0 {
		return nil
	}
	if err := unix.Fchmod(fd, 0o555); err != nil {
		return m.c.wrap(err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return m.c.wrap(err)
	}
	m.entries[f.self].set(&st)
	return nil
}

func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func (m *treeMaker) file(at int, name string, e *tree.Entry) error {
	for range 2 {
		// Equal files are one inode: two workers that both made its file would each link their own.
		one := &m.making[e.Digest.Hash[0]]
		one.Lock()
		path, err := m.c.BlobPath(e.Digest, e.Exec)
		one.Unlock()
		if err != nil {
			return err
		}
		err = unix.Linkat(unix.AT_FDCWD, path, at, name, 0)
		switch {
		case err == nil:
			m.links.Add(1)
			return nil
		case errors.Is(err, unix.ENOENT): // trimmed just now
			continue
		case errors.Is(err, unix.EMLINK), errors.Is(err, unix.EPERM), errors.Is(err, unix.ENOTSUP):
			return m.copy(at, name, e) // as many links as the file system allows, or another user's file
		}
		return m.c.wrap(err)
	}
	return cache.ErrMissing
}

func (m *treeMaker) copy(at int, name string, e *tree.Entry) error {
	m.copies.Add(1)
	mode := uint32(0o444)
	if e.Exec {
		mode = 0o555
	}
	fd, err := unix.Openat(at, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	if err != nil {
		return m.c.wrap(err)
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	return m.c.Fill(e.Digest, f)
}
