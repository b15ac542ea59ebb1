package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/scriptserver"
)

// serveHere runs the service in this process, with real scripts, and gives what sends it a request.
func serveHere(t *testing.T) (s *scriptserver.Server, ask func(method, path, body string) (int, map[string]any)) {
	t.Helper()
	t.Setenv("CAIRN_CACHE", filepath.Join(t.TempDir(), "cache"))
	a := newApp()
	host, err := newScriptHost(a, &serveFlags{serveAt: serveAt{unix: "socket"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(host.close)
	s = scriptserver.New(scriptserver.Options{Prepare: host.prepare, Activity: host.activity, URL: "http://localhost", Version: version, Socket: true,
		Grace: 50 * time.Millisecond, Now: time.Now, Log: t.Logf})
	t.Cleanup(func() { s.Close(context.Background()) })
	http := httptest.NewUnstartedServer(s)
	http.Config = s.HTTP()
	http.Start()
	t.Cleanup(http.Close)
	return s, func(method, path, body string) (int, map[string]any) {
		t.Helper()
		return sendJSON(t, http.URL, method, path, body)
	}
}

func sendJSON(t *testing.T, base, method, path, body string) (int, map[string]any) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	var v map[string]any
	if err != nil || json.Unmarshal(b, &v) != nil {
		t.Errorf("%s %s: %s: %v", method, path, b, err)
	}
	return resp.StatusCode, v
}

// TestServeRealScripts: clients create, start and stop real scripts, each with a child that does not hear, in any order and phase at once. One
// runs at a time, each procedure comes to an end, the service closes, and no process is left.
func TestServeRealScripts(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script.py")
	err := os.WriteFile(script, []byte(`
import fcntl, os, subprocess, sys, time
here = os.path.dirname(__file__)
def note(kind, pid):
    open(os.path.join(here, f"{kind}-{pid}"), "w").close()
def init(slow=0):
    note("pid", os.getpid())
    time.sleep(slow)
def main(seconds=0):
    p = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(1000)"])
    note("pid", p.pid)
    lock = open(os.path.join(here, "running"), "w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails where another one runs
    time.sleep(seconds)
`), 0o644)
	if err != nil {
		t.Fatal(err)
	}
	s, ask := serveHere(t)
	create := func(init string) (int, map[string]any) {
		return ask("POST", "/procedures", fmt.Sprintf(`{"script": {"script_type": "filesystem", "script_uri": "file://%s"}, "script_args": {"init": {"kwargs": {%s}}}}`, script, init))
	}
	var clients sync.WaitGroup
	for c := range 4 {
		r := rand.New(rand.NewPCG(7, uint64(c)))
		clients.Go(func() {
			for i := range 6 {
				status, p := create([]string{``, `"slow": 0.05`}[i%2])
				if status == http.StatusTooManyRequests {
					continue
				}
				path := fmt.Sprintf("/procedures/%v", p["id"])
				switch r.IntN(3) {
				case 0: // in whatever phase it is
				case 1:
					ask("GET", path+"?wait=READY", "")
				case 2:
					ask("GET", path+"?wait=READY", "")
					ask("PUT", path, `{"state": "RUNNING", "script_args": {"main": {"kwargs": {"seconds": 0.02}}}}`)
				}
				if status, answer := ask("PUT", path, `{"state": "STOPPED"}`); status != 200 || answer["abort_message"] == nil {
					t.Errorf("%d %v", status, answer)
				}
				if _, p := ask("GET", path, ""); p["state"] != "STOPPED" && p["state"] != "COMPLETE" {
					t.Errorf("%v", p)
				}
			}
		})
	}
	clients.Wait()
	// One is left at each stage for the end.
	_, ready := create(``)
	ask("GET", fmt.Sprintf("/procedures/%v?wait=READY", ready["id"]), "")
	_, running := create(``)
	path := fmt.Sprintf("/procedures/%v", running["id"])
	ask("GET", path+"?wait=READY", "")
	if status, p := ask("PUT", path, `{"state": "RUNNING", "script_args": {"main": {"kwargs": {"seconds": 1000}}}}`); status != 200 || p["state"] != "RUNNING" {
		t.Errorf("%d %v", status, p)
	}
	create(`"slow": 1000`)
	s.Close(context.Background())
	notes, err := filepath.Glob(filepath.Join(dir, "pid-*"))
	if err != nil || len(notes) < 4 {
		t.Fatal(notes, err)
	}
	for _, n := range notes {
		pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(n), "pid-"))
		if err != nil {
			t.Fatal(err)
		}
		if stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); syscall.Kill(pid, 0) == nil && len(stat) > 0 {
			t.Errorf("process %d is left: %q", pid, stat)
		}
	}
}
