package scriptserver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
	"github.com/cairn-build/cairn/graph/procedure"
)

// root is where the client found the service.
func (s *Server) root(r *http.Request) string {
	if r.Host == "" {
		return s.o.URL
	}
	return "http://" + r.Host
}

func (s *Server) listProcedures(w http.ResponseWriter, r *http.Request, d dialect, _ int) *problem {
	s.mu.Lock()
	all := make([]summary, len(s.entries))
	for i, e := range s.entries {
		all[i] = e.summary(d, s.root(r))
	}
	s.mu.Unlock()
	httpd.Send(w, http.StatusOK, "application/json", d.one("procedures", all))
	return nil
}

func (s *Server) createProcedure(w http.ResponseWriter, r *http.Request, d dialect, _ int) *problem {
	var body createRequest
	if p := decode(w, r, &body); p != nil {
		return p
	}
	main, p := body.Args.main()
	if p == nil {
		p = body.Script.check(s.o.GitRepo)
	}
	if p != nil {
		return p
	}
	e, p := s.create(order{script: *body.Script, init: body.Args.Init, main: main})
	if p != nil {
		return p
	}
	s.sendProcedure(w, r, d, http.StatusCreated, e)
	return nil
}

func (s *Server) sendProcedure(w http.ResponseWriter, r *http.Request, d dialect, status int, e *entry) {
	s.mu.Lock()
	sum := e.summary(d, s.root(r))
	s.mu.Unlock()
	if status == http.StatusCreated {
		w.Header().Set("Location", sum.URI)
	}
	httpd.Send(w, status, "application/json", d.one("procedure", sum))
}

// longestWait is how long a client may have its answer wait for a state.
const longestWait = 60 * time.Second

func (s *Server) getProcedure(w http.ResponseWriter, r *http.Request, d dialect, id int) *problem {
	e, p := s.find(id)
	if p != nil {
		return p
	}
	q := r.URL.Query()
	if q.Has("wait") {
		states, limit, p := waitFor(q.Get("wait"), q.Get("timeout"))
		if p != nil {
			return p
		}
		httpd.Patient(w)
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		_ = s.await(ctx, e, states...) // how it stands is told in any case
	}
	s.sendProcedure(w, r, d, http.StatusOK, e)
	return nil
}

// states are the words that a client can wait for.
var states = map[procedure.State]bool{procedure.Creating: true, procedure.Idle: true, procedure.PrepEnv: true, procedure.Loading: true, procedure.Initialising: true,
	procedure.Ready: true, procedure.Running: true, procedure.Complete: true, procedure.Stopped: true, procedure.Failed: true, procedure.Unknown: true}

func waitFor(list, timeout string) (out []procedure.State, limit time.Duration, p *problem) {
	for word := range strings.SplitSeq(list, ",") {
		if !states[procedure.State(word)] {
			return nil, 0, problemf(http.StatusUnprocessableEntity, "%s is no state", httpd.Printable(word)).hint("READY,FAILED for example.")
		}
		out = append(out, procedure.State(word))
	}
	if timeout == "" {
		return out, longestWait, nil
	}
	seconds, err := strconv.ParseFloat(timeout, 64)
	if err != nil || !(seconds >= 0) {
		return nil, 0, problemf(http.StatusUnprocessableEntity, "timeout is a number of seconds, not %s", httpd.Printable(timeout))
	}
	return out, min(longestWait, time.Duration(min(seconds, longestWait.Seconds())*float64(time.Second))), nil
}

// aborted is the answer to a stop, in the OET's form.
type aborted struct {
	Message string `json:"abort_message"`
}

func (s *Server) updateProcedure(w http.ResponseWriter, r *http.Request, d dialect, id int) *problem {
	e, p := s.find(id)
	if p != nil {
		return p
	}
	var body updateRequest
	if p := decode(w, r, &body); p != nil {
		return p
	}
	main, p := body.Args.main()
	if p != nil {
		return p
	}
	if i := body.Args.Init; i != nil && len(i.Args)+len(i.Kwargs) > 0 {
		return problemf(http.StatusUnprocessableEntity, "init is called when a procedure is created, and its arguments belong there")
	}
	httpd.Patient(w)
	switch {
	case body.State == nil:
	case *body.State == string(procedure.Running):
		if p := s.start(r.Context(), e, main); p != nil {
			return p
		}
	case *body.State == string(procedure.Stopped):
		httpd.Send(w, http.StatusOK, "application/json", aborted{s.stopAndSay(r, e, body.Abort)})
		return nil
	default:
		return problemf(http.StatusUnprocessableEntity, "a client can set the state RUNNING or STOPPED, not %s", httpd.Printable(*body.State))
	}
	s.sendProcedure(w, r, d, http.StatusOK, e)
	return nil
}

