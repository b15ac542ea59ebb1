package build

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// Explanation is why a target was last looked at: what its keys differ in, back to the causes.
type Explanation struct {
	Label   string
	Action  string // its title
	Case    string // of a test; see rule.Action
	Run     string // id of the run
	When    time.Time
	Status  string
	Why     string
	Changes []Change
	Causes  []*Explanation // of inputs that other actions made in the same run
}

// Change is one named component that differs, with both values where they are on record.
type Change struct {
	Name string
	Text string // in a line
	Old  string
	New  string
}

// Why explains the last run in which target did anything. A target that is also the path of a source or an output means the
// targets that read or make it.
func (e *Engine) Why(ctx context.Context, target, pkg string) ([]*Explanation, error) {
	g, err := e.current(ctx, look)
	if err != nil {
		return nil, err
	}
	labels, err := e.ownersOrSelf(g, target, pkg)
	if err != nil {
		return nil, err
	}
	ids, err := runIDs(e.runsDir())
	if err != nil {
		return nil, err
	}
	var out []*Explanation
	for _, l := range labels {
		x, err := e.whyLabel(ids, l)
		if err != nil {
			return nil, err
		}
		out = append(out, x...)
	}
	return out, nil
}

func (e *Engine) ownersOrSelf(g *state.Graph, target, pkg string) ([]string, error) {
	t, err := e.target(g, target, pkg)
	if err == nil {
		return []string{g.LabelText(t)}, nil
	}
	for _, p := range []string{target, strings.TrimPrefix(pkg+"/"+target, "/")} {
		if art, ok := g.FindArtifact(p); ok {
			return owners(g, art), nil
		}
	}
	return nil, err
}

// owners gives the labels of the targets that read a source, or of the one that makes an output.
func owners(g *state.Graph, art state.ArtifactID) []string {
	if p, ok := g.Producer(art); ok {
		return []string{g.LabelText(g.ActionTarget(p))}
	}
	var out []string
	for _, a := range g.Consumers(art) {
		out = append(out, g.LabelText(g.ActionTarget(a)))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (e *Engine) whyLabel(ids []string, l string) ([]*Explanation, error) {
	for _, id := range ids {
		run, err := e.Run(id)
		if err != nil {
			return nil, err
		}
		var out []*Explanation
		byOutput := map[string]*ActionRecord{}
		for i := range run.Records {
			for _, o := range run.Records[i].Outputs {
				byOutput[o] = &run.Records[i]
			}
		}
		for i := range run.Records {
			if r := &run.Records[i]; r.Label == l && r.Status != Skipped.String() {
				out = append(out, e.explain(run, r, byOutput, map[*ActionRecord]bool{}))
			}
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	return nil, fmt.Errorf("%s did nothing in the runs that are on record", l)
}

// explain compares the keys of one record, and follows changed inputs to what made them.
func (e *Engine) explain(run *RunLog, r *ActionRecord, byOutput map[string]*ActionRecord, seen map[*ActionRecord]bool) *Explanation {
	x := &Explanation{Label: r.Label, Action: rule.Title(r.Mnemonic, r.Subject), Case: r.Case, Run: run.ID, When: run.Time, Status: r.Status, Why: r.Why}
	old, ok1 := e.parts(r.Previous)
	now, ok2 := e.parts(r.Key)
	if !ok1 || !ok2 {
		return x
	}
	for _, c := range action.Diff(old, now) {
		ch := Change{Name: c.Name, Text: c.String()}
		if c.Old != nil {
			ch.Old = c.Old.Value
		}
		if c.New != nil {
			ch.New = c.New.Value
		}
		x.Changes = append(x.Changes, ch)
		in, ok := strings.CutPrefix(c.Name, "input ")
		cause := byOutput[in]
		if ok && cause != nil && !seen[cause] {
			seen[cause] = true
			x.Causes = append(x.Causes, e.explain(run, cause, byOutput, seen))
		}
	}
	return x
}

func (e *Engine) parts(key string) ([]action.Part, bool) {
	b, err := hex.DecodeString(key)
	c, cerr := e.store()
	if err != nil || cerr != nil || len(b) != len(digest.Hash{}) {
		return nil, false
	}
	x := &action.Executor{Store: c}
	return x.LoadParts(digest.Hash(b))
}

// KeyPart is one named component of a key.
type KeyPart struct{ Name, Digest, Value string }

// ActionKey is the key of one action of a target.
type ActionKey struct {
	Action string
	Key    string // hex; the digest of the canonical REAPI Action
	Narrow string // hex; where the action discovers its inputs
	Parts  []KeyPart
}

// Key gives the components of the keys of target's actions, as things are now. Nothing runs; an input that was never made is
// an error that names it.
func (e *Engine) Key(ctx context.Context, target, pkg string) ([]ActionKey, error) {
	g, err := e.current(ctx, look)
	if err != nil {
		return nil, err
	}
	tid, err := e.target(g, target, pkg)
	if err != nil {
		return nil, err
	}
	c, err := e.store()
	if err != nil {
		return nil, err
	}
	s := &session{e: e, g: g, x: &action.Executor{Store: c}}
	var out []ActionKey
	for _, a := range g.TargetActions(tid) {
		t := &turn{id: a, label: g.LabelText(tid)}
		if t.act, err = s.declared(a); err != nil {
			return nil, err
		}
		if t.act.Fetch != nil && t.act.Fetch.Word != "" {
			continue // it is in the keys of those who read it, and nobody need have asked what it is
		}
		if err := s.prepare(ctx, t); err != nil {
			var m *action.MissingInputError
			if asMissing(err, &m) {
				return nil, fmt.Errorf("the key of %s needs %s, which is %w; build it first", t.label, m.Path, errNotBuilt)
			}
			return nil, err
		}
		k := ActionKey{Action: rule.Title(t.act.Mnemonic, t.act.Subject), Key: t.job.Key.String()}
		if !t.job.Narrow.IsZero() {
			k.Narrow = t.job.Narrow.String()
		}
		for _, p := range action.Parts(t.act, t.job.Inputs, action.Identities(t.job.Tools)) {
			k.Parts = append(k.Parts, KeyPart{p.Name, p.Digest.String(), p.Value})
		}
		out = append(out, k)
	}
	return out, nil
}
