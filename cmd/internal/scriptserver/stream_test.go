package scriptserver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// sse is what a client of a stream sees.
type sse struct {
	id, name string
	data     map[string]any
}

func parseSSE(t *testing.T, text string) (events []sse, comments int) {
	t.Helper()
	for block := range strings.SplitSeq(text, "\n\n") {
		var e sse
		for line := range strings.SplitSeq(block, "\n") {
			name, value, _ := strings.Cut(line, ":")
			value = strings.TrimPrefix(value, " ")
			switch {
			case line == "":
			case name == "":
				comments++
			case name == "id":
				e.id = value
			case name == "event":
				e.name = value
			case name == "data":
				if err := json.Unmarshal([]byte(value), &e.data); err != nil {
					t.Errorf("%s: %v", value, err)
				}
			case name != "retry":
				t.Errorf("line %q", line)
			}
		}
		if e.name != "" {
			events = append(events, e)
		}
	}
	return events, comments
}

// buffered gives all that is kept after an event, as a stream that then ends sends it.
func (h *harness) buffered(after string) []sse { return h.bufferedAt("/stream", after) }

func (h *harness) bufferedAt(path, after string) []sse {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	cancel()
	a := h.want(200, "GET", path, "", func(r *http.Request) {
		*r = *r.WithContext(ctx)
		r.Header.Set("Last-Event-ID", after)
	})
	events, _ := parseSSE(h.t, a.Body.String())
	return events
}

func namesOf(events []sse) string {
	var names []string
	for _, e := range events {
		names = append(names, e.name)
	}
	return strings.Join(names, " ")
}

// TestTopics: each thing that happens is told under the names that clients of the OET listen for, and the data say which.
func TestTopics(t *testing.T) {
	h := newHarness(t)
	p := h.create("file:///a.py", `"init": {"kwargs": {"say": "line 1\nline 2\u2028"}}`)
	h.reach(p, "READY")
	h.want(200, "PUT", p, `{"state": "RUNNING", "script_args": {"main": {"kwargs": {"fail": 1}}}}`)
	h.reach(p, "FAILED")
	events := h.buffered("0")
	want := []string{"request.procedure.create", "procedure.lifecycle.statechange CREATING", "cairn.prep", "procedure.lifecycle.statechange IDLE", "procedure.lifecycle.statechange LOADING",
		"procedure.lifecycle.statechange IDLE", "procedure.lifecycle.created", "procedure.lifecycle.statechange INITIALISING", "procedure.lifecycle.started", "cairn.output",
		"procedure.lifecycle.statechange READY", "request.procedure.start", "procedure.lifecycle.statechange RUNNING", "procedure.lifecycle.started", "procedure.lifecycle.stacktrace",
		"procedure.lifecycle.statechange FAILED", "procedure.lifecycle.failed"}
	if len(events) != len(want) {
		t.Fatalf("%d events: %s", len(events), namesOf(events))
	}
	for i, e := range events {
		got := e.name
		if s, ok := e.data["new_state"]; ok {
			got += " " + s.(string)
		}
		if got != want[i] || e.data["topic"] != e.name || e.id != fmt.Sprintf("%s.%d", h.boot, i+1) {
			t.Errorf("%d: %s %v, want %s", i, e.id, e.data, want[i])
		}
		if strings.HasPrefix(e.name, "procedure.") && e.data["msg_src"] != "1" {
			t.Errorf("%v", e.data)
		}
	}
	if text := events[9].data["event"].(map[string]any)["text"]; text != "line 1\nline 2\u2028" {
		t.Errorf("%q", text)
	}
	result := events[16].data["result"].(map[string]any)
	if result["state"] != "FAILED" || result["uri"] != "http://localhost:5000/procedures/1" {
		t.Error(result)
	}
	if args, ok := result["script_args"].([]any); !ok || len(args) != 2 {
		t.Error(result)
	}
	result = h.bufferedAt("/api/v1.0/stream", "0")[16].data["result"].(map[string]any) // as the client of OET 6 reads it
	if args, ok := result["script_args"].(map[string]any); !ok || args["init"] == nil || result["uri"] != "http://localhost:5000/api/v1.0/procedures/1" {
		t.Error(result)
	}
	if got := h.buffered(events[14].id); len(got) != 2 || got[0].id != events[15].id {
		t.Error(got)
	}
	if got := h.buffered(events[16].id); len(got) != 0 {
		t.Error(got)
	}
	// An event of another process, and one that is yet to come, are not mistaken for one of these.
	for _, id := range []string{"ffffffff.3", "3", h.boot + ".999", h.boot + ".x", "\x00"} {
		got := h.buffered(id)
		if len(got) != 18 || got[0].name != "cairn.reset" || got[0].id != "" || got[0].data["boot"] != h.boot {
			t.Errorf("%q: %s", id, namesOf(got))
		}
	}
}

