package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
)

func TestWaitersAreTold(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{})
	key, other := digest.Of([]byte("key")).Hash, digest.Of([]byte("other")).Hash
	c.Await(key)
	if b := c.Told(key); b != nil {
		t.Errorf("told %q before anybody failed", b)
	}
	c.TellWaiters(key, []byte("own")) // one does not wait for oneself
	if b := c.Told(key); b != nil {
		t.Errorf("told %q by itself", b)
	}
	beside := open(t, dir, Options{}) // of this process, as two builds of a service are
	beside.Await(key)
	c.TellWaiters(key, []byte("beside"))
	if b := beside.Told(key); string(b) != "beside" {
		t.Errorf("another Cache was told %q", b)
	}
	beside.Unawait(key)
	// Another process's file, as it would write it; and one that was left behind.
	theirs := filepath.Join(dir, fmt.Sprintf("active/wait-%s-1", key))
	old := filepath.Join(dir, fmt.Sprintf("active/wait-%s-2", other))
	for _, f := range []string{theirs, old} {
		if err := os.WriteFile(f, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-2 * awaitAge)
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	c.TellWaiters(key, []byte("it failed"))
	if b, err := os.ReadFile(theirs); err != nil || string(b) != "it failed" {
		t.Errorf("the other one reads %q, %v", b, err)
	}
	c.Await(other)
	if _, err := os.Stat(old); err == nil {
		t.Error("what was left behind stays")
	}
	c.Unawait(key)
	c.Unawait(other)
	names, _ := filepath.Glob(filepath.Join(dir, "active/wait-*"))
	if len(names) != 1 || names[0] != theirs {
		t.Errorf("left: %q", names)
	}
}
