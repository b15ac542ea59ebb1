package scriptserver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/procedure"
)

// harness is a service with fakes.
type harness struct {
	t *testing.T
	*Server
	doc *document
}

// newHarness makes one. It is closed, and with it all procedures, when the test ends.
func newHarness(t *testing.T, change ...func(*Options)) *harness {
	t.Helper()
	o := Options{Prepare: prepareFake, Activity: activityFake, New: newFake, URL: "http://localhost:5000", Version: "0.1", Socket: true,
		Log: func(format string, args ...any) {
			if strings.HasPrefix(format, "internal error") {
				t.Errorf(format, args...)
			}
		}}
	for _, c := range change {
		c(&o)
	}
	h := &harness{t, New(o), parseOpenAPI(t)}
	t.Cleanup(func() { h.Close(context.Background()) })
	return h
}

// prepareFake refuses scripts named refused.py, cannot say why for odd.py, prepares slow.py until it is stopped, and fails with missing.py.
func prepareFake(s Script, _, _ *procedure.Call) (procedure.Prepare, error) {
	switch {
	case strings.HasSuffix(s.URI, "refused.py"):
		return nil, &Refusal{"no such thing", "Ask for another one."}
	case strings.HasSuffix(s.URI, "odd.py"):
		return nil, fmt.Errorf("the disk is full")
	}
	return func(ctx context.Context, say func(procedure.Prep)) (procedure.Program, error) {
		say(procedure.Prep{Step: procedure.StepResolve, Ref: "main", Commit: strings.Repeat("a", 40)})
		if strings.HasSuffix(s.URI, "slow.py") {
			<-ctx.Done()
			return procedure.Program{}, ctx.Err()
		}
		if strings.HasSuffix(s.URI, "missing.py") {
			return procedure.Program{}, fmt.Errorf("%s: there is no such file", s.URI)
		}
		return procedure.Program{}, nil
	}, nil
}

func activityFake(r ActivityRequest) (*Activity, error) {
	if r.Name == "none" {
		return nil, &Refusal{Detail: "the block has no activity none"}
	}
	init, main := r.Calls()
	return &Activity{Script: Script{Type: Filesystem, URI: "file:///a.py", CreateEnv: r.CreateEnv}, Init: init, Main: main, SBDID: "sbd-1", SBIID: "sbi-1"}, nil
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	t *testing.T
}

// ask sends a request; edits change it before. The answer must be one that the OpenAPI document describes.
func (h *harness) ask(method, path, body string, edits ...func(*http.Request)) answer {
	h.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	q := httptest.NewRequest(method, "http://localhost:5000"+path, r)
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	for _, e := range edits {
		e(q)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, q)
	if err := h.doc.check(q, w); err != nil {
		h.t.Errorf("%s %s: %d %s: %v", method, path, w.Code, w.Body, err)
	}
	return answer{w, h.t}
}

// want is ask for which just one status will do.
func (h *harness) want(status int, method, path, body string, edits ...func(*http.Request)) answer {
	h.t.Helper()
	a := h.ask(method, path, body, edits...)
	if a.Code != status {
		h.t.Fatalf("%s %s %s: %d, want %d: %s", method, path, body, a.Code, status, a.Body)
	}
	return a
}

// get gives a member of the answer: "history.stacktrace".
func (a answer) get(path string) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal(a.Body.Bytes(), &v); err != nil {
		a.t.Fatalf("%s: %v", a.Body, err)
	}
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// create makes a procedure and gives its path.
func (h *harness) create(uri, args string) string {
	h.t.Helper()
	a := h.want(201, "POST", "/procedures", fmt.Sprintf(`{"script": {"script_type": "filesystem", "script_uri": %q}, "script_args": {%s}}`, uri, args))
	return fmt.Sprintf("/procedures/%v", a.get("id"))
}

// reach waits for a state.
func (h *harness) reach(path, state string) answer {
	h.t.Helper()
	a := h.want(200, "GET", path+"?wait="+state, "")
	if a.get("state") != state {
		h.t.Fatalf("%s is %v, want %s", path, a.get("state"), state)
	}
	return a
}

// document is the OpenAPI document, as far as answers are compared with it.
type document struct {
	Paths      map[string]map[string]operation
	Components struct {
		Responses map[string]response
		Schemas   map[string]json.RawMessage
	}
}

