package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// made gives the command as it can be started.
func (c command) made(out *bytes.Buffer) *exec.Cmd {
	cmd := exec.Command(c.argv[0], c.argv[1:]...)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), c.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a ^C ends the harness, and what it started by its own pid
	cmd.Stdout, cmd.Stderr = out, out
	return cmd
}

// run says how long the command took, and fails where it does, with the end of what it said.
func (c command) run() (time.Duration, error) {
	_, took, err := c.output()
	return took, err
}

func (c command) output() (string, time.Duration, error) {
	var out bytes.Buffer
	cmd := c.made(&out)
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(c.argv, " "), err, out.String()[max(0, out.Len()-2000):])
	}
	return out.String(), took, err
}

// series are the figures of one thing that is measured in turns.
type series []time.Duration

func (s series) least() time.Duration { return slices.Min(s) }

func (s series) middle() time.Duration {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)/2]
}

func (s series) line(name string) {
	fmt.Printf("  %-46s %10.1f ms least %10.1f ms median %5d turns\n", name, figures.Millis(s.least()), figures.Millis(s.middle()), len(s))
}

// turns does each in turn, n times, and gives their figures.
func turns(n int, each ...func() (time.Duration, error)) ([]series, error) {
	all := make([]series, len(each))
	for range n {
		for i, do := range each {
			t, err := do()
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], t)
		}
	}
	return all, nil
}

// exactly is a gate on a count.
func (b *bench) exactly(name string, is, want int) {
	used := 1.0
	if is != want {
		used = 2
	}
	b.Verdict(name, used, fmt.Sprintf("%d, and %d is right", is, want))
}

// ran is what a build started: how many actions of each kind, and of which targets.
type ran struct {
	kinds  map[string]int
	labels map[string][]string // the kinds, by the target
}

// env is cairn's environment.
func (b *bench) env(cache string) []string {
	return []string{"CAIRN_CACHE=" + b.path(cache), "NO_COLOR=1", "LC_ALL=C"}
}

// counted builds in a workspace and says what ran, and how long it took.
func (b *bench) counted(ws, cache string, args ...string) (ran, time.Duration, error) {
	events := b.path("events")
	took, err := command{b.path(ws), b.env(cache), slices.Concat([]string{b.cairn, "build"}, args, []string{"--events", events})}.run()
	if err != nil {
		return ran{}, 0, err
	}
	f, err := os.Open(events)
	if err != nil {
		return ran{}, 0, err
	}
	defer f.Close()
	r := ran{map[string]int{}, map[string][]string{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var e struct{ Type, Mnemonic, Label string }
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return ran{}, 0, err
		}
		if e.Type == "start" {
			r.kinds[e.Mnemonic]++
			r.labels[e.Label] = append(r.labels[e.Label], e.Mnemonic)
		}
	}
	return r, took, lines.Err()
}

// replace changes a file's text; where that changes nothing, it fails.
func replace(file, old, new string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	after := strings.Replace(string(text), old, new, 1)
	if after == string(text) {
		return fmt.Errorf("%s has no %q", file, old)
	}
	return os.WriteFile(file, []byte(after), 0o644)
}

func write(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// removeAll removes a folder, with the read-only ones of a cache in it.
func removeAll(dir string) error {
	_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(p, 0o755)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
