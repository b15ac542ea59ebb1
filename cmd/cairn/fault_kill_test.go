//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// chain is a workspace of small commands, each with a source of its own, that stand on each other, and what a clean build of
// it would make.
type chain struct {
	t     *testing.T
	root  string
	cache string
	src   []string
}

func newChain(t *testing.T, n int, cache string) *chain {
	t.Helper()
	c := &chain{t: t, root: t.TempDir(), cache: cache, src: make([]string, n)}
	var b strings.Builder
	b.WriteString("workspace \"chain\" {}\n")
	for i := range n {
		deps := ""
		for _, d := range c.deps(i) {
			deps += fmt.Sprintf("\":c%d\", ", d)
		}
		fmt.Fprintf(&b, `command "c%d" {
  srcs   = ["s%d"]
  deps   = [%s]
  outs   = ["small", "big"]
  script = "set -- $OUTS; { printf '%d:'; cat $SRCS $DEPS | tail -c 40; } > $1; { head -c 20000 /dev/zero | tr '\\000' x; cat $1; } > $2"
}
`, i, i, deps, i)
		c.edit(i, fmt.Sprint("first", i))
	}
	c.write("BUILD.hcl", b.String())
	return c
}

func (c *chain) deps(i int) []int {
	if i < 4 {
		return nil
	}
	return []int{i - 4, i - 3}
}

func (c *chain) write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.root, name), []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chain) edit(i int, text string) {
	c.t.Helper()
	c.src[i] = text
	c.write(fmt.Sprint("s", i), text)
}

// wrong says which outputs are not what they should be.
func (c *chain) wrong() string {
	small := make([]string, len(c.src))
	var bad []string
	for i := range c.src {
		all := c.src[i]
		for _, d := range c.deps(i) {
			all += strings.Repeat("x", 40) + small[d] // what lies before it does not show
		}
		small[i] = fmt.Sprintf("%d:%s", i, all[max(0, len(all)-40):])
		for name, want := range map[string]string{"small": small[i], "big": strings.Repeat("x", 20000) + small[i]} {
			got, err := os.ReadFile(filepath.Join(c.root, "cairn-out", fmt.Sprint("c", i), name))
			if err != nil || string(got) != want {
				bad = append(bad, fmt.Sprintf("c%d/%s holds %q (%v), want %q", i, name, got[max(0, len(got)-80):], err, want[max(0, len(want)-80):]))
			}
		}
	}
	return strings.Join(bad, "\n")
}

func (c *chain) command(args ...string) *exec.Cmd {
	cmd := exec.Command("cairn", append([]string{"-C", c.root}, args...)...)
	cmd.Env = append(os.Environ(), "CAIRN_CACHE="+c.cache, "NO_COLOR=1")
	return cmd
}

func (c *chain) run(args ...string) (string, int) {
	c.t.Helper()
	out, err := c.command(args...).CombinedOutput()
	var e *exec.ExitError
	switch {
	case errors.As(err, &e):
		return string(out), e.ExitCode()
	case err != nil:
		c.t.Fatal(err)
	}
	return string(out), 0
}

// rounds is how often a loop of faults goes round; CAIRN_FAULT_ROUNDS makes it longer (docs/faults.md).
func rounds(t *testing.T, few int) int {
	if s := os.Getenv("CAIRN_FAULT_ROUNDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return few
}

// TestKilledAnywhere ends builds, and workers of builds, with SIGKILL at random moments. The next build must be right and
// complete, the one after it must find nothing to do, and neither processes nor folders of the killed ones may be left.
func TestKilledAnywhere(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	for _, sandbox := range []string{"off", "auto"} {
		t.Run(sandbox, func(t *testing.T) {
			c := newChain(t, 40, filepath.Join(t.TempDir(), "cache"))
			start := time.Now()
			if out, code := c.run("build", "-j2", "--sandbox="+sandbox); code != 0 {
				t.Fatalf("%d\n%s", code, out)
			}
			whole := time.Since(start)
			for round := range rounds(t, 6) {
				for range 4 + rnd.IntN(8) {
					c.edit(rnd.IntN(len(c.src)), fmt.Sprint("r", rnd.IntN(1000)))
				}
				switch rnd.IntN(6) {
				case 0:
					os.RemoveAll(filepath.Join(c.root, "cairn-out"))
				case 1:
					os.RemoveAll(c.cache)
				}
				worker := rnd.IntN(3) == 0
				out := c.killed(time.Duration(rnd.Int64N(int64(whole))), worker, "build", "-j2", "--sandbox="+sandbox)
				said, code := c.run("build", "-j2", "--sandbox="+sandbox)
				if wrong := c.wrong(); code != 0 || wrong != "" {
					t.Fatalf("round %d, worker %v: killed:\n%s\nnext (%d):\n%s\n%s", round, worker, out, code, said, wrong)
				}
				if said, _ := c.run("build", "--sandbox="+sandbox); !strings.Contains(said, "cairn: up to date (") {
					t.Fatalf("round %d: the build after the next is not up to date:\n%s", round, said)
				}
				if left := strays(t); left != "" {
					t.Fatalf("round %d, worker %v: processes are left:\n%s", round, worker, left)
				}
			}
			for _, f := range litter(t, c.root, c.cache) {
				t.Errorf("left behind: %s", f)
			}
		})
	}
}

// killed starts cairn and kills it, or one of its children, after a while. What it said is given back.
func (c *chain) killed(after time.Duration, worker bool, args ...string) string {
	c.t.Helper()
	cmd := c.command(args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() {
		pid := cmd.Process.Pid
		if kids := childrenOf(pid); worker && len(kids) > 0 {
			pid = kids[0]
		}
		syscall.Kill(pid, syscall.SIGKILL)
	})
	defer timer.Stop()
	cmd.Wait() // killed, failed or done: all may be
	stages, _ := filepath.Glob(fmt.Sprintf("/dev/shm/cairn-*-%d-*", cmd.Process.Pid))
	for _, s := range stages {
		c.t.Cleanup(func() {
			if _, err := os.Stat(s); err == nil {
				c.t.Errorf("%s of a killed cairn was not swept", s)
			}
		})
	}
	return out.String()
}

// childrenOf gives the processes whose parent is pid.
func childrenOf(pid int) []int {
	var kids []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range stats {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		rest := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if len(rest) > 1 && rest[1] == strconv.Itoa(pid) {
			n, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
			kids = append(kids, n)
		}
	}
	return kids
}

// strays waits a moment for all that was orphaned by a kill to end, and says what did not.
func strays(t *testing.T) string {
	t.Helper()
	limit := time.Now().Add(10 * time.Second)
	for {
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if pid <= 0 || err != nil {
				break
			}
		}
		kids := childrenOf(os.Getpid())
		if len(kids) == 0 {
			return ""
		}
		if time.Now().After(limit) {
			var b strings.Builder
			for _, k := range kids {
				cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", k))
				fmt.Fprintf(&b, "%d %q\n", k, cmdline)
			}
			return b.String()
		}
		time.Sleep(5 * time.Millisecond) // other processes end in their own time
	}
}

// litter finds temporary files below cairn-out, and many of them in the cache.
func litter(t *testing.T, root, cache string) (found []string) {
	t.Helper()
	for _, dir := range []string{filepath.Join(root, "cairn-out")} {
		err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			if err == nil && strings.Contains(d.Name(), ".cairn-") {
				found = append(found, p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}
