package scriptserver

import (
	_ "embed"
	"net/http"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
)

// openAPI is the description of all routes, of which a test knows that it says what the handlers do.
//
//go:embed openapi.json
var openAPI []byte

func (s *Server) describe(w http.ResponseWriter, _ *http.Request, _ dialect, _ int) *problem {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	httpd.Hurry(w)
	_, _ = w.Write(openAPI)
	return nil
}
