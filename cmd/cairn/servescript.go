package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/cmd/internal/scriptserver"
	"github.com/cairn-build/cairn/cmd/internal/ui"
	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/procedure"
)

// scriptHost makes what prepares a script of what a client of the service asks for.
type scriptHost struct {
	app   *app
	f     *serveFlags
	abort *scriptserver.Script
	dir   string // of scheduling blocks that came in requests; made when it is first needed

	mu    sync.Mutex
	apps  map[*app]bool // those that prepare
	count int           // of blocks
	ended bool          // killed
}

func newScriptHost(a *app, f *serveFlags) (*scriptHost, error) {
	h := &scriptHost{app: a, f: f, apps: map[*app]bool{}}
	if f.gitRepo != "" {
		if _, err := repositoryURL(f.gitRepo); err != nil {
			return nil, err
		}
	}
	if f.abortScript != "" {
		h.abort = &scriptserver.Script{Type: scriptserver.Filesystem, URI: f.abortScript}
		if _, err := h.which(*h.abort); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// which reads which script is meant.
func (h *scriptHost) which(s scriptserver.Script) (*scriptRun, error) {
	r := &scriptRun{python: h.f.python, passEnv: h.f.passEnv, calls: true}
	var err error
	switch s.Type {
	case scriptserver.Filesystem:
		r.file, err = fileOf(s.URI)
	case scriptserver.Git:
		ask := adhocFlags{git: s.Git.Repo, branch: s.Git.Branch, tag: s.Git.Tag, commit: s.Git.Commit, python: h.f.python, passEnv: h.f.passEnv,
			createEnv: s.CreateEnv, key: s.Key}
		switch {
		case s.Key == "":
			ask.key = "content"
		case s.Key != "content" && s.Key != "commit":
			return nil, &usageError{fmt.Sprintf("key is %q, and can be content or commit", s.Key), ""}
		}
		r.git, err = ask.repository(s.URI)
	case scriptserver.Target:
		r.python, r.passEnv, r.calls, r.target = "", nil, false, s.URI
		if _, err = label.Parse(s.URI, ""); err != nil {
			return nil, &usageError{err.Error(), ""}
		}
		if _, _, err = findWorkspace(); err != nil {
			return nil, &usageError{"this service was started in no workspace, so it has no targets", ""}
		}
	}
	return r, err
}

// prepare is what the service makes procedures with.
func (h *scriptHost) prepare(s scriptserver.Script, init, main *procedure.Call) (procedure.Prepare, error) {
	r, err := h.which(s)
	if err != nil {
		return nil, refusal(err)
	}
	r.init, r.main = init, main
	if r.target != "" && (init != nil || main != nil) {
		r.calls = true
	}
	return func(ctx context.Context, say func(procedure.Prep)) (procedure.Program, error) {
		a, err := h.enter()
		if err != nil {
			return procedure.Program{}, err
		}
		defer h.leave(a)
		p, err := a.prepareScript(r, hooks{launch: (*build.Launch).Release})(ctx, say)
		return p, plainly(err)
	}, nil
}

// enter gives an app for one preparation: what it shows is told by events, and what it has started can be killed.
func (h *scriptHost) enter() (*app, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return nil, errInterrupted
	}
	a := &app{ui: ui.New(ui.Settings{Stdout: io.Discard, Stderr: io.Discard, Now: h.app.now}), getenv: h.app.getenv, now: h.app.now, flags: h.app.flags}
	h.apps[a] = true
	return a, nil
}

func (h *scriptHost) leave(a *app) {
	_ = a.ui.Close() // it writes nowhere
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.apps, a)
}

// kill ends what preparations have started, at once, and lets no more begin.
func (h *scriptHost) kill() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	for a := range h.apps {
		go a.kills.all() // one that waits must not hold up the others
	}
}

// close removes what the service has written for its clients.
func (h *scriptHost) close() {
	if h.dir != "" {
		_ = os.RemoveAll(h.dir) // it is in the folder for such things
	}
}

