package flowserver

import (
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
)

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			s.o.Log("internal error: %v\n%s", v, debug.Stack())
			httpd.Problemf(http.StatusInternalServerError, "internal error").Write(w)
		}
	}()
	if p := s.route(w, r); p != nil {
		p.Write(w)
	}
}

// route finds what is asked for, and who may have it.
func (s *Server) route(w http.ResponseWriter, r *http.Request) *httpd.Problem {
	if s.o.OwnName && !s.o.Socket {
		if p := httpd.OwnName(r); p != nil {
			return p
		}
	}
	what, api := strings.CutPrefix(r.URL.Path, "/api/")
	get := r.Method == http.MethodGet || r.Method == http.MethodHead
	if files, ok := strings.CutPrefix(r.URL.Path, "/files/"); ok && get {
		return s.serveFile(w, r, files) // who knows the name may: a page of results can show no token
	}
	if !api && get {
		return serveStatic(w, r) // it has no secrets; a link may lead to it from anywhere
	}
	if p := (httpd.Door{Token: s.o.Token, Socket: s.o.Socket}).Refuse(r, false); p != nil {
		return p
	}
	if !api {
		return wrongMethod(w, "GET")
	}
	head, id, _ := strings.Cut(what, "/")
	id, sub, deep := strings.Cut(id, "/")
	switch {
	case head == "state" && id == "":
		return only(w, r, "GET", s.serveState)
	case head == "runs" && deep && sub == "events":
		return only(w, r, "GET", func(w http.ResponseWriter, r *http.Request) *httpd.Problem { return s.serveEvents(w, r, id) })
	}
	defer s.use()()
	switch {
	case head == "workflow" && id == "":
		return only(w, r, "GET", s.serveWorkflow)
	case head == "params" && id == "":
		return only(w, r, "POST", s.serveParams)
	case head == "formdata" && id == "":
		return only(w, r, "POST", s.serveFormData)
	case head == "runs" && id == "":
		return only(w, r, "POST", s.startRun)
	case head == "runs" && !deep:
		run := s.find(id)
		switch {
		case run == nil:
			return unknown()
		case r.Method == http.MethodGet:
			httpd.Send(w, http.StatusOK, "application/json", run.snapshot())
		case r.Method == http.MethodDelete:
			httpd.Patient(w)
			run.stop()
			select {
			case <-run.over:
			case <-r.Context().Done():
			}
			httpd.Send(w, http.StatusOK, "application/json", run.snapshot())
		default:
			return wrongMethod(w, "DELETE, GET")
		}
		return nil
	}
	return httpd.Problemf(http.StatusNotFound, "there is nothing at this path")
}

type handler func(http.ResponseWriter, *http.Request) *httpd.Problem

func only(w http.ResponseWriter, r *http.Request, method string, h handler) *httpd.Problem {
	if r.Method != method {
		return wrongMethod(w, method)
	}
	return h(w, r)
}

func wrongMethod(w http.ResponseWriter, allow string) *httpd.Problem {
	w.Header().Set("Allow", allow)
	return httpd.Problemf(http.StatusMethodNotAllowed, "this is not how the path is used").WithHint("It takes %s.", allow)
}

func unknown() *httpd.Problem {
	return httpd.Problemf(http.StatusNotFound, "there is no such run").WithHint("The %d latest are kept, and none that an earlier process had.", keptRuns)
}
