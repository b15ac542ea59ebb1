package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
)

func TestHashFile(t *testing.T) {
	dir := t.TempDir()
	late := func() int64 { return time.Now().Add(time.Minute).UnixNano() }
	for _, size := range []int{0, 1, 4096, 128 << 10, 128<<10 + 1, 1 << 20} {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(i * 7)
		}
		p := filepath.Join(dir, "f")
		os.WriteFile(p, b, 0o644)
		f, err := HashFile(p, late)
		if err != nil || f.Digest != digest.Of(b) || f.Racy {
			t.Fatal(size, f, err)
		}
		if st, err := StatSource(p); err != nil || st != f.Stat {
			t.Fatal("StatSource sees other facts", st, f.Stat, err)
		}
		if f, _ := HashFile(p, func() int64 { return f.Stat.CtimeNS }); !f.Racy {
			t.Fatal("not racy at the moment of its change")
		}
		l := filepath.Join(dir, "l")
		os.Remove(l)
		os.Symlink("f", l)
		lf, err := HashFile(l, late)
		if err != nil || lf.Digest != f.Digest || lf.Stat.Mode&ViaLink == 0 || lf.Stat.Size != f.Stat.Size {
			t.Fatal("through a link:", lf, err)
		}
		if st, err := StatSource(l); err != nil || st != lf.Stat {
			t.Fatal("StatSource sees other facts through a link", st, lf.Stat, err)
		}
	}
	os.Symlink("nowhere", filepath.Join(dir, "dangling"))
	syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o666)
	for p, want := range map[string]error{"none": fs.ErrNotExist, "dangling": fs.ErrNotExist, ".": ErrNotRegular, "pipe": ErrNotRegular, "f/x": syscall.ENOTDIR} {
		if _, err := HashFile(filepath.Join(dir, p), late); !errors.Is(err, want) {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestHashFileThatIsWrittenTo(t *testing.T) {
	p := filepath.Join(t.TempDir(), "f")
	for name, change := range map[string]func() error{
		"longer":  func() error { return os.WriteFile(p, []byte("longer than before"), 0o644) },
		"shorter": func() error { return os.WriteFile(p, nil, 0o644) },
		"chmod":   func() error { return os.Chmod(p, 0o755) },
		"touched": func() error { return os.Chtimes(p, time.Time{}, time.Unix(7, 0)) },
	} {
		for _, first := range []bool{true, false} {
			os.WriteFile(p, []byte("before"), 0o644)
			os.Chmod(p, 0o644)
			_, err := hashFile(p, func(fd int, size int64) (digest.Digest, error) {
				if first {
					if err := change(); err != nil {
						t.Fatal(err)
					}
				}
				d, err := hashFD(fd, size)
				if !first {
					if err := change(); err != nil {
						t.Fatal(err)
					}
				}
				return d, err
			})
			if !errors.Is(err, ErrChangedWhileRead) {
				t.Errorf("%s before it was read (else after): %v: %v", name, first, err)
			}
		}
	}
}
