package local

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"
)

// stopper ends a command whose time is up or whose context is done: SIGTERM to its process group, SIGKILL to all it started
// when the grace is over.
type stopper struct {
	grace time.Duration
	limit time.Duration
	ctxs  [2]context.Context // the caller's, the runner's

	mu     sync.Mutex
	send   func(syscall.Signal)
	reason error // errTimeout, or the cause of a context's end
	grim   *time.Timer
	limitT *time.Timer
	stops  [2]func() bool
	ended  bool
}

var errTimeout = errors.New("time is up")

// watch begins; send delivers a signal and may be called from any goroutine until done returns.
func (s *stopper) watch(send func(syscall.Signal)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send = send
	for i, c := range s.ctxs {
		s.stops[i] = context.AfterFunc(c, func() { s.end(context.Cause(c)) })
	}
	if s.limit > 0 {
		s.limitT = time.AfterFunc(s.limit, func() { s.end(errTimeout) })
	}
}

func (s *stopper) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	if errors.Is(why, ErrKill) {
		s.reason = why
		s.send(syscall.SIGKILL)
		return
	}
	if s.reason != nil {
		return
	}
	s.reason = why
	s.send(syscall.SIGTERM)
	s.grim = time.AfterFunc(s.grace, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.ended {
			s.send(syscall.SIGKILL)
		}
	})
}

// done ends the watch and gives what ended the command, nil where it ended by itself.
func (s *stopper) done() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, stop := range s.stops {
		if stop != nil {
			stop()
		}
	}
	for _, t := range []*time.Timer{s.grim, s.limitT} {
		if t != nil {
			t.Stop()
		}
	}
	return s.reason
}
