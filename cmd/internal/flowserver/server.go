// Package flowserver serves one workflow as a page: a form for its parameters, its graph, and runs that are shown as they go. It knows
// neither targets nor how a workflow is built: all that it does with one, it does by the commands of the generated package, which are
// `get`, `convert` and `run`, each in a process of its own.
package flowserver

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
)

// Options is what a service is made of. Label, Build and Temp are required.
type Options struct {
	Label string
	// Command is how a person starts the package in a terminal, before its own words.
	Command []string
	// Build gives the workflow as it is now. It is called by Load, and then while somebody looks at the page, again and again but
	// never twice at once: it has to be cheap where nothing has changed. Its error is shown to people.
	Build func(context.Context) (*Package, error)
	// Temp is a folder that is the service's own, for results. It is removed by Close.
	Temp string
	// Token is what clients have to show; "": nobody has to, and requests that a web page may have made are refused.
	Token string
	// Socket says that clients come through a Unix socket, whose mode says who may. OwnName says that the service is reached by this
	// machine's own names only: others are refused, token or not.
	Socket, OwnName bool
	// Grace is how long a run has between being asked to stop and being killed.
	Grace time.Duration
	Now   func() time.Time
	// Log is told what an operator should see; it may be nil.
	Log func(format string, args ...any)
}

// Server is the service. Its methods are safe for concurrent use.
type Server struct {
	o      Options
	ctx    context.Context // ends with the service
	cancel context.CancelFunc
	lives  sync.WaitGroup
	asks   chan struct{} // a slot for each command that is asked something

	mu       sync.Mutex
	flow     *flow // what is shown; nil before Load
	problem  string
	looking  bool
	looked   time.Time
	runs     []*run // the oldest first
	closing  bool
	inFlight int
	used     time.Time     // when the last request or run ended
	changed  chan struct{} // closed when a run has ended or nobody asks, and made anew
}

// New makes a service. It starts nothing.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	s := &Server{o: o, asks: make(chan struct{}, 3), changed: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.used = o.Now()
	return s
}

// Load builds the workflow and asks what it is. Its error is for people; the service is of no use then.
func (s *Server) Load(ctx context.Context) error {
	if err := os.MkdirAll(s.o.Temp, 0o700); err != nil {
		return err
	}
	f, err := s.load(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flow, s.looked = f, s.o.Now()
	return nil
}

// HTTP gives a server of the page.
func (s *Server) HTTP() *http.Server { return httpd.NewServer(s) }

// Close stops all runs, takes no more, and ends streams after the last event. When ctx ends, what still runs is killed. When it
// returns, no process and no file is left.
func (s *Server) Close(ctx context.Context) {
	s.mu.Lock()
	s.closing = true
	runs := s.runs
	s.mu.Unlock()
	s.cancel()
	var ends sync.WaitGroup
	for _, r := range runs {
		ends.Go(func() {
			r.stop()
			select {
			case <-r.over:
			case <-ctx.Done():
				r.kill()
			}
		})
	}
	ends.Wait()
	s.lives.Wait()
	s.mu.Lock()
	f := s.flow
	s.flow = nil
	s.mu.Unlock()
	if f != nil {
		f.drop()
	}
	_ = os.RemoveAll(s.o.Temp) // it is in the folder for such things
}

// Kill ends all runs at once, and does not wait.
func (s *Server) Kill() {
	s.mu.Lock()
	runs := s.runs
	s.mu.Unlock()
	s.cancel()
	for _, r := range runs {
		r.kill()
	}
}

// WaitIdle returns when there was neither a run nor a request for so long. Neither a stream nor a page that only looks whether it is
// up to date is a request. It gives ctx's error where that ends first.
func (s *Server) WaitIdle(ctx context.Context, quiet time.Duration) error {
	return httpd.WaitIdle(ctx, quiet, func() (<-chan struct{}, time.Duration, bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.changed, s.o.Now().Sub(s.used), s.inFlight == 0 && s.alive() == 0
	})
}

// use counts a request, until what it gives is called.
func (s *Server) use() func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inFlight--
		s.touch()
	}
}

// touch notes that something was done just now. The lock is held.
func (s *Server) touch() {
	s.used = s.o.Now()
	close(s.changed)
	s.changed = make(chan struct{})
}

// secret gives a name that nobody can guess.
func secret() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}
