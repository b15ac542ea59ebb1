package procedure

import (
	"crypto/rand"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/cairn-build/cairn/graph/exec/supervise"
)

// scriptMark begins the variable by which all that a script starts is known, in whatever group it is.
const scriptMark = "CAIRN_SCRIPT="

// process is a Child of this machine.
type process struct {
	*supervise.Process
	commands, events *os.File
	pumps            sync.WaitGroup
	ours             []*os.File // of pipes: what is read here
}

// spawnHere starts a process of this machine.
func spawnHere(prog Program, stdin io.Reader, stdout, stderr io.Writer) (c Child, err error) {
	p := &process{}
	var theirs []*os.File
	keep := func(fs ...*os.File) { theirs = append(theirs, fs...) }
	defer func() {
		for _, f := range theirs {
			_ = f.Close()
		}
		if err != nil {
			p.closeAll()
		}
	}()
	in, ok := stdin.(*os.File)
	if !ok {
		if stdin != nil {
			return nil, errors.New("internal error: standard input is no file")
		}
		if in, err = os.Open(os.DevNull); err != nil {
			return nil, err
		}
		keep(in)
	}
	mark := scriptMark + rand.Text()
	sp := supervise.Program{Argv: prog.Argv, Env: append(slices.Clip(prog.Env), mark), Dir: prog.Dir, Stdin: in, Mark: mark}
	for _, o := range []struct {
		to   **os.File
		from io.Writer
	}{{&sp.Stdout, stdout}, {&sp.Stderr, stderr}} {
		if f, ok := o.from.(*os.File); ok {
			*o.to = f
			continue
		}
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		keep(w)
		p.ours = append(p.ours, r)
		*o.to = w
		to := o.from
		p.pumps.Go(func() {
			_, _ = io.Copy(to, r)
			_ = r.Close() // where nobody takes it, the script hears of it as it does elsewhere
		})
	}
	if !prog.Plain {
		cr, cw, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		p.commands = cw
		keep(cr)
		er, ew, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		p.events = er
		keep(ew)
		sp.Extra = []*os.File{cr, ew}
	}
	if p.Process, err = supervise.Start(sp); err != nil {
		return nil, err
	}
	return p, nil
}

// Signal implements Child.
func (p *process) Signal(sig syscall.Signal) error {
	p.Process.Signal(sig)
	return nil
}

// Wait implements Child. What was written is with the writers when it returns, but for what somebody writes who has left the
// group.
func (p *process) Wait() (int, error) {
	code, err := p.Process.Wait()
	done := make(chan struct{})
	go func() {
		p.pumps.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(lastWords):
	}
	for _, f := range p.ours {
		_ = f.Close()
	}
	<-done
	return code, err
}

// Commands implements Child.
func (p *process) Commands() io.WriteCloser {
	if p.commands == nil {
		return nil
	}
	return p.commands
}

// Events implements Child.
func (p *process) Events() io.ReadCloser {
	if p.events == nil {
		return nil
	}
	return p.events
}

func (p *process) closeAll() {
	for _, f := range append(p.ours, p.commands, p.events) {
		if f != nil {
			_ = f.Close()
		}
	}
}
