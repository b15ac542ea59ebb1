package git

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Bounds of the mirrors on one machine. They are looked at once a day, when something is fetched.
const (
	keptFor   = 90 * 24 * time.Hour // after its last use
	keptBytes = 10 << 30            // of all; what was used in the last day stays whatever its size
	sweepAll  = 24 * time.Hour
)

// Survey says what the mirrors below a folder are.
type Survey struct {
	Mirrors int
	Bytes   int64
}

// Look counts the mirrors below dir, which need not be there.
func Look(dir string) (Survey, error) {
	kept, err := keptMirrors(dir)
	s := Survey{Mirrors: len(kept)}
	for _, k := range kept {
		s.Bytes += k.bytes
	}
	return s, err
}

// Trim removes mirrors below dir that were not used for maxAge, then those that were not used for longest until the rest has
// maxBytes; zero is no bound. One that is in use stays. What a mirror held is fetched again when it is wanted.
func Trim(ctx context.Context, dir string, now time.Time, maxAge time.Duration, maxBytes int64) error {
	return trim(ctx, dir, now, maxAge, maxBytes, 0)
}

// trim is Trim, and spares for the sake of maxBytes what was used after now less fresh.
func trim(ctx context.Context, dir string, now time.Time, maxAge time.Duration, maxBytes int64, fresh time.Duration) error {
	kept, err := keptMirrors(dir)
	if err != nil {
		return err
	}
	var total int64
	for _, k := range kept {
		total += k.bytes
	}
	slices.SortFunc(kept, func(a, b keptMirror) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.dir, b.dir)) })
	for _, k := range kept {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		age := now.Sub(k.used)
		if maxAge > 0 && age > maxAge || maxBytes > 0 && total > maxBytes && age > fresh {
			gone, err := (&mirror{dir: k.dir}).removeUnused()
			if err != nil {
				return err
			}
			if gone {
				total -= k.bytes
			}
		}
	}
	return nil
}

// keptMirror is one that lies there.
type keptMirror struct {
	dir   string
	used  time.Time
	bytes int64
}

// keptMirrors gives the mirrors below dir, and removes what processes that were killed left there.
func keptMirrors(dir string) ([]keptMirror, error) {
	es, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []keptMirror
	for _, e := range es {
		at := filepath.Join(dir, e.Name())
		fi, err := e.Info()
		if err != nil || !fi.IsDir() {
			continue // a lock, or gone
		}
		if strings.HasPrefix(e.Name(), ".") {
			if time.Since(fi.ModTime()) > sweepAll {
				_ = os.RemoveAll(at) // the next one tries again
			}
			continue
		}
		k := keptMirror{dir: at, used: fi.ModTime()}
		if u, err := os.Stat(at + ".use"); err == nil {
			k.used = u.ModTime()
		}
		err = filepath.WalkDir(at, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil // others add and remove files meanwhile
			}
			if fi, err := d.Info(); err == nil {
				k.bytes += fi.Size()
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

// inUse notes that m is read, and keeps it from being removed until release is called. <dir>.use is locked by whoever reads, shared; its
// time of change is that of the last use. Where it cannot be written, reading goes on without.
func (m *mirror) inUse() (release func()) {
	f, err := os.OpenFile(m.dir+".use", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return func() {}
	}
	now := time.Now()
	_ = os.Chtimes(f.Name(), now, now) // somebody else's cache
	_ = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	return func() { f.Close() }
}

// removeUnused removes m, unless somebody reads or writes it. The locks stay: others may wait for them.
func (m *mirror) removeUnused() (bool, error) {
	for _, name := range []string{".lock", ".use"} {
		f, err := os.OpenFile(m.dir+name, os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			return false, err
		}
		defer f.Close()
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
			return false, nil
		}
	}
	tmp, err := os.MkdirTemp(filepath.Dir(m.dir), ".trimmed-")
	if err != nil {
		return false, err
	}
	if err := os.Rename(m.dir, filepath.Join(tmp, "mirror")); err != nil {
		return false, errors.Join(err, os.Remove(tmp))
	}
	return true, os.RemoveAll(tmp)
}

// sweepMirrors keeps the mirrors in their bounds. It fails nobody's fetch.
func (f *Fetcher) sweepMirrors(ctx context.Context) {
	stamp := filepath.Join(f.o.Dir, ".swept")
	now := time.Now()
	if fi, err := os.Stat(stamp); err == nil && now.Sub(fi.ModTime()) < sweepAll {
		return
	}
	if os.WriteFile(stamp, nil, 0o644) != nil || os.Chtimes(stamp, now, now) != nil {
		return
	}
	_ = trim(ctx, f.o.Dir, now, keptFor, keptBytes, sweepAll)
}

// Many small fetches leave many packs and loose objects, which make reading slow.
const (
	manyPacks = 50
	manyLoose = 24 // files in one of the 256 folders of loose objects
)

// tidy puts all that m holds into one pack where it has become many, and nobody reads it. The caller holds the lock.
func (f *Fetcher) tidy(ctx context.Context, m *mirror) {
	path := f.git()
	if path == "" {
		return
	}
	packs, err := filepath.Glob(filepath.Join(m.dir, "objects/pack/*.pack"))
	loose, _ := os.ReadDir(filepath.Join(m.dir, "objects/17")) // none, where there is no such folder
	if err != nil || len(packs) < manyPacks && len(loose) < manyLoose {
		return
	}
	use, err := os.OpenFile(m.dir+".use", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return
	}
	defer use.Close()
	if unix.Flock(int(use.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return
	}
	s := &system{path: path, environ: f.o.Environ}
	if _, err := s.run(ctx, m, "repack", "-a", "-d", "-q"); err == nil {
		_, _ = s.run(ctx, m, "prune-packed", "-q") // what stays loose is there twice, and no worse for it
	}
}
