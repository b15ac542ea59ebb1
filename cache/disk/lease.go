package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Lease keeps what was used or written since it was taken from being trimmed, by any process. It ends with Release or with
// the process.
type Lease struct {
	f *os.File
}

// Lease takes a lease. A build holds one for as long as it runs.
//
// It is a file in leases/ that is locked before it gets its name, which begins with the moment it was taken.
func (c *Cache) Lease() (*Lease, error) {
	if c.o.ReadOnly {
		return &Lease{}, nil
	}
	tmp := c.tmp()
	f, err := os.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, c.wrap(err)
	}
	err = flock(f, unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		err = os.Rename(tmp, c.path(fmt.Sprintf("leases/%d-%d-%s", c.o.Now().UnixNano(), os.Getpid(), randomID())))
	}
	if err != nil {
		f.Close()
		os.Remove(tmp)
		return nil, c.wrap(err)
	}
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if unlock, err := c.passGate(unix.LOCK_SH); err == nil { // a trim that did not see the lease is over now
		unlock()
	}
	c.refresh() // nor is anything that it removed still taken for there
	return &Lease{f}, nil
}

// Release ends the lease. Calling it again does nothing.
func (l *Lease) Release() {
	if l.f != nil {
		l.f.Close() // its file goes with the next trim
		l.f = nil
	}
}

// oldestLease gives when the oldest lease was taken that is still held; ok is false where there is none. Files of leases that
// ended are removed.
func (c *Cache) oldestLease() (nanos int64, ok bool) {
	names, err := os.ReadDir(c.path("leases"))
	if err != nil {
		return 0, false
	}
	for _, n := range names {
		first, _, _ := strings.Cut(n.Name(), "-")
		start, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			continue
		}
		path := c.path("leases/" + n.Name())
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && flock(f, unix.LOCK_EX|unix.LOCK_NB) == nil {
			os.Remove(path)
		} else if !ok || start < nanos { // held, or it cannot be told
			nanos, ok = start, true
		}
		f.Close()
	}
	return nanos, ok
}
