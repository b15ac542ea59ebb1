package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cairn-build/cairn/cmd/internal/httpd"
)

// serveAt are the flags of all services: where they listen, who may ask, and when they end.
type serveAt struct {
	listen, unix        string
	tokenFile           string
	noToken             bool
	until, exitWhenIdle time.Duration
}

// add adds the flags to a command's.
func (f *serveAt) add(p *pflag.FlagSet, listen string) {
	p.StringVar(&f.listen, "listen", listen, "listen at `ADDRESS`:PORT; port 0 is any that is free")
	p.StringVar(&f.unix, "unix", "", "listen at a Unix socket, `PATH`, which only its owner can open")
	p.StringVar(&f.tokenFile, "token-file", "", "clients show the token that `FILE` holds: Authorization: Bearer TOKEN")
	p.BoolVar(&f.noToken, "no-token", false, "whoever can reach this machine's own address may ask, web pages excepted")
	p.DurationVar(&f.until, "for", 0, "end after so long: `DURATION`, such as 8h")
	p.DurationVar(&f.exitWhenIdle, "exit-when-idle", 0, "end when nothing was alive and nobody asked for so long: `DURATION`")
}

// check says which flags do not go together, and which of those that take a text have none. tells is where one learns what
// happens in place of a log of one build.
func (f *serveAt) check(c *cobra.Command, tells string, texts ...string) error {
	changed := c.Flags().Changed
	switch {
	case f.unix != "" && changed("listen"):
		return usagef("--unix and --listen do not go together")
	case f.noToken && f.tokenFile != "":
		return usagef("--no-token and --token-file do not go together")
	case f.noToken && f.unix == "" && !httpd.IsLoopback(f.listen):
		return &usageError{fmt.Sprintf("others than this machine can reach %s, and that needs a token", f.listen), "--token-file FILE"}
	case f.until < 0 || f.exitWhenIdle < 0:
		return usagef("--for and --exit-when-idle take a time from now on")
	}
	for _, name := range append([]string{"unix", "token-file"}, texts...) {
		if fl := c.Flags().Lookup(name); fl.Changed && fl.Value.String() == "" {
			return usagef("--%s is empty", name)
		}
	}
	for _, name := range []string{"events", "profile"} {
		if c.Flag(name).Changed {
			return &usageError{fmt.Sprintf("--%s is about one build, and a service does many", name), tells}
		}
	}
	return nil
}

// shortestToken is how many characters a token has at least.
const shortestToken = 16

// token gives what clients have to show; "" for nothing. One that is made up is as long as a key.
func (f *serveAt) token(a *app) (string, error) {
	if f.tokenFile == "" {
		if f.noToken || f.unix != "" {
			return "", nil
		}
		var b [32]byte
		_, _ = rand.Read(b[:]) // it never fails
		return hex.EncodeToString(b[:]), nil
	}
	fi, err := os.Stat(f.tokenFile)
	if err == nil && fi.Size() > 4096 {
		return "", usagef("--token-file %s: it has %d bytes, which is no token", f.tokenFile, fi.Size())
	}
	b, rerr := os.ReadFile(f.tokenFile)
	if err = errors.Join(err, rerr); err != nil {
		return "", &usageError{fmt.Sprintf("--token-file %s: %s", f.tokenFile, plainError(rerr)), "openssl rand -hex 32 writes a good one."}
	}
	token := strings.TrimSpace(string(b))
	if len(token) < shortestToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", &usageError{fmt.Sprintf("--token-file %s: a token has %d characters or more, in one line without spaces", f.tokenFile, shortestToken), "openssl rand -hex 32 writes a good one."}
	}
	if fi.Mode().Perm()&0o077 != 0 {
		a.ui.Say("warning: %s can be read by others: chmod 600 %s", f.tokenFile, f.tokenFile)
	}
	return token, nil
}

// bind opens the address or the socket, and gives the service's URL.
func (f *serveAt) bind() (net.Listener, string, error) {
	if f.unix != "" {
		l, err := bindUnix(f.unix)
		return l, "http://localhost", err
	}
	l, err := net.Listen("tcp", f.listen)
	if err != nil {
		var oe *net.OpError
		var ae *net.AddrError
		var de *net.DNSError
		switch {
		case errors.As(err, &ae), errors.As(err, &de):
			return nil, "", &usageError{fmt.Sprintf("--listen takes ADDRESS:PORT, not %q", f.listen), "127.0.0.1:5000"}
		case errors.Is(err, syscall.EADDRINUSE):
			return nil, "", &environmentError{fmt.Errorf("something else listens at %s already", f.listen)}
		case errors.As(err, &oe):
			err = oe.Err
		}
		return nil, "", &environmentError{fmt.Errorf("cannot listen at %s: %w", f.listen, err)}
	}
	return l, "http://" + l.Addr().String(), nil
}

// longestSocket is the longest path that all systems take for a socket.
const longestSocket = 103

// bindUnix makes a socket that only its owner can open. One that a service has left behind is replaced.
func bindUnix(path string) (net.Listener, error) {
	if len(path) > longestSocket {
		return nil, &usageError{fmt.Sprintf("--unix %s: a socket's path has %d bytes at most", path, longestSocket), ""}
	}
	if fi, err := os.Lstat(path); err == nil {
		if fi.Mode()&os.ModeSocket == 0 {
			return nil, usagef("--unix %s: there is something that is no socket", path)
		}
		if c, err := net.Dial("unix", path); err == nil {
			_ = c.Close()
			return nil, &environmentError{fmt.Errorf("a service listens at %s already", path)}
		} else if !errors.Is(err, syscall.ECONNREFUSED) {
			return nil, &environmentError{err}
		}
		if err := os.Remove(path); err != nil {
			return nil, &environmentError{err}
		}
	}
	was := syscall.Umask(0o177) // it must not be open to others for a moment
	l, err := net.Listen("unix", path)
	syscall.Umask(was)
	if err != nil {
		var oe *net.OpError
		if errors.As(err, &oe) {
			err = oe.Err
		}
		return nil, &environmentError{fmt.Errorf("cannot listen at %s: %w", path, err)}
	}
	return l, nil
}

// welcome says where the service is and who may come in. shown is the address as it is printed.
func (a *app) welcome(f *serveAt, url, shown, token string) {
	switch {
	case f.unix != "":
		a.ui.Line("unix:" + f.unix)
	default:
		a.ui.Line(shown)
		if !httpd.IsLoopback(f.listen) {
			a.ui.Say("warning: others than this machine can reach %s, and the token crosses the network as it is", f.listen)
		}
	}
	switch {
	case f.tokenFile != "":
	case token != "" && shown == url:
		a.ui.Say("the token is %s", token)
	case f.unix == "" && token == "":
		a.ui.Say("warning: every user of this machine can run scripts as you: --token-file FILE or --unix PATH keeps them out")
	}
}

// service is what can be served until it is time to end.
type service interface {
	HTTP() *http.Server
	// WaitIdle returns when nothing was alive and nobody asked for so long.
	WaitIdle(ctx context.Context, quiet time.Duration) error
	// Close ends what is alive, and returns when nothing is left.
	Close(ctx context.Context)
}

// serveUntil serves until it is time to end, and ends in order: what is alive is stopped, then clients hear the last of it.
func (a *app) serveUntil(ctx context.Context, f *serveAt, s service, serve func(*http.Server) error) error {
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
