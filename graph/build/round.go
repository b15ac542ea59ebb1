package build

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
	"github.com/cairn-build/cairn/graph/toolset"
)

// Round is one turn of a process that builds again and again: the workspace as Look found it, and what to do there. Its
// strings live until the second Look after it.
type Round struct {
	// Changed names, for people, what the request stands on and is not as it was at the last look: files relative to the
	// workspace, folders with a slash at the end, programs. Sorted.
	Changed []string
	// Pending is how many actions are not done. With early cutoff more or fewer may run.
	Pending int

	e     *Engine
	g     *state.Graph
	r     Request
	sel   *selection
	start time.Time
}

// Look begins a round: it brings the graph up to date, by the same scan that each build starts with, and says what is
// new. The engine keeps what it has opened (cache, workers, what tools are) for the next round. Errors are Build's.
func (e *Engine) Look(ctx context.Context, r Request) (*Round, error) {
	start := e.o.Now()
	e.fresh, e.reads = false, nil
	midway := e.news.take().midway
	if err := e.freshStore(); err != nil {
		return nil, &EnvError{Err: err}
	}
	if n := len(e.past); n > 1 {
		e.spent, e.past = append(e.spent, e.past[:n-1]...), e.past[n-1:]
	}
	for _, g := range e.spent {
		if err := g.Close(); err != nil {
			return nil, &EnvError{Err: err}
		}
	}
	e.spent = nil
	g, err := e.current(ctx, act)
	if err != nil {
		return nil, err
	}
	if e.knowsMore(g) {
		e.forgetTools()
		if err := e.endRunners(); err != nil {
			return nil, &EnvError{Err: err}
		}
	}
	e.past = append(e.past, g)
	g, sel, err := e.pinned(ctx, g, r)
	if err != nil {
		return nil, err
	}
	if e.past[len(e.past)-1] != g {
		e.past = append(e.past, g)
	}
	dirty, _, err := e.dirty(g, r, sel)
	if err != nil {
		return nil, err
	}
	rd := &Round{e: e, g: g, r: r, sel: sel, start: start, Pending: len(dirty)}
	n := e.news.take()
	n.artifacts = append(n.artifacts, midway...)
	rd.Changed = rd.wanted(n)
	return rd, nil
}

// knowsMore says whether the engine has looked at a program of which the graph knows nothing, as a damaged journal leaves it: then
// no scan has seen whether that is still the same.
func (e *Engine) knowsMore(g *state.Graph) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range g.NumTools() {
		if _, ok := e.resolved[g.ToolName(state.ToolID(i))]; ok && !g.KnowsTool(state.ToolID(i)) {
			return true
		}
	}
	return false
}

// freshStore lets the cache be opened anew where somebody has removed it since the last round.
func (e *Engine) freshStore() error {
	e.mu.Lock()
	c := e.cache
	if c == nil || !c.Gone() {
		e.mu.Unlock()
		return nil
	}
	e.cache, e.cacheErr = nil, nil
	e.mu.Unlock()
	e.forgetTools()
	return c.Close()
}

