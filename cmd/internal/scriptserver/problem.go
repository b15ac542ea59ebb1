package scriptserver

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"
)

// Refusal is why something that a client asked for cannot be done, in words for the client.
type Refusal struct{ Detail, Hint string }

// Error gives the text without the hint.
func (r *Refusal) Error() string { return r.Detail }

// problem is an answer that is an error: problem details (RFC 9457), whose member detail is also where OET 7 has it.
type problem struct {
	Type   string `json:"type"` // about:blank: the status says it all
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`

	kind  string // what OET before 7 calls it; "": the title
	allow string // methods, with 405
}

func problemf(status int, format string, args ...any) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

// hint adds what helps.
func (p *problem) hint(format string, args ...any) *problem {
	p.Hint = fmt.Sprintf(format, args...)
	return p
}

// notFound is a procedure or an activity that is not there, in the words of the OET.
func notFound(what string, id int) *problem {
	p := problemf(http.StatusNotFound, "No information available for %s=%d", what, id)
	p.kind = "ResourceNotFound"
	return p.hint("The %d latest are kept, and none that an earlier process had.", kept)
}

// legacyProblem is the form of errors of OET 1 to 6.
type legacyProblem struct {
	Error   string `json:"error"`
	Type    string `json:"type"`
	Message string `json:"Message"`
}

// write sends the problem in the form that clients of d know.
func (p *problem) write(w http.ResponseWriter, d dialect) {
	h := w.Header()
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="cairn"`)
	case http.StatusMethodNotAllowed:
		h.Set("Allow", p.allow)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		h.Set("Retry-After", "2")
	}
	if !d.legacy {
		send(w, p.Status, "application/problem+json", p)
		return
	}
	status := p.Status
	if status == http.StatusUnprocessableEntity {
		status = http.StatusBadRequest
	}
	kind := p.kind
	if kind == "" {
		kind = p.Title
		if status == http.StatusBadRequest {
			kind = "Malformed Request"
		}
	}
	text := p.Detail
	if p.Hint != "" {
		text += ". " + p.Hint
	}
	send(w, status, "application/json", legacyProblem{fmt.Sprintf("%d %s", status, http.StatusText(status)), kind, text})
}

// send writes v as JSON.
func send(w http.ResponseWriter, status int, kind string, v any) {
	b, err := json.Marshal(v)
	if err != nil { // what we send can be written
		status, b = http.StatusInternalServerError, []byte(`{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"internal error: an answer cannot be written"}`)
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	hurry(w)
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // a client that is gone needs no answer
}

// hurry gives a client so long to take an answer.
func hurry(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(slowest)) // what is not a connection needs none
}

// patient lets a request take as long as what it asks for.
func patient(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // where that is not to be had, its context ends early
}

// silent drops what net/http has to say about clients that break off.
func silent() *log.Logger { return log.New(io.Discard, "", 0) }
