package state

import (
	"math/bits"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
)

// Facts are what was true when someone last looked. Setters may be called from several goroutines; each is at once visible
// to getters, and to later runs after Flush or Commit.

const (
	factKnown = 1 << iota // there is a fact
	factRacy              // it was taken too soon after a change
)

const (
	stateKnown = 1 << iota // the action has run, or was found in the cache
	stateDone              // and nothing it stands on has changed since
)

// Flags of a result, in the top byte of its size.
const (
	resultKnown = 1 << 56
	resultExec  = 1 << 57
	resultTree  = 1 << 58
	resultSize  = 1<<56 - 1
)

func known(racy bool) uint32 {
	if racy {
		return factKnown | factRacy
	}
	return factKnown
}

// SourceFact is what a source held when it looked like Stat. Digest.Size is Stat.Size.
type SourceFact struct {
	Stat   Stat
	Digest digest.Digest
	Racy   bool // Stat.RacyAt the moment before it was read
}

// SourceFact gives what is known of a source.
func (g *Graph) SourceFact(a ArtifactID) (SourceFact, bool) {
	if !g.IsSource(a) {
		return SourceFact{}, false
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	r := &g.sources[a]
	if r.Flags&factKnown == 0 {
		return SourceFact{}, false
	}
	return SourceFact{Stat: r.stat(), Digest: digest.Digest{Hash: g.hashes[a], Size: r.Size}, Racy: r.Flags&factRacy != 0}, true
}

// SetSource notes a source's facts. If its digest or executable bit is not what it was, the actions that read it are no
// longer done; changed says so.
func (g *Graph) SetSource(a ArtifactID, f SourceFact) (changed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log(func(o *ops) { o.source(a, f) })
	return g.applySource(a, f)
}

func (g *Graph) applySource(a ArtifactID, f SourceFact) bool {
	r := &g.sources[a]
	old := r.stat()
	same := r.Flags&factKnown != 0 && g.hashes[a] == f.Digest.Hash && r.Size == f.Stat.Size && old.Executable() == f.Stat.Executable()
	*r = f.Stat.rec(known(f.Racy))
	g.hashes[a] = f.Digest.Hash
	if !same {
		g.undo(a)
	}
	return !same
}

// ForgetSource drops what is known of a source, because it is not there any more; what reads it is no longer done.
func (g *Graph) ForgetSource(a ArtifactID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log(func(o *ops) { o.forget(a) })
	g.applyForget(a)
}

func (g *Graph) applyForget(a ArtifactID) {
	g.sources[a] = statRec{}
	g.hashes[a] = digest.Hash{}
	g.undo(a)
}

// undo takes the mark of being done from all that reads an artifact.
func (g *Graph) undo(a ArtifactID) {
	for _, c := range g.Consumers(a) {
		g.flags[c] &^= stateDone
	}
}

// OutputFact is what an action's output held.
type OutputFact struct {
	Digest digest.Digest // of the file, or of the tree's root
	Exec   bool          // a file's executable bit
	Tree   bool
}

// ActionState is what became of an action when it was last worked on.
type ActionState struct {
	Key  digest.Hash // full key
	Done bool        // it succeeded, and all that its key was made of still holds
	// Mark is Graph.Mark from before the key was made. If the inputs have other facts by now, the action is not done,
	// whatever Done says.
	Mark     uint64
	Run      uint64 // which run worked on it; the caller's numbers
	Duration time.Duration
	Exit     int // what the command ended with; 32 bits are kept
	// Outputs, by Graph.Outputs; nil leaves what was known (the action failed).
	Outputs        []OutputFact
	Stdout, Stderr digest.Digest // zero where empty
	Info           string        // "killed", "timed out after 90s"
}

// ActionState gives what is known of an action; false where it was never worked on. Outputs is nil unless all are known.
func (g *Graph) ActionState(a ActionID) (ActionState, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	r := &g.states[a]
	if g.flags[a]&stateKnown == 0 {
		return ActionState{}, false
	}
	s := ActionState{
		Key: r.Key, Done: g.flags[a]&stateDone != 0, Mark: r.Mark, Run: r.Run,
		Duration: time.Duration(r.DurationMS) * time.Millisecond, Exit: int(r.Exit),
	}
	for _, o := range g.Outputs(a) {
		f, ok := g.output(o)
		if !ok {
			s.Outputs = nil
			break
		}
		s.Outputs = append(s.Outputs, f)
	}
	s.Stdout, s.Stderr, s.Info = parseNote(g.notes.get(uint32(a)))
	return s, true
}

// Done says whether an action's recorded result still holds, as far as facts go.
func (g *Graph) Done(a ActionID) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.flags[a]&stateDone != 0
}

