package procedure

import (
	"fmt"
	"time"
)

// beatEvery is how long nothing may happen, while something is at work, before a heartbeat says so.
const beatEvery = 800 * time.Millisecond

// enter is a change of state.
func (p *Procedure) enter(e Event) {
	e.Kind = KindState
	p.telling.Lock()
	defer p.telling.Unlock()
	p.mu.Lock()
	if p.state.Over() {
		p.mu.Unlock()
		return
	}
	p.state, p.doing = e.State, ""
	p.stamp(&e)
	p.history = append(p.history, Step{State: e.State, Time: e.Time})
	p.mu.Unlock()
	p.o.Emit(e)
	p.shown()
}

// shown lets those go on who wait for a state that was told. p.telling is held.
func (p *Procedure) shown() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = p.state
	close(p.changed)
	p.changed = make(chan struct{})
}

// tell tells an event that is no change of state. What happens after the end is not told.
func (p *Procedure) tell(e Event) {
	p.telling.Lock()
	defer p.telling.Unlock()
	p.mu.Lock()
	if p.state.Over() {
		p.mu.Unlock()
		return
	}
	e.State = p.state
	p.stamp(&e)
	p.mu.Unlock()
	p.o.Emit(e)
}

// stamp fills in what all events have. p.mu is held.
func (p *Procedure) stamp(e *Event) {
	p.seq++
	p.told = time.Now()
	e.Seq, e.Time, e.Procedure = p.seq, p.o.Now(), p.o.ID
}

// say tells a step of the preparation. The first one that is about the environment makes the state PREP_ENV, where the
// procedure has that state.
func (p *Procedure) say(s Prep) {
	p.mu.Lock()
	if p.state != Creating && p.state != PrepEnv {
		p.mu.Unlock()
		return
	}
	first := p.o.CreateEnv && p.state == Creating && s.ofEnv()
	p.mu.Unlock()
	if first {
		p.enterOnce(s.Step == StepKey && s.Result == Hit)
	}
	p.tell(Event{Kind: KindPrep, Prep: &s})
	p.mu.Lock()
	p.doing = s.String()
	p.mu.Unlock()
}

// enterOnce goes from CREATING to PREP_ENV, for the first of several goroutines that say something of the environment.
func (p *Procedure) enterOnce(cached bool) {
	p.telling.Lock()
	defer p.telling.Unlock()
	p.mu.Lock()
	if p.state != Creating {
		p.mu.Unlock()
		return
	}
	var es [2]Event
	for i, s := range []State{Idle, PrepEnv} {
		es[i] = Event{Kind: KindState, State: s}
		p.state = s
		p.stamp(&es[i])
		p.history = append(p.history, Step{State: s, Time: es[i].Time})
	}
	es[1].Cached = &cached
	p.mu.Unlock()
	for _, e := range es {
		p.o.Emit(e)
	}
	p.shown()
}

// ofEnv says that a step is about the environment and not about the source.
func (s Prep) ofEnv() bool {
	switch s.Step {
	case StepResolve, StepFetch, StepNote, StepWaiting, StepFailed:
		return false
	}
	return true
}

// String says in a line what is at work.
func (s Prep) String() string {
	switch s.Step {
	case StepResolve:
		return fmt.Sprintf("%s is %s", s.Ref, s.Commit)
	case StepFetch:
		if s.Total > 0 {
			return fmt.Sprintf("fetching %s: %d of %d bytes", s.Target, s.Bytes, s.Total)
		}
		return fmt.Sprintf("fetching %s: %d bytes", s.Target, s.Bytes)
	case StepKey:
		if s.Result == Miss {
			return "the environment is new: " + s.Reason
		}
		return "the environment is there"
	case StepWheel:
		return fmt.Sprintf("wheel %d of %d: %s (%s)", s.N, s.Of, s.Name, s.How)
	case StepLink:
		return fmt.Sprintf("%d files linked (%s)", s.Files, s.How)
	case StepCompile:
		return "compiling " + s.Name
	case StepVerify:
		return "verifying " + s.Target
	case StepReady:
		return "ready at " + s.Path
	case StepFailed:
		return s.Stage + " failed: " + s.Error
	case StepWaiting:
		return "waiting for " + s.Builder
	}
	return s.Text
}

// beat tells heartbeats until the procedure is over.
func (p *Procedure) beat() {
	t := time.NewTimer(beatEvery)
	defer t.Stop()
	for {
		p.mu.Lock()
		changed, over := p.changed, p.state.Over()
		p.mu.Unlock()
		if over {
			return
		}
		select {
		case <-changed:
		case <-t.C:
			p.mu.Lock()
			idle, busy, text := time.Since(p.told), p.state.Busy(), p.doing
			p.mu.Unlock()
			next := beatEvery
			switch {
			case !busy: // entering a state that is, is an event
			case idle < beatEvery:
				next -= idle
			default:
				p.tell(Event{Kind: KindHeartbeat, Text: text})
			}
			t.Reset(next)
		}
	}
}
