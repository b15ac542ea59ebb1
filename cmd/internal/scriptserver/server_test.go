package scriptserver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// statesOf gives the words of a history.
func statesOf(a answer) string {
	var words []string
	pairs, _ := a.get("history.process_states").([]any)
	last := 0.0
	for _, p := range pairs {
		pair := p.([]any)
		words = append(words, pair[0].(string))
		at := pair[1].(float64)
		if at < last || at < 1e9 {
			a.t.Errorf("time goes from %f to %f", last, at)
		}
		last = at
	}
	return strings.Join(words, " ")
}

func TestLife(t *testing.T) {
	h := newHarness(t)
	a := h.want(201, "POST", "/procedures/", `{"script": {"script_type": "git", "script_uri": "git://scripts/a.py", "create_env": true,
		"git_args": {"git_repo": "https://example.org/r.git", "git_branch": "main"}}, "script_args": {"init": {"args": [1, "x"], "kwargs": {"subarray_id": 1}}}}`)
	if a.get("uri") != "http://localhost:5000/procedures/1" || a.Header().Get("Location") != a.get("uri") || a.get("id") != 1.0 {
		t.Error(a.Body)
	}
	if s := a.get("state"); s == "COMPLETE" || s == "RUNNING" {
		t.Error("nobody started it:", s)
	}
	a = h.reach("/procedures/1", "READY")
	if got := statesOf(a); got != "CREATING IDLE PREP_ENV IDLE LOADING IDLE INITIALISING READY" {
		t.Error(got)
	}
	if got, _ := json.Marshal(a.get("script_args").([]any)[0].(map[string]any)["fn_args"]); string(got) != `{"args":[1,"x"],"kwargs":{"subarray_id":1}}` {
		t.Error(string(got))
	}
	a = h.want(200, "PUT", "/procedures/1", `{"state": "RUNNING", "script_args": {"main": {"kwargs": {"n": 12345678901234567890}}}}`)
	if s := a.get("state"); s == "IDLE" {
		t.Error(s)
	}
	a = h.reach("/procedures/1", "COMPLETE")
	if got := statesOf(a); !strings.HasSuffix(got, "READY RUNNING READY COMPLETE") || a.get("history.stacktrace") != nil {
		t.Error(got, a.Body)
	}
	if !strings.Contains(a.Body.String(), `"n":12345678901234567890`) {
		t.Errorf("a number was changed on the way: %s", a.Body)
	}
	h.want(200, "PUT", "/procedures/1", `{}`) // nothing is asked for
	h.want(409, "PUT", "/procedures/1", `{"state": "RUNNING"}`)
	if a := h.want(200, "PUT", "/procedures/1", `{"state": "STOPPED", "abort": true}`); a.get("abort_message") != "Cannot stop script with ID 1: Script is not running" {
		t.Error(a.Body)
	}
}

func TestFailures(t *testing.T) {
	h := newHarness(t)
	p := h.create("file:///a.py", `"init": {"kwargs": {"fail": 1}}`)
	if a := h.reach(p, "FAILED"); a.get("history.stacktrace") != "Traceback\nValueError: no" {
		t.Error(a.Body)
	}
	p = h.create("file:///missing.py", ``)
	if a := h.reach(p, "FAILED"); a.get("history.stacktrace") != "file:///missing.py: there is no such file" {
		t.Error(a.Body)
	}
	p = h.create("file:///a.py", ``)
	h.reach(p, "READY")
	h.want(200, "PUT", p, `{"state": "RUNNING", "script_args": {"run": {"kwargs": {"fail": 1}}}}`)
	h.reach(p, "FAILED")
}

// One runs at a time; what is over makes room at once.
func TestOneRuns(t *testing.T) {
	h := newHarness(t)
	first, second := h.create("file:///a.py", ``), h.create("file:///b.py", ``)
	h.reach(first, "READY")
	h.reach(second, "READY")
	h.want(200, "PUT", first, `{"state": "RUNNING", "script_args": {"main": {"kwargs": {"hold": 1}}}}`)
	a := h.want(409, "PUT", second, `{"state": "RUNNING"}`)
	if a.get("detail") != "procedure 1 is running, and one runs at a time" {
		t.Error(a.Body)
	}
	h.want(409, "PUT", first, `{"state": "RUNNING"}`)
	h.want(409, "POST", "/activities", `{"sbd_id": "x", "activity_name": "observe"}`)
	third := h.create("file:///c.py", ``) // preparing is another matter
	h.reach(third, "READY")
	if a := h.want(200, "PUT", first, `{"state": "STOPPED"}`); a.get("abort_message") != "Successfully stopped script with ID 1" {
		t.Error(a.Body)
	}
	h.reach(first, "STOPPED")
	h.want(200, "PUT", second, `{"state": "RUNNING"}`)
	h.reach(second, "COMPLETE")
	h.want(200, "PUT", third, `{"state": "RUNNING"}`)
}

