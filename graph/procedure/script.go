package procedure

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// script is the script's process. All that it says and its end come to one goroutine, tend.
type script struct {
	p     *Procedure
	c     Child
	token string
	said  chan message
	ended chan ended
	ran   bool // Run was called; under p.mu

	main   bool     // main has returned
	fault  *message // what the runner said of an exception
	failed error    // what else is wrong
}

// ended is how a process has ended.
type ended struct {
	code int
	err  error
}

// newScript starts the process.
func newScript(p *Procedure) (*script, error) {
	s := &script{p: p, token: newToken(), ended: make(chan ended, 1)}
	outs := [2]*output{{p: p}, {p: p, stderr: true}}
	out, errs := p.o.Stdout, p.o.Stderr
	if out == nil {
		out = outs[0]
	}
	if errs == nil {
		errs = outs[1]
	}
	var err error
	if s.c, err = p.o.Spawn(p.prog, p.o.Stdin, out, errs); err != nil {
		return nil, err
	}
	if r := s.c.Events(); r != nil {
		s.said = make(chan message)
		go func() {
			defer close(s.said)
			receive(r, s.token, s.said)
		}()
		s.greet()
	}
	go func() {
		code, err := s.c.Wait()
		outs[0].flush()
		outs[1].flush()
		s.ended <- ended{code, err}
	}()
	return s, nil
}

// lastWords is how long what the runner said may take to come after the process has ended: somebody who has left its group may
// still hold the other end.
const lastWords = time.Second

// tend stays with the process until it is gone, or cannot be killed.
func (s *script) tend() {
	var kill, giveUp <-chan time.Time
	p, stop, now, said := s.p, s.p.stop, s.p.kill, s.said
	for {
		select {
		case m, ok := <-said:
			if !ok {
				said = nil
				continue
			}
			s.hear(m)
		case e := <-s.ended:
			for late := time.After(lastWords); said != nil; {
				select {
				case m, ok := <-said:
					if !ok {
						said = nil
						continue
					}
					s.hear(m)
				case <-late:
					_ = s.c.Events().Close()
					late = nil
				}
			}
			s.over(e)
			return
		case <-stop:
			stop = nil
			s.signal(p.sig)
			kill = time.After(p.o.Grace)
		case <-kill:
			kill = nil
			s.signal(syscall.SIGKILL)
			giveUp = time.After(unkillable)
		case <-now:
			now, kill = nil, nil
			s.signal(syscall.SIGKILL)
			giveUp = time.After(unkillable)
		case <-giveUp:
			go func() {
				for range s.said { // nobody is to wait for a listener
				}
			}()
			_ = p.settle(Unknown, fmt.Errorf("its process was killed and is still there %v later", unkillable))
			return
		}
	}
}

func (s *script) signal(sig syscall.Signal) {
	if err := s.c.Signal(sig); err != nil {
		s.p.tell(Event{Kind: KindHeartbeat, Text: fmt.Sprintf("%v: %v", sig, err)})
	}
}

// hear takes in what the runner says.
func (s *script) hear(m message) {
	p := s.p
	p.mu.Lock()
	state, stopping := p.state, p.asked > 0
	p.mu.Unlock()
	switch {
	case m.Event == saidFailed:
		s.fault = &m
		if m.Text != "" && !stopping {
			p.tell(Event{Kind: KindStacktrace, Text: m.Text})
		}
	case stopping:
	case m.Event == saidLoaded && state == Loading:
		p.enter(Event{State: Idle})
		if !m.Init {
			p.enter(Event{State: Ready})
			return
		}
		p.enter(Event{State: Initialising})
		s.send("init", p.o.Init)
	case m.Event == saidInit && state == Initialising:
		p.enter(Event{State: Ready})
	case m.Event == saidMain && state == Running:
		s.main = true
		p.enter(Event{State: Ready})
	default:
		s.failed = fmt.Errorf("its runner said %q while it was %s", m.Event, state)
		s.signal(syscall.SIGKILL)
	}
}

// over is the end of a process that is gone.
func (s *script) over(e ended) {
	p := s.p
	if w := s.c.Commands(); w != nil {
		_ = w.Close()
		_ = s.c.Events().Close()
	}
	p.mu.Lock()
	stopped, state := p.asked > 0, p.state
	if e.err == nil {
		p.exit = &e.code
	}
	p.mu.Unlock()
	// A script that has closed the runner's descriptors ends without its words; one that ends itself in main says with its exit
	// code how it went.
	good := e.code == 0 && (s.main || state == Running)
	switch {
	case e.err != nil:
		_ = p.settle(Failed, e.err)
	case stopped:
		_ = p.settle(Stopped, nil)
	case s.fault != nil:
		_ = p.settle(Failed, &ScriptError{Type: s.fault.Type, Message: s.fault.Message, During: s.fault.During, Trace: s.fault.Text})
	case s.failed != nil:
		_ = p.settle(Failed, s.failed)
	case !good:
		_ = p.settle(Failed, errors.New(exitText(e.code, state)))
	default:
		if state == Running {
			p.enter(Event{State: Ready})
		}
		_ = p.settle(Complete, nil)
	}
}

// ScriptError is an exception that the script did not catch.
type ScriptError struct {
	Type    string // the exception's class
	Message string
	During  string // "load", "init" or "main"
	Trace   string // as Python writes it
}

// Error gives the exception as the last line of a traceback does, and where it came from.
func (e *ScriptError) Error() string {
	text := e.Type
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.During == "load" {
		return text + ", while it was loaded"
	}
	return text + ", in " + e.During
}

func exitText(code int, state State) string {
	if code > 128 {
		return fmt.Sprintf("signal %d (%v) ended it while it was %s", code-128, syscall.Signal(code-128), state)
	}
	return fmt.Sprintf("it ended with exit code %d while it was %s", code, state)
}
