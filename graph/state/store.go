package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/cairn-build/cairn/cache/digest"
	"golang.org/x/sys/unix"
)

// Open maps the snapshot at path and replays its journal. It writes nothing. The error wraps ErrNoSnapshot where there is
// none that can be used: a *DamagedError says that there was a file, and what is wrong with it.
func Open(path string, settings digest.Hash) (*Graph, error) {
	jpath := journalPath(path)
	jf, err := os.Open(jpath)
	if err == nil {
		defer jf.Close()
		lock(jf, unix.LOCK_SH)
	}
	b, unmap, err := mapFile(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNoSnapshot
		}
		return nil, &DamagedError{Path: path, Reason: err.Error()}
	}
	g, err := openBytes(b, settings, mappedPager)
	if err != nil {
		unmap()
		if d, ok := errors.AsType[*DamagedError](err); ok {
			d.Path = path
		}
		return nil, err
	}
	g.unmap = unmap
	g.journal = &journal{snapshot: path, path: jpath, size: int64(len(b))}
	if jf != nil {
		if jb, err := io.ReadAll(jf); err == nil {
			g.replay(jb)
		}
	}
	return g, nil
}

// openBytes lays a graph over a snapshot's bytes, which must be writable and begin at a multiple of 8. The bytes are the
// graph's from then on: facts are set in them.
func openBytes(b []byte, settings digest.Hash, page pager) (*Graph, error) {
	s, id, err := parse(b, settings, page)
	if err != nil {
		return nil, err
	}
	return newGraph(s, id, settings), nil
}

// Save writes the graph with all its facts to path, in place of what is there, and binds the graph to that file: facts
// set later go to its journal. A run that evaluated anew calls it once, before it works on actions. The folder is made.
// Nothing is synced: a snapshot that a crash has torn is noticed by Open.
func (g *Graph) Save(path string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	old := g.journal
	g.journal = &journal{snapshot: path, path: journalPath(path)}
	f, err := g.lockJournal(true)
	if err == nil {
		defer f.Close()
		err = g.compact(f)
	}
	if err != nil {
		g.journal = old
		return fmt.Errorf("saving the state: %w", err)
	}
	return nil
}

// Flush appends what was set since the last Flush to the journal, in one write. It does nothing for a graph that was never
// saved. If another process has put another graph in this one's place, what was set is dropped: the next run finds out
// again.
func (g *Graph) Flush() error { return g.flush(func(*journal) bool { return false }) }

// Commit is Flush at the end of a run: a journal that has outgrown a 32nd of the snapshot is folded into a new one.
func (g *Graph) Commit() error {
	return g.flush(func(j *journal) bool {
		return j.end+int64(len(j.pending.b)) > max(minCompact, j.size/32)
	})
}

// minCompact is how large a journal can always grow; replaying as much takes some 50 us.
const minCompact = 16 << 10

func (g *Graph) flush(full func(*journal) bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.journal == nil || len(g.journal.pending.b) == 0 && !full(g.journal) {
		return nil
	}
	f, err := g.lockJournal(false)
	if errors.Is(err, fs.ErrNotExist) {
		if snapshotID(g.journal.snapshot) != g.id {
			return nil // `cairn clean` has removed the state
		}
		f, err = g.lockJournal(true) // somebody has removed the journal alone
	}
	if err != nil {
		return fmt.Errorf("saving the state: %w", err)
	}
	defer f.Close()
	mine, err := g.catchUp(f)
	switch {
	case err != nil:
	case !mine:
		g.journal.pending.b = nil
		return nil
	case full(g.journal) && !g.journal.behind:
		err = g.compact(f)
	default:
		err = g.write(f)
	}
	if err != nil {
		return fmt.Errorf("saving the state: %w", err)
	}
	return nil
}

// lockJournal opens the journal, which Save makes, and locks it for writing.
func (g *Graph) lockJournal(create bool) (*os.File, error) {
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE
	}
	for {
		f, err := os.OpenFile(g.journal.path, flags, 0o666)
		if err != nil {
			return nil, err
		}
		lock(f, unix.LOCK_EX)
		// Someone may have removed it between the two steps.
		now, err := os.Stat(g.journal.path)
		if held, herr := f.Stat(); err == nil && herr == nil && os.SameFile(held, now) {
			return f, nil
		}
		f.Close()
		if err != nil && !(create && errors.Is(err, fs.ErrNotExist)) {
			return nil, err
		}
	}
}

// lock waits for a lock; where there are none to be had, it goes without.
func lock(f *os.File, how int) {
	retry(func() error { return unix.Flock(int(f.Fd()), how) })
}

// compact writes all there is as a new snapshot and empties the journal. The caller holds the lock on f and g.mu.
func (g *Graph) compact(f *os.File) error {
	j := g.journal
	sec := g.current()
	tmp, err := os.CreateTemp(filepath.Dir(j.snapshot), ".graph-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails once it is renamed
	size, err := sec.writeTo(tmp, g.id, g.settings)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), j.snapshot)
	}
	if err != nil {
		return err
	}
	// From here the old journal is bound to another graph, or holds what the snapshot has too.
	if err := f.Truncate(0); err != nil {
		return err
	}
	j.epoch = rand.Uint64()
	if _, err := f.WriteAt(journalHeader(g.id, j.epoch), 0); err != nil {
		return err
	}
	j.size, j.end, j.behind, j.pending.b = size, journalHead, false, nil
	return nil
}

// current gives all sections as they are now: those of fixed size as they lie in memory, the sparse facts laid out anew.
func (g *Graph) current() *sections {
	sec := *g.sec
	var b blobs
	sec[secTrees] = raw(b.table(&g.trees))
	sec[secNotes] = raw(b.table(&g.notes))
	sec[secTools] = raw(b.table(&g.toolFacts))
	sec[secVar] = b.text
	return &sec
}

func (s *sections) writeTo(f *os.File, id graphID, settings digest.Hash) (int64, error) {
	head, offs, size := s.header(id, settings)
	if size > 1<<40 {
		return 0, errors.New("the snapshot is too large")
	}
	var pad [sectionAlign]byte
	buf := make([]byte, 0, 1<<20)
	flush := func() error {
		_, err := f.Write(buf)
		buf = buf[:0]
		return err
	}
	pos := uint64(0)
	put := func(b []byte) error {
		pos += uint64(len(b))
		if len(buf)+len(b) > cap(buf) {
			if err := flush(); err != nil {
				return err
			}
		}
		if len(b) > cap(buf) {
			_, err := f.Write(b)
			return err
		}
		buf = append(buf, b...)
		return nil
	}
	if err := put(head); err != nil {
		return 0, err
	}
	for i, b := range s {
		if err := put(pad[:offs[i]-pos]); err != nil {
			return 0, err
		}
		if err := put(b); err != nil {
			return 0, err
		}
	}
	return int64(size), flush()
}
