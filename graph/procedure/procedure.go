// Package procedure is the life of one script: it is prepared, loaded, initialised, run, and can be stopped at any time. It
// knows neither targets nor git nor HTTP: what prepares is handed in, and what happens is told as Events.
package procedure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Program is what was prepared and is to be started.
type Program struct {
	Argv []string // Argv[0] is an absolute path
	Env  []string
	Dir  string // "" for the current one
	// Plain is a script that is all main: it is started by Run, with its arguments in Argv, and its exit code says how it went.
	// Others are started by Start through runner.py, which speaks the protocol of this package.
	Plain bool
	// NoEnv says that there is no environment after all, so that PREP_ENV is left out where nothing was done for one.
	NoEnv bool
	// Init and Main take the place of Options' own where they are not nil, and so does a Grace above zero.
	Init, Main *Call
	Grace      time.Duration
	// About says what runs the script, for the event of LOADING: the interpreter, the library's version.
	About string
	// Cached says that nothing had to be made.
	Cached  bool
	Release func() // lets go of what the program uses; called once, after its end; may be nil
}

// Prepare brings the source and the environment. It tells its steps with say, which may be called from several goroutines until
// Prepare returns. When ctx ends it ends all that it has started and leaves nothing half made.
type Prepare func(ctx context.Context, say func(Prep)) (Program, error)

// Options is what a procedure is made of. Prepare is required.
type Options struct {
	ID        int
	Prepare   Prepare
	CreateEnv bool // Prepare makes an environment: PREP_ENV is a state of this procedure
	// Init and Main are what the script's functions are called with; nil is a call without arguments.
	Init, Main *Call
	Grace      time.Duration
	// Stdin is the script's standard input; nil is an empty one. What it writes goes to Stdout and Stderr; where one is nil, it
	// becomes events.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Now            func() time.Time
	// Emit is told all events, one at a time and in order. It may ask for State and History, and call nothing else. It may be nil.
	Emit func(Event)
	// Spawn starts processes; nil: those of this machine.
	Spawn Spawn
}

// ErrStopped says that a procedure was stopped before it came to what was asked for.
var ErrStopped = errors.New("stopped")

// unkillable is how long a process may take to be gone after SIGKILL, before it counts as one that cannot be killed.
const unkillable = 10 * time.Second

// Procedure is one script's life. Its methods are safe for concurrent use.
type Procedure struct {
	o      Options
	stop   chan struct{} // closed when it is asked to end
	kill   chan struct{} // closed when it is asked to end at once
	script *script       // once its process has started; see script.go

	telling sync.Mutex // held while an event is told; taken before mu

	mu      sync.Mutex
	state   State
	seen    State // the last state whose event was told
	history []Step
	changed chan struct{} // closed at the next change of state
	seq     int
	told    time.Time // when the last event was
	doing   string    // what is at work
	started bool
	tended  bool // somebody is at work who will see to it that the procedure ends when it is asked to
	asked   int  // how often it was asked to end
	sig     syscall.Signal
	prog    Program
	err     error
	exit    *int
}

// New makes a procedure, which is CREATING. It starts nothing.
func New(o Options) *Procedure {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Emit == nil {
		o.Emit = func(Event) {}
	}
	if o.Spawn == nil {
		o.Spawn = spawnHere
	}
	p := &Procedure{o: o, stop: make(chan struct{}), kill: make(chan struct{}), changed: make(chan struct{})}
	p.enter(Event{State: Creating})
	return p
}

// Start prepares, loads and initialises the script, and returns when it is READY (nil) or over: ErrStopped, or what went wrong.
// When ctx ends it is stopped. It may be called once.
func (p *Procedure) Start(ctx context.Context) error {
	p.mu.Lock()
	if p.started || p.state != Creating {
		defer p.mu.Unlock()
		return fmt.Errorf("it cannot be started: it is %s", p.state)
	}
	p.started, p.tended = true, true
	p.mu.Unlock()
	go p.beat()
	if err := p.prepare(ctx); err != nil {
		return err
	}
	if p.prog.Plain {
		p.enter(Event{State: Loading, Text: p.prog.About})
		p.enter(Event{State: Idle})
		if p.untend() {
			return p.settle(Stopped, nil)
		}
		p.enter(Event{State: Ready})
	} else if err := p.begin(); err != nil {
		return err
	}
	return p.until(ctx, Ready)
}

