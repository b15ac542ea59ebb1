package build

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// Keeping is one place of the source tree that holds what a target makes, and how it differs from that.
type Keeping struct {
	Label string
	To    string // path of the workspace
	// Made says that what belongs there has been built; otherwise nothing is known of it.
	Made  bool
	Files []KeptFile // what differs, sorted by path
	// Refused says why nothing can be written there, "" where it can.
	Refused string
	// Written says that the files are no longer different.
	Written bool

	want  []wantedFile
	kept  rule.Kept
	write map[string]string // digests, by path, of what cairn wrote there last; nil where that is not known
}

// KeptFile is a file of a Keeping that is not as it should be.
type KeptFile struct {
	Path string // of the workspace
	How  Drift
	// Edited says that somebody has changed it since cairn wrote it, as far as that is known.
	Edited bool
}

// Drift says how a file differs from what belongs there.
type Drift string

// The ways there are. A stale file is one of ours that is no longer made; it is removed. A foreign one lies in a folder of ours and is not
// known to be: it stays, and makes nothing out of date.
const (
	Missing Drift = "missing"
	Changed Drift = "changed"
	Stale   Drift = "stale"
	Foreign Drift = "foreign"
)

// keeps gives what targets of a selection keep by one of the words, in order, with the actions that make it and what is checked.
func (e *Engine) keeps(g *state.Graph, targets []state.TargetID, on string, checked bool) (ks []*Keeping, makers []state.ActionID, err error) {
	maker := func(a rule.Artifact) error {
		id, ok := g.FindArtifact(a.Path)
		if !ok {
			return &EnvError{Err: fmt.Errorf("internal error: nothing makes %s, which is kept in the source tree", a.Path)}
		}
		if p, ok := g.Producer(id); ok {
			makers = append(makers, p)
		}
		return nil
	}
	for _, t := range g.Keepers() {
		if _, in := slices.BinarySearch(targets, t); !in {
			continue
		}
		kept, also, ok := action.DecodeKept(g.Kept(t))
		if !ok {
			return nil, nil, &EnvError{Err: fmt.Errorf("internal error: damaged places of %s", g.LabelText(t))}
		}
		for _, k := range kept {
			if k.On != on || k.To == "" {
				continue
			}
			if err := maker(k.From); err != nil {
				return nil, nil, err
			}
			ks = append(ks, &Keeping{Label: strings.Clone(g.LabelText(t)), To: k.To, kept: k})
		}
		for _, a := range also {
			if !checked {
				break
			}
			if err := maker(a); err != nil {
				return nil, nil, err
			}
		}
	}
	slices.SortStableFunc(ks, func(a, b *Keeping) int { return cmp.Or(strings.Compare(a.To, b.To), strings.Compare(a.Label, b.Label)) })
	slices.Sort(makers)
	return ks, slices.Compact(makers), nil
}

// selectKept makes of a selection the part of it that is checked, or the whole with what is kept besides.
func (e *Engine) selectKept(g *state.Graph, sel *selection, r Request) (*selection, error) {
	targets := targetsOf(g, sel)
	on := r.Kept
	if r.Check {
		on = rule.OnWrite
	}
	_, makers, err := e.keeps(g, targets, on, r.Check || on == rule.OnWrite)
	if err != nil {
		return nil, err
	}
	if !r.Check && on == rule.OnWrite {
		all := e.selected(g, targets, false)
		all.wanted = g.NeedAlso(targets, false, makers)
		return all, nil
	}
	return &selection{targets: []state.TargetID{}, count: len(targets), wanted: g.NeedActions(makers), place: map[state.ArtifactID]bool{}}, nil
}

// Keepings compares what lies in the source tree with what the last Build made of the same request, which has Check or Kept set.
// It is sorted by place.
func (e *Engine) Keepings(ctx context.Context, r Request) ([]*Keeping, error) {
	return e.keepings(ctx, r, false)
}

// Write makes what lies in the source tree what the last Build made of the same request, and says what it did. Each file is replaced as a
// whole, so that whoever reads meanwhile sees the old one or the new one. What could not be made is left as it is. A file that
// somebody has edited is named in a notice before it is overwritten.
func (e *Engine) Write(ctx context.Context, r Request) ([]*Keeping, error) {
	return e.keepings(ctx, r, true)
}

func (e *Engine) keepings(ctx context.Context, r Request, write bool) ([]*Keeping, error) {
	g := e.built
	if g == nil {
		return nil, &EnvError{Err: fmt.Errorf("internal error: nothing was built")}
	}
	sel, err := e.selectTargets(g, r.Patterns, false)
	if err == nil && r.Among != nil {
		sel = e.among(g, sel, r.Among)
	}
	if err != nil {
		return nil, err
	}
	on := cmp.Or(r.Kept, rule.OnWrite)
	ks, _, err := e.keeps(g, targetsOf(g, sel), on, false)
	if err != nil {
		return nil, err
	}
	for _, k := range ks {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := e.keep(ctx, g, k, write); err != nil {
			return ks, err
		}
	}
	return ks, nil
}

// keep compares one place, and writes it.
func (e *Engine) keep(ctx context.Context, g *state.Graph, k *Keeping, write bool) error {
	id, ok := g.FindArtifact(k.kept.From.Path)
	if !ok {
		return nil
	}
	maker, _ := g.Producer(id)
	fact, known := g.OutputFact(id)
	if !known || !g.Done(maker) {
		return nil
	}
	c, err := e.store()
	if err != nil {
		return err
	}
	if k.want, err = wantedFiles(c, fact); err != nil {
		return &EnvError{Err: fmt.Errorf("%s of %s cannot be kept in the source tree: %w", k.kept.From.Path, k.Label, err)}
	}
	k.Made = true
	p := &keptPlace{e: e, k: k, store: c}
	if write {
		unlock, err := p.lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
	}
	if err := p.compare(); err != nil {
		return &EnvError{Err: err}
	}
	if write && k.UpToDate() && k.write == nil {
		_ = p.noteWritten() // only so that later edits are known as such
	}
	if !write || k.Refused != "" || !k.Differs() {
		return nil
	}
	for _, f := range k.Files {
		if f.Edited {
			e.notice("%s was edited since cairn wrote it; it is %s", f.Path, map[Drift]string{Changed: "overwritten", Stale: "removed"}[f.How])
		}
	}
	if err := p.write(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &EnvError{Err: fmt.Errorf("%s cannot be written: %w", k.To, err)}
	}
	k.Written = true
	return nil
}

// Differs says whether some file is not as it should be, foreign ones aside.
func (k *Keeping) Differs() bool {
	return slices.ContainsFunc(k.Files, func(f KeptFile) bool { return f.How != Foreign })
}

// UpToDate says whether all that is made lies there, and nothing that was and no longer is.
func (k *Keeping) UpToDate() bool { return k.Made && !k.Differs() && k.Refused == "" }
