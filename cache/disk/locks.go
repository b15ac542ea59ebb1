package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache/digest"
)

// Owner is who holds a lock.
type Owner struct {
	PID     int    // 0 where it cannot be seen from here, as in another container
	Command string // "" where it is not known
	Own     bool   // it is the Cache that was asked, and no other of this process
}

// Lock is a lock on one key. It ends with Unlock or with the process.
type Lock struct {
	lf    *lockFile
	by    *Cache
	start int64
	done  chan struct{} // closed by Unlock
}

// lockFile is the file "locks" of a cache directory, open once in this process and never closed: closing any descriptor of
// it would drop all of the process's record locks. Key k's lock is the byte at offset "first 62 bits of k"; locks of trees
// lie 2^62 higher. Record locks do not keep goroutines of one process apart; the table does.
type lockFile struct {
	f    *os.File
	mu   sync.Mutex
	held map[int64]*Lock
}

type fileID struct{ dev, ino uint64 }

var lockFiles = struct {
	sync.Mutex
	open map[fileID]*lockFile
}{open: map[fileID]*lockFile{}}

func openLocks(path string) (*lockFile, error) {
	lockFiles.Lock()
	defer lockFiles.Unlock()
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	if errors.Is(err, unix.ENOENT) {
		fd, cerr := unix.Open(path, unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC, 0o644)
		if cerr != nil {
			return nil, cerr
		}
		unix.Close(fd) // no lock of this process can be on it yet
		err = unix.Stat(path, &st)
	}
	if err != nil {
		return nil, err
	}
	id := fileID{uint64(st.Dev), st.Ino}
	if lf := lockFiles.open[id]; lf != nil {
		return lf, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	lf := &lockFile{f: f, held: map[int64]*Lock{}}
	lockFiles.open[id] = lf
	return lf, nil
}

func (c *Cache) lockFile() (*lockFile, error) {
	c.lmu.Lock()
	defer c.lmu.Unlock()
	if c.locks == nil {
		lf, err := openLocks(c.path("locks"))
		if err != nil {
			return nil, err
		}
		c.locks = lf
	}
	if !c.said {
		c.said = true
		c.writeFile("active/"+strconv.Itoa(os.Getpid()), []byte(c.command()), 0o644)
	}
	return c.locks, nil
}

func (c *Cache) command() string {
	s := c.o.Command
	if s == "" {
		s = strings.Join(os.Args, " ")
	}
	return strings.ToValidUTF8(s[:min(len(s), 4096)], "?")
}

// quiet removes what lockFile wrote.
func (c *Cache) quiet() {
	c.lmu.Lock()
	defer c.lmu.Unlock()
	if c.said {
		os.Remove(c.path("active/" + strconv.Itoa(os.Getpid())))
		c.said = false
	}
}

// LockKey tries to lock a key against all Caches of this directory, in this process too. It never waits: where ok is false,
// owner says who holds it. Where the system gives no locks (a cache that is read-only, some network file systems) every lock
// is granted, and work may be done twice.
func (c *Cache) LockKey(key digest.Hash) (held *Lock, owner Owner, ok bool) {
	if c.o.ReadOnly {
		return &Lock{}, Owner{}, true
	}
	lf, err := c.lockFile()
	if err != nil {
		return &Lock{}, Owner{}, true
	}
	start := int64(binary.BigEndian.Uint64(key[:8]) >> 2)
	lf.mu.Lock()
	defer lf.mu.Unlock()
	if l := lf.held[start]; l != nil {
		return nil, Owner{os.Getpid(), c.command(), l.by == c}, false
	}
	for range 10 {
		err := setLock(lf.f, unix.F_SETLK, unix.F_WRLCK, start)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
			l := unix.Flock_t{Type: unix.F_WRLCK, Start: start, Len: 1}
			if unix.FcntlFlock(lf.f.Fd(), unix.F_GETLK, &l) == nil && l.Type == unix.F_UNLCK {
				continue // given up just now
			}
			return nil, c.ownerOf(int(l.Pid)), false
		}
		break // locked, or there are no locks here
	}
	l := &Lock{lf: lf, by: c, start: start, done: make(chan struct{})}
	lf.held[start] = l
	return l, Owner{}, true
}

func (c *Cache) ownerOf(pid int) Owner {
	b, _ := os.ReadFile(c.path(fmt.Sprintf("active/%d", pid)))
	return Owner{PID: pid, Command: string(b)}
}

// deadlockPause is how long to wait where the kernel refuses to.
const deadlockPause = 5 * time.Millisecond

// lockTree waits until this goroutine is the only one that makes the tree.
func (c *Cache) lockTree(root digest.Hash) (*Lock, error) {
	lf, err := c.lockFile()
	if err != nil {
		return nil, err
	}
	start := int64(binary.BigEndian.Uint64(root[:8])>>2) | 1<<62
	l := &Lock{lf: lf, by: c, start: start, done: make(chan struct{})}
	for {
		lf.mu.Lock()
		other := lf.held[start]
		if other == nil {
			lf.held[start] = l
			lf.mu.Unlock()
			break
		}
		lf.mu.Unlock()
		<-other.done
	}
	for {
		err := setLock(lf.f, unix.F_SETLKW, unix.F_WRLCK, start)
		if errors.Is(err, unix.EDEADLK) {
			// The kernel knows processes, not goroutines: two processes that each make one tree and wait for the other's are no
			// deadlock, as who makes a tree waits for none.
			time.Sleep(deadlockPause)
			continue
		}
		if err != nil && !errors.Is(err, unix.ENOLCK) {
			l.Unlock()
			return nil, err
		}
		return l, nil
	}
}

// Unlock gives the key up. Call it once.
func (l *Lock) Unlock() {
	if l.lf == nil {
		return
	}
	l.lf.mu.Lock()
	setLock(l.lf.f, unix.F_SETLK, unix.F_UNLCK, l.start)
	delete(l.lf.held, l.start)
	l.lf.mu.Unlock()
	close(l.done)
}

func setLock(f *os.File, cmd int, typ int16, start int64) error {
	for {
		err := unix.FcntlFlock(f.Fd(), cmd, &unix.Flock_t{Type: typ, Start: start, Len: 1})
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