// prepare is the time before the script's process. An error is also the procedure's end.
func (p *Procedure) prepare(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { p.ask(syscall.SIGTERM, false) })()
	go func() {
		select {
		case <-p.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	prog, err := p.o.Prepare(ctx, p.say)
	p.mu.Lock()
	p.prog = prog
	if prog.Init != nil {
		p.o.Init = prog.Init
	}
	if prog.Main != nil {
		p.o.Main = prog.Main
	}
	if prog.Grace > 0 {
		p.o.Grace = prog.Grace
	}
	stopped := p.asked > 0
	state := p.state
	p.mu.Unlock()
	switch {
	case stopped:
		return p.settle(Stopped, nil)
	case err != nil:
		return p.settle(Failed, err)
	}
	p.enter(Event{State: Idle})
	if p.o.CreateEnv && !prog.NoEnv && state == Creating {
		cached := prog.Cached
		p.enter(Event{State: PrepEnv, Cached: &cached})
		p.enter(Event{State: Idle})
	}
	return nil
}

// begin starts the script's process, unless the procedure was asked to end.
func (p *Procedure) begin() error {
	p.mu.Lock()
	stopped := p.asked > 0
	p.mu.Unlock()
	if stopped {
		return p.settle(Stopped, nil)
	}
	s, err := newScript(p)
	if err != nil {
		return p.settle(Failed, err)
	}
	p.script = s
	if p.prog.Plain {
		p.enter(Event{State: Running})
	} else {
		p.enter(Event{State: Loading, Text: p.prog.About})
	}
	go s.tend()
	return nil
}

// Run calls the script's main with c, or with Options' Main where c is nil, and returns when the script has ended: nil for
// COMPLETE, ErrStopped, or what went wrong. It is an error where the procedure is not READY. When ctx ends the script is stopped.
func (p *Procedure) Run(ctx context.Context, c *Call) error {
	if c == nil {
		c = p.o.Main
	}
	p.mu.Lock()
	if p.state != Ready || p.script != nil && p.script.ran {
		defer p.mu.Unlock()
		return fmt.Errorf("it cannot be run: it is %s", p.state)
	}
	plain := p.prog.Plain
	if plain {
		if p.tended {
			defer p.mu.Unlock()
			return errors.New("it cannot be run: it was run")
		}
		p.tended = true
	} else {
		p.script.ran = true
	}
	p.mu.Unlock()
	if plain {
		if err := p.begin(); err != nil {
			return err
		}
	} else {
		p.enter(Event{State: Running})
		p.script.send("main", c)
	}
	return p.until(ctx, Complete)
}

// until waits for a state. When ctx ends, the procedure is stopped.
func (p *Procedure) until(ctx context.Context, want State) error {
	state, err := p.Wait(ctx, want)
	if err != nil {
		if err := p.Stop(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		state = p.State()
	}
	switch state {
	case want:
		return nil
	case Stopped:
		return ErrStopped
	}
	return p.Err()
}

// Stop ends the procedure in whichever state it is and returns when it is over: SIGTERM to all of its processes, and SIGKILL after
// Grace, or when ctx ends. A preparation is cancelled. One that is over stays as it is. An error says that a process could not
// be killed: UNKNOWN.
func (p *Procedure) Stop(ctx context.Context) error {
	p.ask(syscall.SIGTERM, false)
	if _, err := p.Wait(ctx); err != nil {
		p.Kill()
		_, _ = p.Wait(context.Background())
	}
	if p.State() == Unknown {
		return p.Err()
	}
	return nil
}

// Signal asks the procedure to end with a signal other than SIGTERM, and does not wait. Being asked once more it is killed.
func (p *Procedure) Signal(sig syscall.Signal) { p.ask(sig, true) }

// Kill ends the procedure's processes at once, and does not wait.
func (p *Procedure) Kill() {
	p.ask(syscall.SIGKILL, false)
	p.ask(syscall.SIGKILL, true)
}

// ask notes that the procedure is to end. Where nobody is at work it ends here.
func (p *Procedure) ask(sig syscall.Signal, again bool) {
	p.mu.Lock()
	if p.state.Over() {
		p.mu.Unlock()
		return
	}
	switch p.asked {
	case 0:
		p.asked, p.sig = 1, sig
		close(p.stop)
	case 1:
		if again {
			p.asked = 2
			close(p.kill)
		}
	}
	idle := !p.tended
	p.tended = true
	p.mu.Unlock()
	if idle {
		p.settle(Stopped, nil)
	}
}

// untend says that from here on nobody is at work, and whether the procedure was asked to end before.
func (p *Procedure) untend() (asked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tended = p.asked > 0
	return p.tended
}

// settle is the procedure's end. It gives what Start and Run give.
func (p *Procedure) settle(s State, err error) error {
	ev := Event{State: s}
	p.mu.Lock()
	p.err = err
	release := p.prog.Release
	p.prog.Release = nil
	ev.Exit = p.exit
	p.mu.Unlock()
	if err != nil {
		ev.Text = err.Error()
	}
	if s != Unknown && release != nil {
		release()
	}
	p.enter(ev)
	if s == Stopped {
		return ErrStopped
	}
	return err
}

// State gives the present state.
func (p *Procedure) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// History gives the states so far, the first one first.
func (p *Procedure) History() []Step {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.history)
}

// Wait returns as soon as the procedure is in one of the states, or over, and that was told, with the state that it then is in. When ctx ends
// first, it gives the present state and ctx's error; nothing else changes.
func (p *Procedure) Wait(ctx context.Context, states ...State) (State, error) {
	for {
		p.mu.Lock()
		state, changed := p.seen, p.changed
		p.mu.Unlock()
		if state.Over() || slices.Contains(states, state) {
			return state, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.seen.Over() || slices.Contains(states, p.seen) {
				return p.seen, nil
			}
			return p.seen, ctx.Err()
		}
	}
}

// Exit gives the script's exit code, 128+n where signal n ended it; false where no process of it has ended.
func (p *Procedure) Exit() (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.exit == nil {
		return 0, false
	}
	return *p.exit, true
}

// Err says why the procedure is FAILED or UNKNOWN; nil otherwise.
func (p *Procedure) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}