// activity reads a scheduling block and gives the script that the activity names.
func (h *scriptHost) activity(q scriptserver.ActivityRequest) (*scriptserver.Activity, error) {
	file, forget, err := h.block(q)
	if err != nil {
		return nil, refusal(err)
	}
	done, err := h.activityOf(q, file)
	if err != nil {
		if forget != nil {
			forget()
		}
		return nil, refusal(err)
	}
	done.Forget = forget
	return done, nil
}

func (h *scriptHost) activityOf(q scriptserver.ActivityRequest, file string) (*scriptserver.Activity, error) {
	act, err := readActivity(file, q.Name)
	if err != nil {
		return nil, err
	}
	sbi := q.SBIID
	if sbi == "" {
		h.mu.Lock()
		h.count++
		sbi = fmt.Sprintf("sbi-cairn-%s-%05d", h.app.now().UTC().Format("20060102"), h.count)
		h.mu.Unlock()
	}
	r := &scriptRun{}
	r.init, r.main = q.Calls()
	uri, err := act.fill(r, file, sbi)
	if err != nil {
		return nil, err
	}
	out := &scriptserver.Activity{Script: scriptserver.Script{Type: act.Kind, URI: uri, CreateEnv: q.CreateEnv}, Init: r.init, Main: r.main, SBDID: q.SBDID, SBIID: sbi}
	if id := blockID(file); id != "" {
		out.SBDID = id
	}
	if act.Kind == scriptserver.Git {
		out.Script.Git = &scriptserver.GitArgs{Repo: act.Repo, Branch: act.Branch, Commit: act.Commit}
	}
	return out, nil
}

// block gives the file of the scheduling block that a request names or brings along.
func (h *scriptHost) block(q scriptserver.ActivityRequest) (file string, forget func(), err error) {
	if q.SBD == nil {
		path := strings.TrimPrefix(q.SBDID, fileScheme)
		if !filepath.IsAbs(path) || !plainText(path) {
			return "", nil, &usageError{fmt.Sprintf("sbd_id is %q, and should be the path of the scheduling block's file", q.SBDID), "The block itself can be sent as sbd: there is no data archive here."}
		}
		return path, nil, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dir == "" {
		if h.dir, err = os.MkdirTemp("", "cairn-blocks-"); err != nil {
			return "", nil, &environmentError{err}
		}
	}
	f, err := os.CreateTemp(h.dir, "sbd-*.json")
	if err != nil {
		return "", nil, &environmentError{err}
	}
	_, err = f.Write(q.SBD)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", nil, &environmentError{err}
	}
	return f.Name(), func() { _ = os.Remove(f.Name()) }, nil
}

// blockID gives the name that a scheduling block has for itself.
func blockID(file string) string {
	var b struct {
		ID string `json:"sbd_id"`
	}
	text, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(text, &b) != nil || !plainText(b.ID) {
		return ""
	}
	return b.ID
}

// refusal gives what a request is refused with: words about flags become words about the request.
func refusal(err error) error {
	var u *usageError
	if !errors.As(err, &u) {
		return err
	}
	words := strings.NewReplacer("--sbd ", "the scheduling block ", "--init-args", "init", "--main-args", "main")
	return &scriptserver.Refusal{Detail: words.Replace(u.text), Hint: words.Replace(u.hint)}
}

// plainly gives an error with what helps and with what a tool wrote, as nobody shows these apart.
func plainly(err error) error {
	var u *usageError
	var p *prepareError
	var l diag.List
	more := ""
	switch {
	case errors.As(err, &u):
		more = u.hint
	case errors.As(err, &p):
		more = strings.TrimRight(p.words, "\n")
	case errors.As(err, &l):
		for _, d := range l {
			if d.Hint != "" {
				more += "\n" + d.Hint
			}
		}
		more = strings.TrimPrefix(more, "\n")
	}
	if more == "" {
		return err
	}
	return fmt.Errorf("%w\n%s", err, more)
}
