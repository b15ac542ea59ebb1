package build

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/state"
	"golang.org/x/sys/unix"
)

// dirMaker makes folders once.
type dirMaker struct{ made sync.Map }

func (d *dirMaker) make(dir string) error {
	if _, ok := d.made.Load(dir); ok {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	d.made.Store(dir, true)
	return nil
}

func (s *session) abs(art state.ArtifactID) string {
	return filepath.Join(s.e.o.Root, filepath.FromSlash(s.g.Path(art)))
}

// placeAll puts an action's outputs into cairn-out where they are wanted there. there says that the action wrote them at
// their place itself.
func (s *session) placeAll(ctx context.Context, t *turn, outs []state.OutputFact, there bool) error {
	for i, art := range s.g.Outputs(t.id) {
		if err := ctx.Err(); err != nil {
			return err
		}
		old, ok := s.g.OutputFact(art)
		if !there && ok && old == outs[i] && s.g.IsPlaced(art) {
			continue // what lies there is what should: the scan has seen it
		}
		if !there && s.place != nil && !s.place[art] {
			s.g.ClearPlaced(art) // nobody asked for it now; whoever does next gets the new one
			continue
		}
		if err := s.placeOne(art, outs[i], there); err != nil {
			return fmt.Errorf("cannot put %s into place: %w", s.g.Path(art), err)
		}
	}
	return nil
}

func (s *session) placeOne(art state.ArtifactID, f state.OutputFact, there bool) error {
	dst := s.abs(art)
	if !there {
		s.g.ClearPlaced(art)
		if err := s.dirs.make(filepath.Dir(dst)); err != nil {
			return err
		}
		if f.Tree {
			if _, err := tree.Materialize(s.store, f.Digest, dst); err != nil {
				return err
			}
		} else if err := s.store.Place(f.Digest, dst, f.Exec); err != nil {
			return err
		}
	}
	now := s.e.now()
	if !f.Tree {
		// An output's mtime lies a clock tick back, so that its facts show a later change without a look at its bytes.
		at := unix.NsecToTimespec(now - state.RacyNS - int64(time.Millisecond))
		if err := unix.UtimesNanoAt(unix.AT_FDCWD, dst, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return &os.PathError{Op: "utimes", Path: dst, Err: err}
		}
	}
	st, err := state.StatPlaced(dst)
	if err != nil {
		return err
	}
	p := state.Placed{Stat: st, Racy: st.PlacedRacyAt(now)}
	if f.Tree {
		// Facts that are older than the clock's tick cannot hide a later change; waiting for that once is cheaper than
		// hashing the tree again in the next run.
		time.Sleep(settle)
		p.Racy = false
		if p.Tree, err = listTree(dst); err != nil {
			return err
		}
	}
	s.g.SetPlaced(art, p)
	return nil
}

// listTree takes the facts of all that is in an output tree.
func listTree(dir string) ([]state.Entry, error) {
	var out []state.Entry
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		st, err := state.StatPlaced(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		out = append(out, state.Entry{Path: filepath.ToSlash(rel), Stat: st})
		return nil
	})
	return out, err
}

// clearPlaced forgets and removes what lies where an action is about to write in place.
func (s *session) clearPlaced(a state.ActionID) {
	for _, art := range s.g.Outputs(a) {
		s.g.ClearPlaced(art)
	}
}

// holdPlace keeps other processes from writing the same outputs in place at the same time; false where one does.
func (s *session) holdPlace(t *turn) (unlock func(), ok bool) {
	outs := s.g.Outputs(t.id)
	if !s.inPlace() || len(outs) == 0 {
		return func() {}, true
	}
	l, owner, ok := s.store.LockKey(digest.Of([]byte("in place " + s.abs(outs[0]))).Hash)
	if !ok {
		s.waitFor(t, owner)
		return nil, false
	}
	return l.Unlock, true
}

// reput gives the cache the bytes of an output again from what lies in cairn-out, where that is still right.
func (s *session) reput(art state.ArtifactID) bool {
	f, ok := s.g.OutputFact(art)
	if !ok || !s.g.IsPlaced(art) {
		return false
	}
	if f.Tree {
		c, err := tree.Capture(s.abs(art), s.store)
		return err == nil && c.Root == f.Digest && s.wholeTree(f.Digest)
	}
	d, err := s.store.PutFile(s.abs(art))
	return err == nil && d == f.Digest
}

// wholeTree says whether all bytes of a tree are in the cache.
func (s *session) wholeTree(root digest.Digest) bool {
	entries, err := tree.Flatten(s.store, root)
	if err != nil {
		return false
	}
	var ds []digest.Digest
	for _, e := range entries {
		if !e.Dir && e.Link == "" {
			ds = append(ds, e.Digest)
		}
	}
	missing, err := s.store.Missing(ds)
	return err == nil && len(missing) == 0
}

// removeStale removes what lies in cairn-out for targets that are no longer there.
func (e *Engine) removeStale(old, now *state.Graph) {
	for i := old.NumSources(); i < old.NumArtifacts(); i++ {
		art := state.ArtifactID(i)
		p := old.Path(art)
		if _, still := now.FindArtifact(p); still || !old.IsPlaced(art) {
			continue
		}
		root, err := os.OpenRoot(e.o.Root)
		if err != nil {
			return
		}
		if root.RemoveAll(p) == nil {
			for dir := path.Dir(p); dir != "." && dir != "cairn-out"; dir = path.Dir(dir) {
				if root.Remove(dir) != nil {
					break
				}
			}
		}
		root.Close()
	}
}

// settle is a little more than the clock by which files are stamped ticks.
const settle = 11 * time.Millisecond
