package build

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/schedule"
	"github.com/cairn-build/cairn/graph/state"
)

// resolve says what each input is now. Sources without a fact are read and hashed.
func (s *session) resolve(a state.ActionID) ([]action.Resolved, error) {
	ids := s.g.Inputs(a)
	in := make([]action.Resolved, len(ids))
	for i, id := range ids {
		in[i].Artifact = s.g.Artifact(id)
		if !s.g.IsSource(id) {
			f, ok := s.g.OutputFact(id)
			if !ok {
				return nil, &action.MissingInputError{Path: in[i].Path}
			}
			in[i].Digest, in[i].Exec = f.Digest, f.Exec
			continue
		}
		f, ok := s.g.SourceFact(id)
		if !ok {
			var err error
			if f, err = s.e.hashSource(s.g, id); err != nil {
				return nil, err
			}
		}
		in[i].Digest, in[i].Exec = f.Digest, f.Stat.Executable()
	}
	return in, nil
}

// runsInPlace says that an action's command reads and writes in the workspace itself.
func (s *session) runsInPlace(t *turn) bool {
	return s.inPlace() && t.act.Spawn != nil && t.act.Spawn.Each == nil && !action.AsksNothing(t.act, t.job.Inputs)
}

// readyInPlace sees that an action which is about to run in the workspace finds there what its key says, and nothing in the
// way of its outputs. Other commands in the workspace can have written over outputs that were made before.
func (s *session) readyInPlace(t *turn) error {
	if !s.inPlace() || t.act.Spawn == nil {
		return nil
	}
	for _, in := range s.g.Inputs(t.id) {
		if s.g.IsSource(in) || s.liesRight(in) {
			continue
		}
		f, ok := s.g.OutputFact(in)
		if !ok {
			return &action.MissingInputError{Path: s.g.Path(in)}
		}
		s.g.ClearPlaced(in)
		p, err := s.placeOne(in, f, false)
		if err != nil {
			return missingOr(err, s.g.Path(in))
		}
		s.g.SetPlaced(in, p)
	}
	for _, out := range s.g.Outputs(t.id) {
		s.g.ClearPlaced(out)
		if err := s.outs.ready(s.g.Path(out)); err != nil {
			return &action.EnvError{Err: err}
		}
	}
	return nil
}

// liesAsPlaced says whether an output lies in cairn-out as it was left there. Of a tree only the folder itself is looked at.
func (s *session) liesAsPlaced(art state.ArtifactID) bool {
	p, ok := s.g.Placed(art)
	if !ok {
		return false
	}
	st, err := state.StatPlaced(s.abs(art))
	st.CtimeNS = 0 // a hard link made elsewhere changes it
	return err == nil && st == p.Stat
}

// liesRight says whether what lies in cairn-out for an output is what the graph says. Another build of the workspace may have put
// the same bytes there again, which changes nothing but the file's facts.
func (s *session) liesRight(art state.ArtifactID) bool {
	if s.liesAsPlaced(art) {
		return true
	}
	p, ok := s.g.Placed(art)
	if !ok || !s.e.stillPlaced(s.g, art) {
		return false
	}
	if f, _ := s.g.OutputFact(art); f.Tree {
		st, err := state.StatPlaced(s.abs(art))
		if err != nil {
			return false
		}
		if p.Tree, err = listTree(s.abs(art)); err != nil {
			return false
		}
		st.CtimeNS = 0
		p.Stat, p.Racy = st, true // the next scan looks closer
		s.g.SetPlaced(art, p)
	}
	return true
}

// inputsMoved looks at an action's inputs again after it has run: whether they still are what its key was made of. Facts of
// sources that changed are renewed, here or before by another action that reads them.
func (s *session) inputsMoved(ctx context.Context, t *turn) (bool, error) {
	moved := false
	for _, tool := range t.job.Tools {
		if !s.e.resolver(s.g).Holds(ctx, tool) {
			moved = true
			s.e.forgetTools()
		}
	}
	for i, in := range s.g.Inputs(t.id) {
		if !s.g.IsSource(in) {
			moved = moved || s.runsInPlace(t) && !s.liesRight(in)
			continue
		}
		f, ok := s.g.SourceFact(in)
		st, err := state.StatSource(filepath.Join(s.e.o.Root, filepath.FromSlash(s.g.Path(in))))
		if !ok || err != nil || st != f.Stat {
			was := f.Digest
			if f, err = s.e.hashSource(s.g, in); err != nil {
				return true, err
			}
			if ok && f.Digest != was {
				s.e.midway(s.g.Path(in))
			}
		}
		used := &t.job.Inputs[i]
		moved = moved || f.Digest != used.Digest || f.Stat.Executable() != used.Exec
	}
	return moved, nil
}

// want is an action that asks for the bytes that another makes.
type want struct{ user, maker state.ActionID }

// blocked sees to it that the inputs of a whose bytes are gone are made again: from what lies in cairn-out, else by what
// made them. It says false where that was tried before.
func (s *session) blocked(a state.ActionID, m *action.MissingInputError) (schedule.Verdict, bool) {
	art, ok := s.g.FindArtifact(m.Path)
	if !ok {
		return schedule.Verdict{}, false
	}
	p, ok := s.g.Producer(art)
	if !ok {
		return schedule.Verdict{}, false
	}
	n, _ := s.tries.LoadOrStore(want{a, p}, new(atomic.Int32))
	if n.(*atomic.Int32).Add(1) > maxTries {
		return schedule.Verdict{}, false
	}
	var needs []int
	for _, in := range s.g.Inputs(a) {
		if s.g.IsSource(in) || in != art && !s.gone(in) || s.reput(in) {
			continue
		}
		if p, ok := s.g.Producer(in); ok && !slices.Contains(needs, int(p)) {
			needs = append(needs, int(p))
		}
	}
	if len(needs) == 0 {
		return schedule.Verdict{Kind: schedule.Parked}, true
	}
	return schedule.Verdict{Kind: schedule.Blocked, Needs: needs}, true
}

// gone says whether the cache lacks an output; of a tree only the top is looked at.
func (s *session) gone(art state.ArtifactID) bool {
	f, ok := s.g.OutputFact(art)
	if !ok {
		return true
	}
	missing, err := s.store.Missing([]digest.Digest{f.Digest})
	return err != nil || len(missing) > 0
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

// missingOr gives the error of an input that could not be put into place: its bytes are gone, or the disk failed.
func missingOr(err error, path string) error {
	if errors.Is(err, cache.ErrMissing) {
		return &action.MissingInputError{Path: path}
	}
	return &action.EnvError{Err: err}
}
