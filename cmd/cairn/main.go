// Command cairn is a declarative build tool. This package holds the commands, one file each, and wires together what they
// need: no other place names the kinds, stores, fetchers and runners that there are.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(Main())
}

// Main is the whole program: it gives the exit code. Tests run it under other names than the binary's own.
func Main() int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	watchSignals(cancel)
	return newApp().run(ctx, os.Args[1:])
}

// errInterrupted is why the context ends when somebody presses ^C.
var errInterrupted = errors.New("interrupted")

// watchSignals ends the context at the first ^C or SIGTERM, and the process at the second.
func watchSignals(cancel context.CancelCauseFunc) {
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupts
		cancel(errInterrupted)
		<-interrupts
		os.Exit(exitInterrupted)
	}()
}

// interrupts is where watchSignals hears of signals, until somebody else takes them.
var interrupts = make(chan os.Signal, 2)
