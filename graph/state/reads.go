package state

import "github.com/cairn-build/cairn/cache/digest"

// ReadKind is what kind of thing the evaluation has read.
type ReadKind uint8

const (
	// ReadFile is a file: BUILD.hcl, what file() named, the lock file, Git's HEAD. Its facts are StatSource's.
	ReadFile ReadKind = iota + 1
	// ReadDir is a folder's list of entries, as a glob or the search for packages sees it. Its facts are StatSource's;
	// they change on every atomic save in the folder, so Digest is over the names that counted and the caller compares it
	// (by Query) before it evaluates anew.
	ReadDir
	// ReadEnv is a variable of the environment: Path is its name, Digest that of its value.
	ReadEnv
	// ReadAsk is anything else; ScanOptions.Ask says whether it still holds. `git describe` is one.
	ReadAsk
)

// group keeps what is looked at in the file system apart from what is not.
func (k ReadKind) group() int {
	if k == ReadFile || k == ReadDir {
		return 0
	}
	return 1
}

// ByRules is the Query of a file that rules alone have read: who depends on it is known by target (see Graph.Looks).
const ByRules = "rules"

// ReadRow is one thing that the evaluation has read, and what it found. A file or folder that was not there has the zero
// Stat, an absent variable the zero Digest: that it appears is a change too.
type ReadRow struct {
	Kind   ReadKind
	Path   string // relative to the workspace, or absolute; or a name
	Query  []byte // opaque; what was asked
	Stat   Stat
	Digest digest.Digest
	Racy   bool // Stat.RacyAt the moment before it was read
}

// Read gives one of the evaluation's reads with its current facts.
func (g *Graph) Read(id ReadID) ReadRow {
	r := &g.reads[id]
	g.mu.RLock()
	defer g.mu.RUnlock()
	st := &g.readStats[id]
	return ReadRow{
		Kind: ReadKind(r.Kind), Path: text(pathOf(g.paths, g.readPaths[id])),
		Query:  g.sec[secData][r.QueryOff : r.QueryOff+r.QueryLen],
		Digest: r.Digest, Stat: st.stat(), Racy: st.Flags&factRacy != 0,
	}
}

// SetRead notes new facts of a read whose digest is what it was: a touched BUILD.hcl, a folder in which a file was saved.
func (g *Graph) SetRead(id ReadID, st Stat, racy bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log(func(o *ops) { o.read(id, st, racy) })
	g.applyRead(id, st, racy)
}

func (g *Graph) applyRead(id ReadID, st Stat, racy bool) {
	g.readStats[id] = st.rec(known(racy))
}