// stopAndSay stops a procedure, runs the abort script where that is wanted, and says what was done.
func (s *Server) stopAndSay(r *http.Request, e *entry, abort bool) string {
	if !s.stop(r.Context(), e, abort) {
		return fmt.Sprintf("Cannot stop script with ID %d: Script is not running", e.id)
	}
	said := fmt.Sprintf("Successfully stopped script with ID %d", e.id)
	s.mu.Lock()
	state := e.state()
	s.mu.Unlock()
	switch {
	case state == procedure.Unknown:
		return fmt.Sprintf("Script with ID %d was told to stop, and a process of it cannot be ended", e.id)
	case !state.Over():
		return fmt.Sprintf("Script with ID %d is being stopped", e.id)
	case !abort:
		return said
	case s.o.Abort == nil:
		return said + "; nothing was aborted: this service has no abort script"
	}
	id, why := s.subarray(e)
	if why != "" {
		return said + "; nothing was aborted: " + why
	}
	next, p := s.create(order{script: *s.o.Abort, init: &procedure.Call{Kwargs: map[string]json.RawMessage{"subarray_id": id}}, run: true})
	if p != nil {
		return said + "; nothing was aborted: " + p.Detail
	}
	return fmt.Sprintf("%s and started the abort script, which is ID %d", said, next.id)
}

// subarray finds the one that a procedure was about: the argument subarray_id of its functions.
func (s *Server) subarray(e *entry) (id json.RawMessage, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range e.calls {
		v, ok := c.with.Kwargs["subarray_id"]
		if ok && id != nil && string(id) != string(v) {
			return nil, "the script was called with several values of subarray_id"
		}
		if ok {
			id = v
		}
	}
	if id == nil {
		return nil, "the script was not called with a subarray_id"
	}
	return id, ""
}

func (s *Server) listActivities(w http.ResponseWriter, r *http.Request, d dialect, _ int) *problem {
	s.mu.Lock()
	all := make([]activitySummary, len(s.activities))
	for i, a := range s.activities {
		all[i] = a.summary(d, s.root(r))
	}
	s.mu.Unlock()
	httpd.Send(w, http.StatusOK, "application/json", d.one("activities", all))
	return nil
}

func (s *Server) getActivity(w http.ResponseWriter, r *http.Request, d dialect, id int) *problem {
	s.mu.Lock()
	for _, a := range s.activities {
		if a.id == id {
			sum := a.summary(d, s.root(r))
			s.mu.Unlock()
			httpd.Send(w, http.StatusOK, "application/json", d.one("activity", sum))
			return nil
		}
	}
	s.mu.Unlock()
	return notFound("ID", id)
}

func (s *Server) createActivity(w http.ResponseWriter, r *http.Request, d dialect, _ int) *problem {
	var body ActivityRequest
	if p := decode(w, r, &body); p != nil {
		return p
	}
	bad := func(text string) *problem { return problemf(http.StatusUnprocessableEntity, "%s", text) }
	switch _, p := body.Args.main(); {
	case p != nil:
		return p
	case body.Name == "":
		return bad("activity_name is missing")
	case string(body.SBD) == "null" || len(body.SBD) == 0:
		if body.SBD = nil; body.SBDID == "" {
			return bad("a scheduling block is missing").hint("sbd_id names its file, sbd is the document itself: there is no data archive here.")
		}
	}
	if s.o.Activity == nil {
		return problemf(http.StatusNotImplemented, "this service runs no activities")
	}
	made, err := s.o.Activity(body)
	if err != nil {
		return refused(err)
	}
	a := &activity{name: body.Name, sbdID: made.SBDID, sbiID: made.SBIID, prepareOnly: body.PrepareOnly, cleanup: made.Forget, states: []stamp{{"TODO", s.o.Now()}}}
	p := made.Script.check(s.o.GitRepo)
	if p == nil {
		_, p = s.create(order{script: made.Script, init: made.Init, main: made.Main, run: !body.PrepareOnly, activity: a})
	}
	if p != nil {
		a.forget()
		return p
	}
	s.mu.Lock()
	sum := a.summary(d, s.root(r))
	s.mu.Unlock()
	w.Header().Set("Location", sum.URI)
	httpd.Send(w, http.StatusCreated, "application/json", d.one("activity", sum))
	return nil
}

// health is what GET /health says.
type health struct {
	Status  string  `json:"status"`
	Version string  `json:"version"`
	Boot    string  `json:"boot"`    // another one after each start: the history is new then
	Started float64 `json:"started"` // Unix time
	Alive   int     `json:"alive"`   // procedures that are not over
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request, _ dialect, _ int) *problem {
	h := health{Status: "ok", Version: s.o.Version, Boot: s.boot, Started: float64(s.began.UnixMicro()) / 1e6}
	s.mu.Lock()
	if s.closing {
		h.Status = "ending"
	}
	for _, e := range s.entries {
		if !e.state().Over() {
			h.Alive++
		}
	}
	s.mu.Unlock()
	httpd.Send(w, http.StatusOK, "application/json", h)
	return nil
}
