package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/exec/local"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/graph/state"
)

// failed tells and logs that an action failed. A build that was stopped says nothing of what it stopped.
func (s *session) failed(ctx context.Context, t *turn, err error) {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return
	}
	f := &Failure{Label: t.label, Summary: err.Error()}
	tid := s.g.ActionTarget(t.id)
	f.Kind, f.File, f.Line = s.g.TargetKind(tid), s.g.TargetFile(tid), s.g.TargetLine(tid)
	var work *action.Failed
	ev := &FinishEvent{ID: t.eventID, Label: t.label, Kind: s.kindOf(t.id), Status: Failed, Failure: f, StartedAt: t.began, Slot: t.lane, Wall: s.e.o.Now().Sub(t.began), Isolation: s.x.Runner.Isolation()}
	if t.act != nil {
		ev.Mnemonic, ev.Subject, ev.Test, ev.Case, f.Case = t.act.Mnemonic, t.act.Subject, t.act.Test, t.act.Case, t.act.Case
	}
	if errors.As(err, &work) {
		ev.Stdout, ev.Stderr = work.Stdout, work.Stderr
		f.Command, f.Env = collapse(work.Argv), work.Env
		f.Output = slices.Concat(work.Stdout, work.Stderr)
		f.Kept, f.Problems, f.Sources = work.Kept, work.Problems, work.Sources
		f.Log = s.writeLog(t, work)
		f.Hints = append(s.hints(t, f.Output), s.missing(t, f.Output)...)
		if work.Kept != "" {
			f.Repro = "cairn exec --failed " + t.label
			if f.Case != "" {
				f.Repro += " --case " + collapse([]string{f.Case})
			}
		}
	} else {
		f.Env = true
	}
	st := state.ActionState{Run: s.run, Duration: ev.Wall, Exit: 1, Info: f.Summary}
	if t.job != nil {
		st.Key = t.job.Key
		if t.act != nil && !st.Key.IsZero() {
			_ = s.x.SaveParts(st.Key, action.Parts(t.act, t.job.Inputs, action.Identities(t.job.Tools))) // only for `why`
		}
	}
	s.g.SetAction(t.id, st)
	s.mu.Lock()
	s.sum.Actions++
	s.sum.Failed++
	s.sum.Failures = append(s.sum.Failures, *f)
	if ev.Test {
		s.sum.Tests = append(s.sum.Tests, TestResult{Label: t.label, Case: ev.Case, Status: Failed, Wall: ev.Wall, Log: f.Output, Run: 1, Fail: f})
	}
	s.mu.Unlock()
	s.reason2(t)
	s.record(t, Failed, ev.Wall, f)
	s.e.emit(Event{Finish: ev})
}

// dropKept removes the kept sandbox of a target whose action has succeeded since.
func (s *session) dropKept(name string) {
	dir := s.e.keptDir(name)
	writable(dir)
	_ = os.RemoveAll(dir) // litter that the next failure replaces
}

// keptDir is where the failed command of an action is kept, see action.Called.
func (e *Engine) keptDir(name string) string {
	return filepath.Join(e.stateDir(), "failed", local.KeptName(name))
}

// reason2 is reason where the key is known at all.
func (s *session) reason2(t *turn) {
	if t.job != nil && t.act != nil {
		s.reason(t)
	}
}

// writeLog keeps the whole output of a failed action, and gives the file's path relative to the workspace.
func (s *session) writeLog(t *turn, f *action.Failed) string {
	if len(f.Stdout)+len(f.Stderr) == 0 {
		return ""
	}
	name := strings.Map(func(r rune) rune {
		if r == '/' || r == ':' {
			return '_'
		}
		return r
	}, strings.TrimPrefix(t.label, "//")) + fmt.Sprintf(".%d.log", t.id)
	dir := filepath.Join(s.e.stateDir(), "logs")
	if os.MkdirAll(dir, 0o755) != nil || os.WriteFile(filepath.Join(dir, name), slices.Concat(f.Stdout, f.Stderr), 0o644) != nil {
		return ""
	}
	return rule.OutDir + "/.state/logs/" + name
}

// collapse writes a command in one line, as a shell would read it; long words are cut.
func collapse(argv []string) string {
	words := make([]string, len(argv))
	for i, a := range argv {
		a = rule.ExpandHostTools(a, toolText)
		if strings.ContainsAny(a, " \t\n\"'$&|;<>()*?[]#~`\\") || a == "" {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words[i] = a
	}
	line := strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	if r := []rune(line); len(r) > 400 {
		line = string(r[:400]) + " ..."
	}
	return line
}

// hints names variables that the caller has, that the action did not get, and that its output speaks of. Values never show.
func (s *session) hints(t *turn, output []byte) []string {
	if t.act == nil || t.act.Spawn == nil {
		return nil
	}
	text := string(output)
	var hs []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if len(name) < 4 || name == "PATH" || name == "HOME" || !strings.Contains(text, name) {
			continue
		}
		has := slices.ContainsFunc(t.act.Spawn.Env, func(e rule.EnvVar) bool { return e.Name == name }) ||
			slices.Contains(t.act.Spawn.PassEnv, name) || slices.Contains(t.act.Spawn.ClientEnv, name)
		if !has {
			hs = append(hs, fmt.Sprintf("%s is set here and was not passed on; the output mentions it (env keys its value, pass_env does not)", name))
		}
	}
	slices.Sort(hs)
	return hs
}
