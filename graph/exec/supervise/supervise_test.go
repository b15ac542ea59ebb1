package supervise

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func start(t *testing.T, script string, grace time.Duration) (code int, out string) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	code, err = Run(Program{Argv: []string{"/bin/sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin", "A=b"}, Dir: "/", Grace: grace, Stdin: null, Stdout: f, Stderr: f})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return code, string(b)
}

func TestExitCodes(t *testing.T) {
	if code, out := start(t, "pwd; echo $A $HOME; exit 7", time.Minute); code != 7 || out != "/\nb\n" {
		t.Errorf("%d %q", code, out)
	}
	if code, _ := start(t, "kill -KILL $$", time.Minute); code != 128+9 {
		t.Errorf("killed: %d", code)
	}
}

func TestMissingProgram(t *testing.T) {
	if _, err := Run(Program{Argv: []string{"/nonexistent/python"}}); err == nil || err.Error() != "cannot start /nonexistent/python: no such file or directory" {
		t.Error(err)
	}
}

// TestSignals: the first signal is passed on and the program ends as it likes; one that does not end is killed when its grace
// is over.
func TestSignals(t *testing.T) {
	if code, out := start(t, "trap 'echo stopping; exit 3' TERM; kill -TERM $PPID; while :; do sleep 0.01; done", time.Minute); code != 3 || !strings.Contains(out, "stopping") {
		t.Errorf("%d %q", code, out)
	}
	if code, _ := start(t, "trap '' TERM; kill -TERM $PPID; while :; do sleep 0.01; done", 20*time.Millisecond); code != 128+9 {
		t.Errorf("deaf: %d", code)
	}
	if code, _ := start(t, "trap '' TERM; kill -TERM $PPID; kill -TERM $PPID; while :; do sleep 0.01; kill -TERM $PPID; done", time.Minute); code != 128+9 {
		t.Errorf("asked twice: %d", code)
	}
}

// TestNothingIsLeft: what the program started and left ends with it.
func TestNothingIsLeft(t *testing.T) {
	_, out := start(t, "sleep 1000 & echo $!", time.Minute)
	pid, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(5 * time.Second); syscall.Kill(pid, 0) == nil && alive(pid); {
		if time.Now().After(limit) {
			t.Fatalf("%d is still there", pid)
		}
	}
}

// alive says whether a process is there and no zombie that nobody has waited for.
func alive(pid int) bool {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err != nil || !strings.Contains(string(b), ") Z ")
}
