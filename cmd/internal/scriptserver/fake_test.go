package scriptserver

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/cairn-build/cairn/graph/procedure"
)

// fake is a procedure without processes. What its script does is told by the arguments of its functions: "hold" keeps a
// function at work until the procedure is stopped, "fail" makes it fail, "say" is what it writes.
type fake struct {
	o    procedure.Options
	stop chan struct{}
	once sync.Once

	mu    sync.Mutex
	state procedure.State
	seq   int
	over  chan struct{}
}

func newFake(o procedure.Options) Procedure {
	f := &fake{o: o, stop: make(chan struct{}), over: make(chan struct{})}
	f.enter(procedure.Creating, "")
	return f
}

func (f *fake) emit(e procedure.Event) {
	f.seq++
	e.Seq, e.Procedure, e.Time, e.State = f.seq, f.o.ID, time.Now(), f.state
	f.o.Emit(e)
}

func (f *fake) enter(s procedure.State, text string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state.Over() {
		return false
	}
	f.state = s
	f.emit(procedure.Event{Kind: procedure.KindState, Text: text})
	if s.Over() {
		close(f.over)
	}
	return true
}

func (f *fake) tell(e procedure.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.emit(e)
}

// call plays a function.
func (f *fake) call(c *procedure.Call) error {
	if c == nil {
		return nil
	}
	if text, ok := c.Kwargs["say"]; ok {
		var s string
		_ = json.Unmarshal(text, &s)
		f.tell(procedure.Event{Kind: procedure.KindOutput, Text: s})
	}
	if _, ok := c.Kwargs["hold"]; ok {
		<-f.stop
	}
	if _, ok := c.Kwargs["fail"]; ok {
		f.tell(procedure.Event{Kind: procedure.KindStacktrace, Text: "Traceback\nValueError: no"})
		return f.end(procedure.Failed, "ValueError: no")
	}
	select {
	case <-f.stop:
		return f.end(procedure.Stopped, "")
	default:
		return nil
	}
}

func (f *fake) end(s procedure.State, text string) error {
	f.enter(s, text)
	if s == procedure.Stopped {
		return procedure.ErrStopped
	}
	return errors.New(text)
}

func (f *fake) Start(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-f.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	if _, err := f.o.Prepare(ctx, func(p procedure.Prep) { f.tell(procedure.Event{Kind: procedure.KindPrep, Prep: &p}) }); err != nil {
		if ctx.Err() != nil {
			return f.end(procedure.Stopped, "")
		}
		return f.end(procedure.Failed, err.Error())
	}
	f.enter(procedure.Idle, "")
	if f.o.CreateEnv {
		f.enter(procedure.PrepEnv, "")
		f.enter(procedure.Idle, "")
	}
	f.enter(procedure.Loading, "")
	f.enter(procedure.Idle, "")
	f.enter(procedure.Initialising, "")
	if err := f.call(f.o.Init); err != nil {
		return err
	}
	if !f.enter(procedure.Ready, "") {
		return procedure.ErrStopped
	}
	select {
	case <-f.stop: // Stop came just before, and saw somebody at work
		return f.end(procedure.Stopped, "")
	default:
		return nil
	}
}

func (f *fake) Run(_ context.Context, c *procedure.Call) error {
	f.mu.Lock()
	ready := f.state == procedure.Ready
	f.mu.Unlock()
	if !ready || !f.enter(procedure.Running, "") {
		return errors.New("it cannot be run")
	}
	if c == nil {
		c = f.o.Main
	}
	if err := f.call(c); err != nil {
		return err
	}
	f.enter(procedure.Ready, "")
	if !f.enter(procedure.Complete, "") {
		return procedure.ErrStopped
	}
	return nil
}

func (f *fake) Stop(context.Context) error {
	f.Kill()
	f.mu.Lock()
	idle := f.state == procedure.Ready
	f.mu.Unlock()
	if idle {
		f.enter(procedure.Stopped, "")
	}
	<-f.over
	return nil
}

func (f *fake) Kill() { f.once.Do(func() { close(f.stop) }) }
