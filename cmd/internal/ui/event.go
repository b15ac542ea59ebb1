package ui

import (
	"bytes"
	"fmt"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/rule"
)

// Event shows what happened, where it is to be shown. It is cheap for what shows nothing, and may be called from several
// goroutines: give it to build.Options.Events.
func (u *UI) Event(e build.Event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case e.Output != nil:
		u.above(prefixed(u.scratch[:0], e.Output.Label, e.Output.Text))
	case e.Finish != nil:
		u.finish(e.Finish)
	case e.Start != nil:
		u.forget(e.Start.ID) // one that had to wait for something that the cache had lost starts twice
		u.running[e.Start.ID] = &action{label: build.TestID{Label: e.Start.Label, Case: e.Start.Case}.String(), title: rule.Title(e.Start.Mnemonic, e.Start.Subject), since: u.s.Now()}
		u.order = append(u.order, e.Start.ID)
		u.startTicker()
	case e.Progress != nil:
		u.done, u.total = e.Progress.Done, e.Progress.Total
	case e.Fetch != nil:
		if u.fetching == nil {
			u.fetching = map[string]fetchState{}
		}
		u.fetching[e.Fetch.Label] = fetchState{e.Fetch.Done, e.Fetch.Total}
	case e.Resolved != nil:
		if e.Resolved.Locked {
			u.once("BUILD.lock.hcl: " + e.Resolved.String())
		}
	case e.Waiting != nil:
		u.once(fmt.Sprintf("waiting for process %d (%s), which works on %s", e.Waiting.PID, e.Waiting.Command, e.Waiting.Label))
	case e.Notice != nil:
		u.once(e.Notice.Text)
	}
}

// once says a thing the first time that it is told. u.mu is held.
func (u *UI) once(text string) {
	if u.noticed[text] {
		return
	}
	if u.noticed == nil {
		u.noticed = map[string]bool{}
	}
	u.noticed[text] = true
	b := append(u.scratch[:0], "cairn: "...)
	u.above(append(append(b, text...), '\n'))
}

func (u *UI) finish(f *build.FinishEvent) {
	u.forget(f.ID)
	delete(u.fetching, f.Label)
	if f.Failure != nil {
		b := u.tail(u.scratch[:0], f)
		u.above(appendFailure(b, u.s.ErrColor, f.Failure))
		return
	}
	if len(f.Stdout)+len(f.Stderr) == 0 || u.s.Logs == Errors || f.Test {
		return
	}
	u.above(u.tail(u.scratch[:0], f))
}

// tail appends what is to be shown of an action's output when it is over and did not fail.
func (u *UI) tail(b []byte, f *build.FinishEvent) []byte {
	if u.s.Logs == Stream {
		if f.Failure == nil && !f.Told {
			b = prefixed(b, f.Label, f.Stdout)
			b = prefixed(b, f.Label, f.Stderr)
		}
		return b
	}
	if f.Failure != nil {
		return b // the failure shows the end of it
	}
	b = paint(b, u.s.ErrColor, dim, f.Label+":")
	b = append(b, '\n')
	b = whole(b, f.Stdout)
	return whole(b, f.Stderr)
}

// whole appends text and ends its last line.
func whole(b, text []byte) []byte {
	text = plainLines(text)
	b = append(b, text...)
	if len(text) > 0 && text[len(text)-1] != '\n' {
		b = append(b, '\n')
	}
	return uncoloured(b, text)
}

// prefixed appends the lines of text, each after the label.
func prefixed(b []byte, label string, text []byte) []byte {
	for line := range bytes.Lines(plainLines(text)) {
		b = append(b, label...)
		b = append(b, ": "...)
		b = append(b, bytes.TrimSuffix(line, []byte("\n"))...)
		b = append(b, '\n')
	}
	return uncoloured(b, text)
}
