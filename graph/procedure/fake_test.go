package procedure

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fake is a process that a test plays: act gets the runner's ends and gives the exit code.
type fake struct {
	act     func(f *fake) int
	sigs    chan syscall.Signal
	dead    chan struct{} // closed by SIGKILL
	deaf    bool          // not even SIGKILL ends it
	in      *bufio.Scanner
	out     io.Writer
	stdout  io.Writer
	cr      *io.PipeReader
	cw      *io.PipeWriter
	er      *io.PipeReader
	ew      *io.PipeWriter
	code    chan int
	token   string
	started int
}

func (f *fake) spawn(p Program, _ io.Reader, stdout, _ io.Writer) (Child, error) {
	f.started++
	f.sigs, f.dead, f.code, f.stdout = make(chan syscall.Signal, 8), make(chan struct{}), make(chan int, 1), stdout
	f.cr, f.cw = io.Pipe()
	f.er, f.ew = io.Pipe()
	f.in, f.out = bufio.NewScanner(f.cr), f.ew
	go func() {
		code := f.act(f)
		f.ew.Close()
		f.cr.Close()
		f.code <- code
	}()
	if p.Plain {
		return plainFake{f}, nil
	}
	return f, nil
}

func (f *fake) Signal(s syscall.Signal) error {
	if s == syscall.SIGKILL && !f.deaf {
		select {
		case <-f.dead:
		default:
			close(f.dead)
			f.ew.Close()
			f.cr.Close()
			f.code <- 137
		}
		return nil
	}
	f.sigs <- s
	return nil
}

func (f *fake) Wait() (int, error)       { return <-f.code, nil }
func (f *fake) Commands() io.WriteCloser { return f.cw }
func (f *fake) Events() io.ReadCloser    { return f.er }

type plainFake struct{ *fake }

func (plainFake) Commands() io.WriteCloser { return nil }
func (plainFake) Events() io.ReadCloser    { return nil }

// told gives the next command, nil when nothing more comes.
func (f *fake) told() *command {
	if !f.in.Scan() {
		return nil
	}
	c := &command{}
	if err := json.Unmarshal(f.in.Bytes(), c); err != nil {
		panic(err)
	}
	if c.Token != "" {
		f.token = c.Token
	}
	return c
}

func (f *fake) say(event, more string) {
	fmt.Fprintf(f.out, "{\"token\":%q,\"event\":%q%s}\n", f.token, event, more)
}

// runner is a fake that does what runner.py does for a script with init and main; each is called where it would be.
func runner(init, main func(*fake)) func(*fake) int {
	return func(f *fake) int {
		f.told()
		f.say("loaded", fmt.Sprintf(`,"init":%v`, init != nil))
		for c := f.told(); c != nil; c = f.told() {
			switch c.Do {
			case "init":
				init(f)
			case "main":
				main(f)
				f.say("main", "")
				return 0
			}
			f.say(c.Do, "")
		}
		return 0
	}
}

func nothing(*fake) {}

// forTerm waits for a signal, or for ever.
func forTerm(f *fake) { <-f.sigs }

// record keeps what happened.
type record struct {
	t      *testing.T
	events []Event
}

func (r *record) emit(e Event) {
	if e.Seq != len(r.events)+1 {
		r.t.Errorf("event %d has number %d", len(r.events)+1, e.Seq)
	}
	r.events = append(r.events, e)
}

// states gives the states that were told, with the history's.
func (r *record) states(p *Procedure) string {
	var told, kept []string
	for _, e := range r.events {
		if e.Kind == KindState {
			told = append(told, string(e.State))
		}
	}
	for _, s := range p.History() {
		kept = append(kept, string(s.State))
	}
	if strings.Join(told, " ") != strings.Join(kept, " ") {
		r.t.Errorf("told %v, kept %v", told, kept)
	}
	return strings.Join(told, " ")
}

func ready(context.Context, func(Prep)) (Program, error) {
	return Program{Argv: []string{"/x"}, Cached: true}, nil
}

// make gives a procedure that plays act.
func (r *record) make(f *fake, o Options) *Procedure {
	if o.Prepare == nil {
		o.Prepare = ready
	}
	o.Emit, o.Spawn, o.Grace, o.ID = r.emit, f.spawn, 5*time.Second, 7
	return New(o)
}
