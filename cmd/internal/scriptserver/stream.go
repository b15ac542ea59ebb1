package scriptserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
)

const (
	maxStreams = 1024
	// Between two signs of life on a stream: while something is at work, and otherwise.
	beatBusy, beatIdle = time.Second, 15 * time.Second
)

// stream sends events as they happen, and first those that came after Last-Event-ID as far as they are still there.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, d dialect, _ int) *problem {
	s.mu.Lock()
	if s.streams >= maxStreams {
		s.mu.Unlock()
		return problemf(http.StatusServiceUnavailable, "%d streams are open already", maxStreams)
	}
	s.streams++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.streams--
		s.mu.Unlock()
	}()
	httpd.Patient(w)
	c := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)

	var out bytes.Buffer
	at := s.resume(r, &out)
	batch := make([]message, 0, 64)
	for {
		msgs, next, lost, wake, over := s.events.read(at, batch[:0])
		if lost {
			return nil // it is too slow: it has to come again, and will be told what it missed
		}
		for i, m := range msgs {
			appendSSE(&out, d, s.boot, at+uint64(i), m)
		}
		at = next
		if out.Len() > 0 {
			httpd.Hurry(w)
			if _, err := w.Write(out.Bytes()); err != nil || c.Flush() != nil {
				return nil
			}
			out.Reset()
		}
		if over {
			return nil
		}
		if len(msgs) > 0 {
			continue
		}
		beat := beatIdle
		if s.busy() {
			beat = beatBusy
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

// resume says from which event on the client is told, and writes what it has to know first.
func (s *Server) resume(r *http.Request, out *bytes.Buffer) uint64 {
	out.WriteString("retry: 2000\n\n")
	id := r.Header.Get("Last-Event-ID")
	if id == "" {
		id = r.URL.Query().Get("last_event_id")
	}
	next := s.events.next()
	if id == "" {
		return next
	}
	reset := func(format string, args ...any) {
		data, _ := json.Marshal(map[string]any{"topic": topicReset, "boot": s.boot, "reason": fmt.Sprintf(format, args...)})
		appendSSE(out, dialect{}, s.boot, 0, message{topic: topicReset, data: data})
	}
	s.events.mu.Lock()
	first := s.events.first
	s.events.mu.Unlock()
	last, ours := parseEventID(s.boot, id)
	switch {
	case id == "0": // whatever is there
		return first
	case !ours || last >= next:
		reset("the event is none of this process's: the service was started anew, and its history is new")
		return first
	case last+1 < first:
		reset("%d events are not kept any more", first-last-1)
		return first
	}
	return last + 1
}
