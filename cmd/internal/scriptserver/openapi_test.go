package scriptserver

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// late is a body that does not come.
type late struct{}

func (late) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

// TestOpenAPI: the document has all routes and no others, and for each of them just the statuses that it can answer with.
func TestOpenAPI(t *testing.T) {
	doc := parseOpenAPI(t)
	documented := map[string]bool{}
	for path, ops := range doc.Paths {
		for method, op := range ops {
			for status := range op.Responses {
				documented[strings.ToUpper(method)+" "+path+" "+status] = true
			}
			if op.OperationID == "" {
				t.Errorf("%s %s has no name", method, path)
			}
		}
	}
	seen := map[string]bool{}
	const (
		fs    = `{"script": {"script_type": "filesystem", "script_uri": "file:///a.py"}}`
		act   = `{"sbd": {}, "activity_name": "observe"}`
		run   = `{"state": "RUNNING"}`
		proc  = "/procedures/{procedure_id}"
		token = "0123456789abcdef"
	)
	try := func(h *harness, status int, method, pattern, path, body string, edits ...func(*http.Request)) {
		t.Helper()
		h.want(status, method, path, body, edits...)
		seen[fmt.Sprintf("%s %s %d", method, pattern, status)] = true
	}
	h := newHarness(t)
	private := newHarness(t, func(o *Options) { o.Token = token })
	public := newHarness(t, func(o *Options) { o.Socket = false })
	stranger := func(r *http.Request) { r.Host = "evil.example.org" }
	for _, r := range routes() {
		body := ""
		if r.method == "POST" || r.method == "PUT" {
			body = `{}`
		}
		path := strings.NewReplacer("{procedure_id}", "1", "{activity_id}", "1").Replace(r.path)
		if !r.open {
			try(private, 401, r.method, r.path, path, body)
		}
		try(public, 403, r.method, r.path, path, body, stranger)
		if path != r.path {
			try(h, 404, r.method, r.path, path, body)
			try(h, 422, r.method, r.path, strings.TrimSuffix(path, "1")+"x", body)
		}
	}
	try(h, 201, "POST", "/procedures", "/procedures", fs)
	try(h, 201, "POST", "/activities", "/activities", `{"sbd": {}, "activity_name": "observe", "script_args": {"main": {"kwargs": {"hold": 1}}}}`)
	try(h, 409, "POST", "/activities", "/activities", act)
	h.reach("/procedures/1", "READY")
	try(h, 409, "PUT", proc, "/procedures/1", run)
	try(h, 200, "PUT", proc, "/procedures/2", `{"state": "STOPPED"}`)
	for _, path := range []string{"/procedures", "/activities", "/openapi.json", "/health"} {
		try(h, 200, "GET", path, path, "")
	}
	try(h, 200, "GET", proc, "/procedures/1", "")
	try(h, 200, "GET", "/activities/{activity_id}", "/activities/1", "")
	h.buffered("0")
	seen["GET /stream 200"] = true
	for _, c := range []struct{ method, pattern, path string }{{"POST", "/procedures", "/procedures"}, {"POST", "/activities", "/activities"}, {"PUT", proc, "/procedures/1"}} {
		try(h, 400, c.method, c.pattern, c.path, `{`)
		try(h, 408, c.method, c.pattern, c.path, `{}`, func(r *http.Request) { r.Body = io.NopCloser(late{}) })
		try(h, 413, c.method, c.pattern, c.path, `"`+strings.Repeat("x", maxBody)+`"`)
		try(h, 415, c.method, c.pattern, c.path, `{}`, func(r *http.Request) { r.Header.Set("Content-Type", "text/html") })
		try(h, 422, c.method, c.pattern, c.path, `{"nonsense": 1}`)
	}
	try(h, 500, "POST", "/procedures", "/procedures", `{"script": {"script_type": "filesystem", "script_uri": "file:///odd.py"}}`)
	broken := newHarness(t, func(o *Options) {
		o.Activity = func(ActivityRequest) (*Activity, error) { return nil, io.ErrUnexpectedEOF }
	})
	try(broken, 500, "POST", "/activities", "/activities", act)
	none := newHarness(t, func(o *Options) { o.Activity = nil })
	try(none, 501, "POST", "/activities", "/activities", act)
	full := newHarness(t)
	for range kept {
		full.create("file:///slow.py", ``)
	}
	try(full, 429, "POST", "/procedures", "/procedures", fs)
	try(full, 429, "POST", "/activities", "/activities", act)
	ending := newHarness(t)
	ending.reach(ending.create("file:///a.py", ``), "READY")
	ending.mu.Lock()
	ending.closing, ending.streams = true, maxStreams
	ending.mu.Unlock()
	try(ending, 503, "POST", "/procedures", "/procedures", fs)
	try(ending, 503, "POST", "/activities", "/activities", act)
	try(ending, 503, "PUT", proc, "/procedures/1", run)
	try(ending, 503, "GET", "/stream", "/stream", "")
	for _, key := range slices.Sorted(maps.Keys(documented)) {
		if !seen[key] {
			t.Errorf("the document has %s, which was not seen", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(seen)) {
		if !documented[key] {
			t.Errorf("%s is not in the document", key)
		}
	}
	if len(documented) < 50 {
		t.Errorf("only %d answers are documented", len(documented))
	}
}
