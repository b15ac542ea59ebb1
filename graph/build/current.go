package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/disk"
	"github.com/cairn-build/cairn/graph/load"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// purpose is what a graph is wanted for.
type purpose int

const (
	look purpose = iota // every file stays as it is
	save                // the snapshot may be written, and what only hashing can tell be read
	act                 // and commands will run where something has changed
)

// current gives the graph as the workspace is now: sources that changed have new facts, and what stands on them is no
// longer done.
func (e *Engine) current(ctx context.Context, why purpose) (*state.Graph, error) {
	if err := (&outFolder{root: e.o.Root}).check(); err != nil && why != look {
		return nil, &EnvError{Err: err}
	}
	e.toolsSeen(nil)
	settings := e.settings()
	path := state.PathIn(e.o.Root, settings)
	g, err := state.Open(path, settings)
	if err != nil {
		if isDamaged(err) {
			e.notice("%v", err)
		}
		if g, err = e.renew(ctx, nil, path, why != look); err != nil {
			return nil, err
		}
	}
	for try := 0; ; try++ {
		o := state.ScanOptions{Root: e.o.Root, Getenv: e.o.Getenv, Ask: e.ask, Jobs: e.o.Jobs}
		if why == act {
			o.Edited = e.warm
		}
		ch, err := g.Scan(ctx, o)
		if err != nil {
			return nil, err
		}
		if len(ch.Tools) == 0 {
			e.toolsSeen(g)
		}
		if ch.None() {
			return g, nil
		}
		// Files that are edited all the time are not worth a third evaluation: the next run sees them.
		if try < maxTries && (!e.readsHold(g, ch) || missingSource(ch) && !e.fresh) {
			// A source that is gone is loading's to report, with the place that names it.
			e.spent = append(e.spent, g)
			if g, err = e.renew(ctx, g, path, why != look); err != nil {
				return nil, err
			}
			continue
		}
		return g, e.applyChanges(ctx, g, ch)
	}
}

func missingSource(ch *state.Changes) bool {
	return slices.ContainsFunc(ch.Sources, func(c state.SourceChange) bool { return c.Stat.Missing() })
}

// renew evaluates the workspace and saves the graph.
func (e *Engine) renew(ctx context.Context, old *state.Graph, path string, save bool) (*state.Graph, error) {
	if old == nil {
		old = e.lastSnapshot(path)
	}
	e.forgetTools() // cairn.local.hcl may say something else of them
	g, ds, err := e.evaluate(ctx, old)
	if err != nil {
		return nil, err
	}
	for _, d := range ds {
		e.notice("%v", d)
	}
	if !save {
		return g, nil
	}
	if old != nil {
		e.removeStale(old, g)
	}
	if err := os.Mkdir(filepath.Join(e.o.Root, rule.OutDir), 0o777); err == nil {
		disk.Spread(filepath.Join(e.o.Root, rule.OutDir))
	}
	if err := g.Save(path); err != nil {
		return nil, &EnvError{Err: err}
	}
	if err := state.Trim(path, e.o.Now()); err != nil {
		e.notice("%v", err)
	}
	return g, nil
}

// lastSnapshot opens the newest snapshot of other settings, so that a new build of cairn or another value of a variable
// does not forget what the files are.
func (e *Engine) lastSnapshot(path string) *state.Graph {
	for _, p := range e.snapshots() {
		if p == path {
			continue
		}
		settings, err := settingsOf(p)
		if err != nil {
			continue
		}
		if g, err := state.Open(p, settings); err == nil {
			return g
		}
	}
	return nil
}

// settingsOf reads from a snapshot's head what it was made for (see graph/state/format.go).
func settingsOf(path string) (digest.Hash, error) {
	f, err := os.Open(path)
	if err != nil {
		return digest.Hash{}, err
	}
	defer f.Close()
	var h digest.Hash
	_, err = f.ReadAt(h[:], 32)
	return h, err
}

// snapshots gives the paths of all snapshots, the newest first.
func (e *Engine) snapshots() []string {
	paths, err := filepath.Glob(filepath.Join(e.stateDir(), "*.graph"))
	if err != nil {
		return nil // the pattern is well formed
	}
	age := map[string]int64{}
	for _, p := range paths {
		if fi, err := os.Stat(p); err == nil {
			age[p] = fi.ModTime().UnixNano()
		}
	}
	slices.SortFunc(paths, func(a, b string) int { return int(min(max(age[b]-age[a], -1), 1)) })
	return paths
}

