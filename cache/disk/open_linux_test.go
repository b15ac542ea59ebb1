package disk

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// asNobody runs f on a thread whose file accesses are those of a user without rights, also where the tests run as root.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	runtime.LockOSThread() // never unlocked: the thread ends with its goroutine
	if err := unix.Setfsuid(65534); err != nil {
		t.Fatal(err)
	}
	f()
	unix.Setfsuid(0)
}

func TestOpenWithoutPermission(t *testing.T) {
	top, err := os.MkdirTemp("", "cairn") // t.TempDir's parents may be closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	os.Chmod(top, 0o755)
	dir := filepath.Join(top, "c")
	w := open(t, dir, Options{})
	d, err := w.Put([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		os.Chmod(dir, 0o555)
		os.Chmod(top, 0o555)
		asNobody(t, func() {
			if _, err := Open(dir, Options{}); !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), dir) {
				t.Errorf("not writable: %v", err)
			}
			if _, err := Open(filepath.Join(top, "new"), Options{}); !errors.Is(err, os.ErrPermission) {
				t.Errorf("cannot be made: %v", err)
			}
			r, err := Open(dir, Options{ReadOnly: true})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := r.Get(d); err != nil {
				t.Errorf("reading what may be read: %v", err)
			}
			r.Close()
		})
		os.Chmod(dir, 0o700)
		if os.Geteuid() == 0 {
			asNobody(t, func() {
				if _, err := Open(dir, Options{ReadOnly: true}); !errors.Is(err, os.ErrPermission) {
					t.Errorf("not readable: %v", err)
				}
			})
		}
		os.Chmod(top, 0o755)
	}()
	<-done
}
