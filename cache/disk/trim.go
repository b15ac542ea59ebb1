package disk

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Defaults of MaybeTrim.
const (
	DefaultMaxBytes = 10 << 30
	DefaultMaxAge   = 30 * 24 * time.Hour
	trimEvery       = 6 * time.Hour
	trimSlice       = 500 * time.Millisecond
)

// TrimOptions say what is to stay.
type TrimOptions struct {
	MaxBytes int64         // the cache's size; 0: any
	MaxAge   time.Duration // since the last use; 0: any
	Budget   time.Duration // no new step begins after that; 0: no limit
	Now      time.Time     // the clock of Options where zero
}

// TrimStats says what a trim did.
type TrimStats struct {
	Before, After int64 // bytes on the disk
	Blobs         int   // removed
	Records       int
	Trees         int
	Busy          bool // another process trims; nothing was done
	Done          bool // nothing is left to do; false where the budget ended it
}

// Trim removes what has not been used for the longest time: everything that was not used for MaxAge, and as much as it takes
// to get a tenth below MaxBytes. What was used or written since the oldest live lease was taken stays, and so does everything
// in the hour of the clock before that. It may run at any time, in any number of processes, of which one works; it can be
// stopped at any point and goes on where it was.
func (c *Cache) Trim(ctx context.Context, o TrimOptions) (TrimStats, error) {
	if c.o.ReadOnly {
		return TrimStats{}, c.wrap(ErrReadOnly)
	}
	begin := time.Now()
	f, err := c.lockTrim()
	if err != nil {
		return TrimStats{}, c.wrap(err)
	}
	if f == nil {
		return TrimStats{Busy: true}, nil
	}
	defer f.Close()
	if o.Now.IsZero() {
		o.Now = c.o.Now()
	}
	t := &trimmer{c: c, o: o, ctx: ctx, began: o.Now.UnixNano()}
	if o.Budget > 0 {
		t.deadline = begin.Add(o.Budget)
	}
	err = t.run()
	state := "done\n"
	if !t.stats.Done {
		state = "unfinished\n"
	}
	f.Truncate(0)
	f.WriteAt([]byte(state), 0)
	c.written.Store(0)
	return t.stats, c.wrap(err)
}

