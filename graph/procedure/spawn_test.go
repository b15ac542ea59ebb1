package procedure

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shell makes a procedure of a shell script that plays the runner: $say EVENT says what its runner would.
func (r *record) shell(script string, plain bool) *Procedure {
	if !plain {
		script = `read -r order <&3; token=${order#*token\":\"}; token=${token%%\"*}; say() { echo "{\"token\":\"$token\",\"event\":\"$1\"}" >&4; }; ` + script
	}
	return New(Options{Grace: 100 * time.Millisecond, Emit: r.emit, Prepare: func(context.Context, func(Prep)) (Program, error) {
		return Program{Argv: []string{"/bin/sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: "/", Plain: plain}, nil
	}})
}

// said gives all output of one of the two streams.
func (r *record) said(stderr bool) string {
	var b strings.Builder
	for _, e := range r.events {
		if e.Kind == KindOutput && e.Stderr == stderr {
			b.WriteString(e.Text)
		}
	}
	return b.String()
}

// TestProcesses: the protocol and the standard files of real processes.
func TestProcesses(t *testing.T) {
	r := &record{t: t}
	p := r.shell(`say loaded; read -r order <&3; echo "$order"; pwd >&2; cat; say main`, false)
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if out, errs := r.said(false), r.said(true); out != "{\"do\":\"main\"}\n" || errs != "/\n" {
		t.Errorf("%q %q", out, errs)
	}
	r = &record{t: t}
	p = r.shell("echo half; exit 7", true)
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := p.Run(t.Context(), nil)
	if code, ok := p.Exit(); err == nil || code != 7 || !ok || r.said(false) != "half\n" {
		t.Errorf("%v %d %q", err, code, r.said(false))
	}
}

// TestGroupEnds: what the script has started ends with it, and one that is deaf to SIGTERM is killed.
func TestGroupEnds(t *testing.T) {
	r := &record{t: t}
	p := r.shell(`trap '' TERM; sleep 1000 & echo $!; say loaded; while :; do sleep 1000; done`, false)
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(t.Context()); err != nil || p.State() != Stopped {
		t.Errorf("%v %s", err, p.State())
	}
	if code, _ := p.Exit(); code != 128+int(syscall.SIGKILL) {
		t.Errorf("exit code %d", code)
	}
	pid := strings.TrimSpace(r.said(false))
	for limit := time.Now().Add(10 * time.Second); ; {
		b, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(b), ") Z ") {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("process %s is still there", pid)
		}
	}
}

// TestNoSuchProgram: what cannot be started is FAILED.
func TestNoSuchProgram(t *testing.T) {
	p := New(Options{Prepare: func(context.Context, func(Prep)) (Program, error) {
		return Program{Argv: []string{"/nonexistent/python"}}, nil
	}})
	if err := p.Start(t.Context()); err == nil || err.Error() != "cannot start /nonexistent/python: no such file or directory" || p.State() != Failed {
		t.Errorf("%v %s", err, p.State())
	}
}
