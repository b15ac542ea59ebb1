package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// ask [-header NAME=VALUE]... [-body FILE] [-until TEXT] [-again PATTERN] STATUS METHOD PATH [BODY]: sends a request to the service at $SERVICE, which is
// unix:PATH, an URL, or @FILE that holds either. The answer has to have the status, and is the command's output. $TOKEN, where it is
// set, is shown. A stream is read for as long as -until TEXT does not come; with -again PATTERN it asks until the answer fits.
func ask(ts *testscript.TestScript, _ bool, args []string) {
	var body io.Reader
	headers, until, again := http.Header{}, "", ""
	for ; len(args) > 1 && strings.HasPrefix(args[0], "-"); args = args[2:] {
		switch args[0] {
		case "-header":
			name, value, _ := strings.Cut(args[1], "=")
			headers.Add(name, value)
		case "-body":
			body = strings.NewReader(ts.ReadFile(args[1]))
		case "-until":
			until = args[1]
		case "-again":
			again = args[1]
		default:
			ts.Fatalf("unknown option %s", args[0])
		}
	}
	if len(args) < 3 {
		ts.Fatalf("usage: ask STATUS METHOD PATH [BODY]")
	}
	if len(args) > 3 {
		body = strings.NewReader(strings.Join(args[3:], " "))
	}
	status := number(ts, args, 0)
	client, base := serviceAt(ts)
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, args[1], base+args[2], body)
	ts.Check(err)
	if body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	if token := ts.Getenv("TOKEN"); token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	for name, values := range headers {
		q.Header[name] = values
	}
	if host := headers.Get("Host"); host != "" {
		q.Host = host
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		got, text := answerOf(ts, client, q, until)
		if again != "" && !regexp.MustCompile(again).Match(text) && ctx.Err() == nil {
			<-tick.C
			continue
		}
		fmt.Fprintf(ts.Stdout(), "%s", text)
		if got != status {
			ts.Fatalf("status %d, want %d: %s", got, status, text)
		}
		return
	}
}

// answerOf sends a request and gives what comes back, up to the line that until fits.
func answerOf(ts *testscript.TestScript, client *http.Client, q *http.Request, until string) (status int, text []byte) {
	resp, err := client.Do(q)
	ts.Check(err)
	defer resp.Body.Close()
	if until == "" {
		text, err = io.ReadAll(resp.Body)
	} else {
		text, err = readUntil(resp.Body, until)
	}
	if err != nil {
		ts.Fatalf("%s: %v", text, err)
	}
	return resp.StatusCode, text
}

// readUntil reads until a text comes, and what else has come with it.
func readUntil(r io.Reader, text string) ([]byte, error) {
	var all []byte
	buf := make([]byte, 64<<10)
	for !strings.Contains(string(all), text) {
		n, err := r.Read(buf)
		all = append(all, buf[:n]...)
		if err != nil {
			return all, fmt.Errorf("%q did not come: %w", text, err)
		}
	}
	return all, nil
}

// serviceAt gives what reaches the service that the script has started.
func serviceAt(ts *testscript.TestScript) (*http.Client, string) {
	at := ts.Getenv("SERVICE")
	if file, ok := strings.CutPrefix(at, "@"); ok {
		b, err := os.ReadFile(ts.MkAbs(file))
		ts.Check(err)
		at = strings.TrimSpace(string(b))
	}
	t := &http.Transport{}
	if path, ok := strings.CutPrefix(at, "unix:"); ok {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}
		at = "http://localhost"
	}
	return &http.Client{Transport: t}, at
}
