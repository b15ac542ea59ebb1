package flowserver

import (
	"crypto/subtle"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
)

// maxFiles is how many files of a run's results are shown.
const maxFiles = 2000

// resultFile is a file that a run has left.
type resultFile struct {
	Path string `json:"path"` // in the results' folder, with slashes
	URL  string `json:"url"`  // relative to the page
	Size int64  `json:"size"`
}

// listFiles gives the regular files below a folder, in order.
func listFiles(dir, key string) []resultFile {
	files := []resultFile{}
	_ = filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error { // what cannot be read is not shown
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if len(files) == maxFiles {
			return fs.SkipAll
		}
		fi, err := d.Info()
		rel, rerr := filepath.Rel(dir, at)
		if err != nil || rerr != nil {
			return nil
		}
		rel = filepath.ToSlash(rel)
		files = append(files, resultFile{Path: rel, URL: "files/" + key + "/" + (&url.URL{Path: rel}).EscapedPath(), Size: fi.Size()})
		return nil
	})
	return files
}

// resultPolicy is for files that a run has made, which are strange code: they run in an origin of their own, where neither the page nor
// the service can be asked for anything, and reach no network.
const resultPolicy = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data:; " +
	"img-src data: blob:; media-src data: blob:; font-src data:; worker-src blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

// kinds are what files are sent as. Whatever else there is, is text or to be saved.
var kinds = map[string]string{".html": "text/html; charset=utf-8", ".htm": "text/html; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png",
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".avif": "image/avif", ".pdf": "application/pdf",
	".json": "application/json", ".geojson": "application/json", ".csv": "text/plain; charset=utf-8", ".txt": "text/plain; charset=utf-8",
	".md": "text/plain; charset=utf-8", ".log": "text/plain; charset=utf-8", ".yaml": "text/plain; charset=utf-8"}

// serveFile sends a file of a run's results. Its address has a part that nobody can guess, since a frame cannot show a token.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, at string) *httpd.Problem {
	key, name, _ := strings.Cut(at, "/")
	run := s.byKey(key)
	if run == nil {
		return httpd.Problemf(http.StatusNotFound, "there is nothing at this path")
	}
	root, err := os.OpenRoot(run.results)
	if err != nil {
		return httpd.Problemf(http.StatusNotFound, "there is nothing at this path")
	}
	defer root.Close()
	f, err := openRegular(root, path.Clean(name))
	if err != nil {
		return httpd.Problemf(http.StatusNotFound, "there is nothing at this path")
	}
	defer f.Close()
	h := w.Header()
	kind := kinds[strings.ToLower(path.Ext(name))]
	if kind == "" {
		kind = "application/octet-stream"
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(name)}))
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", resultPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(5 * time.Minute)) // it may be large
	http.ServeContent(w, r, "", time.Time{}, f)
	return nil
}

// openRegular opens a file that is one. A run may have left anything: a pipe must hold nobody up.
func openRegular(root *os.Root, name string) (*os.File, error) {
	fi, err := root.Lstat(name)
	if err == nil && !fi.Mode().IsRegular() {
		err = errors.New("it is no file")
	}
	if err != nil {
		return nil, err
	}
	return root.Open(name)
}

// byKey gives the run whose files an address names, nil for none.
func (s *Server) byKey(key string) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.runs {
		if subtle.ConstantTimeCompare([]byte(r.key), []byte(key)) == 1 {
			return r
		}
	}
	return nil
}
