package flowserver

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestWorkflow(t *testing.T) {
	h := newHarness(t, nil)
	a := h.want(200, "GET", "/api/workflow", "")
	if a.json(t, "title") != "Patrols" || a.json(t, "id") != "patrols" || a.json(t, "rjsf", "properties", "draw", "title") != "Draw a map" ||
		!strings.HasPrefix(a.json(t, "graph").(string), "<svg") || a.json(t, "version") != "1" {
		t.Errorf("%s", a.body)
	}
	// The order of the form is that of the package.
	if !strings.Contains(string(a.body), `"rjsf":{"title":"Patrols","properties":{"Where and when"`) {
		t.Errorf("%s", a.body)
	}
	h.want(405, "POST", "/api/workflow", "{}")
	h.want(404, "GET", "/api/nothing", "")
	h.want(404, "GET", "/api/runs/1", "")
	h.want(404, "GET", "/nothing", "")
	h.want(404, "GET", "/page/src/main.jsx", "")
}

func TestRun(t *testing.T) {
	h := newHarness(t, nil)
	id := h.start("Mara")
	all := h.events(id, "", nil)
	var told []string
	for _, e := range all {
		switch e.name {
		case "task":
			told = append(told, fmt.Sprintf("%v %v", e.data["id"], e.data["state"]))
		case "log":
			told = append(told, "log")
		}
	}
	got := strings.Join(told, ", ")
	if want := "area started, area done, span skipped, draw started, draw done"; strings.ReplaceAll(strings.ReplaceAll(got, "log, ", ""), ", log", "") != want || !strings.Contains(got, "log") {
		t.Error(got)
	}
	end := all[len(all)-1]
	result, _ := end.data["result"].(map[string]any)
	if end.name != "end" || end.data["state"] != "done" || result["mode"] != "parallel" || result["mock"] != true || end.data["error"] != nil {
		t.Error(end)
	}
	// One that comes back is told what it has missed, and no more.
	if again := h.events(id, all[len(all)-2].id, nil); len(again) != 1 || again[0].name != "end" {
		t.Error(again)
	}
	if a := h.want(200, "GET", "/api/runs/"+id, ""); a.json(t, "state") != "done" {
		t.Errorf("%s", a.body)
	}
	files, _ := end.data["files"].([]any)
	if len(files) != 2 {
		t.Fatal(files)
	}
	file, _ := files[0].(map[string]any)
	if file["path"] != "map one.html" {
		t.Fatal(files)
	}
	a := h.want(200, "GET", "/"+file["url"].(string), "")
	if !strings.HasPrefix(a.header.Get("Content-Security-Policy"), "sandbox allow-scripts; default-src 'none'") || !strings.Contains(string(a.body), "A map of Mara") {
		t.Errorf("%v %s", a.header, a.body)
	}
	key := strings.Split(file["url"].(string), "/")[1]
	for _, path := range []string{"", "nothing.html", "../params.json", "%2e%2e/params.json", "."} {
		h.want(404, "GET", "/files/"+key+"/"+path, "", func(r *http.Request) { r.URL.Opaque = "/files/" + key + "/" + path })
	}
	h.want(404, "GET", "/files//result.json", "")
	h.want(404, "GET", "/files/"+strings.Repeat("0", len(key))+"/result.json", "")
}

// A run that fails says why, and none tells of another.
func TestRunsApart(t *testing.T) {
	h := newHarness(t, nil)
	good, bad, dead := h.start("Mara"), h.start("fail"), h.start("die")
	if e := h.ended(good); e["state"] != "done" || e["error"] != nil {
		t.Error(e)
	}
	if e := h.ended(bad); e["state"] != "failed" || e["result"] != nil || e["error"] != "Task instance 'draw' raised ValueError('no paper')" || !strings.Contains(e["trace"].(string), "no paper") {
		t.Error(e)
	}
	if e := h.ended(dead); e["state"] != "failed" || e["result"] != nil || !strings.Contains(e["error"].(string), "signal 11 (segmentation fault)") {
		t.Error(e)
	}
}

func TestWrongValues(t *testing.T) {
	h := newHarness(t, nil)
	for _, path := range []string{"/api/runs", "/api/params"} {
		a := h.want(422, "POST", path, `{"formdata": {"Where and when": {"area": {}, "span": {"days": 0}}}}`)
		detail, _ := a.json(t, "detail").([]any)
		if len(detail) != 2 {
			t.Fatalf("%s", a.body)
		}
		first, _ := detail[0].(map[string]any)
		if fmt.Sprint(first["path"]) != "[Where and when area]" || first["validator"] != "required" {
			t.Error(first)
		}
	}
	h.want(400, "POST", "/api/runs", `{"formdate": {}}`)
	h.want(400, "POST", "/api/runs", `{"formdata": {}} x`)
	h.want(400, "POST", "/api/runs", `{}`)
	h.want(415, "POST", "/api/runs", `formdata`)
	h.want(422, "POST", "/api/runs", `{"formdata": {}, "execution_mode": "later"}`)
	h.want(409, "POST", "/api/runs", `{"formdata": {}, "version": "0"}`)
	if len(h.s.runs) != 0 {
		t.Error("something runs")
	}
}