// Stop works in every phase, and a stop that is not needed says so.
func TestStopInEachPhase(t *testing.T) {
	h := newHarness(t)
	for name, c := range map[string]struct{ uri, args, in, start string }{
		"preparing":    {"file:///slow.py", ``, "CREATING", ""},
		"initialising": {"file:///a.py", `"init": {"kwargs": {"hold": 1}}`, "INITIALISING", ""},
		"ready":        {"file:///a.py", ``, "READY", ""},
		"running":      {"file:///a.py", ``, "RUNNING", `{"state": "RUNNING", "script_args": {"main": {"kwargs": {"hold": 1}}}}`},
	} {
		p := h.create(c.uri, c.args)
		if c.start != "" {
			h.reach(p, "READY")
			h.want(200, "PUT", p, c.start)
		}
		h.reach(p, c.in)
		h.want(200, "PUT", p, `{"state": "STOPPED"}`)
		if a := h.want(200, "GET", p, ""); a.get("state") != "STOPPED" {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
}

// The ten latest are remembered; what is not over is not forgotten, and ten of those are enough.
func TestTenLatest(t *testing.T) {
	h := newHarness(t)
	alive := h.create("file:///a.py", `"init": {"kwargs": {"hold": 1}}`)
	for range 12 {
		p := h.create("file:///a.py", ``)
		h.reach(p, "READY")
		h.want(200, "PUT", p, `{"state": "STOPPED"}`)
	}
	var list []struct{ ID int }
	if err := json.Unmarshal(h.want(200, "GET", "/procedures", "").Body.Bytes(), &list); err != nil || len(list) != 10 {
		t.Fatal(list, err)
	}
	if list[0].ID != 1 || list[1].ID != 5 || list[9].ID != 13 {
		t.Error(list)
	}
	h.want(200, "GET", alive, "")
	h.want(404, "GET", "/procedures/2", "")
	for range 9 {
		h.create("file:///a.py", ``)
	}
	a := h.want(429, "POST", "/procedures", `{"script": {"script_type": "filesystem", "script_uri": "file:///a.py"}}`)
	if !strings.Contains(fmt.Sprint(a.get("hint")), "STOPPED") || a.Header().Get("Retry-After") == "" {
		t.Error(a.Body)
	}
	h.want(200, "PUT", alive, `{"state": "STOPPED"}`)
	h.create("file:///a.py", ``)
}

func TestActivities(t *testing.T) {
	h := newHarness(t)
	a := h.want(201, "POST", "/activities/", `{"sbd_id": "/sbds/1.json", "activity_name": "observe", "script_args": {"main": {"kwargs": {"hold": 1}}}}`)
	if a.get("procedure_id") != 1.0 || a.get("sbd_id") != "sbd-1" || a.get("sbi_id") != "sbi-1" || a.get("uri") != "http://localhost:5000/activities/1" {
		t.Error(a.Body)
	}
	// It runs by itself, and nobody else may meanwhile.
	h.want(409, "POST", "/activities", `{"sbd": {}, "activity_name": "observe"}`)
	h.reach("/procedures/1", "RUNNING")
	h.want(200, "PUT", "/procedures/1", `{"state": "STOPPED"}`)
	a = h.want(200, "GET", "/activities/1", "")
	if s, _ := json.Marshal(a.get("activity_states")); !strings.HasPrefix(string(s), `[["TODO",`) || a.get("state") != "STOPPED" {
		t.Error(a.Body)
	}
	// Or it is only prepared.
	h.want(201, "POST", "/activities", `{"sbd": {"sbd_id": "x"}, "activity_name": "observe", "prepare_only": true}`)
	h.reach("/procedures/2", "READY")
	if a := h.want(200, "GET", "/activities/2", ""); a.get("state") != "PREPARED" || a.get("prepare_only") != true {
		t.Error(a.Body)
	}
	h.want(200, "PUT", "/procedures/2", `{"state": "RUNNING"}`)
	h.reach("/procedures/2", "COMPLETE")
	if a := h.want(200, "GET", "/activities/2", ""); a.get("state") != "COMPLETE" {
		t.Error(a.Body)
	}
	h.want(422, "POST", "/activities", `{"sbd": {}, "activity_name": "none"}`)
	h.want(404, "GET", "/activities/3", "")
}

// What a client has done wrong is said in words, and nothing is made.
func TestBadRequests(t *testing.T) {
	h := newHarness(t)
	script := func(s string) string { return `{"script": {` + s + `}}` }
	for _, c := range []struct {
		status             int
		body, detail, hint string
	}{
		{422, `{}`, "script is missing", "script_type"},
		{422, script(`"script_uri": "file:///a.py"`), "script.script_type is missing", ""},
		{422, script(`"script_type": "filesystem"`), "script.script_uri is missing", ""},
		{422, script(`"script_type": "foo", "script_uri": "x"`), "Script type foo not supported", "filesystem"},
		{422, script(`"script_type": "filesystem", "script_uri": "git://a.py"`), "Incorrect prefix for a filesystem script: git://a.py", "file://"},
		{422, script(`"script_type": "git", "script_uri": "file:///a.py"`), "Incorrect prefix for a git script", "git://"},
		{422, script(`"script_type": "git", "script_uri": "git://a.py"`), "git_repo is missing", "--git-repo"},
		{422, script(`"script_type": "git", "script_uri": "git://a.py", "git_args": {"git_repo": "https://x/y", "git_brnach": "b"}`), "there is no git_brnach", "git_branch"},
		{422, script(`"script_type": "git", "script_uri": "git://a.py", "git_args": {"git_repo": "https://x/y", "git_branch": "b", "git_tag": "t"}`), "do not go together", ""},
		{422, script(`"script_type": "filesystem", "script_uri": "file:///a.py", "git_args": {}`), "git_args belong to", ""},
		{422, script(`"script_type": "filesystem", "script_uri": "file:///a\u0000.py"`), "characters", ""},
		{422, script(`"script_type": "filesystem", "script_uri": "file:///refused.py"`), "no such thing", "Ask for another one."},
		{500, script(`"script_type": "filesystem", "script_uri": "file:///odd.py"`), "the disk is full", ""},
		{422, script(`"script_type": 5`), "script.script_type cannot be a number", ""},
		{422, `{"script": {"script_type": "filesystem", "script_uri": "file:///a.py"}, "scripts_args": {}}`, "there is no scripts_args", "script_args"},
		{422, `{"script": {"script_type": "filesystem", "script_uri": "file:///a.py"}, "script_args": {"main": {}, "run": {}}}`, "both main and run", ""},
		{422, `{"script": {"script_type": "filesystem", "script_uri": "file:///a.py"}, "script_args": {"init": {"args": {}}}}`, "cannot be an object", ""},
		{400, `{"script": `, "not JSON", ""},
		{400, `{} {}`, "something follows", ""},
		{400, " \n", "No JSON available", ""},
		{422, `[]`, "cannot be an array", ""},
		{413, `{"script": "` + strings.Repeat("x", maxBody) + `"}`, "more than", ""},
		{400, strings.Repeat(`{"script":`, 20000), "not JSON", ""},
	} {
		a := h.want(c.status, "POST", "/procedures", c.body)
		if !strings.Contains(fmt.Sprint(a.get("detail")), c.detail) || !strings.Contains(fmt.Sprint(a.get("hint")), c.hint) {
			t.Errorf("%.100s: %s", c.body, a.Body)
		}
	}
	h.want(415, "POST", "/procedures", `{}`, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
	h.want(415, "POST", "/procedures", `{}`, func(r *http.Request) { r.Header.Del("Content-Type") })
	for _, path := range []string{"/", "/nothing", "/procedures/1/2", "/procedures//1", "/procedures/../health", "/PROCEDURES", "/api/v1.0x/procedures"} {
		h.want(404, "GET", path, "")
	}
	h.want(422, "GET", "/procedures/x", "")
	h.want(404, "GET", "/procedures/-1", "")
	h.want(422, "GET", "/procedures/99999999999999999999", "")
	if a := h.want(405, "DELETE", "/procedures", ""); a.Header().Get("Allow") != "GET, POST" {
		t.Error(a.Header())
	}
	h.want(404, "PUT", "/procedures/1", `{"state": "RUNNING"}`)
	p := h.create("file:///slow.py", ``)
	h.want(422, "PUT", p, `{"state": "COMPLETE"}`)
	h.want(422, "PUT", p, `{"state": "RUNNING", "script_args": {"init": {"args": [1]}}}`)
	h.want(409, "PUT", p, `{"state": "RUNNING"}`) // it is not ready
	h.want(422, "GET", p+"?wait=BORED", "")
	h.want(422, "GET", p+"?wait=READY&timeout=NaN", "")
	h.want(422, "GET", p+"?wait=READY&timeout=-1", "")
	if a := h.want(200, "GET", p+"?wait=READY&timeout=0", ""); a.get("state") != "CREATING" {
		t.Error(a.Body)
	}
	var list []any
	if err := json.Unmarshal(h.want(200, "GET", "/procedures", "").Body.Bytes(), &list); err != nil || len(list) != 1 {
		t.Errorf("%d procedures were made", len(list))
	}
}

// Clients of OET 1 to 6 find what they know, at the paths that they know.
func TestOlderClients(t *testing.T) {
	h := newHarness(t)
	for _, base := range []string{"/api/v1.0", "/ska-oso-oet/oet/api/v5"} {
		a := h.want(201, "POST", base+"/procedures", `{"script": {"script_type": "filesystem", "script_uri": "file:///a.py"}, "script_args": {"init": {"kwargs": {"subarray_id": 1}}}}`)
		uri := fmt.Sprint(a.get("procedure.uri"))
		if !strings.HasPrefix(uri, "http://localhost:5000"+base+"/procedures/") || a.get("procedure.script_args.init.kwargs.subarray_id") != 1.0 {
			t.Error(a.Body)
		}
		if a := h.want(200, "GET", base+"/procedures", ""); len(a.get("procedures").([]any)) == 0 {
			t.Error(a.Body)
		}
		h.want(200, "GET", strings.TrimPrefix(uri, "http://localhost:5000"), "")
		a = h.want(404, "GET", base+"/procedures/77", "")
		if a.get("error") != "404 Not Found" || a.get("type") != "ResourceNotFound" || !strings.HasPrefix(a.get("Message").(string), "No information available for PID=77") {
			t.Error(a.Body)
		}
		a = h.want(400, "POST", base+"/procedures", `{"script": {"script_type": "foo", "script_uri": "x"}}`)
		if a.get("error") != "400 Bad Request" || a.get("type") != "Malformed Request" || !strings.HasPrefix(a.get("Message").(string), "Script type foo not supported") {
			t.Error(a.Body)
		}
		h.want(200, "GET", base+"/activities", "")
	}
	a := h.want(201, "POST", "/any-namespace/oet/api/v7/procedures/", `{"script": {"script_type": "filesystem", "script_uri": "file:///a.py"}}`)
	if a.get("uri") != "http://localhost:5000/any-namespace/oet/api/v7/procedures/3" {
		t.Error(a.Body)
	}
}

// After a stop with abort set, the abort script runs for the same subarray.
func TestAbort(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.Abort = &Script{Type: Filesystem, URI: "file:///abort.py"} })
	stop := func(args string) string {
		p := h.create("file:///a.py", args)
		h.reach(p, "READY")
		return fmt.Sprint(h.want(200, "PUT", p, `{"state": "STOPPED", "abort": true}`).get("abort_message"))
	}
	if m := stop(`"init": {"kwargs": {"subarray_id": 7}}`); m != "Successfully stopped script with ID 1 and started the abort script, which is ID 2" {
		t.Error(m)
	}
	a := h.reach("/procedures/2", "COMPLETE")
	if !strings.Contains(a.Body.String(), `"kwargs":{"subarray_id":7}`) {
		t.Error(a.Body)
	}
	if m := stop(``); !strings.HasSuffix(m, "nothing was aborted: the script was not called with a subarray_id") {
		t.Error(m)
	}
	h = newHarness(t)
	if m := stop(`"init": {"kwargs": {"subarray_id": 7}}`); !strings.HasSuffix(m, "nothing was aborted: this service has no abort script") {
		t.Error(m)
	}
}

// A service is idle when nothing is alive and nobody asks; a stream that is open, and a procedure that is over, do not count.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t)
		began := time.Now()
		idle := make(chan time.Duration, 1)
		go func() {
			if err := h.WaitIdle(t.Context(), time.Minute); err != nil {
				t.Error(err)
			}
			idle <- time.Since(began)
		}()
		time.Sleep(50 * time.Second)
		p := h.create("file:///a.py", ``) // at 50 s
		time.Sleep(10 * time.Minute)
		h.want(200, "PUT", p, `{"state": "STOPPED"}`) // at 10:50
		time.Sleep(30 * time.Second)
		h.want(200, "GET", p, "") // at 11:20
		if got := <-idle; got != 12*time.Minute+20*time.Second {
			t.Error(got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := h.WaitIdle(ctx, time.Hour); err == nil {
			t.Error("it waits for nothing")
		}
	})
}

// Kill ends what does not end by itself.
func TestKill(t *testing.T) {
	h := newHarness(t)
	p := h.create("file:///a.py", `"init": {"kwargs": {"hold": 1}}`)
	h.reach(p, "INITIALISING")
	h.Kill()
	h.reach(p, "STOPPED")
}
