package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/cmd/internal/scriptserver"
	"github.com/cairn-build/cairn/graph/diag"
)

func serveCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serves over HTTP on this machine: scripts, and a workflow as a page.",
		Long:  "Serves over HTTP, on this machine's own address or a Unix socket.",
		Args:  cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return &usageError{fmt.Sprintf("%s has no command %q", c.CommandPath(), args[0]), diag.DidYouMean(args[0], verbNames(c))}
		},
	}
	c.AddCommand(serveScripts(a), serveWorkflow(a))
	return c
}

// serveFlags are those of `cairn serve scripts`.
type serveFlags struct {
	serveAt
	gitRepo, python string
	passEnv         []string
	abortScript     string
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
	f.add(p, "127.0.0.1:5000")
	p.StringVar(&f.gitRepo, "git-repo", "", "the repository of scripts whose git_args name none: its `URL`")
	p.StringVar(&f.python, "python", "", "the interpreter of scripts that are no targets: a `VERSION` such as 3.11, or a program's name (default python3)")
	p.StringArrayVar(&f.passEnv, "pass-env", nil, "let scripts that are no targets see the service's variable `NAME`, such as TANGO_HOST; may be given again")
	p.StringVar(&f.abortScript, "abort-script", "", "run this script after one was stopped with abort set: file:///`PATH`")
	return c
}

func (a *app) serveScripts(c *cobra.Command, f *serveFlags) error {
	if err := f.check(c, "GET /stream tells what happens.", "git-repo", "python", "abort-script"); err != nil {
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
	a.welcome(&f.serveAt, url, url, token)
	a.ui.Say("procedures are forgotten when this service ends; environments stay")
	if err := a.ui.Close(); err != nil { // the address is to be seen now
		s.Close(context.Background())
		return err
	}
	return a.serveUntil(c.Context(), &f.serveAt, s, func(h *http.Server) error { return h.Serve(l) })
}
