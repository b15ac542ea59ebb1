package scriptserver

import (
	"fmt"
	"net/http"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
)

// Refusal is why something that a client asked for cannot be done, in words for the client.
type Refusal struct{ Detail, Hint string }

// Error gives the text without the hint.
func (r *Refusal) Error() string { return r.Detail }

// problem is an answer that is an error, whose member detail is also where OET 7 has it.
type problem struct {
	httpd.Problem

	kind  string // what OET before 7 calls it; "": the title
	allow string // methods, with 405
}

func problemf(status int, format string, args ...any) *problem {
	return &problem{Problem: *httpd.Problemf(status, format, args...)}
}

// hint adds what helps.
func (p *problem) hint(format string, args ...any) *problem {
	p.WithHint(format, args...)
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
	p.Headers(h)
	if p.Status == http.StatusMethodNotAllowed {
		h.Set("Allow", p.allow)
	}
	if !d.legacy {
		httpd.Send(w, p.Status, "application/problem+json", p)
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
	httpd.Send(w, status, "application/json", legacyProblem{fmt.Sprintf("%d %s", status, http.StatusText(status)), kind, text})
}
