// Package disk is the cache on a disk of this machine, shared by all workspaces and processes of a user. It knows bytes,
// keys and trees; what a key means it does not know. The layout is described in the README that Open writes into the cache
// directory, the format of packs beside its code in pack.go and index.go.
package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/cache"
)

// Defaults of Options.
const (
	DefaultSmallMax = 64 << 10
	DefaultPackMax  = 64 << 20
)

// ErrReadOnly is what writing to a cache gives that was opened with Options.ReadOnly.
var ErrReadOnly = errors.New("the cache was opened for reading only")

// Options of Open. The zero value is what a build wants.
type Options struct {
	// ReadOnly opens a cache without writing anything: no marks of use, no repair, no locks.
	ReadOnly bool
	// OnCorrupt is told of each damaged entry once, when it has been put aside. It may be called from several goroutines, and
	// must not call the Cache.
	OnCorrupt func(*cache.CorruptError)
	// Now is the clock, time.Now where nil.
	Now func() time.Time
	// Command is what other processes are told that this one is; the process's arguments where empty.
	Command string
	// SmallMax is the size of the largest blob that goes into a pack.
	SmallMax int
	// PackMax is the size at which a pack is closed.
	PackMax int64
}

// Cache implements cache.Blobs and cache.Records in a directory. It is safe for concurrent use, together with any number
// of other Caches of the same directory in this and other processes. Call Close at the end; a process that dies without
// loses nothing that a method has returned for.
type Cache struct {
	dir string
	o   Options

	mu      sync.RWMutex // packs, tail, and what is in a pack
	loaded  bool
	packs   []*pack
	tail    map[recKey]entry // the latest of the records that are in no index
	dirTime time.Time
	settled bool // dirTime was old enough when read to be trusted

	wmu      sync.Mutex // w, and everything that appends
	w        *writer
	lastTime int64
	buf      []byte

	umu    sync.Mutex // marks of use made or seen in markHour
	hour   int64
	marked map[recKey]struct{}
	gate   *os.File

	facts    sync.Map // factKey -> fact, seen in this process
	clones   sync.Map // devices -> bool, whether blocks can be shared
	bufs     sync.Pool
	written  atomic.Int64
	tmpCount atomic.Int64

	lmu   sync.Mutex // locks
	locks *lockFile
	said  bool // active/<pid> is written

	number int64 // tells the Caches of this process apart

	tmu   sync.Mutex // trees checked in this process
	trees map[string]int64

	made fs.FileInfo // of the README, as it was when the Cache was opened

	boot func() [16]byte
	// fault, where set, stands before each write and gives the error of a full or broken disk. For tests.
	fault func(n int) error
}

// opened counts the Caches of this process.
var opened atomic.Int64

// Open opens the cache in dir, which it makes if need be. It reads nothing yet, so it costs a few system calls. The error
// names dir and says what is wrong with it.
func Open(dir string, o Options) (*Cache, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SmallMax == 0 {
		o.SmallMax = DefaultSmallMax
	}
	if o.PackMax == 0 {
		o.PackMax = DefaultPackMax
	}
	o.SmallMax = min(o.SmallMax, maxPayload)
	o.PackMax = min(o.PackMax, 1<<30)
	c := &Cache{dir: abs, o: o, number: opened.Add(1), tail: map[recKey]entry{}, marked: map[recKey]struct{}{}, trees: map[string]int64{}, boot: sync.OnceValue(bootID)}
	c.bufs.New = func() any { b := make([]byte, o.SmallMax+1); return &b }
	if err := c.prepare(); err != nil {
		return nil, fmt.Errorf("cannot use the cache directory %s: %w", abs, cause(err))
	}
	return c, nil
}

