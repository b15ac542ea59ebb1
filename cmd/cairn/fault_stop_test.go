//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stubborn is a workspace with an action that does not end, nor what it starts, and does not care for SIGTERM; one that it
// waits for, and one that waits for it.
const stubborn = `workspace "stubborn" {}
command "before" {
  outs   = ["out"]
  script = "echo before; echo > $OUT"
}
command "stubborn" {
  deps     = [":before"]
  outs     = ["out"]
  script   = "trap '' TERM INT; (trap '' TERM INT; sleep 1000) & sleep 1000; echo > $OUT"
}
command "after" {
  deps   = [":stubborn"]
  outs   = ["out"]
  script = "echo > $OUT"
}
`

// TestStopped ends builds with ^C once and twice, in both modes: the exit code is 130, no process is left, and what was
// finished is not done again.
func TestStopped(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	for _, sandbox := range []string{"off", "auto"} {
		for _, signals := range []int{1, 2} {
			t.Run(sandbox+" "+strings.Repeat("^C", signals), func(t *testing.T) {
				c := &chain{t: t, root: t.TempDir(), cache: filepath.Join(t.TempDir(), "cache")}
				c.write("BUILD.hcl", stubborn)
				cmd := c.command("build", "--sandbox="+sandbox, "--events", filepath.Join(c.root, "events"))
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				c.wait("events", "//:stubborn")
				cmd.Process.Signal(os.Interrupt)
				if signals == 2 {
					// The first one must have been taken: two that wait together are one.
					time.Sleep(100 * time.Millisecond)
					cmd.Process.Signal(os.Interrupt)
				}
				cmd.Wait()
				if code := cmd.ProcessState.ExitCode(); code != 130 {
					t.Errorf("exit code %d\n%s", code, out.String())
				}
				if left := strays(t); left != "" {
					t.Errorf("processes are left:\n%s", left)
				}
				said, _ := c.run("plan", "//:before")
				if signals == 1 && !strings.Contains(said, "nothing to do") {
					t.Errorf("what was finished is not known:\n%s", said)
				}
				if signals == 2 && strings.Contains(said, "run //:before") {
					t.Errorf("what was finished would run again:\n%s", said)
				}
			})
		}
	}
}

// wait waits until a file of the workspace holds a text.
func (c *chain) wait(name, text string) {
	c.t.Helper()
	limit := time.Now().Add(30 * time.Second)
	for {
		b, _ := os.ReadFile(filepath.Join(c.root, name))
		if strings.Contains(string(b), text) {
			return
		}
		if time.Now().After(limit) {
			c.t.Fatalf("%s did not come to hold %q:\n%s", name, text, b)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// TestKilledWorker ends the process that keeps an action apart: the build says so and fails as the machine's fault, and the
// next one is right.
func TestKilledWorker(t *testing.T) {
	for _, sandbox := range []string{"off", "auto"} {
		t.Run(sandbox, func(t *testing.T) {
			c := &chain{t: t, root: t.TempDir(), cache: filepath.Join(t.TempDir(), "cache")}
			c.write("BUILD.hcl", "workspace \"worker\" {}\ncommand \"slow\" {\n  srcs = [\"in\"]\n  outs = [\"out\"]\n  script = \"sleep $(cat $SRCS); echo done > $OUT\"\n}\n")
			c.write("in", "1000")
			cmd := c.command("build", "--sandbox="+sandbox, "--events", filepath.Join(c.root, "events"))
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			c.wait("events", "//:slow")
			for kids := childrenOf(cmd.Process.Pid); len(kids) > 0; kids = childrenOf(cmd.Process.Pid) {
				syscall.Kill(kids[0], syscall.SIGKILL)
				time.Sleep(time.Millisecond)
			}
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != 3 || !strings.Contains(out.String(), "worker ended unexpectedly") {
				t.Errorf("exit code %d\n%s", code, out.String())
			}
			c.write("in", "0")
			if said, code := c.run("build", "--sandbox="+sandbox); code != 0 || strings.Contains(said, "up to date") {
				t.Errorf("exit code %d\n%s", code, said)
			}
		})
	}
}