// lockTrim locks out other trims until the file is closed; nil where one is at work.
func (c *Cache) lockTrim() (*os.File, error) {
	f, err := os.OpenFile(c.path("trim"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := flock(f, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, nil
	}
	return f, nil
}

// trimmer is one run of Trim.
type trimmer struct {
	c        *Cache
	o        TrimOptions
	ctx      context.Context
	began    int64
	deadline time.Time
	cut      int64 // what was last used before goes, unless it is kept
	bySize   bool
	force    bool // compact whatever it brings
	stats    TrimStats
}

func (t *trimmer) over() bool {
	return t.ctx.Err() != nil || !t.deadline.IsZero() && time.Now().After(t.deadline)
}

// goes says whether something last used at that time is to be removed; keep is what keepSince gave.
func (t *trimmer) goes(last, keep int64) bool { return last < t.cut && last < keep }

// keepSince gives the time since when everything stays. Marks of use are written once an hour, so it is the beginning of
// the hour.
func (t *trimmer) keepSince() int64 {
	if start, ok := t.c.oldestLease(); ok {
		return min(hourOf(start)*markEvery*1e9, t.began)
	}
	return t.began
}

func (t *trimmer) run() error {
	c := t.c
	c.wmu.Lock()
	err := c.release() // so that this process's own pack can be compacted like any other
	c.wmu.Unlock()
	if err != nil {
		return err
	}
	items, err := c.survey(t.ctx)
	if err != nil {
		return err
	}
	ages, total := t.ages(items)
	t.stats.Before, t.stats.After = total, total
	t.choose(ages, total)
	t.stats.Done = true
	if t.cut > math.MinInt64 {
		slices.SortFunc(items, func(a, b item) int {
			if a.tree != b.tree { // a tree that goes sets the files free that it links to
				if a.tree {
					return -1
				}
				return 1
			}
			return cmp.Compare(a.last, b.last)
		})
		for len(items) > 0 && !t.over() {
			n := 1
			if !items[0].tree {
				n = min(64, len(items))
			}
			t.batch(items[:n])
			items = items[n:]
		}
	}
	t.stats.Done = len(items) == 0 || t.cut == math.MinInt64
	ps, _ := c.packsNow()
	for _, p := range ps {
		if t.over() {
			t.stats.Done = false
			break
		}
		if err := t.compact(p); err != nil {
			return err
		}
	}
	t.litter()
	return t.ctx.Err()
}

// ages gives the bytes by the minute of their last use, and all of them.
func (t *trimmer) ages(items []item) (map[int64]int64, int64) {
	ages, total := map[int64]int64{}, int64(0)
	for _, it := range items {
		ages[it.last/60e9] += it.size
		total += it.size
	}
	ps, sizes := t.c.packsNow()
	t.c.mu.RLock()
	defer t.c.mu.RUnlock()
	for i, p := range ps {
		total += sizes[i]
		t.c.current(p, func(e entry) {
			ages[t.c.lastUse(e.key.kind, e.key, e.time)/60e9] += int64(e.size) + recHeaderSize + entrySize
		})
	}
	return ages, total
}

// choose sets t.cut.
func (t *trimmer) choose(ages map[int64]int64, total int64) {
	t.cut = math.MinInt64
	if t.o.MaxAge > 0 {
		t.cut = t.began - int64(t.o.MaxAge)
	}
	if t.o.MaxBytes <= 0 || total <= t.o.MaxBytes {
		return
	}
	left := int64(0)
	for _, n := range ages {
		left += n // what is superseded in packs goes in any case
	}
	minutes := make([]int64, 0, len(ages))
	for m := range ages {
		minutes = append(minutes, m)
	}
	slices.Sort(minutes)
	for _, m := range minutes {
		if left <= t.o.MaxBytes/10*9 {
			break
		}
		left -= ages[m]
		t.cut = max(t.cut, (m+1)*60e9)
	}
	t.bySize = true
}

// batch removes those of items that go, under the gate: no process marks anything as used meanwhile, and all earlier marks
// have been read.
func (t *trimmer) batch(items []item) {
	c := t.c
	var moved []string
	c.wmu.Lock()
	unlock, err := c.passGate(unix.LOCK_EX)
	if err != nil {
		c.wmu.Unlock()
		return
	}
	c.refresh()
	keep := t.keepSince()
	for _, it := range items {
		c.mu.RLock()
		last := c.fileUse(it.hash, it.exec, it.last)
		if it.tree {
			last = c.lastUse(kindTreeDir, keyOf(kindTreeDir, it.hash), it.last)
		}
		c.mu.RUnlock()
		if !t.goes(last, keep) {
			continue
		}
		if it.tree {
			os.Remove(it.path + ".facts")
			os.Chmod(it.path, 0o755)
			tmp := c.tmp()
			if os.Rename(it.path, tmp) == nil {
				moved = append(moved, tmp)
			}
			t.stats.Trees++
		} else {
			var st unix.Stat_t
			if unix.Lstat(it.path, &st) != nil || st.Nlink > 1 || os.Remove(it.path) != nil {
				continue
			}
			c.facts.Delete(factKey{it.hash, it.exec})
			t.stats.Blobs++
		}
		t.stats.After -= it.size
	}
	unlock()
	c.wmu.Unlock()
	for _, tmp := range moved {
		c.sweep(tmp)
	}
}

// litter removes what dead processes left.
func (t *trimmer) litter() {
	old := func(dir string, age time.Duration) {
		names, _ := readNames(t.c.path(dir))
		for _, n := range names {
			path := t.c.path(dir + "/" + n)
			fi, err := os.Lstat(path)
			if err != nil || time.Since(fi.ModTime()) < age {
				continue
			}
			if dir == "tmp" {
				t.c.sweep(path)
			} else {
				os.Remove(path)
			}
		}
	}
	old("tmp", 24*time.Hour)
	old("quarantine", DefaultMaxAge)
	names, _ := readNames(t.c.path("trees"))
	for _, n := range names { // folders without facts, whose maker was killed
		path := t.c.path("trees/" + n)
		fi, err := os.Lstat(path)
		if err != nil || !fi.IsDir() || time.Since(fi.ModTime()) < 24*time.Hour {
			continue
		}
		if _, err := os.Lstat(path + ".facts"); errors.Is(err, fs.ErrNotExist) {
			t.c.removeTree(path)
		}
	}
	t.c.oldestLease()
	names, _ = readNames(t.c.path("active"))
	for _, n := range names {
		if pid, err := strconv.Atoi(n); err == nil && errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
			os.Remove(t.c.path("active/" + n))
		}
	}
}

// MaybeTrim trims for at most half a second where it is due: the last trim is six hours old or was not finished, or this
// process has written a twentieth of maxBytes. Call it after a build. did says whether a trim ran.
func (c *Cache) MaybeTrim(ctx context.Context, maxBytes int64) (s TrimStats, did bool, err error) {
	if c.o.ReadOnly {
		return TrimStats{}, false, nil
	}
	if fi, err := os.Stat(c.path("trim")); err == nil && c.written.Load() < maxBytes/20 {
		age := c.o.Now().Sub(fi.ModTime())
		if fi.Size() == int64(len("done\n")) && age >= 0 && age < trimEvery {
			return TrimStats{}, false, nil
		}
	} else if errors.Is(err, fs.ErrNotExist) && c.written.Load() < maxBytes/20 {
		return TrimStats{}, false, c.wrap(c.writeFile("trim", []byte("done\n"), 0o644)) // a new cache
	}
	s, err = c.Trim(ctx, TrimOptions{MaxBytes: maxBytes, MaxAge: DefaultMaxAge, Budget: trimSlice})
	return s, !s.Busy, err
}
