package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

// command is one command of a turn.
type command struct {
	dir  string
	env  []string
	argv []string
}

// run gives what the command wrote to its two streams and how long it took, and fails where it does, with the end of what it said.
func (c command) run() (stdout, stderr string, took time.Duration, err error) {
	cmd := exec.Command(c.argv[0], c.argv[1:]...)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), c.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a ^C ends the harness, and what it started by its own pid
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	start := time.Now()
	err = cmd.Run()
	took = time.Since(start)
	if err != nil {
		all := out.String() + said.String()
		err = fmt.Errorf("%s: %w: %s", strings.Join(c.argv, " "), err, all[max(0, len(all)-2000):])
	}
	return out.String(), said.String(), took, err
}

// least measures do n times and gives the shortest time and the middle one.
func least(n int, do func() (time.Duration, error)) (shortest, middle time.Duration, err error) {
	var all []time.Duration
	for range n {
		t, err := do()
		if err != nil {
			return 0, 0, err
		}
		all = append(all, t)
	}
	slices.Sort(all)
	return all[0], all[len(all)/2], nil
}

// line prints one figure.
func line(name string, shortest, middle time.Duration, n int) {
	fmt.Printf("  %-46s %10.1f ms least %10.1f ms median %5d turns\n", name, figures.Millis(shortest), figures.Millis(middle), n)
}

// exactly is a gate on a count.
func (b *bench) exactly(name string, is, want int) {
	used := 1.0
	if is != want {
		used = 2
	}
	b.Verdict(name, used, fmt.Sprintf("%d, and %d is right", is, want))
}
