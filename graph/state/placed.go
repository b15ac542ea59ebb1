package state

import (
	"bytes"

	"github.com/cairn-build/cairn/cache/digest"
)

// Placed is what lies in cairn-out for an output, as it was when it was put there (or found to be right).
type Placed struct {
	Stat Stat
	// Tree lists all that is in an output tree, folders and links included, relative to it. A folder's mtime shows what
	// was added and removed. Entries' facts are StatPlaced's.
	Tree []Entry
	Racy bool // Stat.PlacedRacyAt the moment before it was looked at, for any of the files
}

// Placed gives what is known to lie in cairn-out for an output.
func (g *Graph) Placed(a ArtifactID) (Placed, bool) {
	if g.IsSource(a) {
		return Placed{}, false
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	r := &g.placed[int(a)-g.nsrc]
	if r.Flags&factKnown == 0 {
		return Placed{}, false
	}
	p := Placed{Stat: r.stat(), Racy: r.Flags&factRacy != 0}
	if b := g.trees.get(uint32(int(a) - g.nsrc)); b != nil {
		if l, ok := parseListing(b); ok {
			p.Tree = l.entries()
		}
	}
	return p, true
}

// IsPlaced says whether anything is known to lie in cairn-out for an output.
func (g *Graph) IsPlaced(a ArtifactID) bool {
	if g.IsSource(a) {
		return false
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.placed[int(a)-g.nsrc].Flags&factKnown != 0
}

// SetPlaced notes what was put into cairn-out.
func (g *Graph) SetPlaced(a ArtifactID, p Placed) {
	p.Stat.CtimeNS = 0
	var tree []byte
	if p.Tree != nil {
		tree = newListing(digest.Hash{}, p.Tree)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log(func(o *ops) { o.place(a, p.Stat, p.Racy, tree) })
	g.applyPlaced(a, p.Stat.rec(known(p.Racy)), tree)
}

// ClearPlaced forgets what lies there: before it is replaced, or because it is gone.
func (g *Graph) ClearPlaced(a ArtifactID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log(func(o *ops) { o.clear(a) })
	g.applyPlaced(a, statRec{}, nil)
}

func (g *Graph) applyPlaced(a ArtifactID, r statRec, tree []byte) {
	g.placed[int(a)-g.nsrc] = r
	g.trees.set(uint32(int(a)-g.nsrc), tree)
}

// ToolFact is what a program of the host is, as long as the files have their facts.
type ToolFact struct {
	Identity digest.Hash
	Files    []Entry // absolute paths; StatSource's facts; a zero Stat says that the file must not appear
	Racy     bool
}

// Tool gives what is known of a host program.
func (g *Graph) Tool(t ToolID) (ToolFact, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	l, ok := parseListing(g.toolFacts.get(uint32(t)))
	if !ok {
		return ToolFact{}, false
	}
	f := ToolFact{Identity: l.identity, Files: l.entries()}
	f.Racy = len(l.stats) > 0 && l.stats[0].Flags&factRacy != 0
	return f, true
}

// ToolIdentity gives a host program's identity, false where it is not known or its files changed too soon before they were
// looked at for their facts to be trusted.
func (g *Graph) ToolIdentity(t ToolID) (digest.Hash, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	l, ok := parseListing(g.toolFacts.get(uint32(t)))
	if !ok || len(l.stats) > 0 && l.stats[0].Flags&factRacy != 0 {
		return digest.Hash{}, false
	}
	return l.identity, true
}

// KnowsTool says whether anything is known of a host program.
func (g *Graph) KnowsTool(t ToolID) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.toolFacts.get(uint32(t)) != nil
}

// SetTool notes what a host program is. If its identity is not what it was, the actions that name it are no longer done.
func (g *Graph) SetTool(t ToolID, f ToolFact) {
	b := newListing(f.Identity, f.Files)
	if l, _ := parseListing(b); f.Racy {
		for i := range l.stats {
			l.stats[i].Flags |= factRacy
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if bytes.Equal(g.toolFacts.get(uint32(t)), b) {
		return // said before; a set of programs is ten kilobytes
	}
	g.log(func(o *ops) { o.tool(t, b) })
	g.applyTool(t, b)
}

func (g *Graph) applyTool(t ToolID, b []byte) {
	old := g.toolFacts.get(uint32(t))
	g.toolFacts.set(uint32(t), b)
	if old != nil && digest.Hash(old[8:40]) == digest.Hash(b[8:40]) {
		return
	}
	for _, a := range g.toolUsers(t) {
		g.flags[a] &^= stateDone
	}
}

// ToolUsers are the actions that name a host program, in order.
func (g *Graph) ToolUsers(t ToolID) []ActionID { return g.toolUsers(t) }

func (g *Graph) toolUsers(t ToolID) []ActionID {
	g.usersOnce.Do(func() {
		g.users = make([][]ActionID, len(g.tools))
		for a := range g.acts {
			for _, t := range g.ActionTools(ActionID(a)) {
				g.users[t] = append(g.users[t], ActionID(a))
			}
		}
	})
	return g.users[t]
}
