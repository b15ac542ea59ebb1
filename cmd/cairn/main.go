// Command cairn is a declarative build tool. This package holds the commands, one file each, and wires together what they
// need: no other place names the kinds, stores, fetchers and runners that there are.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	os.Exit(Main())
}

// Main is the whole program: it gives the exit code. Tests run it under other names than the binary's own.
func Main() int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	a := newApp()
	watchSignals(cancel, &a.kills)
	return a.run(ctx, os.Args[1:])
}

// errInterrupted is why the context ends when somebody presses ^C.
var errInterrupted = errors.New("interrupted")

// mercy is how long the process may take to end by itself after the second ^C, with nothing left that runs.
const mercy = time.Second

// watchSignals ends the context at the first ^C or SIGTERM. At the second all that was started is killed, which lets the process
// end in order; where it does not, it is ended.
func watchSignals(cancel context.CancelCauseFunc, k *kills) {
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupts
		cancel(errInterrupted)
		<-interrupts
		go k.all() // it may have to wait for somebody who is at work
		time.Sleep(mercy)
		os.Exit(exitInterrupted)
	}()
}

// interrupts is where watchSignals hears of signals, until somebody else takes them.
var interrupts = make(chan os.Signal, 2)

// kills are what ends all that this process has started, at once.
type kills struct {
	mu sync.Mutex
	do []func()
}

func (k *kills) add(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.do = append(k.do, f)
}

func (k *kills) all() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, f := range k.do {
		f()
	}
}