type operation struct {
	OperationID string
	Responses   map[string]response
}

type response struct {
	Ref     string `json:"$ref"`
	Content map[string]struct{ Schema json.RawMessage }
}

func parseOpenAPI(t testing.TB) *document {
	t.Helper()
	d := &document{}
	if err := json.Unmarshal(openAPI, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// response gives what the document says of a status; "" for an operation that it does not have.
func (d *document) response(method, pattern string, status int) (response, bool) {
	r, ok := d.Paths[pattern][strings.ToLower(method)].Responses[fmt.Sprint(status)]
	if name, isRef := strings.CutPrefix(r.Ref, "#/components/responses/"); isRef {
		r, ok = d.Components.Responses[name]
	}
	return r, ok
}

// check compares an answer with the document.
func (d *document) check(q *http.Request, w *httptest.ResponseRecorder) error {
	dialect, path := dialectOf(q.URL.Path)
	kind, _, _ := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if !json.Valid(w.Body.Bytes()) && kind != "text/event-stream" {
		return fmt.Errorf("no JSON")
	}
	route, _, bad := match(q.Method, path)
	if dialect.legacy || bad != nil && bad.Status != 422 {
		return nil // of these the document speaks in words
	}
	if bad != nil {
		route.path = "/procedures/{procedure_id}"
	}
	r, ok := d.response(q.Method, route.path, w.Code)
	if !ok {
		return fmt.Errorf("the document does not have this status")
	}
	content, ok := r.Content[kind]
	if !ok {
		return fmt.Errorf("the document does not have %s here", kind)
	}
	if kind == "text/event-stream" {
		return nil
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return err
	}
	return d.valid(content.Schema, v, "body")
}

// schema is as much of JSON schema as the document makes use of.
type schema struct {
	Ref        string `json:"$ref"`
	Type       string
	Required   []string
	Properties map[string]json.RawMessage
	Additional json.RawMessage `json:"additionalProperties"`
	Items      json.RawMessage
	Enum       []string
	OneOf      []json.RawMessage
	AllOf      []json.RawMessage
	Nullable   bool
	MinItems   *int
	MaxItems   *int
}

func (d *document) valid(raw json.RawMessage, v any, at string) error {
	var s schema
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return d.valid(d.Components.Schemas[name], v, at)
	}
	for _, all := range s.AllOf {
		if err := d.valid(all, v, at); err != nil {
			return err
		}
	}
	if len(s.OneOf) > 0 {
		fits := 0
		for _, one := range s.OneOf {
			if d.valid(one, v, at) == nil {
				fits++
			}
		}
		if fits != 1 {
			return fmt.Errorf("%s fits %d of %d", at, fits, len(s.OneOf))
		}
	}
	if v == nil && s.Nullable {
		return nil
	}
	is := map[string]bool{"": true}
	switch v := v.(type) {
	case map[string]any:
		is["object"] = true
	case []any:
		is["array"] = true
	case string:
		is["string"] = true
	case bool:
		is["boolean"] = true
	case json.Number:
		is["number"] = true
		_, err := v.Int64()
		is["integer"] = err == nil
	}
	if !is[s.Type] {
		return fmt.Errorf("%s is no %s", at, s.Type)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				return fmt.Errorf("%s has no %s", at, name)
			}
		}
		for name, m := range v {
			sub, ok := s.Properties[name]
			switch {
			case ok:
			case string(s.Additional) == "false", len(s.Additional) == 0 && s.Properties != nil:
				return fmt.Errorf("the document knows no %s.%s", at, name)
			default:
				sub = s.Additional
			}
			if len(sub) > 0 && string(sub) != "true" {
				if err := d.valid(sub, m, at+"."+name); err != nil {
					return err
				}
			}
		}
	case []any:
		if s.MinItems != nil && len(v) < *s.MinItems || s.MaxItems != nil && len(v) > *s.MaxItems {
			return fmt.Errorf("%s has %d items", at, len(v))
		}
		for i, m := range v {
			if err := d.valid(s.Items, m, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case string:
		ok := len(s.Enum) == 0
		for _, e := range s.Enum {
			ok = ok || e == v
		}
		if !ok {
			return fmt.Errorf("%s is %q", at, v)
		}
	}
	return nil
}
