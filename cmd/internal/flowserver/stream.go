package flowserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
)

const (
	// What is kept of a run's output, in both ways. Of tasks, all is kept that a workflow of 10,000 tells.
	maxLines, maxLineBytes = 10_000, 4 << 20
	maxTasks               = 100_000
	// beat is between two signs of life on a stream.
	beat = 10 * time.Second
)

// message is an event as it is sent.
type message struct {
	name string
	data []byte // JSON, one line
}

// history is all that was told of a run, numbered from 1. Who listens holds a number and comes for what follows, so one that is slow
// holds nobody up.
type history struct {
	mu     sync.Mutex
	all    []message
	lines  int
	bytes  int
	tasks  int
	wake   chan struct{} // closed when something comes, and made anew
	closed bool
}

// add adds an event, as far as there is room.
func (h *history) add(name string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		return // what we tell can be written
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return
	case name == "log":
		h.lines++
		h.bytes += len(b)
		if h.lines == maxLines || h.lines < maxLines && h.bytes >= maxLineBytes {
			h.lines = maxLines
			b = []byte(`{"text":"cairn: there is more output, which is not kept"}`)
		} else if h.lines > maxLines {
			return
		}
	default:
		if h.tasks++; h.tasks > maxTasks {
			return
		}
	}
	h.publish(message{name, b})
}

// finish adds the last event.
func (h *history) finish(e ending) {
	b, err := json.Marshal(e)
	if err != nil { // a trace or result that is no JSON cannot have been read
		b = []byte(`{"state":"failed","error":"internal error: the end of the run cannot be told"}`)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.publish(message{"end", b})
}

// publish wakes all who wait. The lock is held.
func (h *history) publish(m message) {
	h.all = append(h.all, m)
	close(h.wake)
	h.wake = make(chan struct{})
}

// read gives what comes after the first n events, and what is closed when there is more.
func (h *history) read(n int) (msgs []message, wake <-chan struct{}, closed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all[min(n, len(h.all)):], h.wake, h.closed
}

// serveEvents sends what happens to a run, from its beginning or from where the client was.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request, id string) *httpd.Problem {
	run := s.find(id)
	if run == nil {
		return unknown()
	}
	at, err := strconv.Atoi(r.Header.Get("Last-Event-ID"))
	if err != nil || at < 0 {
		at = 0
	}
	httpd.Patient(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	c := http.NewResponseController(w)
	var out bytes.Buffer
	for {
		msgs, wake, closed := run.events.read(at)
		for _, m := range msgs[:min(len(msgs), 256)] {
			at++
			fmt.Fprintf(&out, "id: %d\nevent: %s\ndata: %s\n\n", at, m.name, m.data)
		}
		if out.Len() > 0 {
			httpd.Hurry(w)
			if _, err := w.Write(out.Bytes()); err != nil || c.Flush() != nil {
				return nil
			}
			out.Reset()
		}
		if len(msgs) > 0 {
			continue
		}
		if closed {
			return nil
		}
		timer := time.NewTimer(beat)
		select {
		case <-r.Context().Done():
			timer.Stop()
			return nil
		case <-wake:
		case <-timer.C:
			out.WriteString(":\n\n")
		}
		timer.Stop()
	}
}