// TestBufferIsBounded: what is too old is gone, and who asks for it is told how much.
func TestBufferIsBounded(t *testing.T) {
	b := newBroker()
	for i := range 3 * bufferedEvents {
		b.publish(message{topic: "x", data: fmt.Appendf(nil, "%d", i)})
	}
	msgs, next, lost, _, _ := b.read(1, make([]message, 0, 2))
	if !lost || len(msgs) != 2 || string(msgs[0].data) != fmt.Sprint(2*bufferedEvents) || next != 2*bufferedEvents+3 {
		t.Error(msgs, next, lost)
	}
	b = newBroker()
	for range 100 {
		b.publish(message{topic: "x", data: make([]byte, bufferedBytes/10)})
	}
	if len(b.ring) > 10 || b.first != uint64(101-len(b.ring)) {
		t.Error(len(b.ring), b.first)
	}
	b.publish(message{topic: "x", data: make([]byte, 2*bufferedBytes)}) // one is always kept
	if len(b.ring) != 1 || b.next() != 102 {
		t.Error(len(b.ring), b.next())
	}
	h := newHarness(t)
	for i := range bufferedEvents + 50 {
		h.tell("x", map[string]any{"i": i})
	}
	got := h.buffered(h.boot + ".10")
	if got[0].name != "cairn.reset" || got[0].data["reason"] != "40 events are not kept any more" || got[1].id != h.boot+".51" {
		t.Error(got[:2])
	}
}

// recorder is a client whose reading can be held up.
type recorder struct {
	*httptest.ResponseRecorder
	mu   sync.Mutex
	hold chan struct{} // nil: reads at once
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.hold != nil {
		<-r.hold
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ResponseRecorder.Write(b)
}

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Body.String()
}

// TestSignsOfLife: while something is at work there is one each second, else one in a quarter of a minute; a stream ends with
// the service, after the last event.
func TestSignsOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t)
		r := &recorder{ResponseRecorder: httptest.NewRecorder()}
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.ServeHTTP(r, httptest.NewRequest("GET", "http://localhost/stream", nil))
		}()
		time.Sleep(31 * time.Second)
		if _, comments := parseSSE(t, r.text()); comments != 2 {
			t.Errorf("%d signs of life in 31 s without work", comments)
		}
		p := h.create("file:///a.py", `"init": {"kwargs": {"hold": 1}}`)
		time.Sleep(10500 * time.Millisecond)
		if _, comments := parseSSE(t, r.text()); comments != 12 {
			t.Errorf("%d signs of life after 10.5 s of work", comments-2)
		}
		h.Close(t.Context())
		<-done
		if a := h.want(200, "GET", p, ""); a.get("state") != "STOPPED" {
			t.Error(a.Body)
		}
		events, _ := parseSSE(t, r.text())
		if last := events[len(events)-1]; last.name != "procedure.lifecycle.stopped" {
			t.Error(last)
		}
		h.want(503, "POST", "/procedures", `{"script": {"script_type": "filesystem", "script_uri": "file:///a.py"}}`)
		if a := h.want(200, "GET", "/health", ""); a.get("status") != "ending" {
			t.Error(a.Body)
		}
	})
}

// TestSlowReader: a client that does not read holds up no procedure, is dropped, and finds out what it has missed.
func TestSlowReader(t *testing.T) {
	h := newHarness(t)
	r := &recorder{ResponseRecorder: httptest.NewRecorder(), hold: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(r, httptest.NewRequest("GET", "http://localhost/stream", nil))
	}()
	p := h.create("file:///a.py", ``)
	h.reach(p, "READY")
	for i := range 2 * bufferedEvents {
		h.tell("x", map[string]any{"i": i})
	}
	h.want(200, "PUT", p, `{"state": "RUNNING"}`)
	h.reach(p, "COMPLETE")
	close(r.hold)
	<-done // it has lost events, so the stream ends
}

// TestManyStreams: a thousand clients hear the same, over real connections.
func TestManyStreams(t *testing.T) {
	const n = 1000
	h := newHarness(t)
	server := httptest.NewUnstartedServer(h)
	server.Config = h.HTTP()
	server.Start()
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 0}}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var open, heard sync.WaitGroup
	open.Add(n)
	errs := make(chan error, n)
	for range n {
		heard.Go(func() {
			fail := func(err error) { errs <- err; open.Done() }
			q, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/stream", nil)
			if err != nil {
				fail(err)
				return
			}
			resp, err := client.Do(q)
			if err != nil {
				fail(err)
				return
			}
			defer resp.Body.Close()
			lines := bufio.NewScanner(resp.Body)
			if !lines.Scan() || lines.Text() != "retry: 2000" {
				fail(fmt.Errorf("%d %q", resp.StatusCode, lines.Text()))
				return
			}
			open.Done()
			for lines.Scan() {
				if lines.Text() == "event: procedure.lifecycle.complete" {
					return
				}
			}
			errs <- fmt.Errorf("the stream ended: %w", lines.Err())
		})
	}
	open.Wait()
	p := h.create("file:///a.py", ``)
	h.reach(p, "READY")
	h.want(200, "PUT", p, `{"state": "RUNNING"}`)
	h.reach(p, "COMPLETE")
	heard.Wait()
	close(errs)
	for err := range errs {
		t.Fatal(err)
	}
}

func TestEventIDs(t *testing.T) {
	var b bytes.Buffer
	appendSSE(&b, older, "ab", 7, message{topic: "x.y", data: []byte(`{"a":"\n"}`)})
	if b.String() != "id: ab.7\nevent: x.y\ndata: {\"a\":\"\\n\"}\n\n" {
		t.Errorf("%q", b.String())
	}
	if n, ours := parseEventID("ab", "ab.7"); n != 7 || !ours {
		t.Error(n, ours)
	}
}
