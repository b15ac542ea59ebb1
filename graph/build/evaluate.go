package build

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/analysis"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/load"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// load reads every package of the workspace.
func (e *Engine) load(ctx context.Context) (*load.Workspace, diag.List) {
	e.emit(Event{Phase: &PhaseEvent{Name: "loading"}})
	ws, ds := load.Load(ctx, load.Options{Root: e.o.Root, Kinds: e.kinds, Host: e.o.Platform, Version: e.o.Version,
		Vars: e.o.Vars, Getenv: e.o.Getenv, GitDescribe: e.o.GitDescribe, Jobs: e.o.Jobs})
	e.fresh = true
	return ws, ds
}

// analyze configures every target.
// Problems of loading come first in what it gives: what did load is analysed all the same, so that all problems show at once.
func (e *Engine) analyze(ws *load.Workspace, ds diag.List) ([]*analysis.Configured, diag.List) {
	e.emit(Event{Phase: &PhaseEvent{Name: "analysis"}})
	order, more := analysis.Analyze(analysis.Input{Workspace: loaded{ws, e.found}, Kinds: e.kinds, Toolchains: e.o.Toolchains,
		Host: HostPlatform(), Platform: e.o.Platform, Incomplete: incomplete(ds)})
	return order, append(ds, more...).Sort()
}

// incomplete tells the packages that problems kept from loading as a whole. A problem of the root's file may be one of a
// variable, which any package may use.
func incomplete(ds diag.List) func(pkg string) bool {
	bad := map[string]bool{}
	for _, d := range ds {
		if !d.Warning {
			bad[strings.TrimPrefix(path.Dir("/"+d.Range.File), "/")] = true
		}
	}
	return func(pkg string) bool { return bad[""] || bad[pkg] }
}

// loaded is a workspace as analysis sees it.
type loaded struct {
	ws    *load.Workspace
	found map[load.LockKey]map[string]string // what sources that follow are in this run
}

func (l loaded) Loaded() []*rule.Target                 { return l.ws.Targets }
func (l loaded) Instances(of label.Label) []label.Label { return l.ws.Groups[of] }
func (l loaded) ReadSource(path string) ([]byte, error) { return l.ws.ReadSource(path) }
func (l loaded) For(of label.Label, p rule.Platform) (*rule.Target, diag.List) {
	return l.ws.For(of, p)
}

// evaluate makes the graph anew, and takes over from old what still holds of its facts. Warnings come with the graph.
func (e *Engine) evaluate(ctx context.Context, old *state.Graph) (*state.Graph, diag.List, error) {
	before := e.now()
	e.reads = nil
	ws, ds := e.load(ctx)
	if err := ctx.Err(); err != nil {
		return nil, ds, err
	}
	order, ds := e.analyze(ws, ds)
	if ds.HasErrors() {
		e.reads = readRows(ws, before)
		return nil, ds, ds
	}
	g, err := e.graphOf(ws, order, before)
	if err != nil {
		return nil, ds, err
	}
	if old != nil {
		g.Adopt(old)
	}
	return g, ds, nil
}

// graphOf lays an analysed workspace out as a graph. before is a moment before its files were read.
func (e *Engine) graphOf(ws *load.Workspace, order []*analysis.Configured, before int64) (*state.Graph, error) {
	b := state.NewBuilder(e.settings())
	at := make(map[*analysis.Configured]state.TargetID, len(order))
	tools := toolNames{ws.Local.Tools, ws.Settings.ToolIdentity}
	for _, c := range order {
		t := c.Target
		row := state.TargetRow{Label: t.Label, Kind: t.Kind, File: t.Range.File, Line: t.Range.Start.Line,
			Platform: t.Platform.String(), Tags: t.Common.Tags, Description: t.Common.Description, Flags: targetFlags(c), Looks: c.Looks}
		for _, a := range c.Default {
			row.Default = append(row.Default, b.Artifact(a))
		}
		for _, d := range c.Deps {
			row.Deps = append(row.Deps, at[d])
		}
		for _, p := range c.Providers {
			if prog, ok := p.(rule.Program); ok {
				prog.Tools = tools.encodeAll(prog.Tools)
				row.Run = action.EncodeProgram(prog)
				for _, a := range prog.Data {
					// What must be there when the program runs is put into cairn-out with the target's own outputs.
					if id := b.Artifact(a); a.Kind != rule.Source && !slices.Contains(row.Default, id) {
						row.Default = append(row.Default, id)
					}
				}
			}
		}
		if len(c.Kept)+len(c.Checked) > 0 {
			row.Kept = action.EncodeKept(c.Kept, c.Checked)
		}
		id := b.Target(row)
		at[c] = id
		_, followed := e.found[load.LockKey{Kind: t.Kind, Label: t.Label}]
		for i := range c.Actions {
			row := actionRow(b, id, &c.Actions[i], tools)
			if followed && row.Flags&state.MayFollow != 0 {
				row.Flags |= state.Followed
			}
			b.Action(row)
		}
	}
	for _, r := range readRows(ws, before) {
		b.Read(r)
	}
	return b.Finish()
}

