package build

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/disk"
	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// spot is where a path of the action's tree lies on this machine.
type spot struct{ path, at string }

// spots are looked through for the longest path that covers one.
type spots []spot

// at gives the place of p, or p itself where it means none of the spots.
func (s spots) at(p string) string {
	best := spot{}
	for _, x := range s {
		if rest, ok := strings.CutPrefix(p, x.path); ok && (rest == "" || rest[0] == '/') && len(x.path) > len(best.path) {
			best = x
		}
	}
	return best.at + strings.TrimPrefix(p, best.path)
}

// list is at for the elements of a list such as PATH.
func (s spots) list(v string) string {
	parts := strings.Split(v, ":")
	for i := range parts {
		parts[i] = s.at(parts[i])
	}
	return strings.Join(parts, ":")
}

// lying finds what a program uses where it lies: trees in the cache, and layers, which are made where they are not there yet.
// What the cache has lost is made again.
func (e *Engine) lying(ctx context.Context, g *state.Graph, t state.TargetID, p rule.Program, tool func(string) string, l *Launch) (spots, error) {
	if len(p.Trees) == 0 && len(p.Layers) == 0 {
		return nil, nil
	}
	c, err := e.store()
	if err != nil {
		return nil, err
	}
	lease, err := c.Lease()
	if err != nil {
		return nil, &EnvError{Err: err}
	}
	l.release = lease.Release
	var s spots
	for _, a := range p.Trees {
		dir, err := e.treeAt(ctx, g, t, a)
		if err != nil {
			l.Release()
			return nil, err
		}
		s = append(s, spot{a.Path, dir})
	}
	x := &action.Executor{LayerDir: layerDir(c), TempDir: filepath.Join(c.Dir(), "tmp")}
	for _, layer := range p.Layers {
		at := func(_, to string) string { // what is in no tree is the workspace's
			if p := s.at(to); p != to {
				return p
			}
			return filepath.Join(e.o.Root, filepath.FromSlash(to))
		}
		dir, err := x.MakeLayer(layer, action.Place{Tool: tool, At: at})
		if err != nil {
			l.Release()
			return nil, err
		}
		s = append(s, spot{layer.Path, dir})
	}
	return s, nil
}

// treeAt gives the folder of a tree of the graph.
func (e *Engine) treeAt(ctx context.Context, g *state.Graph, t state.TargetID, a rule.Artifact) (string, error) {
	c, err := e.store()
	if err != nil {
		return "", err
	}
	id, ok := g.FindArtifact(a.Path)
	if !ok {
		return "", &EnvError{Err: fmt.Errorf("internal error: %s is made by nothing; please report it", a.Path)}
	}
	for try := 0; ; try++ {
		f, ok := g.OutputFact(id)
		if ok {
			dir, made, err := c.PlaceTree(f.Digest)
			if p, ok := g.Producer(id); ok && made != nil {
				e.linked(g, p, made)
			}
			if err == nil || !errors.Is(err, cache.ErrMissing) {
				return dir, err
			}
		}
		if try > 0 {
			return "", &EnvError{Err: fmt.Errorf("the bytes of %s are gone, and making them again did not bring them back", a.Path)}
		}
		if err := e.remake(ctx, g, t, id); err != nil {
			return "", err
		}
	}
}

// linked tells that a tree was put where it is used.
func (e *Engine) linked(g *state.Graph, p state.ActionID, made *disk.TreeMade) {
	t := g.ActionTarget(p)
	ev := &LinkedEvent{Label: strings.Clone(g.LabelText(t)), Kind: strings.Clone(g.TargetKind(t)), Files: made.Links + made.Copies, Copies: made.Copies}
	if a, err := action.DecodeSpec(g.Spec(p)); err == nil {
		ev.Mnemonic = strings.Clone(a.Mnemonic)
	}
	e.emit(Event{Linked: ev})
}

// remake runs what makes an output of which the cache has lost something, and what that is made from where that is lost too.
func (e *Engine) remake(ctx context.Context, g *state.Graph, t state.TargetID, art state.ArtifactID) error {
	s, err := e.newSession(g, Request{}, g.Need([]state.TargetID{t}, false))
	if err != nil {
		return err
	}
	s.place = map[state.ArtifactID]bool{}
	var dirty []state.ActionID
	for queue := []state.ArtifactID{art}; len(queue) > 0; queue = queue[1:] {
		p, ok := g.Producer(queue[0])
		if !ok || s.redo[p] || !s.broken(p) {
			continue
		}
		s.redo[p] = true
		dirty = append(dirty, p)
		queue = append(queue, g.Inputs(p)...)
	}
	slices.Sort(dirty)
	if err := s.execute(ctx, dirty); err != nil {
		return err
	}
	if err := g.Commit(); err != nil {
		return err
	}
	if s.sum.Failed > 0 {
		return &EnvError{Err: fmt.Errorf("the cache has lost bytes of %s, and they could not be made again", g.Path(art))}
	}
	return nil
}

// broken says whether something of what an action made is not in the cache.
func (s *session) broken(a state.ActionID) bool {
	for _, o := range s.g.Outputs(a) {
		f, ok := s.g.OutputFact(o)
		switch {
		case !ok:
			return true
		case f.Tree:
			if !s.wholeTree(f.Digest) {
				return true
			}
		default:
			if missing, err := s.store.Missing([]digest.Digest{f.Digest}); err != nil || len(missing) > 0 {
				return true
			}
		}
	}
	return false
}