// Values go into files and come back.
func TestFiles(t *testing.T) {
	h := newHarness(t, nil)
	data := `{"Where and when": {"area": {"name": "no: \"1\"\nyes"}, "span": {"days": 3, "zone": null}}, "draw": {"layers": ["a", "b"], "legend": false}}`
	a := h.want(200, "POST", "/api/params", `{"formdata": `+data+`}`)
	want := "area:\n  name: \"no: \\\"1\\\"\\nyes\"\nspan:\n  days: 3\n  zone: null\ndraw:\n  layers:\n    - \"a\"\n    - \"b\"\n  legend: false\n"
	if got := a.json(t, "yaml"); got != want {
		t.Errorf("%s", got)
	}
	for _, text := range []string{want, `{"area": {"name": "no: \"1\"\nyes"}, "span": {"days": 3, "zone": null}, "draw": {"layers": ["a", "b"], "legend": false}}`} {
		back := h.want(200, "POST", "/api/formdata", text, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
		if fmt.Sprint(back.json(t, "formdata")) != fmt.Sprint(answer{body: []byte(data)}.json(t)) {
			t.Errorf("%s", back.body)
		}
	}
	h.want(422, "POST", "/api/formdata", "area: [")
	if a := h.want(422, "POST", "/api/formdata", "area:\n\tname: Mara"); !strings.Contains(string(a.body), "the file:2") || !strings.Contains(string(a.body), "never by tabs") {
		t.Errorf("%s", a.body)
	}
	h.want(422, "POST", "/api/formdata", "")
	h.want(422, "POST", "/api/formdata", "- 1")
	if a := h.want(422, "POST", "/api/formdata", "elsewhere: {}"); !strings.Contains(string(a.body), "'elsewhere' was unexpected") {
		t.Errorf("%s", a.body)
	}
}

// A run that is stopped is gone with all that it has started, and so are those that go on when the service ends.
func TestStop(t *testing.T) {
	h := newHarness(t, nil)
	deaf := func(e event) bool { return e.name == "log" && e.data["text"] == "deaf" }
	id := h.start("stay")
	h.events(id, "", deaf)
	a := h.want(200, "DELETE", "/api/runs/"+id, "")
	if a.json(t, "state") != "stopped" {
		t.Errorf("%s", a.body)
	}
	h.want(200, "DELETE", "/api/runs/"+id, "")
	marks := []string{id}
	for range maxAlive {
		marks = append(marks, h.start("stay"))
	}
	h.want(429, "POST", "/api/runs", `{"formdata": {"Where and when": {"area": {"name": "Mara"}}}}`)
	for _, id := range marks[1:] {
		h.events(id, "", deaf)
	}
	h.s.Close(t.Context())
	if _, err := os.Stat(h.s.o.Temp); !os.IsNotExist(err) {
		t.Error("files are left", err)
	}
	if h.released.Load() != 1 {
		t.Error("the package was let go", h.released.Load(), "times")
	}
	h.want(503, "GET", "/api/workflow", "")
	all, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range all {
		b, _ := os.ReadFile(file)
		for _, m := range marks {
			if strings.Contains(string(b), "CAIRN_WORKFLOW_RUN="+m) {
				t.Error(file, "is left")
			}
		}
	}
}

// Runs are remembered up to a number, and their files as long.
func TestKept(t *testing.T) {
	h := newHarness(t, nil)
	var ids []string
	for range keptRuns + 2 {
		r, p := h.s.begin(h.s.flow, []byte(`{"area": {"name": "Mara"}}`), startRequest{Mode: "sequential"})
		if p != nil {
			t.Fatal(p.Detail)
		}
		<-r.over
		ids = append(ids, r.id)
	}
	h.want(404, "GET", "/api/runs/"+ids[0], "")
	h.want(404, "GET", "/api/runs/"+ids[0]+"/events", "")
	h.want(200, "GET", "/api/runs/"+ids[2], "")
	homes, err := os.ReadDir(h.s.o.Temp)
	if err != nil || len(homes) != keptRuns {
		t.Error(len(homes), err)
	}
}

// Who looks has the workflow built again; what cannot be built is said, and the one before stays.
func TestChanges(t *testing.T) {
	now := time.Now()
	h := newHarness(t, func(o *Options) { o.Now = func() time.Time { return now } })
	look := func() (version, problem any) {
		now = now.Add(time.Minute)
		h.want(200, "GET", "/api/state", "")
		h.s.lives.Wait()
		a := h.want(200, "GET", "/api/state", "") // too soon to look again
		return a.json(t, "version"), a.json(t, "problem")
	}
	if v, p := look(); v != "1" || p != "" {
		t.Error(v, p)
	}
	if h.released.Load() != 1 {
		t.Error("what was built for nothing is held")
	}
	h.broken.Store(errors.New("spec.yaml:3: no such task"))
	if v, p := look(); v != "1" || p != "spec.yaml:3: no such task" {
		t.Error(v, p)
	}
	h.broken.Store(errNone)
	h.version.Store("2")
	if v, p := look(); v != "2" || p != "" {
		t.Error(v, p)
	}
	if h.released.Load() != 2 {
		t.Error("the old one is held")
	}
	h.want(409, "POST", "/api/runs", `{"formdata": {}, "version": "1"}`)
}

// What a package says that cannot be used is said at the start.
func TestNoWorkflow(t *testing.T) {
	s := New(Options{Label: "//:x", Temp: t.TempDir(), Build: nil})
	defer s.Close(t.Context())
	for _, argv := range [][]string{{"/bin/echo"}, {"/bin/sh", "-c", "echo broken >&2; exit 3"}, {"/nonexistent"}} {
		if err := s.describe(t.Context(), &flow{Package: Package{Argv: argv, Dir: "/"}}); err == nil || !strings.Contains(err.Error(), "get rjsf: ") {
			t.Error(argv, err)
		}
	}
}

func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Label: "//:x", Temp: t.TempDir()})
		defer s.Close(t.Context())
		began := time.Now()
		time.AfterFunc(time.Minute, s.use())
		if err := s.WaitIdle(t.Context(), 10*time.Minute); err != nil || time.Since(began) != 11*time.Minute {
			t.Error(err, time.Since(began))
		}
	})
}
