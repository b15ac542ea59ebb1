package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/cmd/internal/flowserver"
	"github.com/cairn-build/cairn/cmd/internal/httpd"
	"github.com/cairn-build/cairn/cmd/internal/ui"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/procedure"
)

func serveWorkflow(a *app) *cobra.Command {
	f := &serveAt{}
	c := &cobra.Command{
		Use:   "workflow TARGET",
		Short: "Shows a workflow as a page: its form, its graph and its runs.",
		Long: "Builds a workflow and serves a page for it: the form of its parameters, its graph, and runs that are shown as they go, with the\n" +
			"state of each task, what they say, and their results. The page needs no network, and its address is printed to standard output.\n" +
			"While somebody looks at it, the workflow is built again when something has changed that it is made of.\n\n" +
			"Who opens the page has to know the token: it is behind the # of the address that is printed, or that of --token-file. A Unix\n" +
			"socket needs none. Runs have folders of their own, which are removed when the service ends, as are runs that still go on.",
		Example: "  cairn serve workflow //patrols:flow\n  cairn serve workflow //patrols:flow --listen 127.0.0.1:0 --exit-when-idle 1h",
		Args:    exactly(1, "one target"),
		RunE:    func(c *cobra.Command, args []string) error { return a.serveWorkflow(c, f, args[0]) },
	}
	f.add(c.Flags(), "127.0.0.1:5001")
	return c
}

func (a *app) serveWorkflow(c *cobra.Command, f *serveAt, target string) error {
	if err := f.check(c, "The page tells what happens."); err != nil {
		return err
	}
	token, err := f.token(a)
	if err != nil {
		return err
	}
	flow := &servedFlow{app: a}
	if err := a.with(func(s *session) error { return s.findFlow(c.Context(), flow, target) }); err != nil {
		return err
	}
	l, url, err := f.bind()
	if err != nil {
		return err
	}
	defer l.Close()
	temp, err := os.MkdirTemp("", "cairn-workflow-")
	if err != nil {
		return &environmentError{err}
	}
	first := true
	s := flowserver.New(flowserver.Options{Label: flow.label.String(), Command: []string{"cairn", "run", flow.label.String(), "--"}, Temp: temp, Token: token,
		Socket: f.unix != "", OwnName: httpd.IsLoopback(f.listen), Grace: defaultGrace, Now: a.now, Log: a.ui.Say,
		Build: func(ctx context.Context) (*flowserver.Package, error) {
			if first { // as it is called by Load
				first = false
				return flow.build(ctx, a)
			}
			return flow.rebuild(ctx)
		}})
	a.kills.add(s.Kill)
	if err := s.Load(c.Context()); err != nil {
		s.Close(context.Background())
		return err
	}
	shown := url + "/"
	if token != "" && f.tokenFile == "" {
		shown += "#token=" + token
	}
	a.welcome(f, url, shown, token)
	if err := a.ui.Close(); err != nil { // the address is to be seen now
		s.Close(context.Background())
		return err
	}
	return a.serveUntil(c.Context(), f, s, func(h *http.Server) error { return h.Serve(l) })
}

// servedFlow is a workflow that is served.
type servedFlow struct {
	app   *app
	label label.Label
}

// findFlow finds the workflow that is meant. What is none must not be started: it would take the questions for arguments.
func (s *session) findFlow(ctx context.Context, f *servedFlow, target string) error {
	l, err := s.target(target)
	if err != nil {
		return err
	}
	g, err := s.engine.Graph(ctx)
	if err != nil {
		return err
	}
	q := newSnapshotGraph(g)
	at := 0
	for at < q.Len() && q.Label(at) != l {
		at++
	}
	if at == q.Len() {
		_, err := s.engine.Program(ctx, l.String(), "") // it has the words for what is not there
		return err
	}
	f.label = l
	for kind := q.Info(at).Kind; kind != "workflow"; kind = q.Info(at).Kind {
		deps := q.Deps(at)
		if kind != "alias" || len(deps) != 1 {
			return &usageError{fmt.Sprintf("%s is a %s, and what can be served is a workflow", l, q.Info(at).Kind), "cairn query 'kind(workflow, //...)' lists them."}
		}
		at = deps[0]
	}
	return nil
}

// build builds the workflow and gives its package.
func (f *servedFlow) build(ctx context.Context, a *app) (*flowserver.Package, error) {
	l, err := a.launchIn(ctx, hooks{}, newTracker(func(procedure.Prep) {}, a.now), func(*session) (label.Label, error) { return f.label, nil })
	if err != nil {
		return nil, err
	}
	if l.Script != nil {
		l.Release()
		return nil, usagef("%s is a script", f.label)
	}
	p := &flowserver.Package{Argv: l.Argv, Env: f.app.environ(l), Dir: l.Dir, Release: l.Release}
	h := sha256.New() // trees lie in the cache under their digests, so that another package is another command
	for _, w := range append(l.Argv, l.Env...) {
		_, _ = io.WriteString(h, w+"\x00")
	}
	p.Version = hex.EncodeToString(h.Sum(nil)[:8])
	return p, nil
}

// rebuild is build for nobody at a terminal: what is wrong is in the error, as a terminal would show it.
func (f *servedFlow) rebuild(ctx context.Context) (*flowserver.Package, error) {
	var said bytes.Buffer
	a := &app{ui: ui.New(ui.Settings{Stdout: io.Discard, Stderr: &said, Now: f.app.now}), getenv: f.app.getenv, now: f.app.now, flags: f.app.flags}
	stop := context.AfterFunc(ctx, a.kills.all)
	defer stop()
	p, err := f.build(ctx, a)
	if err != nil {
		a.report(err)
	}
	if cerr := a.ui.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		return p, nil
	}
	if p != nil {
		p.Release()
	}
	if text := strings.TrimSpace(said.String()); text != "" {
		return nil, errors.New(text)
	}
	return nil, err
}
