package scriptserver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/cairn-build/cairn/graph/procedure"
)

// FuzzRequests: whatever is sent, the answer is one that the document describes, and no fault of the service's own.
func FuzzRequests(f *testing.F) {
	for _, seed := range [][3]string{
		{"POST", "/procedures", `{"script": {"script_type": "filesystem", "script_uri": "file:///a.py"}, "script_args": {"init": {"args": [1, null], "kwargs": {"a": {}}}}}`},
		{"POST", "/procedures/", `{"script": {"script_type": "git", "script_uri": "git://../../etc/passwd", "git_args": {"git_repo": "ext::sh -c x", "git_branch": "--upload-pack=x"}, "create_env": true}}`},
		{"POST", "/procedures", `{"script": {"script_type": "target", "script_uri": "//a:b"}}`},
		{"PUT", "/procedures/1", `{"state": "RUNNING", "script_args": {"main": {"kwargs": {"x": 1e999}}}}`},
		{"PUT", "/procedures/1", `{"state": "STOPPED", "abort": true}`},
		{"GET", "/procedures/1?wait=READY&timeout=0", ""},
		{"GET", "/procedures/%31?wait=%00&timeout=1e309", ""},
		{"POST", "/activities", `{"sbd": {"activities": {}}, "activity_name": "a", "prepare_only": true}`},
		{"POST", "/activities", `{"sbd_id": "../../../etc/shadow", "activity_name": "\u0000"}`},
		{"GET", "/x/oet/api/v3/activities/1", ""},
		{"GET", "/health", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, method, target, body string) {
		if strings.Contains(target, "stream") || strings.Contains(target, "wait") && !strings.Contains(target, "timeout=0") {
			return // these take their time
		}
		q, err := http.NewRequest(method, "http://localhost:5000/"+strings.TrimPrefix(target, "/"), strings.NewReader(body))
		if err != nil {
			return
		}
		q.Header.Set("Content-Type", "application/json")
		h := newHarness(t)
		h.create("file:///a.py", ``)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, q)
		if w.Code >= 500 && w.Code != http.StatusServiceUnavailable && !strings.Contains(body, "odd.py") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if err := h.doc.check(q, w); err != nil {
			t.Errorf("%d %s: %v", w.Code, w.Body, err)
		}
		if strings.ContainsFunc(w.Body.String(), func(r rune) bool { return r < ' ' && r != '\n' }) {
			t.Errorf("%q", w.Body)
		}
	})
}

// TestRaces: clients that create, start, stop and look at once, in any order. Whatever they do, no two procedures run at a time,
// each ends, and the service closes.
func TestRaces(t *testing.T) {
	var mu sync.Mutex
	running, most := map[int]bool{}, 0
	h := newHarness(t, func(o *Options) {
		o.New = func(po procedure.Options) Procedure {
			emit := po.Emit
			po.Emit = func(e procedure.Event) {
				mu.Lock()
				if e.Kind == procedure.KindState {
					if e.State == procedure.Running {
						running[e.Procedure] = true
					} else if e.State.Over() {
						delete(running, e.Procedure)
					}
					most = max(most, len(running))
				}
				mu.Unlock()
				emit(e)
			}
			return newFake(po)
		}
	})
	var clients sync.WaitGroup
	for c := range 8 {
		r := rand.New(rand.NewPCG(1, uint64(c)))
		clients.Go(func() {
			for range 60 {
				path := fmt.Sprintf("/procedures/%d", 1+r.IntN(40))
				switch r.IntN(7) {
				case 0, 1:
					h.ask("POST", "/procedures", `{"script": {"script_type": "filesystem", "script_uri": "file:///a.py"}}`)
				case 2:
					h.ask("POST", "/activities", `{"sbd": {}, "activity_name": "observe", "script_args": {"main": {"kwargs": {"hold": 1}}}}`)
				case 3:
					h.ask("PUT", path, `{"state": "RUNNING"}`)
				case 4, 5:
					h.ask("PUT", path, `{"state": "STOPPED", "abort": true}`)
				case 6:
					h.ask("GET", "/procedures", "")
					h.ask("GET", "/activities", "")
				}
			}
		})
	}
	clients.Wait()
	h.Close(context.Background())
	var list []struct{ State procedure.State }
	if err := json.Unmarshal(h.want(200, "GET", "/procedures", "").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if !p.State.Over() {
			t.Errorf("one is %s", p.State)
		}
	}
	if most != 1 || len(list) == 0 {
		t.Errorf("%d ran at once; %d are left", most, len(list))
	}
}

// listen serves on a real port.
func listen(t *testing.T, h *harness) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := h.HTTP()
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return l.Addr().String()
}

// TestConnections: what never becomes a request costs no more than a connection, and does not end the service.
func TestConnections(t *testing.T) {
	h := newHarness(t)
	addr := listen(t, h)
	for _, text := range []string{
		"GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n",
		"GET /" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\n\r\n",
		"GET /health HTTP/1.1\r\n\r\n", // no Host
		"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"POST /procedures HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
		"POST /procedures HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nzz\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", // TLS
		"\x00\x00\x00",
		"CONNECT evil.example.org:443 HTTP/1.1\r\nHost: evil.example.org\r\n\r\n",
	} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, text); err == nil {
			_ = c.(*net.TCPConn).CloseWrite()
			b, _ := io.ReadAll(c)
			if s := string(b); s != "" && !strings.HasPrefix(s, "HTTP/1.1 4") && !strings.HasPrefix(s, "HTTP/1.0 4") && !strings.HasPrefix(s, "HTTP/1.1 505") {
				t.Errorf("%.60q: %q", text, s)
			}
		}
		c.Close()
	}
	h.want(200, "GET", "/health", "")
}

// TestSlowClients: a client that sends its request a byte at a time holds a connection for as long as the limits say, and others
// are served meanwhile. That there are limits is what is looked at: waiting for them is net/http's own test.
func TestSlowClients(t *testing.T) {
	h := newHarness(t)
	s := h.HTTP()
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 {
		t.Fatal("there is no limit")
	}
	addr := listen(t, h)
	var slow []net.Conn
	for range 200 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "POST /procedures HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\nContent-Type: application/json\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, c)
	}
	resp, err := http.Get("http://" + addr + "/health")
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	// A body that is announced to be longer than allowed is not read to its end.
	c := slow[0]
	if _, err := io.WriteString(c, strings.Repeat(" ", maxBody)+"x"); err != nil {
		t.Log(err) // the answer came before all was sent
	}
}