// ask says whether something that only a program can tell is as it was: git describe.
func (e *Engine) ask(r state.ReadRow) bool {
	if e.o.GitDescribe == nil {
		return false
	}
	v, err := e.o.GitDescribe(filepath.Join(e.o.Root, filepath.FromSlash(r.Path)))
	return err == nil && digest.Of([]byte(v)).Hash == r.Digest.Hash
}

// readsHold looks closer at reads whose facts are new: a touched file with the same bytes, a folder with the same names are
// what they were.
func (e *Engine) readsHold(g *state.Graph, ch *state.Changes) bool {
	for _, c := range ch.Reads {
		r := g.Read(c.ID)
		switch r.Kind {
		case state.ReadFile:
			f, err := state.HashFile(filepath.Join(e.o.Root, filepath.FromSlash(r.Path)), e.now)
			if err != nil || f.Digest.Hash != r.Digest.Hash || r.Stat.Missing() {
				e.news.read(r.Path)
				return false
			}
			g.SetRead(c.ID, f.Stat, f.Racy)
		case state.ReadDir:
			now := e.now()
			st, err := state.StatSource(filepath.Join(e.o.Root, filepath.FromSlash(r.Path)))
			if err != nil {
				e.news.folder(r.Path)
				return false
			}
			d, err := load.HashDir(e.o.Root, r.Path)
			if err != nil || d != r.Digest.Hash {
				e.news.folder(r.Path)
				return false
			}
			g.SetRead(c.ID, st, st.RacyAt(now))
		default:
			e.news.read(r.Path)
			return false
		}
	}
	return true
}

// applyChanges gives facts to what the scan found new. Actions that stand on what really changed are no longer done.
func (e *Engine) applyChanges(ctx context.Context, g *state.Graph, ch *state.Changes) error {
	for i, c := range ch.Sources {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		was, known := g.SourceFact(c.ID)
		if !known {
			continue // hashed when an action asks for it
		}
		if c.Stat.Missing() {
			g.ForgetSource(c.ID)
			e.news.artifact(g.Path(c.ID))
			continue
		}
		f, err := e.hashSource(g, c.ID)
		if err != nil {
			g.ForgetSource(c.ID) // the action that reads it says what is wrong
		}
		if err != nil || f.Digest != was.Digest || f.Stat.Executable() != was.Stat.Executable() {
			e.news.artifact(g.Path(c.ID))
		}
	}
	for _, c := range ch.Outputs {
		if c.Suspect && e.stillPlaced(g, c.ID) {
			continue
		}
		g.ClearPlaced(c.ID)
		e.news.artifact(g.Path(c.ID))
	}
	if len(ch.Tools) > 0 {
		e.forgetTools()
		if err := e.endRunners(); err != nil {
			return &EnvError{Err: err}
		}
	}
	for _, id := range ch.Tools {
		e.news.tool(g.ToolName(id))
		if _, err := e.tool(ctx, g, id); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			g.SetTool(id, state.ToolFact{}) // what names it says what is wrong
		}
	}
	return nil
}

// stillPlaced compares the bytes of an output whose facts cannot tell.
func (e *Engine) stillPlaced(g *state.Graph, art state.ArtifactID) bool {
	f, ok := g.OutputFact(art)
	p, placed := g.Placed(art)
	if !ok || !placed {
		return false
	}
	at := filepath.Join(e.o.Root, filepath.FromSlash(g.Path(art)))
	if f.Tree {
		if !e.treeIs(at, f.Digest) {
			return false
		}
		p.Racy = false
		g.SetPlaced(art, p)
		return true
	}
	now := e.now()
	file, err := state.HashFile(at, e.now)
	if err != nil || file.Digest != f.Digest || file.Stat.Executable() != f.Exec {
		return false
	}
	st, err := state.StatPlaced(at)
	if err != nil {
		return false
	}
	g.SetPlaced(art, state.Placed{Stat: st, Racy: st.PlacedRacyAt(now)})
	return true
}

// errNotBuilt says that a key cannot be computed because an input has not been made yet.
var errNotBuilt = errors.New("not built yet")

// target finds one configured target by its label.
func (e *Engine) target(g *state.Graph, text, pkg string) (state.TargetID, error) {
	ps, err := ParsePatterns([]string{text}, pkg)
	if err != nil {
		return 0, err
	}
	sel, err := e.selectTargets(g, ps, false)
	if err != nil {
		return 0, err
	}
	if len(sel.targets) != 1 {
		return 0, fmt.Errorf("%s stands for %d targets; name one", text, sel.count)
	}
	return sel.targets[0], nil
}
