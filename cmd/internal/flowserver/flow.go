package flowserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Package is a workflow's generated package, ready to be started.
type Package struct {
	// Version tells one state of the package from another.
	Version string
	Argv    []string // what its own words come after; Argv[0] is an absolute path
	Env     []string // all of it
	Dir     string   // where it starts; "": in folders of the service
	// Release lets go of what it uses. It is called once, when no run needs it any more; it may be nil.
	Release func()
}

// flow is a workflow with what it says of itself.
type flow struct {
	Package
	title string
	id    string
	rjsf  json.RawMessage
	graph string // SVG; "" where there is none
	modes []string
	tasks []task // nil where the package does not say

	mu    sync.Mutex
	users int // the service while it shows it, and runs
}

// task is one of a workflow's tasks.
type task struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	IO   bool   `json:"io"` // examples can take its place
}

// hold keeps the package from being let go, until drop.
func (f *flow) hold() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.users++
}

func (f *flow) drop() {
	f.mu.Lock()
	f.users--
	last := f.users == 0
	f.mu.Unlock()
	if last && f.Release != nil {
		f.Release()
	}
}

// lookEvery is how long an answer of Build is good for.
const lookEvery = time.Second

// load builds the workflow and asks it for its form and its graph.
func (s *Server) load(ctx context.Context) (*flow, error) {
	p, err := s.o.Build(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	same := s.flow != nil && s.flow.Version == p.Version
	s.mu.Unlock()
	f := &flow{Package: *p, users: 1}
	if same {
		f.drop()
		return nil, nil
	}
	if err := s.describe(ctx, f); err != nil {
		f.drop()
		return nil, err
	}
	return f, nil
}

// describe asks a package what it is.
func (s *Server) describe(ctx context.Context, f *flow) error {
	var rjsf, graph, about []byte
	var err, noGraph, noAbout error
	var all sync.WaitGroup
	all.Go(func() { rjsf, err = s.ask(ctx, &f.Package, nil, "get", "rjsf") })
	all.Go(func() { graph, noGraph = s.ask(ctx, &f.Package, nil, "get", "graph") })
	all.Go(func() { about, noAbout = s.ask(ctx, &f.Package, nil, "get", "metadata") })
	all.Wait()
	if err = errors.Join(err, noGraph, noAbout); err != nil {
		return err
	}
	var form struct {
		Title string `json:"title"`
	}
	if err := json.Unmarshal(rjsf, &form); err != nil {
		return fmt.Errorf("get rjsf: its answer is no JSON object: %w", err)
	}
	var meta struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Title string `json:"title"`
		Tasks []task `json:"tasks"`
	}
	_ = json.Unmarshal(about, &meta) // a workflow need not say more
	f.rjsf, f.graph = rjsf, drawing(graph)
	f.id = firstOf(meta.ID, s.o.Label[strings.LastIndexAny(s.o.Label, ":/")+1:])
	f.title = firstOf(meta.Title, meta.Name, form.Title, f.id)
	f.modes, f.tasks = []string{"sequential", "parallel"}, meta.Tasks
	return nil
}

// drawing gives the SVG of what `get graph` prints, "" for none.
func drawing(b []byte) string {
	text := strings.TrimSpace(string(b))
	if !strings.HasPrefix(text, "<") {
		return ""
	}
	return text
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// look builds the workflow again where that was not done just now, behind the answer to the one who asks.
func (s *Server) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.looking || s.closing || s.o.Now().Sub(s.looked) < lookEvery {
		return
	}
	s.looking = true
	s.lives.Go(func() {
		f, err := s.load(s.ctx)
		s.mu.Lock()
		old := (*flow)(nil)
		switch {
		case err != nil:
			s.problem = err.Error()
		case f == nil:
			s.problem = ""
		case s.closing:
			old = f
		default:
			old, s.flow, s.problem = s.flow, f, ""
		}
		s.looking, s.looked = false, s.o.Now()
		s.mu.Unlock()
		if old != nil {
			old.drop()
		}
	})
}
