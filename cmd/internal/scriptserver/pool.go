package scriptserver

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
	"github.com/cairn-build/cairn/graph/procedure"
)

// order is what is to be made a procedure of.
type order struct {
	script     Script
	init, main *procedure.Call
	run        bool // main is called as soon as the procedure is READY; it has the slot until it is over
	activity   *activity
}

// create makes a procedure and lets it prepare. It returns at once.
func (s *Server) create(o order) (*entry, *problem) {
	prepare, err := s.o.Prepare(o.script, o.init, o.main)
	if err != nil {
		return nil, refused(err)
	}
	s.making.Lock()
	defer s.making.Unlock()
	e, p := s.admit(o)
	if p != nil {
		return nil, p
	}
	e.p = s.o.New(procedure.Options{ID: e.id, Prepare: prepare, CreateEnv: o.script.CreateEnv && o.script.Type == Git || o.script.Type == Target, Init: o.init, Main: o.main,
		Grace: s.o.Grace, Now: s.o.Now, Emit: func(ev procedure.Event) { s.event(e, ev) }})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, e)
	if o.activity != nil {
		s.activities = append(s.activities, o.activity)
	}
	s.change()
	s.lives.Go(func() { s.live(e, o.run) })
	return e, nil
}

// admit makes an entry where there is room for one, and the slot free if it is to run.
func (s *Server) admit(o order) (*entry, *problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil, problemf(http.StatusServiceUnavailable, "the service is ending")
	}
	if o.run && s.slot != nil {
		return nil, s.taken()
	}
	if p := s.makeRoom(); p != nil {
		return nil, p
	}
	s.lastID++
	e := &entry{id: s.lastID, script: o.script, created: s.o.Now(), main: o.main, activity: o.activity, ran: o.run}
	e.calls = []call{{"init", deref(o.init), e.created}}
	if o.run {
		s.slot = e
	}
	if o.activity != nil {
		s.lastAct++
		o.activity.id, o.activity.entry = s.lastAct, e
	}
	s.request(e, "create", map[string]any{"script": e.script, "init_args": argumentsOf(deref(o.init))})
	return e, nil
}

func deref(c *procedure.Call) procedure.Call {
	if c == nil {
		return procedure.Call{}
	}
	return *c
}

// makeRoom forgets the oldest procedures that are over. The lock is held.
func (s *Server) makeRoom() *problem {
	for len(s.entries) >= kept {
		i := slices.IndexFunc(s.entries, func(e *entry) bool { return e.state().Over() })
		if i < 0 {
			return problemf(http.StatusTooManyRequests, "%d procedures are alive, and none can be forgotten", kept).hint("Stop one that nobody will start: PUT {\"state\": \"STOPPED\"}.")
		}
		if a := s.entries[i].activity; a != nil {
			s.activities = slices.DeleteFunc(s.activities, func(other *activity) bool { return other == a })
			a.forget()
		}
		s.entries = slices.Delete(s.entries, i, i+1)
	}
	return nil
}

// taken says who has the slot. The lock is held.
func (s *Server) taken() *problem {
	what := "is running"
	if s.slot.state() != procedure.Running {
		what = "is to run as soon as it is ready"
	}
	return problemf(http.StatusConflict, "procedure %d %s, and one runs at a time", s.slot.id, what).hint("Stop it, or wait until it is over.")
}

// live is a procedure's whole life, or its life until it waits for somebody who starts it.
func (s *Server) live(e *entry, run bool) {
	if err := e.p.Start(context.Background()); err != nil {
		if !errors.Is(err, procedure.ErrStopped) {
			first, _, _ := strings.Cut(err.Error(), "\n")
			s.o.Log("procedure %d: %s", e.id, httpd.Printable(first))
		}
		s.over(e)
		return
	}
	if run {
		s.main(e, nil)
	}
}

// main calls the script's main and returns when the script has ended.
func (s *Server) main(e *entry, with *procedure.Call) {
	if with == nil {
		with = e.main
	}
	s.mu.Lock()
	e.calls = append(e.calls, call{"main", deref(with), s.o.Now()})
	s.mu.Unlock()
	if err := e.p.Run(context.Background(), with); err != nil && !errors.Is(err, procedure.ErrStopped) {
		s.o.Log("procedure %d: %s", e.id, httpd.Printable(err.Error()))
	}
	s.over(e)
}

// over lets another one run.
func (s *Server) over(e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slot == e {
		s.slot = nil
	}
	s.used = s.o.Now()
	s.change()
}

// start calls main of a procedure that is READY, and returns when it runs.
func (s *Server) start(ctx context.Context, e *entry, with *procedure.Call) *problem {
	s.mu.Lock()
	switch state := e.state(); {
	case s.closing:
		s.mu.Unlock()
		return problemf(http.StatusServiceUnavailable, "the service is ending")
	case s.slot != nil && s.slot != e:
		p := s.taken()
		s.mu.Unlock()
		return p
	case e.ran || state != procedure.Ready:
		s.mu.Unlock()
		p := problemf(http.StatusConflict, "procedure %d is %s, and can be started when it is READY", e.id, state)
		if e.ran {
			p = problemf(http.StatusConflict, "procedure %d was started already, and is %s", e.id, state)
		}
		return p
	}
	e.ran, s.slot = true, e
	s.request(e, "start", map[string]any{"process_uid": e.id, "fn_name": "main", "run_args": argumentsOf(deref(with))})
	s.lives.Add(1)
	s.mu.Unlock()
	go func() {
		defer s.lives.Done()
		s.main(e, with)
	}()
	_ = s.await(ctx, e, procedure.Running) // how it stands is told in any case
	return nil
}

// stop ends a procedure and returns when it is over, or when ctx ends: then it goes on by itself. It says whether there was
// anything to stop.
func (s *Server) stop(ctx context.Context, e *entry, abort bool) bool {
	s.mu.Lock()
	if e.state().Over() {
		s.mu.Unlock()
		return false
	}
	if s.closing {
		s.mu.Unlock()
		_ = s.await(ctx, e) // it is being stopped
		return true
	}
	s.request(e, "stop", map[string]any{"process_uid": e.id, "run_abort": abort})
	s.lives.Add(1)
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer s.lives.Done()
		defer close(done)
		s.end(context.Background(), e)
		s.over(e)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	return true
}

// await waits until e is in one of the states or over, or ctx ends, whose error it then gives.
func (s *Server) await(ctx context.Context, e *entry, states ...procedure.State) error {
	for {
		s.mu.Lock()
		state, changed := e.state(), s.changed
		s.mu.Unlock()
		if state.Over() || slices.Contains(states, state) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// find gives a procedure by its number.
func (s *Server) find(id int) (*entry, *problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if e.id == id {
			return e, nil
		}
	}
	return nil, notFound("PID", id)
}
