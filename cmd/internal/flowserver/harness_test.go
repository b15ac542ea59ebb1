package flowserver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// errNone stands for no error.
var errNone = errors.New("none")

// harness is a service of the workflow in testdata/flow.py.
type harness struct {
	t    *testing.T
	s    *Server
	http *httptest.Server
	// version and broken are what the next build comes to.
	version  atomic.Value // string
	broken   atomic.Value // error
	released atomic.Int32
}

func newHarness(t *testing.T, change func(*Options)) *harness {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("testdata/flow.py")
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{t: t}
	h.version.Store("1")
	o := Options{Label: "//patrols:flow", Command: []string{"cairn", "run", "//patrols:flow", "--"}, Temp: filepath.Join(t.TempDir(), "runs"), OwnName: true,
		Grace: 100 * time.Millisecond, Log: t.Logf,
		Build: func(context.Context) (*Package, error) {
			if err, ok := h.broken.Load().(error); ok && err != errNone {
				return nil, err
			}
			return &Package{Version: h.version.Load().(string), Argv: []string{python, "-I", "-S", "-B", script}, Env: []string{"PATH=" + os.Getenv("PATH"), "WT_RESULTS=/nowhere"},
				Dir: t.TempDir(), Release: func() { h.released.Add(1) }}, nil
		}}
	if change != nil {
		change(&o)
	}
	h.s = New(o)
	if err := h.s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.http = httptest.NewUnstartedServer(h.s)
	h.http.Config = h.s.HTTP()
	h.http.Start()
	t.Cleanup(func() {
		h.s.Close(context.Background())
		h.http.Close()
	})
	return h
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// json gives a member of the answer, by names.
func (a answer) json(t *testing.T, names ...string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	for _, n := range names {
		m, _ := v.(map[string]any)
		v = m[n]
	}
	return v
}

// want sends a request and expects a status.
func (h *harness) want(status int, method, path, body string, change ...func(*http.Request)) answer {
	h.t.Helper()
	q, err := http.NewRequestWithContext(h.t.Context(), method, h.http.URL+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if strings.HasPrefix(body, "{") {
		q.Header.Set("Content-Type", "application/json")
	}
	for _, f := range change {
		f(q)
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != status {
		h.t.Errorf("%s %s: %d, want %d (%v)\n%s", method, path, r.StatusCode, status, err, b)
	}
	return answer{r.StatusCode, r.Header, b}
}

// start starts a run in an area, and gives its id.
func (h *harness) start(area string) string {
	h.t.Helper()
	a := h.want(201, "POST", "/api/runs", `{"formdata": {"Where and when": {"area": {"name": "`+area+`"}}}, "execution_mode": "parallel", "mock_io": true}`)
	id, _ := a.json(h.t, "id").(string)
	return id
}

// event is one of a stream.
type event struct {
	id, name string
	data     map[string]any
}

// events gives a run's events up to the first that fits, or the end of the stream.
func (h *harness) events(id, last string, until func(event) bool) []event {
	h.t.Helper()
	q, err := http.NewRequestWithContext(h.t.Context(), "GET", h.http.URL+"/api/runs/"+id+"/events", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	q.Header.Set("Last-Event-ID", last)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != 200 || r.Header.Get("Content-Type") != "text/event-stream" {
		h.t.Fatal(r.Status, r.Header)
	}
	var all []event
	var e event
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		field, text, _ := bytes.Cut(lines.Bytes(), []byte(": "))
		switch string(field) {
		case "id":
			e.id = string(text)
		case "event":
			e.name = string(text)
		case "data":
			if err := json.Unmarshal(text, &e.data); err != nil {
				h.t.Fatalf("%s: %v", text, err)
			}
		case "":
			all = append(all, e)
			if until != nil && until(e) {
				return all
			}
			e = event{}
		}
	}
	return all
}

// ended gives how a run ended.
func (h *harness) ended(id string) map[string]any {
	h.t.Helper()
	all := h.events(id, "", nil)
	if len(all) == 0 || all[len(all)-1].name != "end" {
		h.t.Fatal(all)
	}
	return all[len(all)-1].data
}
