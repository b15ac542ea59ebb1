package state

import (
	"encoding/binary"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
)

// ops encodes sets of facts for the journal. An op is a byte that says which, then the id, then the fact; numbers are
// little-endian and of fixed size, texts and lists have their length (u32) before them.
type ops struct{ b []byte }

const (
	opSource = iota + 1
	opForget
	opAction
	opInvalidate
	opPlace
	opClear
	opTool
	opRead
)

var le = binary.LittleEndian

func (o *ops) begin(op byte, id uint32) { o.b = le.AppendUint32(append(o.b, op), id) }

func (o *ops) stat(s Stat, flags uint32) {
	o.b = le.AppendUint64(o.b, uint64(s.Size))
	o.b = le.AppendUint64(o.b, uint64(s.MtimeNS))
	o.b = le.AppendUint64(o.b, uint64(s.CtimeNS))
	o.b = le.AppendUint64(o.b, s.Ino)
	o.b = le.AppendUint32(le.AppendUint32(o.b, s.Mode), flags)
}

func (o *ops) bytes(b []byte) { o.b = append(le.AppendUint32(o.b, uint32(len(b))), b...) }

func (o *ops) source(a ArtifactID, f SourceFact) {
	o.begin(opSource, uint32(a))
	o.stat(f.Stat, known(f.Racy))
	o.b = append(o.b, f.Digest.Hash[:]...)
}

func (o *ops) forget(a ArtifactID) { o.begin(opForget, uint32(a)) }

func (o *ops) action(a ActionID, s ActionState) {
	o.begin(opAction, uint32(a))
	o.b = append(o.b, s.Key[:]...)
	o.b = le.AppendUint64(le.AppendUint64(o.b, s.Mark), s.Run)
	o.b = le.AppendUint64(o.b, uint64(s.Duration))
	o.b = le.AppendUint32(o.b, uint32(s.Exit))
	done := byte(0)
	if s.Done {
		done = 1
	}
	o.b = append(o.b, done)
	o.b = le.AppendUint32(o.b, uint32(len(s.Outputs)))
	for _, f := range s.Outputs {
		r := f.rec()
		o.b = le.AppendUint64(append(o.b, r.Hash[:]...), r.Size)
	}
	o.bytes(s.note())
}

func (o *ops) invalidate(a ActionID) { o.begin(opInvalidate, uint32(a)) }

func (o *ops) place(a ArtifactID, s Stat, racy bool, tree []byte) {
	o.begin(opPlace, uint32(a))
	o.stat(s, known(racy))
	o.bytes(tree)
}

func (o *ops) clear(a ArtifactID) { o.begin(opClear, uint32(a)) }

func (o *ops) tool(t ToolID, b []byte) {
	o.begin(opTool, uint32(t))
	o.bytes(b)
}

func (o *ops) read(id ReadID, st Stat, racy bool) {
	o.begin(opRead, uint32(id))
	o.stat(st, known(racy))
}

func appendDigest(b []byte, d digest.Digest) []byte {
	return le.AppendUint64(append(b, d.Hash[:]...), uint64(d.Size))
}

// cursor reads what ops wrote; bad says that there was less than expected, and everything read is zero then.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if c.bad || n > len(c.b) {
		c.bad = true
		return nil
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) u8() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return le.Uint32(b)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if b := c.take(8); b != nil {
		return le.Uint64(b)
	}
	return 0
}

func (c *cursor) hash() (h digest.Hash) {
	copy(h[:], c.take(len(h)))
	return h
}

func (c *cursor) digest() digest.Digest {
	return digest.Digest{Hash: c.hash(), Size: int64(c.u64())}
}

func (c *cursor) stat() (Stat, uint32) {
	s := Stat{Size: int64(c.u64()), MtimeNS: int64(c.u64()), CtimeNS: int64(c.u64()), Ino: c.u64(), Mode: c.u32()}
	return s, c.u32()
}

func (c *cursor) bytes() []byte { return c.take(int(c.u32())) }

// apply sets the facts of one batch. It says false, having set what came before, where the batch is not made of ops of
// this graph.
func (g *Graph) apply(batch []byte) bool {
	c := cursor{b: batch}
	for len(c.b) > 0 {
		op, id := c.u8(), c.u32()
		if c.bad || !g.applyOne(&c, op, id) {
			return false
		}
	}
	return true
}

func (g *Graph) applyOne(c *cursor, op byte, id uint32) bool {
	i := int(id)
	src := i < g.nsrc
	out := i >= g.nsrc && i < len(g.arts)
	act := i < len(g.acts)
	switch op {
	case opSource:
		st, flags := c.stat()
		f := SourceFact{Stat: st, Digest: digest.Digest{Hash: c.hash(), Size: st.Size}, Racy: flags&factRacy != 0}
		if c.bad || !src {
			return false
		}
		g.applySource(ArtifactID(id), f)
	case opForget:
		if !src {
			return false
		}
		g.applyForget(ArtifactID(id))
	case opAction:
		s, ok := c.action()
		if !ok || !act {
			return false
		}
		g.applyAction(ActionID(id), s)
	case opInvalidate:
		if !act {
			return false
		}
		g.flags[i] &^= stateDone
	case opPlace:
		st, flags := c.stat()
		tree := c.bytes()
		if len(tree) == 0 {
			tree = nil
		} else {
			tree = aligned(tree)
		}
		if _, ok := parseListing(tree); c.bad || !out || tree != nil && !ok {
			return false
		}
		g.applyPlaced(ArtifactID(id), st.rec(flags&(factKnown|factRacy)), tree)
	case opClear:
		if !out {
			return false
		}
		g.applyPlaced(ArtifactID(id), statRec{}, nil)
	case opTool:
		b := aligned(c.bytes())
		if _, ok := parseListing(b); c.bad || i >= len(g.tools) || !ok {
			return false
		}
		g.applyTool(ToolID(id), b)
	case opRead:
		st, flags := c.stat()
		if c.bad || i >= len(g.reads) {
			return false
		}
		g.applyRead(ReadID(id), st, flags&factRacy != 0)
	default:
		return false
	}
	return true
}

func (c *cursor) action() (ActionState, bool) {
	s := ActionState{Key: c.hash(), Mark: c.u64(), Run: c.u64(), Duration: time.Duration(c.u64()), Exit: int(int32(c.u32())), Done: c.u8() == 1}
	n := int(c.u32())
	if c.bad || n > len(c.b)/40 {
		return s, false
	}
	for range n {
		r := resultRec{Hash: c.hash(), Size: c.u64()}
		s.Outputs = append(s.Outputs, OutputFact{
			Digest: digest.Digest{Hash: r.Hash, Size: int64(r.Size & resultSize)},
			Exec:   r.Size&resultExec != 0, Tree: r.Size&resultTree != 0,
		})
	}
	s.Stdout, s.Stderr, s.Info = parseNote(c.bytes())
	return s, !c.bad
}
