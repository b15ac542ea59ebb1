// Package scriptserver is the HTTP service of `cairn serve scripts`: procedures and activities in the shapes that clients of
// SKA's Observation Execution Tool know, and a stream of what happens. It knows neither targets nor git: a function that it is
// given makes what prepares a script from what a client asked for.
package scriptserver

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"sync"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
	"github.com/cairn-build/cairn/graph/procedure"
)

// Procedure is what the service needs of a procedure.Procedure.
type Procedure interface {
	Start(ctx context.Context) error
	Run(ctx context.Context, c *procedure.Call) error
	Stop(ctx context.Context) error
	Kill()
}

// Options is what a service is made of. Prepare is required.
type Options struct {
	// Prepare checks what a client asks for, at once and without starting anything, and gives what prepares it. init and main are
	// what the functions are to be called with; nil: what the script says itself. A *Refusal goes to the client.
	Prepare func(s Script, init, main *procedure.Call) (procedure.Prepare, error)
	// Activity gives the script that an activity of a scheduling block names, and what its functions are called with. It reads
	// the block. A *Refusal goes to the client. nil: there are no activities.
	Activity func(ActivityRequest) (*Activity, error)
	// Abort is run after a script was stopped with abort set; nil: nothing is.
	Abort *Script
	// GitRepo is the repository of scripts whose git_args name none; "": they have to.
	GitRepo string
	// New makes procedures; nil: procedure.New.
	New func(procedure.Options) Procedure
	// URL is where clients find the service, without a slash at the end, for links in events.
	URL     string
	Version string
	// Token is what clients have to show; "": nobody has to, and requests that a web page may have made are refused.
	Token string
	// Socket says that clients come through a Unix socket, whose mode says who may.
	Socket bool
	Grace  time.Duration
	Now    func() time.Time
	// Log is told what an operator should see; it may be nil.
	Log func(format string, args ...any)
}

// kept is how many procedures are remembered.
const kept = 10

// Server is the service. Its methods are safe for concurrent use.
type Server struct {
	o      Options
	boot   string // tells the ids of this process's events from those of an earlier one
	began  time.Time
	events *broker
	lives  sync.WaitGroup // one for each procedure that something is done for

	making     sync.Mutex // held while a procedure is made; taken before mu
	mu         sync.Mutex
	entries    []*entry // the oldest first
	activities []*activity
	lastID     int
	lastAct    int
	slot       *entry // the one that runs, or is to as soon as it is READY
	closing    bool
	inFlight   int // requests, but for streams
	streams    int
	used       time.Time     // when the last request or procedure ended
	changed    chan struct{} // closed at each change of a procedure's state, and made anew
}

// New makes a service. It starts nothing.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.New == nil {
		o.New = func(o procedure.Options) Procedure { return procedure.New(o) }
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	var b [4]byte
	_, _ = rand.Read(b[:]) // it never fails
	s := &Server{o: o, boot: hex.EncodeToString(b[:]), began: o.Now(), events: newBroker(), changed: make(chan struct{})}
	s.used = s.began
	return s
}

// HTTP gives a server with the limits that keep one client from using up what others need.
func (s *Server) HTTP() *http.Server {
	return httpd.NewServer(s)
}

// Close stops all procedures, in whichever phase, takes no more requests for new ones, and ends streams after the last event.
// When ctx ends, what still runs is killed. When it returns, nothing is left.
func (s *Server) Close(ctx context.Context) {
	s.making.Lock()
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.making.Unlock()
	var stops sync.WaitGroup
	for _, e := range s.living() {
		stops.Go(func() { s.end(ctx, e) })
	}
	stops.Wait()
	s.lives.Wait()
	s.events.close()
	for _, a := range s.activities { // nobody adds any
		a.forget()
	}
}

// end stops a procedure and returns when it is over.
func (s *Server) end(ctx context.Context, e *entry) {
	if err := e.p.Stop(ctx); err != nil {
		s.o.Log("procedure %d: %s", e.id, httpd.Printable(err.Error()))
	}
}

// Kill ends all processes of procedures at once, and does not wait.
func (s *Server) Kill() {
	for _, e := range s.living() {
		e.p.Kill()
	}
}

// living gives the procedures that are not over.
func (s *Server) living() []*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	var alive []*entry
	for _, e := range s.entries {
		if !e.state().Over() {
			alive = append(alive, e)
		}
	}
	return alive
}

// WaitIdle returns when there was neither a procedure that is not over nor a request for so long; streams do not count. It
// gives ctx's error where that ends first.
func (s *Server) WaitIdle(ctx context.Context, quiet time.Duration) error {
	return httpd.WaitIdle(ctx, quiet, func() (<-chan struct{}, time.Duration, bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		resting := s.inFlight == 0
		for _, e := range s.entries {
			resting = resting && e.state().Over()
		}
		return s.changed, s.o.Now().Sub(s.used), resting
	})
}

// busy says whether something is at work.
func (s *Server) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if e.state().Busy() {
			return true
		}
	}
	return false
}

// change tells all who wait for a state. The lock is held.
func (s *Server) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}
