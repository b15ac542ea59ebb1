package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/state"
	"golang.org/x/sys/unix"
)

func (s *session) abs(art state.ArtifactID) string {
	return filepath.Join(s.e.o.Root, filepath.FromSlash(s.g.Path(art)))
}

// placement is what lies in cairn-out for an output that was put there.
type placement struct {
	art  state.ArtifactID
	fact state.Placed
}

// placeAll puts an action's outputs into cairn-out where they are wanted there. there says that the action wrote them at
// their place itself. What it gives must be noted, with notePlaced, once the graph knows outs as the action's outputs: a
// build that is stopped in between must not take one output for the other.
func (s *session) placeAll(ctx context.Context, t *turn, outs []state.OutputFact, there bool) (placed []placement, err error) {
	for i, art := range s.g.Outputs(t.id) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		old, ok := s.g.OutputFact(art)
		if !there && ok && old == outs[i] && s.g.IsPlaced(art) {
			continue // what lies there is what should: the scan has seen it
		}
		s.g.ClearPlaced(art)
		if !there && !s.wantsPlaced(art) {
			continue // nobody asked for it now; whoever does next gets the new one
		}
		p, err := s.placeOne(art, outs[i], there)
		if err != nil {
			return nil, fmt.Errorf("cannot put %s into place: %w", s.g.Path(art), err)
		}
		placed = append(placed, placement{art, p})
	}
	return placed, nil
}

// wantsPlaced says whether an output belongs into cairn-out: what commands read there where they work in place, else the
// default outputs of what was asked for.
func (s *session) wantsPlaced(art state.ArtifactID) bool {
	switch {
	case s.place != nil:
		return s.place[art]
	case s.inPlace():
		return true
	}
	return s.defaults().Has(int(art))
}

// allDefaults are the default outputs of all targets.
func (s *session) allDefaults() state.Bitset {
	b := state.NewBitset(s.g.NumArtifacts())
	for t := range (state.Targets{First: 0, Last: state.TargetID(s.g.NumTargets())}).All() {
		for _, art := range s.g.Default(t) {
			b.Add(int(art))
		}
	}
	return b
}

func (s *session) notePlaced(ps []placement) {
	for _, p := range ps {
		s.g.SetPlaced(p.art, p.fact)
	}
}

// placeOne puts an output at its place, unless it is there, and takes the facts of what lies there. Another build of the
// workspace may put the same tree there meanwhile: where that takes away the folder whose facts are taken, it is done again.
func (s *session) placeOne(art state.ArtifactID, f state.OutputFact, there bool) (state.Placed, error) {
	there = there || f.Tree && s.inPlace() && s.e.treeIs(s.abs(art), f.Digest)
	for try := 0; ; try++ {
		if !there {
			if err := s.putOne(art, f); err != nil {
				return state.Placed{}, err
			}
		}
		p, err := s.takeFacts(s.abs(art), f)
		if err == nil || try == maxTaken || !errors.Is(err, fs.ErrNotExist) {
			return p, err
		}
		there = false
	}
}

// treeIs reads the tree that lies at a path and says whether it is what it should be. Where commands work in place it must
// not be exchanged for its like: a command of another build may be reading it.
func (e *Engine) treeIs(at string, want digest.Digest) bool {
	if _, err := os.Lstat(at); err != nil {
		return false
	}
	c, err := e.store()
	if err != nil {
		return false
	}
	got, err := tree.Capture(at, c)
	return err == nil && got.Root == want
}

// maxTaken is how often what was just put into place may be taken away before that is an error.
const maxTaken = 20

func (s *session) putOne(art state.ArtifactID, f state.OutputFact) error {
	dst := s.abs(art)
	return s.outs.put(s.g.Path(art), f.Tree, func() error {
		if f.Tree {
			_, err := tree.Materialize(s.store, f.Digest, dst)
			return err
		}
		return s.store.Place(f.Digest, dst, f.Exec)
	})
}

// takeFacts takes the facts of an output that lies at dst.
func (s *session) takeFacts(dst string, f state.OutputFact) (p state.Placed, err error) {
	now := s.e.now()
	if f.Tree {
		p.Tree, err = settledTree(dst, now)
	} else {
		err = setBack(dst, now)
	}
	if err != nil {
		return p, err
	}
	p.Stat, err = state.StatPlaced(dst)
	p.Racy = !f.Tree && p.Stat.PlacedRacyAt(now)
	return p, err
}

// setBack sets an output's mtime a clock tick back, so that its facts show a later change without a look at its bytes.
func setBack(path string, now int64) error {
	at := unix.NsecToTimespec(now - state.RacyNS - int64(time.Millisecond))
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return &os.PathError{Op: "utimes", Path: path, Err: err}
	}
	return nil
}

// settledTree takes the facts of all that is in an output tree, such as show every later change: those of small trees are set back, for
// large ones it is cheaper to wait until the clock by which files are stamped has ticked, and cheaper than to hash them in the next run.
// A file with several names is not touched: the others may be somebody else's.
func settledTree(dir string, now int64) ([]state.Entry, error) {
	es, err := listTree(dir)
	if err != nil {
		return nil, err
	}
	if len(es) > mostSetBack || slices.ContainsFunc(es, func(e state.Entry) bool { return e.Stat.IsRegular() && links(dir, e.Path) > 1 }) {
		time.Sleep(settle)
		return listTree(dir)
	}
	for i := range es {
		at := filepath.Join(dir, filepath.FromSlash(es[i].Path))
		if err := setBack(at, now); err != nil {
			return nil, err
		}
		if es[i].Stat, err = state.StatPlaced(at); err != nil {
			return nil, err
		}
	}
	return es, setBack(dir, now)
}

func links(dir, rel string) uint64 {
	var st unix.Stat_t
	if unix.Lstat(filepath.Join(dir, filepath.FromSlash(rel)), &st) != nil {
		return 0
	}
	return uint64(st.Nlink)
}

const (
	// mostSetBack is how many entries are set back in the time of settle, about.
	mostSetBack = 1000
	// settle is a little more than the clock by which files are stamped ticks.
	settle = 11 * time.Millisecond
)

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
