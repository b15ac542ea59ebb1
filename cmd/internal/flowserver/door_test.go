package flowserver

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Who has no token gets the page, which asks for one, and nothing of the workflow.
func TestToken(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.Token = "0123456789abcdef" })
	shown := func(r *http.Request) { r.Header.Set("Authorization", "Bearer 0123456789abcdef") }
	for _, path := range []string{"/", "/page.js", "/page.css", "/icon.svg", "/licences.txt"} {
		a := h.want(200, "GET", path, "")
		if csp := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'; style-src 'self';") {
			t.Error(path, csp)
		}
	}
	for _, c := range [][2]string{{"GET", "/api/workflow"}, {"GET", "/api/state"}, {"POST", "/api/runs"}, {"POST", "/api/params"}, {"POST", "/api/formdata"},
		{"GET", "/api/runs/x"}, {"GET", "/api/runs/x/events"}, {"DELETE", "/api/runs/x"}, {"GET", "/api/nothing"}, {"POST", "/"}} {
		h.want(401, c[0], c[1], "")
	}
	h.want(200, "GET", "/api/workflow", "", shown)
	// A name that others may have given this machine is none of its own, token or not.
	evil := func(r *http.Request) { r.Host = "evil.example.org" }
	h.want(403, "GET", "/", "", evil)
	h.want(403, "GET", "/api/workflow", "", evil, shown)
	h.want(403, "GET", "/files/x/y", "", evil)
}

// Without a token, a page of somebody else's gets nowhere.
func TestWebPages(t *testing.T) {
	h := newHarness(t, nil)
	run := `{"formdata": {"Where and when": {"area": {"name": "Mara"}}}}`
	for _, c := range [][2]string{{"Origin", "https://evil.example.org"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
		set := func(r *http.Request) { r.Header.Set(c[0], c[1]) }
		h.want(403, "POST", "/api/runs", run, set)
		h.want(403, "GET", "/api/workflow", "", set)
		h.want(200, "GET", "/", "", set)
	}
	h.want(201, "POST", "/api/runs", run, func(r *http.Request) {
		r.Header.Set("Origin", h.http.URL)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	})
}

// A run that says a great deal is heard, but not all of it is kept, and its end is.
func TestFlood(t *testing.T) {
	h := history{wake: make(chan struct{})}
	for i := range 3 * maxLines {
		h.add("log", logLine{fmt.Sprint("line ", i)})
	}
	h.add("task", taskEvent{ID: "a"})
	h.finish(ending{State: done})
	h.add("log", logLine{"late"})
	all, _, closed := h.read(0)
	if n := len(all); n != maxLines+2 || !closed || all[n-1].name != "end" || all[n-2].name != "task" || !strings.Contains(string(all[n-3].data), "which is not kept") {
		t.Error(n, closed)
	}
	long := history{wake: make(chan struct{})}
	for range 10 {
		long.add("log", logLine{strings.Repeat("x", maxLineBytes/4)})
	}
	if all, _, _ := long.read(0); len(all) != 4 {
		t.Error(len(all))
	}
}