func actionRow(b *state.Builder, id state.TargetID, a *rule.Action, tools toolNames) state.ActionRow {
	row := state.ActionRow{Target: id, Spec: action.EncodeSpec(a)}
	for _, in := range a.Inputs {
		row.Inputs = append(row.Inputs, b.Artifact(in))
	}
	for _, out := range a.Outputs {
		row.Outputs = append(row.Outputs, b.Artifact(out))
	}
	if s := a.Spawn; s != nil {
		if s.Posix {
			row.Tools = append(row.Tools, posixTool)
		}
		for _, name := range s.HostTools {
			row.Tools = append(row.Tools, tools.encode(name))
		}
		if s.Each != nil {
			row.Flags |= state.FansOut
		}
	}
	for _, f := range []struct {
		on   bool
		flag state.ActionFlags
	}{{a.Test, state.Test}, {unpinned(a), state.Unpinned}, {mayFollow(a), state.MayFollow}, {names(a), state.Pinned}, {a.Uncached, state.Uncached}, {a.Asks != nil, state.Asks}, {a.Exclusive, state.Exclusive}, {a.Local, state.Local}} {
		if f.on {
			row.Flags |= f.flag
		}
	}
	return row
}

func targetFlags(c *analysis.Configured) state.TargetFlags {
	var f state.TargetFlags
	if c.Target.Common.Manual {
		f |= state.Manual
	}
	if c.Target.Common.Testonly {
		f |= state.Testonly
	}
	if c.Target.Label.Key() != "" {
		f |= state.Instance
	}
	for _, a := range c.Actions {
		if a.Test {
			f |= state.IsTest
		}
	}
	for _, p := range c.Providers {
		if p.ProviderName() == "program" {
			f |= state.Runnable
		}
	}
	return f
}

func readRows(ws *load.Workspace, before int64) []state.ReadRow {
	var rows []state.ReadRow
	for _, r := range ws.Reads() {
		row := readRow(r, before)
		if r.Kind == load.File && ws.RulesAlone(r.Path) {
			row.Query = []byte(state.ByRules)
		}
		rows = append(rows, row)
	}
	return rows
}

// readRow turns what loading read into what the snapshot checks.
func readRow(r load.Read, before int64) state.ReadRow {
	st := state.Stat{Size: r.Stat.Size, MtimeNS: r.Stat.MtimeNS, CtimeNS: r.Stat.CtimeNS, Ino: r.Stat.Inode, Mode: r.Stat.Mode}
	row := state.ReadRow{Path: r.Path, Stat: st, Racy: st.RacyAt(before), Digest: digest.Digest{Hash: r.Digest}}
	switch r.Kind {
	case load.File:
		row.Kind = state.ReadFile
	case load.Dir:
		row.Kind = state.ReadDir
	case load.Env:
		row.Kind = state.ReadEnv
	default:
		row.Kind = state.ReadAsk
		row.Query = []byte("git describe")
	}
	return row
}

// Check loads and analyses the whole workspace and builds nothing. keeps says that some target keeps something in the source tree, or
// has something built to be checked: a Request with Check does that.
func (e *Engine) Check(ctx context.Context) (targets int, keeps bool, ds diag.List) {
	ws, ds := e.load(ctx)
	if ctx.Err() != nil {
		return 0, false, ds
	}
	order, ds := e.analyze(ws, ds)
	keeps = slices.ContainsFunc(order, func(c *analysis.Configured) bool { return len(c.Kept)+len(c.Checked) > 0 })
	return len(order), keeps, ds
}

// Workspace loads the workspace, for what is about the language itself: variables, the lock file.
func (e *Engine) Workspace(ctx context.Context) (*load.Workspace, diag.List) { return e.load(ctx) }
