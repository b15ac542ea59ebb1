package flowserver

import (
	"embed"
	"net/http"
	"path"
	"strconv"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
)

// The page. What is in dist is made by cmd/internal/formbundle.
//
//go:embed page/index.html page/icon.svg page/dist
var page embed.FS

// static are the files of the page, by path: where they lie, and what they are.
var static = map[string][2]string{
	"/":             {"page/index.html", "text/html; charset=utf-8"},
	"/icon.svg":     {"page/icon.svg", "image/svg+xml"},
	"/page.js":      {"page/dist/page.js", "text/javascript; charset=utf-8"},
	"/page.css":     {"page/dist/page.css", "text/css; charset=utf-8"},
	"/licences.txt": {"page/dist/licences.txt", "text/plain; charset=utf-8"},
}

// pagePolicy lets the page use what this service gives, and nothing else: no other host, no text that is run as code, no frame around it.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; frame-src 'self'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// serveStatic sends a file of the page. It has no secrets, so who has no token gets it as well, and can then be asked for one.
func serveStatic(w http.ResponseWriter, r *http.Request) *httpd.Problem {
	file, ok := static[path.Clean(r.URL.Path)]
	if !ok {
		return httpd.Problemf(http.StatusNotFound, "there is nothing at this path")
	}
	b, err := page.ReadFile(file[0])
	if err != nil {
		return httpd.Problemf(http.StatusInternalServerError, "internal error: the page is not in this program")
	}
	h := w.Header()
	h.Set("Content-Type", file[1])
	h.Set("Content-Length", strconv.Itoa(len(b)))
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	httpd.Hurry(w)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b) // a client that is gone needs none
	}
	return nil
}
