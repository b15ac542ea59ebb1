package figures

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Command is a command that a benchmark runs. Env is added to its own environment.
type Command struct {
	Dir  string
	Env  []string
	Argv []string
}

// Run says how long the command took, and fails where it does, with the end of what it said.
func (c Command) Run() (time.Duration, error) {
	_, _, took, err := c.Output()
	return took, err
}

// Output is Run, and gives what the command wrote to its two streams.
func (c Command) Output() (stdout, stderr string, took time.Duration, err error) {
	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Dir, cmd.Env = c.Dir, append(os.Environ(), c.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a ^C ends the harness, and what it started by its own pid
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	start := time.Now()
	err = cmd.Run()
	took = time.Since(start)
	if err != nil {
		all := out.String() + said.String()
		err = fmt.Errorf("%s: %w: %s", strings.Join(c.Argv, " "), err, all[max(0, len(all)-2000):])
	}
	return out.String(), said.String(), took, err
}

// Ran is what a command of cairn's started: how many actions of each kind, and of which targets.
type Ran struct {
	Kinds  map[string]int
	Labels map[string][]string // the kinds, by the target
}

// Counted runs a command of cairn's and says what it started, and how long it took. events is a file that it may write.
func (c Command) Counted(events string) (Ran, time.Duration, error) {
	c.Argv = append(c.Argv[:len(c.Argv):len(c.Argv)], "--events", events)
	took, err := c.Run()
	if err != nil {
		return Ran{}, 0, err
	}
	f, err := os.Open(events)
	if err != nil {
		return Ran{}, 0, err
	}
	defer f.Close()
	r := Ran{map[string]int{}, map[string][]string{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var e struct{ Type, Mnemonic, Label string }
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return Ran{}, 0, err
		}
		if e.Type == "start" {
			r.Kinds[e.Mnemonic]++
			r.Labels[e.Label] = append(r.Labels[e.Label], e.Mnemonic)
		}
	}
	return r, took, lines.Err()
}
