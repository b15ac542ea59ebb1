package state

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cairn-build/cairn/cache/digest"
	"golang.org/x/sys/unix"
)

// ScanOptions says how Scan looks.
type ScanOptions struct {
	Root   string // absolute path of the workspace
	Wanted Wanted // whose sources and outputs count; the zero Wanted is all. Reads and tools always do
	// Getenv looks a variable up; needed where the evaluation has read one.
	Getenv func(string) (string, bool)
	// Ask says whether a ReadAsk still gives what it gave; nil means that none does.
	Ask func(ReadRow) bool
	// Jobs is how many goroutines look; 0 is the number of processors, four at most.
	Jobs int
	// Stater, where set, is asked in place of the file system, with absolute paths. It is called from several goroutines.
	Stater Stater
	// Edited, where set, is called once, by one of the goroutines, as soon as a known source is seen to be another or gone:
	// who will have to act can begin to.
	Edited func()
}

// Stater looks at files. A file that is not there is the zero Stat.
type Stater interface {
	Source(path string) Stat // as StatSource
	Placed(path string) Stat // as StatPlaced
}

// Changes is what a Scan found not to be as the facts say, each list in the order of ids. Nothing has been set.
type Changes struct {
	Sources []SourceChange // also those of which nothing was known
	Outputs []OutputChange // of those of which something was known
	Reads   []ReadChange
	Tools   []ToolID // of those of which something was known
	Looked  int      // how many files were looked at
}

// None says whether all facts hold.
func (c *Changes) None() bool {
	return len(c.Sources)+len(c.Outputs)+len(c.Reads)+len(c.Tools) == 0
}

// SourceChange is a source whose facts are new. It is Missing (the zero Stat), or must be hashed.
type SourceChange struct {
	ID   ArtifactID
	Stat Stat
	// Suspect: the facts are those that are known, but were taken too soon after a change. Hash and set them again.
	Suspect bool
}

// OutputChange is an output in cairn-out that is not as it was left, or may not be.
type OutputChange struct {
	ID      ArtifactID
	Missing bool // the file, or the tree's root, is gone
	Suspect bool // as in SourceChange
}

// ReadChange is a read of the evaluation that may find something else now: compare its digest, then SetRead, or evaluate
// anew. Stat is zero for a file that is gone and for what is no file.
type ReadChange struct {
	ID      ReadID
	Stat    Stat
	Suspect bool
}