// cause drops the path and the call of an error whose path is said by the message around it.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func (c *Cache) prepare() error {
	if c.o.ReadOnly {
		fi, err := os.Stat(c.dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // an empty cache
		case err != nil:
			return err
		case !fi.IsDir():
			return unix.ENOTDIR
		}
		return unix.Faccessat(unix.AT_FDCWD, c.dir, unix.R_OK|unix.X_OK, unix.AT_EACCESS)
	}
	if fi, err := os.Stat(c.path("README")); err == nil && fi.Size() == int64(len(readme)) {
		c.made = fi
		return unix.Faccessat(unix.AT_FDCWD, c.dir, unix.R_OK|unix.W_OK|unix.X_OK, unix.AT_EACCESS)
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	for _, sub := range []string{"cas/plain", "cas/exec", "packs", "trees", "tmp", "quarantine", "active", "leases"} {
		if err := os.MkdirAll(c.path(sub), 0o755); err != nil {
			return err
		}
	}
	for _, sub := range []string{"cas/plain", "cas/exec", "trees"} {
		Spread(c.path(sub))
	}
	err := c.writeFile("README", []byte(readme), 0o644)
	if err == nil {
		c.made, err = os.Stat(c.path("README"))
	}
	return err
}

// Gone says whether the directory was removed, or emptied, since it was opened; there may be another one by now. What a process
// that goes on for long then needs is a new Cache.
func (c *Cache) Gone() bool {
	if c.o.ReadOnly {
		return false
	}
	fi, err := os.Stat(c.path("README"))
	return err != nil || !os.SameFile(fi, c.made) || !fi.ModTime().Equal(c.made.ModTime()) // inodes come back
}

// Dir gives the cache's directory, absolute.
func (c *Cache) Dir() string { return c.dir }

func (c *Cache) path(rel string) string { return c.dir + "/" + rel }

// tmp gives the path of a temporary file or folder that no one else uses.
func (c *Cache) tmp() string {
	return fmt.Sprintf("%s/tmp/%d-%d-%s", c.dir, os.Getpid(), c.tmpCount.Add(1), randomID())
}

// writeFile writes a small file of the cache's own whole or not at all.
func (c *Cache) writeFile(rel string, b []byte, mode os.FileMode) error {
	tmp := c.tmp()
	err := c.check(len(b))
	if err == nil {
		err = os.WriteFile(tmp, b, mode)
	}
	if err == nil {
		err = os.Rename(tmp, c.path(rel))
	}
	if err != nil {
		os.Remove(tmp)
	}
	return err
}

func (c *Cache) check(n int) error {
	if c.fault != nil {
		return c.fault(n)
	}
	return nil
}

// wrap names the cache in an error of the system: a full disk, a directory that may not be written.
func (c *Cache) wrap(err error) error {
	if err == nil || errors.Is(err, cache.ErrMissing) {
		return err
	}
	return fmt.Errorf("cache directory %s: %w", c.dir, cause(err))
}

// corrupt tells of one damaged entry.
func (c *Cache) corrupt(e *cache.CorruptError) *cache.CorruptError {
	if c.o.OnCorrupt != nil {
		c.o.OnCorrupt(e)
	}
	return e
}

// Close writes what makes the next opening fast and gives up all locks but those that LockKey and Lease handed out. The
// Cache must not be used afterwards.
func (c *Cache) Close() error {
	c.wmu.Lock()
	err := c.release()
	c.wmu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.packs {
		p.f.Close()
		p.index.unmap()
	}
	c.packs, c.loaded = nil, false
	clear(c.tail)
	if c.gate != nil {
		c.gate.Close()
		c.gate = nil
	}
	c.quiet()
	return c.wrap(err)
}

// DefaultDir gives the directory that is used where none is named: CAIRN_CACHE, else cairn below the user's cache directory.
func DefaultDir(getenv func(string) string) (string, error) {
	if dir := getenv("CAIRN_CACHE"); dir != "" {
		if !filepath.IsAbs(dir) {
			return "", fmt.Errorf("CAIRN_CACHE is %q: an absolute path is needed", dir)
		}
		return dir, nil
	}
	if dir := getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "cairn"), nil
	}
	home := getenv("HOME")
	if !filepath.IsAbs(home) {
		return "", errors.New("no place for the cache: neither CAIRN_CACHE, XDG_CACHE_HOME nor HOME is an absolute path")
	}
	return filepath.Join(home, userCache, "cairn"), nil
}
