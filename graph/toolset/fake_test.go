package toolset

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cairn-build/cairn/cache/mem"
)

// host is a machine in a folder: a fixed search path, a HOME, a PATH, and a memory that outlives processes.
type host struct {
	*testing.T
	dir   string
	env   map[string]string
	o     Options
	store *mem.Store
}

func newHost(t *testing.T) *host {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h := &host{T: t, dir: dir, env: map[string]string{"HOME": dir + "/home", "PATH": dir + "/path:/usr/bin:/bin"}, store: mem.New()}
	h.o = Options{Search: []string{dir + "/local", dir + "/bin"}, Overrides: map[string]string{}, Identity: map[string]string{}, Records: h.store,
		Getenv: func(n string) (string, bool) { v, ok := h.env[n]; return v, ok },
		Now:    func() time.Time { return time.Now().Add(time.Hour) }} // what is written now is old
	return h
}

func (h *host) at(rel string) string { return filepath.Join(h.dir, rel) }

// put writes a file; one that begins with #! can be executed.
func (h *host) put(rel, content string) string {
	h.Helper()
	p := h.at(rel)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		h.Fatal(err)
	}
	mode := os.FileMode(0o644)
	if strings.HasPrefix(content, "#!") {
		mode = 0o755
	}
	// A new file for each content, as package managers do it: the kernel refuses to write to a program that runs.
	if err := os.WriteFile(p+".new", []byte(content), mode); err != nil {
		h.Fatal(err)
	}
	if err := os.Rename(p+".new", p); err != nil {
		h.Fatal(err)
	}
	return p
}

func (h *host) link(to, rel string) string {
	h.Helper()
	if err := os.MkdirAll(filepath.Dir(h.at(rel)), 0o755); err != nil {
		h.Fatal(err)
	}
	os.Remove(h.at(rel))
	if err := os.Symlink(to, h.at(rel)); err != nil {
		h.Fatal(err)
	}
	return h.at(rel)
}

// copyTo copies a folder, links as they are.
func (h *host) copyTo(from, to string) {
	h.Helper()
	if err := os.CopyFS(h.at(to), os.DirFS(h.at(from))); err != nil {
		h.Fatal(err)
	}
}

// resolve asks as a new process does.
func (h *host) resolve(name string) Tool {
	h.Helper()
	t, err := New(h.o).Resolve(context.Background(), name)
	if err != nil {
		h.Fatalf("%s: %v", name, err)
	}
	return t
}

func (h *host) fails(name string) error {
	h.Helper()
	t, err := New(h.o).Resolve(context.Background(), name)
	if err == nil {
		h.Fatalf("%s is found: %+v", name, t)
	}
	return err
}

func (h *host) posix() Tool {
	h.Helper()
	t, err := New(h.o).Posix(context.Background())
	if err != nil {
		h.Fatal(err)
	}
	return t
}

// lines counts the lines of a log that fake programs write.
func (h *host) lines(rel string) int {
	b, _ := os.ReadFile(h.at(rel))
	return strings.Count(string(b), "\n")
}