// wanted gives what of the news concerns the request.
func (rd *Round) wanted(n news) []string {
	var out []string
	for _, p := range n.artifacts {
		if a, ok := rd.g.FindArtifact(p); !ok || rd.sel.wanted.Artifacts.Has(int(a)) {
			out = append(out, strings.Clone(p))
		}
	}
	for _, p := range n.reads {
		out = append(out, strings.Clone(p))
	}
	for _, p := range n.folders {
		if p == "" {
			p = "."
		}
		out = append(out, p+"/")
	}
	for _, t := range n.tools {
		name, _, _ := decodeTool(t)
		out = append(out, strings.Clone(toolText(name)))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Build does what the round's request asks, as Engine.Build does, without another look. Call it once, at once.
func (rd *Round) Build(ctx context.Context) (*Summary, error) {
	sum, err := rd.e.buildIn(ctx, rd.g, rd.r, rd.sel, rd.start)
	rd.e.o.Force = false // that was for the first round
	return sum, err
}

// Graph is the graph that the round works in.
func (rd *Round) Graph() *state.Graph { return rd.g }

// Wanted is the part of it that the request is about.
func (rd *Round) Wanted() state.Wanted { return rd.sel.wanted }

// Reads gives what the last evaluation read. After a Look that failed, a change there may mend it.
func (e *Engine) Reads() []state.ReadRow {
	rows := e.reads
	if n := len(e.past); rows == nil && n > 0 {
		for i := range e.past[n-1].NumReads() {
			rows = append(rows, e.past[n-1].Read(state.ReadID(i)))
		}
	}
	return rows
}

// Voids says whether files that were just written make work that is going on worthless, and which of them does: a source
// that a running action (by its event's ID) or something that it depends on has read, or a file that decided how the
// workspace was evaluated. Only content counts. It may be called while Build runs.
func (rd *Round) Voids(paths []string, running []int) (string, bool) {
	if len(running) == 0 {
		return "", false
	}
	for _, p := range paths {
		if a, ok := rd.g.FindArtifact(p); ok && rd.g.IsSource(a) && rd.sel.wanted.Artifacts.Has(int(a)) {
			if rd.sourceIsNew(a) && rd.reaches(a, running) {
				return p, true
			}
		}
		if rd.readIsNew(p) {
			return p, true
		}
	}
	return "", false
}

func (rd *Round) sourceIsNew(a state.ArtifactID) bool {
	was, known := rd.g.SourceFact(a)
	if !known {
		return false // whoever reads it reads what is there now
	}
	now, err := state.HashFile(rd.abs(rd.g.Path(a)), rd.e.now)
	return err != nil || now.Digest != was.Digest || now.Stat.Executable() != was.Stat.Executable()
}

// reaches says whether one of the actions depends on a.
func (rd *Round) reaches(a state.ArtifactID, running []int) bool {
	return slices.ContainsFunc(rd.g.Closure(rd.g.Consumers(a), rd.sel.wanted), func(x state.ActionID) bool { return slices.Contains(running, int(x)) })
}

func (rd *Round) readIsNew(p string) bool {
	for i := range rd.g.NumReads() {
		r := rd.g.Read(state.ReadID(i))
		if r.Kind != state.ReadFile || r.Path != p {
			continue
		}
		now, err := state.HashFile(rd.abs(p), rd.e.now)
		return err != nil && !r.Stat.Missing() || err == nil && now.Digest.Hash != r.Digest.Hash
	}
	return false
}

func (rd *Round) abs(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(rd.e.o.Root, filepath.FromSlash(path))
}

// Program gives what `run` starts for a target of the graph that has been built, a digest of all that it stands on, and
// the sources that are part of that. While the digest stays the same there is no reason to start the program anew.
func (rd *Round) Program(ctx context.Context, target string) (l *Launch, stamp digest.Hash, sources []string, err error) {
	t, err := rd.e.target(rd.g, target, "")
	if err != nil {
		return nil, stamp, nil, err
	}
	p, err := programOf(rd.g, t)
	if err != nil {
		return nil, stamp, nil, err
	}
	if l, err = rd.e.launch(ctx, rd.g, t, p); err != nil {
		return nil, stamp, nil, err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q\n", l.Argv, l.Env)
	for _, name := range p.Tools {
		tool, err := rd.e.resolveTool(ctx, rd.g, name)
		if err != nil {
			return nil, stamp, nil, &EnvError{Err: err}
		}
		fmt.Fprintf(h, "tool %q %x\n", tool.Name, tool.Identity)
	}
	arts := slices.Clone(p.Data)
	for _, a := range rd.g.Default(t) {
		arts = append(arts, rd.g.Artifact(a))
	}
	for _, a := range arts {
		if a.Kind == rule.Source {
			sources = append(sources, strings.Clone(a.Path))
			f, _ := state.HashFile(rd.abs(a.Path), rd.e.now) // one that is missing is the program's to miss
			fmt.Fprintf(h, "%q %x %v\n", a.Path, f.Digest.Hash, f.Stat.Executable())
			continue
		}
		if id, ok := rd.g.FindArtifact(a.Path); ok {
			f, _ := rd.g.OutputFact(id)
			fmt.Fprintf(h, "%q %x %v\n", a.Path, f.Digest.Hash, f.Exec)
		}
	}
	return l, digest.Hash(h.Sum(nil)), sources, nil
}

// forgetTools makes programs of the host be looked at again.
func (e *Engine) forgetTools() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tools, e.seen, e.resolved = nil, nil, map[string]toolset.Tool{}
}
