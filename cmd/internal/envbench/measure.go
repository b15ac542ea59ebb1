package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// sample is what one turn took: until the first line of its last command, and CPU of all its processes to their end.
type sample struct{ wall, cpu time.Duration }

// step is one command of a turn.
type step struct {
	dir  string
	env  []string
	argv []string
}

// measure runs steps one after the other, and fails where one does, with the end of what it said. The last one prints
// firstLine, and may print more.
func measure(steps ...step) (sample, error) {
	var s sample
	start := time.Now()
	for i, st := range steps {
		at, cpu, err := st.run(i == len(steps)-1)
		if err != nil {
			return sample{}, err
		}
		s.wall = at.Sub(start)
		s.cpu += cpu
	}
	return s, nil
}

// firstLine is what the measured Python prints before it does anything else.
const firstLine = "here"

// run gives when the command's first line came, where it is to print one, else when it ended.
func (st step) run(prints bool) (at time.Time, cpu time.Duration, err error) {
	c := exec.Command(st.argv[0], st.argv[1:]...)
	c.Dir = st.dir
	c.Env = append(os.Environ(), st.env...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a ^C ends the harness, and what it started by its own pid
	var said strings.Builder
	c.Stderr = &said
	out, err := c.StdoutPipe()
	if err != nil {
		return at, 0, err
	}
	if err := c.Start(); err != nil {
		return at, 0, err
	}
	r := bufio.NewReader(out)
	line := ""
	if prints {
		line, _ = r.ReadString('\n')
		at = time.Now()
	}
	rest, _ := io.ReadAll(r)
	if err := c.Wait(); err != nil {
		all := said.String() + line + string(rest)
		return at, 0, fmt.Errorf("%s: %w: %s", strings.Join(st.argv, " "), err, all[max(0, len(all)-2000):])
	}
	if !prints {
		at = time.Now()
	} else if strings.TrimSpace(line) != firstLine {
		return at, 0, errors.New(strings.Join(st.argv, " ") + " printed " + line)
	}
	return at, c.ProcessState.UserTime() + c.ProcessState.SystemTime(), nil
}

// entry is one line of a scenario: something that is measured again and again, in turn with the others.
type entry struct {
	name    string
	turns   int                   // how often at most; 0: as often as the scenario has turns
	prepare func(turn int) error  // before each time, not measured; may be nil
	steps   func(turn int) []step // what is measured
	call    func() error          // or this, in this process
	after   func(s *sample) error // what is to be seen to after each time; may be nil
	got     []sample
}

// take measures all entries n times, each once before any has its next turn.
func take(n int, es ...*entry) error {
	for turn := range n {
		for _, e := range es {
			if e.turns > 0 && turn >= e.turns {
				continue
			}
			if e.prepare != nil {
				if err := e.prepare(turn); err != nil {
					return fmt.Errorf("%s: %w", e.name, err)
				}
			}
			s, err := e.once(turn)
			if err == nil && e.after != nil {
				err = e.after(&s)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
			e.got = append(e.got, s)
		}
	}
	return nil
}

// once measures an entry one time.
func (e *entry) once(turn int) (sample, error) {
	if e.call == nil {
		return measure(e.steps(turn)...)
	}
	start, cpu := time.Now(), ownCPU()
	err := e.call()
	return sample{time.Since(start), ownCPU() - cpu}, err
}
