package flowserver

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
)

const (
	// maxAlive is how many runs there are at once. A browser has six connections to a service, and each run that is looked at takes one.
	maxAlive = 4
	// keptRuns is how many runs are remembered, with their files.
	keptRuns = 10
)

// startRequest is the body of POST /api/runs.
type startRequest struct {
	FormData json.RawMessage `json:"formdata"`
	Mode     string          `json:"execution_mode"`
	Mock     bool            `json:"mock_io"`
	// Version is that of the form that the data are of; "" for whatever there is.
	Version string `json:"version"`
}

// startRun looks at the form's data, and starts a run where they are right.
func (s *Server) startRun(w http.ResponseWriter, r *http.Request) *httpd.Problem {
	var ask startRequest
	if p := readJSON(w, r, &ask); p != nil {
		return p
	}
	f, p := s.shown()
	if p != nil {
		return p
	}
	defer f.drop()
	if ask.Mode == "" {
		ask.Mode = f.modes[0]
	}
	switch {
	case !slices.Contains(f.modes, ask.Mode):
		return httpd.Problemf(http.StatusUnprocessableEntity, "there is no execution mode %q", ask.Mode)
	case ask.Version != "" && ask.Version != f.Version:
		return httpd.Problemf(http.StatusConflict, "The workflow has changed since the form was shown.").WithHint("Show the new one.")
	}
	params, p := s.convert(w, r, f, "formdata", "params", ask.FormData)
	if p != nil || params == nil {
		return p
	}
	run, p := s.begin(f, params, ask)
	if p != nil {
		return p
	}
	httpd.Send(w, http.StatusCreated, "application/json", run.snapshot())
	return nil
}

// begin starts a run in a folder of its own.
func (s *Server) begin(f *flow, params []byte, ask startRequest) (*run, *httpd.Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
		return nil, httpd.Problemf(http.StatusServiceUnavailable, "the service is about to end")
	case s.alive() >= maxAlive:
		return nil, httpd.Problemf(http.StatusTooManyRequests, "%d runs are going on already.", maxAlive).WithHint("Stop one, or wait for it.")
	}
	run, err := newRun(s, f, params, ask)
	if err != nil {
		return nil, httpd.Problemf(http.StatusInternalServerError, "the run cannot be started: %s", err)
	}
	s.runs = append(s.runs, run)
	for i := 0; len(s.runs) > keptRuns && i < len(s.runs); {
		if old := s.runs[i]; old.isOver() {
			s.runs = slices.Delete(slices.Clone(s.runs), i, i+1)
			_ = os.RemoveAll(old.home)
			continue
		}
		i++
	}
	return run, nil
}

// alive counts the runs that are not over. The lock is held.
func (s *Server) alive() int {
	n := 0
	for _, r := range s.runs {
		if !r.isOver() {
			n++
		}
	}
	return n
}

// find gives a run by its id, nil for none.
func (s *Server) find(id string) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.runs {
		if r.id == id {
			return r
		}
	}
	return nil
}

// place makes the folders of a run and gives the file with its parameters.
func (r *run) place(params []byte) (string, error) {
	for _, dir := range []string{r.results, filepath.Join(r.home, "work")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", err
		}
	}
	file := filepath.Join(r.home, "params.json")
	return file, os.WriteFile(file, params, 0o600)
}
