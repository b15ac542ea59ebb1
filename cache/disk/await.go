package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
)

// Who waits for a key says so by an empty file active/wait-<key>-<pid>-<which Cache of the process>. Who works on the key and fails replaces each by what there is
// to tell. It is no record, because it may say where things are (an index's address); the file goes when its process gives it up.

// awaitAge is how old the file of a process is that nobody removed.
const awaitAge = 24 * time.Hour

// Await says that this Cache waits for a key. End it with Unawait.
func (c *Cache) Await(key digest.Hash) {
	if c.o.ReadOnly {
		return
	}
	names, _ := filepath.Glob(c.path("active/wait-*"))
	for _, n := range names {
		if fi, err := os.Stat(n); err == nil && c.o.Now().Sub(fi.ModTime()) > awaitAge {
			os.Remove(n)
		}
	}
	c.writeFile(c.awaitName(key), nil, 0o644)
}

// Told gives what TellWaiters has told this Cache since Await; nil for nothing.
func (c *Cache) Told(key digest.Hash) []byte {
	b, err := os.ReadFile(c.path(c.awaitName(key)))
	if err != nil || len(b) == 0 {
		return nil
	}
	return b
}

// Unawait ends what Await began.
func (c *Cache) Unawait(key digest.Hash) {
	if !c.o.ReadOnly {
		os.Remove(c.path(c.awaitName(key)))
	}
}

// TellWaiters tells the other Caches that wait for a key, in this process too; b is not empty. Call it while the key is locked.
func (c *Cache) TellWaiters(key digest.Hash, b []byte) {
	names, _ := filepath.Glob(c.path(fmt.Sprintf("active/wait-%s-*", key)))
	for _, n := range names {
		if n != c.path(c.awaitName(key)) {
			c.writeFile("active/"+filepath.Base(n), b, 0o644)
		}
	}
}

func (c *Cache) awaitName(key digest.Hash) string {
	return fmt.Sprintf("active/wait-%s-%d-%d", key, os.Getpid(), c.number)
}
