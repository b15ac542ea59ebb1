// Package procedure is the life of one script: it is prepared, loaded, initialised, run, and can be stopped at any time. It
// knows neither targets nor git nor HTTP: what prepares is handed in, and what happens is told as Events.
package procedure

import (
	"context"
	"errors"
	"io"
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
	// Emit is told all events, one at a time and in order, and must not call back. It may be nil.
	Emit func(Event)
	// Spawn starts processes; nil: those of this machine.
	Spawn Spawn
}

// ErrStopped says that a procedure was stopped before it came to what was asked for.
var ErrStopped = errors.New("stopped")

// New makes a procedure, which is CREATING. It starts nothing.
func New(o Options) *Procedure {
	return &Procedure{o: o}
}

// Procedure is one script's life. Its methods are safe for concurrent use.
type Procedure struct {
	o Options
}

// Start prepares, loads and initialises the script, and returns when it is READY (nil) or over: ErrStopped, or what went wrong.
// When ctx ends it is stopped. It may be called once.
func (p *Procedure) Start(ctx context.Context) error {
	return errors.New("internal error: not there yet")
}

// Run calls the script's main with c, or with Options' Main where c is nil, and returns when the script has ended: nil for
// COMPLETE, ErrStopped, or what went wrong. It is an error where the procedure is not READY. When ctx ends the script is stopped.
func (p *Procedure) Run(ctx context.Context, c *Call) error {
	return errors.New("internal error: not there yet")
}

// Stop ends the procedure in whichever state it is and returns when it is over: SIGTERM to all of its processes, and SIGKILL after
// Grace, or when ctx ends. A preparation is cancelled. An error says that a process could not be ended: UNKNOWN.
func (p *Procedure) Stop(ctx context.Context) error {
	return errors.New("internal error: not there yet")
}

// State gives the present state.
func (p *Procedure) State() State { return Unknown }

// History gives the states so far, the first one first.
func (p *Procedure) History() []Step { return nil }

// Wait returns as soon as the procedure is in one of the states, or over, with the state that it then is in. When ctx ends
// first, it gives the present state and ctx's error; nothing else changes.
func (p *Procedure) Wait(ctx context.Context, states ...State) (State, error) { return Unknown, nil }

// Exit gives the script's exit code, 128+n where signal n ended it; false where no process of it has ended.
func (p *Procedure) Exit() (int, bool) { return 0, false }

// Err says why the procedure is FAILED or UNKNOWN; nil otherwise.
func (p *Procedure) Err() error { return nil }
