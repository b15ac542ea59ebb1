package scriptserver

import (
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
)

// route is one thing that can be asked for. The OpenAPI document describes each.
type route struct {
	method, path string // a segment in braces is a number
	open         bool   // no token is needed
	stream       bool
	serve        func(s *Server, w http.ResponseWriter, r *http.Request, d dialect, id int) *problem
}

// routes is a function: a variable would refer to itself through the handlers.
func routes() []route {
	return []route{
		{method: "GET", path: "/procedures", serve: (*Server).listProcedures},
		{method: "POST", path: "/procedures", serve: (*Server).createProcedure},
		{method: "GET", path: "/procedures/{procedure_id}", serve: (*Server).getProcedure},
		{method: "PUT", path: "/procedures/{procedure_id}", serve: (*Server).updateProcedure},
		{method: "GET", path: "/activities", serve: (*Server).listActivities},
		{method: "POST", path: "/activities", serve: (*Server).createActivity},
		{method: "GET", path: "/activities/{activity_id}", serve: (*Server).getActivity},
		{method: "GET", path: "/stream", stream: true, serve: (*Server).stream},
		{method: "GET", path: "/openapi.json", serve: (*Server).describe},
		{method: "GET", path: "/health", open: true, serve: (*Server).health},
	}
}

// match finds what a path and a method ask for.
func match(method, path string) (route, int, *problem) {
	path = strings.TrimSuffix(path, "/") // clients of OET 7 write one
	var allow []string
	var bad *problem
	for _, r := range routes() {
		id, ok, wrong := fits(r.path, path)
		if !ok {
			continue
		}
		if r.method != method {
			allow = append(allow, r.method)
			continue
		}
		if wrong {
			bad = problemf(http.StatusUnprocessableEntity, "%s is not the number of a procedure or an activity", httpd.Printable(path[strings.LastIndexByte(path, '/')+1:]))
			continue
		}
		return r, id, nil
	}
	switch {
	case bad != nil:
		return route{}, 0, bad
	case allow != nil:
		p := problemf(http.StatusMethodNotAllowed, "%s does not go with this path", httpd.Printable(method))
		slices.Sort(allow)
		p.allow = strings.Join(allow, ", ")
		return route{}, 0, p
	}
	return route{}, 0, problemf(http.StatusNotFound, "there is nothing at this path").hint("GET /openapi.json describes what there is.")
}

// fits compares a path with a pattern; wrong says that a segment which should be a number is none.
func fits(pattern, path string) (id int, ok, wrong bool) {
	head, name, numbered := strings.Cut(pattern, "{")
	if !numbered {
		return 0, pattern == path, false
	}
	number, ok := strings.CutPrefix(path, head)
	if !ok || name == "" || number == "" || strings.Contains(number, "/") {
		return 0, false, false
	}
	id, err := strconv.Atoi(number)
	return id, true, err != nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d, path := dialectOf(r.URL.Path)
	route, id, bad := match(r.Method, path)
	if p := (httpd.Door{Token: s.o.Token, Socket: s.o.Socket}).Refuse(r, route.open && bad == nil); p != nil {
		bad = &problem{Problem: *p}
	}
	if bad != nil {
		bad.write(w, d)
		return
	}
	if !route.stream {
		defer s.use()()
	}
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			s.o.Log("internal error: %v\n%s", v, debug.Stack())
			problemf(http.StatusInternalServerError, "internal error").write(w, d)
		}
	}()
	if p := route.serve(s, w, r, d, id); p != nil {
		p.write(w, d)
	}
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
		s.used = s.o.Now()
		s.change()
	}
}
