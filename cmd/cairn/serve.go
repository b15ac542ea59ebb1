package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/cmd/internal/scriptserver"
	"github.com/cairn-build/cairn/graph/diag"
)

func serveCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serves over HTTP on this machine: scripts.",
		Long:  "Serves over HTTP, on this machine's own address or a Unix socket.",
		Args:  cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return &usageError{fmt.Sprintf("%s has no command %q", c.CommandPath(), args[0]), diag.DidYouMean(args[0], verbNames(c))}
		},
	}
	c.AddCommand(serveScripts(a))
	return c
}

// serveFlags are those of `cairn serve scripts`.
type serveFlags struct {
	listen, unix        string
	tokenFile           string
	noToken             bool
	gitRepo, python     string
	passEnv             []string
	abortScript         string
	until, exitWhenIdle time.Duration
}

func serveScripts(a *app) *cobra.Command {
	f := &serveFlags{}
	c := &cobra.Command{
		Use:   "scripts",
		Short: "Prepares and runs scripts for clients of SKA's OET.",
		Long: "Serves the resources /procedures and /activities as clients of SKA's Observation Execution Tool know them, and what happens as\n" +
			"Server-Sent Events at /stream; /openapi.json describes all. Scripts are files of this machine, scripts of git repositories\n" +
			"and, where it is started in a workspace, its targets. Several are prepared at once, one runs at a time.\n\n" +
			"The address is printed to standard output. Who asks has to show a token: that of --token-file, or one that is made up and printed to\n" +
			"standard error; a Unix socket needs none, as only its owner can open it. ^C or SIGTERM stops all scripts and ends the service, a\n" +
			"second one kills them. What was prepared stays in the cache; what procedures there were is forgotten.",
		Example: "  cairn serve scripts --unix /run/user/1000/cairn.sock\n" +
			"  cairn serve scripts --listen 127.0.0.1:5000 --token-file ~/.config/cairn/token --git-repo https://git.example.org/oso/scripting.git",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.serveScripts(c, f) },
	}
	p := c.Flags()
	p.StringVar(&f.listen, "listen", "127.0.0.1:5000", "listen at `ADDRESS`:PORT; port 0 is any that is free")
	p.StringVar(&f.unix, "unix", "", "listen at a Unix socket, `PATH`, which only its owner can open")
	p.StringVar(&f.tokenFile, "token-file", "", "clients show the token that `FILE` holds: Authorization: Bearer TOKEN")
	p.BoolVar(&f.noToken, "no-token", false, "whoever can reach this machine's own address may ask, web pages excepted")
	p.StringVar(&f.gitRepo, "git-repo", "", "the repository of scripts whose git_args name none: its `URL`")
	p.StringVar(&f.python, "python", "", "the interpreter of scripts that are no targets: a `VERSION` such as 3.11, or a program's name (default python3)")
	p.StringArrayVar(&f.passEnv, "pass-env", nil, "let scripts that are no targets see the service's variable `NAME`, such as TANGO_HOST; may be given again")
	p.StringVar(&f.abortScript, "abort-script", "", "run this script after one was stopped with abort set: file:///`PATH`")
	p.DurationVar(&f.until, "for", 0, "end after so long: `DURATION`, such as 8h")
	p.DurationVar(&f.exitWhenIdle, "exit-when-idle", 0, "end when nothing was alive and nobody asked for so long: `DURATION`")
	return c
}

// check says which flags do not go together.
func (f *serveFlags) check(c *cobra.Command) error {
	changed := c.Flags().Changed
	switch {
	case f.unix != "" && changed("listen"):
		return usagef("--unix and --listen do not go together")
	case f.noToken && f.tokenFile != "":
		return usagef("--no-token and --token-file do not go together")
	case f.noToken && f.unix == "" && !scriptserver.IsLoopback(f.listen):
		return &usageError{fmt.Sprintf("others than this machine can reach %s, and that needs a token", f.listen), "--token-file FILE"}
	case f.until < 0 || f.exitWhenIdle < 0:
		return usagef("--for and --exit-when-idle take a time from now on")
	}
	for _, name := range []string{"unix", "token-file", "git-repo", "python", "abort-script"} {
		if fl := c.Flags().Lookup(name); fl.Changed && fl.Value.String() == "" {
			return usagef("--%s is empty", name)
		}
	}
	for _, name := range []string{"events", "profile"} {
		if c.Flag(name).Changed {
			return &usageError{fmt.Sprintf("--%s is about one build, and a service does many", name), "GET /stream tells what happens."}
		}
	}
	return nil
}

func (a *app) serveScripts(c *cobra.Command, f *serveFlags) error {
	if err := f.check(c); err != nil {
		return err
	}
	host, err := newScriptHost(a, f)
	if err != nil {
		return err
	}
	token, err := f.token(a)
	if err != nil {
		return err
	}
	l, url, err := f.bind()
	if err != nil {
		return err
	}
	defer l.Close()
	s := scriptserver.New(scriptserver.Options{Prepare: host.prepare, Activity: host.activity, Abort: host.abort, GitRepo: f.gitRepo, URL: url,
		Version: version, Token: token, Socket: f.unix != "", Grace: defaultGrace, Now: a.now, Log: a.ui.Say})
	a.kills.add(host.kill)
	a.kills.add(s.Kill)
	defer host.close()
	a.welcome(f, url, token)
	if err := a.ui.Close(); err != nil { // the address is to be seen now
		s.Close(context.Background())
		return err
	}
	return a.serveUntil(c.Context(), f, s, func(h *http.Server) error { return h.Serve(l) })
}

// welcome says where the service is and who may come in.
func (a *app) welcome(f *serveFlags, url, token string) {
	switch {
	case f.unix != "":
		a.ui.Line("unix:" + f.unix)
	default:
		a.ui.Line(url)
		if !scriptserver.IsLoopback(f.listen) {
			a.ui.Say("warning: others than this machine can reach %s, and the token crosses the network as it is", f.listen)
		}
	}
	switch {
	case f.tokenFile != "":
	case token != "":
		a.ui.Say("the token is %s", token)
	case f.unix == "":
		a.ui.Say("warning: every user of this machine can run scripts as you: --token-file FILE or --unix PATH keeps them out")
	}
	a.ui.Say("procedures are forgotten when this service ends; environments stay")
}

// serveUntil serves until it is time to end, and ends in order: scripts are stopped, then clients hear the last of it.
func (a *app) serveUntil(ctx context.Context, f *serveFlags, s *scriptserver.Server, serve func(*http.Server) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if f.until > 0 {
		ctx, cancel = context.WithTimeout(ctx, f.until)
		defer cancel()
	}
	h := s.HTTP()
	failed := make(chan error, 1)
	go func() { failed <- serve(h) }()
	idle := make(chan struct{})
	if f.exitWhenIdle > 0 {
		go func() {
			if s.WaitIdle(ctx, f.exitWhenIdle) == nil {
				close(idle)
			}
		}()
	}
	var err error
	select {
	case err = <-failed:
		err = &environmentError{fmt.Errorf("serving: %w", err)}
	case <-ctx.Done():
	case <-idle:
	}
	s.Close(context.Background())
	down, cancelDown := context.WithTimeout(context.Background(), lastWords)
	defer cancelDown()
	if serr := h.Shutdown(down); serr != nil && !errors.Is(serr, context.DeadlineExceeded) && err == nil {
		err = &environmentError{serr}
	}
	_ = h.Close() // whoever still reads has had the time
	return err
}

// lastWords is how long clients may take to read the last answers.
const lastWords = 2 * time.Second