// Scan looks at every source, output and tool of which the graph has facts, and at every read of the evaluation, and says
// which are not as the facts have it. It sets nothing, opens no file's content and starts no process. The one error is
// ctx's, or that of a Root that cannot be opened.
//
// Files are looked at by folder, with one open folder and a name each; the work is dealt out in stretches of ids. A folder
// that cannot be opened makes its files missing, by what the system says of each.
func (g *Graph) Scan(ctx context.Context, o ScanOptions) (*Changes, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	s := &scan{g: g, o: &o, ctx: ctx, outBits: o.Wanted.Artifacts}
	s.plan()
	jobs := o.Jobs
	if jobs <= 0 {
		jobs = min(runtime.GOMAXPROCS(0), 4)
	}
	jobs = max(1, min(jobs, len(s.work)))
	parts := make([]Changes, jobs)
	errs := make([]error, jobs)
	var wg sync.WaitGroup
	for i := range jobs {
		run := func() { parts[i], errs[i] = s.worker() }
		if i == jobs-1 {
			run() // this goroutine is one of them
		} else {
			wg.Go(run)
		}
	}
	wg.Wait()
	all := &Changes{}
	for i := range parts {
		if errs[i] != nil {
			return nil, errs[i]
		}
		p := &parts[i]
		all.Sources = append(all.Sources, p.Sources...)
		all.Outputs = append(all.Outputs, p.Outputs...)
		all.Reads = append(all.Reads, p.Reads...)
		all.Tools = append(all.Tools, p.Tools...)
		all.Looked += p.Looked
	}
	s.ask(all)
	slices.SortFunc(all.Sources, func(a, b SourceChange) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(all.Outputs, func(a, b OutputChange) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(all.Reads, func(a, b ReadChange) int { return cmp.Compare(a.ID, b.ID) })
	slices.Sort(all.Tools)
	return all, ctx.Err()
}

type scan struct {
	g       *Graph
	o       *ScanOptions
	ctx     context.Context
	outBits Bitset
	edited  sync.Once
	work    []stretch
	next    atomic.Int64
}

// stretch is a part of the work: ids of one kind, or one tree or tool.
type stretch struct {
	what     byte
	from, to int
	list     listing
}

const (
	doSources = iota
	doOutputs
	doReads
	doTree
	doTool
)

// stretchLen is short enough that goroutines end together (it takes half a millisecond), long enough that few folders are
// opened twice.
const stretchLen = 256

func (s *scan) plan() {
	g := s.g
	for id, b := range g.trees.all() {
		if l, ok := parseListing(b); ok && s.outBits.Has(g.nsrc+int(id)) && g.placed[id].Flags&factKnown != 0 {
			s.work = append(s.work, stretch{what: doTree, from: int(id), list: l})
		}
	}
	deal := func(what byte, n int) {
		for from := 0; from < n; from += stretchLen {
			s.work = append(s.work, stretch{what: what, from: from, to: min(from+stretchLen, n)})
		}
	}
	deal(doSources, g.nsrc)
	deal(doOutputs, len(g.placed))
	// Reads of the file system come first; see ReadKind.group.
	files, _ := slices.BinarySearchFunc(g.reads, 1, func(r readRec, group int) int { return ReadKind(r.Kind).group() - group })
	deal(doReads, files)
	for id, b := range g.toolFacts.all() {
		if l, ok := parseListing(b); ok {
			s.work = append(s.work, stretch{what: doTool, from: int(id), list: l})
		}
	}
}

func (s *scan) worker() (c Changes, err error) {
	w, err := newWalker(s.o.Root, s.o.Stater)
	if err != nil {
		return c, err
	}
	defer w.close()
	for {
		i := int(s.next.Add(1)) - 1
		if i >= len(s.work) || s.ctx.Err() != nil {
			return c, s.ctx.Err()
		}
		switch t := &s.work[i]; t.what {
		case doSources:
			s.sources(w, t, &c)
		case doOutputs:
			s.outputs(w, t, &c)
		case doReads:
			s.reads(w, t, &c)
		case doTree:
			s.tree(w, t, &c)
		case doTool:
			s.tool(w, t, &c)
		}
	}
}

func (s *scan) sources(w *walker, t *stretch, c *Changes) {
	g := s.g
	recs := g.arts[:t.to]
	w.begin(g.paths, recs)
	for i := t.from; i < t.to; i++ {
		if !s.outBits.Has(i) {
			continue
		}
		w.look(i, true)
		c.Looked++
		if r := &g.sources[i]; r.Flags&factKnown == 0 || !r.same(&w.st) {
			c.Sources = append(c.Sources, SourceChange{ID: ArtifactID(i), Stat: w.st})
			if s.o.Edited != nil && r.Flags&factKnown != 0 {
				s.edited.Do(s.o.Edited)
			}
		} else if r.Flags&factRacy != 0 {
			c.Sources = append(c.Sources, SourceChange{ID: ArtifactID(i), Stat: w.st, Suspect: true})
		}
	}
}

func (s *scan) outputs(w *walker, t *stretch, c *Changes) {
	g := s.g
	w.begin(g.paths, g.arts[:g.nsrc+t.to])
	for i := t.from; i < t.to; i++ {
		r := &g.placed[i]
		if r.Flags&factKnown == 0 || !s.outBits.Has(g.nsrc+i) {
			continue
		}
		w.look(g.nsrc+i, false)
		c.Looked++
		if !r.samePlaced(&w.st) {
			c.Outputs = append(c.Outputs, OutputChange{ID: ArtifactID(g.nsrc + i), Missing: w.st.Missing()})
		} else if r.Flags&factRacy != 0 {
			c.Outputs = append(c.Outputs, OutputChange{ID: ArtifactID(g.nsrc + i), Suspect: true})
		}
	}
}

func (s *scan) reads(w *walker, t *stretch, c *Changes) {
	g := s.g
	w.begin(g.paths, g.readPaths[:t.to])
	for i := t.from; i < t.to; i++ {
		w.look(i, true)
		c.Looked++
		if r := &g.readStats[i]; !r.same(&w.st) {
			c.Reads = append(c.Reads, ReadChange{ID: ReadID(i), Stat: w.st})
		} else if r.Flags&factRacy != 0 {
			c.Reads = append(c.Reads, ReadChange{ID: ReadID(i), Stat: w.st, Suspect: true})
		}
	}
}

// tree looks at what is in a tree; its root is looked at as an output, and dedupe drops the second mention.
func (s *scan) tree(w *walker, t *stretch, c *Changes) {
	g, l := s.g, &t.list
	id := g.nsrc + t.from
	if !w.enter(pathOf(g.paths, g.arts[id])) {
		return // the root is gone, or no folder: it says so itself
	}
	defer w.leave()
	w.begin(l.paths, l.recs)
	for i := range l.recs {
		w.look(i, false)
		c.Looked++
		if !l.stats[i].samePlaced(&w.st) {
			c.Outputs = append(c.Outputs, OutputChange{ID: ArtifactID(id)})
			return
		}
	}
}

func (s *scan) tool(w *walker, t *stretch, c *Changes) {
	l := &t.list
	w.begin(l.paths, l.recs)
	for i := range l.recs {
		w.look(i, true)
		c.Looked++
		if r := &l.stats[i]; !r.same(&w.st) || r.Flags&factRacy != 0 {
			c.Tools = append(c.Tools, ToolID(t.from))
			return
		}
	}
}

// ask goes through what is not in the file system, in the order of ids, and merges the two mentions of a tree.
func (s *scan) ask(c *Changes) {
	g := s.g
	for i := len(g.reads) - 1; i >= 0; i-- {
		r := &g.reads[i]
		kind := ReadKind(r.Kind)
		if kind.group() == 0 {
			break
		}
		row := ReadRow{
			Kind: kind, Path: text(pathOf(g.paths, g.readPaths[i])), Digest: r.Digest,
			Query: g.sec[secData][r.QueryOff : r.QueryOff+r.QueryLen],
		}
		same := false
		if kind == ReadEnv {
			var now digest.Digest
			if s.o.Getenv != nil {
				now = EnvDigest(s.o.Getenv(row.Path))
			}
			same = now.Hash == row.Digest.Hash // who read it kept no size
		} else if s.o.Ask != nil {
			same = s.o.Ask(row)
		}
		if !same {
			c.Reads = append(c.Reads, ReadChange{ID: ReadID(i)})
		}
	}
	slices.SortFunc(c.Outputs, func(a, b OutputChange) int {
		// A tree that has changed inside says more than one that is suspect; a missing one says most.
		return cmp.Or(cmp.Compare(a.ID, b.ID), weight(b)-weight(a))
	})
	c.Outputs = slices.CompactFunc(c.Outputs, func(a, b OutputChange) bool { return a.ID == b.ID })
}

func weight(c OutputChange) int {
	switch {
	case c.Missing:
		return 2
	case c.Suspect:
		return 0
	}
	return 1
}

// EnvDigest is the Digest of a ReadEnv: of the value, zero where the variable is not set.
func EnvDigest(value string, set bool) digest.Digest {
	if !set {
		return digest.Digest{}
	}
	return digest.Of([]byte(value))
}

// same compares facts of sources, reads and tools: everything counts.
func (r *statRec) same(s *Stat) bool {
	return r.Size == s.Size && r.Mtime == s.MtimeNS && r.Ctime == s.CtimeNS && r.Ino == s.Ino && r.Mode == s.Mode
}

// samePlaced compares facts of outputs: without ctime, and of a folder without its size, which file systems use as they like.
func (r *statRec) samePlaced(s *Stat) bool {
	return r.Mtime == s.MtimeNS && r.Ino == s.Ino && r.Mode == s.Mode && (r.Size == s.Size || s.Mode&unix.S_IFMT == unix.S_IFDIR)
}
