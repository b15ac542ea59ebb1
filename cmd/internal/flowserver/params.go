package flowserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/yamltree"
)

// maxBody is the most that a request may carry.
const maxBody = 16 << 20

// fieldError is a value that the workflow does not take, as the package says it.
type fieldError struct {
	Message   string          `json:"message"`
	Path      []any           `json:"path"`
	Schema    []any           `json:"schema_path,omitempty"`
	Validator string          `json:"validator,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
}

// refused is the answer to values that the workflow does not take.
type refused struct {
	Detail []fieldError `json:"detail"`
}

// workflowAnswer is what the page has to know.
type workflowAnswer struct {
	Label   string          `json:"label"`
	Title   string          `json:"title"`
	ID      string          `json:"id"`
	Version string          `json:"version"`
	Command []string        `json:"command"`
	Modes   []string        `json:"modes"`
	Tasks   []task          `json:"tasks"`
	RJSF    json.RawMessage `json:"rjsf"`
	Graph   string          `json:"graph"`
}

func (s *Server) serveWorkflow(w http.ResponseWriter, _ *http.Request) *httpd.Problem {
	f, p := s.shown()
	if p != nil {
		return p
	}
	defer f.drop()
	httpd.Send(w, http.StatusOK, "application/json", workflowAnswer{Label: s.o.Label, Title: f.title, ID: f.id, Version: f.Version,
		Command: s.o.Command, Modes: f.modes, Tasks: f.tasks, RJSF: f.rjsf, Graph: f.graph})
	return nil
}

// serveState says which version would be shown now, and has somebody look whether that is so.
func (s *Server) serveState(w http.ResponseWriter, _ *http.Request) *httpd.Problem {
	s.look()
	f, p := s.shown()
	if p != nil {
		return p
	}
	defer f.drop()
	s.mu.Lock()
	problem := s.problem
	s.mu.Unlock()
	httpd.Send(w, http.StatusOK, "application/json", map[string]string{"version": f.Version, "problem": problem})
	return nil
}

// shown gives the workflow that the page shows, held.
func (s *Server) shown() (*flow, *httpd.Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flow == nil || s.closing {
		return nil, httpd.Problemf(http.StatusServiceUnavailable, "the service is about to end")
	}
	s.flow.hold()
	return s.flow, nil
}

// serveParams gives the parameters that the form's data are, for files and command lines.
func (s *Server) serveParams(w http.ResponseWriter, r *http.Request) *httpd.Problem {
	var ask struct {
		FormData json.RawMessage `json:"formdata"`
	}
	if p := readJSON(w, r, &ask); p != nil {
		return p
	}
	f, p := s.shown()
	if p != nil {
		return p
	}
	defer f.drop()
	params, p := s.convert(w, r, f, "formdata", "params", ask.FormData)
	if p != nil || params == nil {
		return p
	}
	v, err := ojson.Parse(params)
	if err != nil {
		return httpd.Problemf(http.StatusBadGateway, "convert: what it gives cannot be read: %s", err)
	}
	httpd.Send(w, http.StatusOK, "application/json", map[string]any{"params": json.RawMessage(params), "yaml": string(asYAML(v))})
	return nil
}

// serveFormData gives the form's data for a file of parameters, in YAML or JSON.
func (s *Server) serveFormData(w http.ResponseWriter, r *http.Request) *httpd.Problem {
	text, p := readBody(w, r)
	if p != nil {
		return p
	}
	node, problems := yamltree.Parse("the file", text)
	if problems.HasErrors() {
		p := httpd.Problemf(http.StatusUnprocessableEntity, "%s", problems.Short())
		for _, d := range problems {
			if !d.Warning && d.Detail+d.Hint != "" {
				return p.WithHint("%s", strings.TrimSpace(d.Detail+" "+d.Hint))
			}
		}
		return p
	}
	if node == nil || node.Kind != yamltree.Map {
		return httpd.Problemf(http.StatusUnprocessableEntity, "the file holds no parameters").WithHint("It is a mapping from tasks to their arguments.")
	}
	params, err := ojson.Marshal(plain(node), "")
	if err != nil {
		return httpd.Problemf(http.StatusUnprocessableEntity, "the file cannot be said in JSON: %s", err)
	}
	f, p := s.shown()
	if p != nil {
		return p
	}
	defer f.drop()
	data, p := s.convert(w, r, f, "params", "formdata", params)
	if p != nil || data == nil {
		return p
	}
	httpd.Send(w, http.StatusOK, "application/json", map[string]any{"formdata": json.RawMessage(data)})
	return nil
}

// convert has the package make one form of parameters of the other. nil, and no problem: they are not what it takes, and that
// was answered.
func (s *Server) convert(w http.ResponseWriter, r *http.Request, f *flow, from, to string, data []byte) ([]byte, *httpd.Problem) {
	if len(data) == 0 {
		return nil, httpd.Problemf(http.StatusBadRequest, "the body has no %s", from)
	}
	httpd.Patient(w)
	out, err := s.ask(r.Context(), &f.Package, data, "convert", "--from", from, "--to", to)
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return nil, httpd.Problemf(http.StatusServiceUnavailable, "nobody waits for the answer any more")
		}
		return nil, httpd.Problemf(http.StatusBadGateway, "%s", err)
	}
	var answer struct {
		Result json.RawMessage `json:"result"`
		Errors []fieldError    `json:"validation_errors"`
	}
	if err := json.Unmarshal(out, &answer); err != nil || answer.Result == nil && answer.Errors == nil {
		return nil, httpd.Problemf(http.StatusBadGateway, "convert: the package gives neither a result nor errors")
	}
	if len(answer.Errors) > 0 {
		for i := range answer.Errors {
			if answer.Errors[i].Path == nil {
				answer.Errors[i].Path = []any{}
			}
		}
		httpd.Send(w, http.StatusUnprocessableEntity, "application/json", refused{answer.Errors})
		return nil, nil
	}
	return answer.Result, nil
}

// readBody reads what a request carries.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *httpd.Problem) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, httpd.Problemf(http.StatusRequestEntityTooLarge, "a request carries %d bytes at most", maxBody)
	}
	if err != nil {
		return nil, httpd.Problemf(http.StatusBadRequest, "the request breaks off")
	}
	return b, nil
}

// readJSON reads a request whose body is a JSON object with members that are known. A browser sends no such request to another
// site without asking it first.
func readJSON(w http.ResponseWriter, r *http.Request, into any) *httpd.Problem {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return httpd.Problemf(http.StatusUnsupportedMediaType, "the body has to be JSON").WithHint("Content-Type: application/json")
	}
	b, p := readBody(w, r)
	if p != nil {
		return p
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil && d.More() {
		err = errors.New("something comes after it")
	}
	if err != nil {
		return httpd.Problemf(http.StatusBadRequest, "the body is not what is wanted: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}