// OutputFact gives what an output held when its action last succeeded.
func (g *Graph) OutputFact(a ArtifactID) (OutputFact, bool) {
	if g.IsSource(a) {
		return OutputFact{}, false
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.output(a)
}

func (g *Graph) output(a ArtifactID) (OutputFact, bool) {
	r := &g.results[int(a)-g.nsrc]
	return OutputFact{
		Digest: digest.Digest{Hash: r.Hash, Size: int64(r.Size & resultSize)},
		Exec:   r.Size&resultExec != 0, Tree: r.Size&resultTree != 0,
	}, r.Size&resultKnown != 0
}

// SetAction notes what became of an action. If an output is not what it was, the actions that read it are no longer done;
// changed lists those outputs, in the order of Outputs.
func (g *Graph) SetAction(a ActionID, s ActionState) (changed []ArtifactID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log(func(o *ops) { o.action(a, s) })
	return g.applyAction(a, s)
}

func (g *Graph) applyAction(a ActionID, s ActionState) (changed []ArtifactID) {
	flags := byte(stateKnown)
	outs := g.Outputs(a)
	if s.Done && s.Mark == g.mark(a) && len(s.Outputs) == len(outs) {
		flags |= stateDone
	}
	ms := min(max(s.Duration.Milliseconds(), 0), 1<<32-1)
	g.states[a] = actionFact{Key: s.Key, Mark: s.Mark, Run: s.Run, DurationMS: uint32(ms), Exit: int32(s.Exit)}
	g.flags[a] = flags
	if len(s.Outputs) == len(outs) {
		for i, o := range outs {
			if r := s.Outputs[i].rec(); g.results[int(o)-g.nsrc] != r {
				g.results[int(o)-g.nsrc] = r
				g.undo(o)
				changed = append(changed, o)
			}
		}
	}
	g.notes.set(uint32(a), s.note())
	return changed
}

// Invalidate makes an action not done, because it must run again whatever is known.
func (g *Graph) Invalidate(a ActionID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log(func(o *ops) { o.invalidate(a) })
	g.flags[a] &^= stateDone
}

// Mark is a short hash of all facts that an action's key is made of: its inputs' digests and executable bits, and its
// tools' identities. Ask for it before making the key.
func (g *Graph) Mark(a ActionID) uint64 {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.mark(a)
}

func (g *Graph) mark(a ActionID) uint64 {
	h := uint64(1)
	for _, in := range g.Inputs(a) {
		if g.IsSource(in) {
			st := g.sources[in].stat()
			w := word(&g.hashes[in])
			if st.Executable() {
				w = bits.Reverse64(w)
			}
			h = mix(h, w)
			continue
		}
		r := &g.results[int(in)-g.nsrc]
		h = mix(mix(h, word(&r.Hash)), r.Size)
	}
	for _, t := range g.ActionTools(a) {
		if b := g.toolFacts.get(uint32(t)); b != nil {
			id := digest.Hash(b[8:40])
			h = mix(h, word(&id))
		} else {
			h = mix(h, 0)
		}
	}
	return h
}

// word is the first 8 bytes of a hash; a SHA-256 is as good in any part as in all.
func word(h *digest.Hash) uint64 {
	return uint64(h[0]) | uint64(h[1])<<8 | uint64(h[2])<<16 | uint64(h[3])<<24 | uint64(h[4])<<32 | uint64(h[5])<<40 | uint64(h[6])<<48 | uint64(h[7])<<56
}

func (f OutputFact) rec() resultRec {
	r := resultRec{Hash: f.Digest.Hash, Size: uint64(f.Digest.Size)&resultSize | resultKnown}
	if f.Exec {
		r.Size |= resultExec
	}
	if f.Tree {
		r.Size |= resultTree
	}
	return r
}

// A note is what few actions have: two digests of 40 bytes, then text.
const noteHead = 80

func (s *ActionState) note() []byte {
	if s.Stdout.IsZero() && s.Stderr.IsZero() && s.Info == "" {
		return nil
	}
	b := appendDigest(appendDigest(make([]byte, 0, noteHead+len(s.Info)), s.Stdout), s.Stderr)
	return append(b, s.Info...)
}

func parseNote(b []byte) (stdout, stderr digest.Digest, info string) {
	if len(b) < noteHead {
		return
	}
	c := cursor{b: b}
	return c.digest(), c.digest(), string(b[noteHead:])
}
