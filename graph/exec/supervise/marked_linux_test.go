package supervise

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// leaves starts a process two sessions away that nobody waits for, and ends.
const leaves = `
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        with open("pid.new", "w") as f:
            f.write(str(os.getpid()))
        os.rename("pid.new", "pid")
        os.execvp("sleep", ["sleep", "1000"])
    os._exit(0)
os.wait()
while not os.path.exists("pid"):
    pass
`

// TestMarkedEnd: what has left the program's group does not outlive it where it carries the mark; others are let be.
func TestMarkedEnd(t *testing.T) {
	mark := "CAIRN_TEST_MARK=" + rand.Text()
	other := exec.Command("sleep", "1000")
	other.Env = []string{"X" + mark, mark + "x"}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	}()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	dir := t.TempDir()
	env := append(os.Environ(), mark)
	if code, err := Run(Program{Argv: []string{python, "-c", leaves}, Env: env, Dir: dir, Mark: mark, Stdin: null, Stdout: os.Stderr, Stderr: os.Stderr}); err != nil || code != 0 {
		t.Fatal(code, err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(5 * time.Second); syscall.Kill(pid, 0) == nil && alive(pid); {
		if time.Now().After(limit) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("%d is still there", pid)
		}
	}
	if !alive(other.Process.Pid) {
		t.Error("another one was killed")
	}
}
