package local

import (
	"context"
	"errors"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/exec/local/box"
)

func mkfifo(p string) error { return unix.Mkfifo(p, 0o600) }

// TestParentKilled kills a cairn with SIGKILL while its command runs. The command's processes hold a pipe open, so that its
// end tells that they are gone.
func TestParentKilled(t *testing.T) {
	if dir := os.Getenv("CAIRN_TEST_VICTIM"); dir != "" {
		r, err := New(Options{Mode: os.Getenv("CAIRN_TEST_MODE"), Workspace: dir, TmpDir: dir, StageDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = r.Run(context.Background(), sh(t, `trap "" TERM; exec 9>$D/alive; (trap "" TERM; sleep 1000 & sleep 1000 &); echo up >&9; while :; do sleep 1000; done`,
			func(s *exec.Spawn) { s.Scratch = []exec.Scratch{{Env: "D", Dir: dir}} }))
		return
	}
	for _, mode := range modes() {
		t.Run(mode, func(t *testing.T) {
			dir := t.TempDir()
			if err := mkfifo(filepath.Join(dir, "alive")); err != nil {
				t.Fatal(err)
			}
			victim := osexec.Command(os.Args[0], "-test.run=^TestParentKilled$")
			victim.Env = append(os.Environ(), "CAIRN_TEST_VICTIM="+dir, "CAIRN_TEST_MODE="+mode)
			if err := victim.Start(); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(filepath.Join(dir, "alive"), os.O_RDONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var up [3]byte
			if _, err := io.ReadFull(f, up[:]); err != nil {
				t.Fatal(err)
			}
			if err := victim.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = victim.Wait()
			_ = f.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := f.Read(up[:]); !errors.Is(err, io.EOF) {
				t.Errorf("the command outlives cairn: %v", err)
			}
			s, err := openStage(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			if got, _ := filepath.Glob(filepath.Join(dir, stagePrefix+"*")); len(got) != 1 {
				t.Errorf("stages: %v", got)
			}
		})
	}
}

// TestWorkerDies kills a worker while its command runs: Run says so, the command is gone, and the next one runs.
func TestWorkerDies(t *testing.T) {
	for _, mode := range modes() {
		t.Run(mode, func(t *testing.T) {
			r := newRunner(t, Options{Mode: mode, Workspace: t.TempDir(), Slots: 1})
			defer r.Close()
			if _, err := r.Run(context.Background(), sh(t, "true")); err != nil {
				t.Fatal(err)
			}
			worker := r.idle[0].helper.(*process).proc
			dir := t.TempDir()
			if err := mkfifo(filepath.Join(dir, "alive")); err != nil {
				t.Fatal(err)
			}
			done := make(chan error)
			go func() {
				_, err := r.Run(context.Background(), sh(t, `exec 9>$D/alive; (setsid sh -c 'sleep 1000; true' & ); echo up >&9; sleep 1000; true`, func(s *exec.Spawn) {
					s.Scratch = []exec.Scratch{{Env: "D", Dir: dir}}
				}))
				done <- err
			}()
			f, err := os.OpenFile(filepath.Join(dir, "alive"), os.O_RDONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var up [3]byte
			if _, err := io.ReadFull(f, up[:]); err != nil {
				t.Fatal(err)
			}
			if err := worker.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err == nil || !strings.Contains(err.Error(), "ended unexpectedly") {
				t.Errorf("Run gives %v", err)
			}
			_ = f.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := f.Read(up[:]); !errors.Is(err, io.EOF) {
				t.Errorf("the command outlives its worker: %v", err)
			}
			if out, err := r.Run(context.Background(), sh(t, "echo on")); err != nil || string(out.Stdout) != "on\n" {
				t.Errorf("the next command: %v", err)
			}
		})
	}
}

// TestAllKilled kills a cairn and its worker at once. What a command without a sandbox started then lives, until the next cairn.
func TestAllKilled(t *testing.T) {
	for _, mode := range modes() {
		t.Run(mode, func(t *testing.T) {
			dir := t.TempDir()
			if err := mkfifo(filepath.Join(dir, "alive")); err != nil {
				t.Fatal(err)
			}
			victim := osexec.Command(os.Args[0], "-test.run=^TestParentKilled$")
			victim.Env = append(os.Environ(), "CAIRN_TEST_VICTIM="+dir, "CAIRN_TEST_MODE="+mode)
			if err := victim.Start(); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(filepath.Join(dir, "alive"), os.O_RDONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var up [3]byte
			if _, err := io.ReadFull(f, up[:]); err != nil {
				t.Fatal(err)
			}
			workers := box.Children(victim.Process.Pid)
			if len(workers) == 0 {
				t.Fatal("no worker")
			}
			for _, p := range append(workers, victim.Process.Pid) {
				if err := syscall.Kill(p, syscall.SIGSTOP); err != nil { // so that none sees another end
					t.Fatal(err)
				}
			}
			for _, p := range append(workers, victim.Process.Pid) {
				_ = syscall.Kill(p, syscall.SIGKILL)
			}
			_ = victim.Wait()
			s, err := openStage(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			_ = f.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := f.Read(up[:]); !errors.Is(err, io.EOF) {
				t.Errorf("the command outlives the next cairn's start: %v", err)
			}
		})
	}
}

// TestOrphansReaped says that a worker reaps at once: who waits for a daemon to be gone by kill -0 must not wait for ever.
func TestOrphansReaped(t *testing.T) {
	for _, mode := range modes() {
		t.Run(mode, func(t *testing.T) {
			r := newRunner(t, Options{Mode: mode, Workspace: t.TempDir()})
			defer r.Close()
			out, err := r.Run(context.Background(), sh(t, `sh -c 'sleep 1000 & echo $! >pid'; p=$(cat pid); kill -9 $p; while kill -0 $p 2>/dev/null; do :; done; echo gone`,
				func(s *exec.Spawn) { s.Timeout = 20 * time.Second }))
			if err != nil || string(out.Stdout) != "gone\n" {
				t.Errorf("%+v, %v", out, err)
			}
		})
	}
}

// TestProfiles says that one worker shows each action its own tools and scratch folders, and no others.
func TestProfiles(t *testing.T) {
	if modes()[0] != Require {
		t.Skip("no namespaces here")
	}
	tool := filepath.Join(t.TempDir(), "opt", "tool") // below /tmp, which the sandbox has a private one of
	if err := os.MkdirAll(tool, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tool, "run"), []byte("#!/bin/sh\necho tool runs\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	r := newRunner(t, Options{Mode: Require, Slots: 1})
	defer r.Close()
	with := func(s *exec.Spawn) {
		s.Tools = append(s.Tools, s.Tools[0])
		s.Tools[0].Name, s.Tools[0].Programs, s.Tools[0].Path, s.Tools[0].Roots = "run", nil, filepath.Join(tool, "run"), []string{tool}
		s.Tools[0].Identity = [32]byte{7}
	}
	scratch := t.TempDir()
	for range 2 {
		out, err := r.Run(context.Background(), sh(t, `run; mv "$T" /tmp/moved 2>/dev/null; touch `+tool+`/x 2>/dev/null || echo read-only; echo x >/tmp/left; echo kept >>$S/f; cat $S/f | wc -l`, with,
			func(s *exec.Spawn) { s.Scratch = []exec.Scratch{{Env: "S", Dir: scratch}} }))
		if err != nil || !strings.HasPrefix(string(out.Stdout), "tool runs\nread-only\n") {
			t.Fatalf("%s%s, %v", out.Stdout, out.Stderr, err)
		}
		worker := r.idle[0]
		out, err = r.Run(context.Background(), sh(t, `ls -A /tmp /cairn/scratch | grep -v :; cat `+tool+`/run 2>/dev/null; which run; true`))
		if err != nil || strings.TrimSpace(string(out.Stdout)) != "" {
			t.Errorf("an action without the tool sees %q, %v", out.Stdout, err)
		}
		if len(r.idle) != 1 || r.idle[0] != worker {
			t.Error("the worker was not used again")
		}
	}
	if b, _ := os.ReadFile(filepath.Join(scratch, "f")); string(b) != "kept\nkept\n" {
		t.Errorf("scratch holds %q", b)
	}
}

// TestDiskWhenMemoryIsFull lets an action fill a small file system in memory; it is run again on disk.
func TestDiskWhenMemoryIsFull(t *testing.T) {
	small := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(small, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", small, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("needs a right that only root has: mount: %v", err)
	}
	defer func() {
		if err := unix.Unmount(small, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	for _, mode := range modes() {
		if mode == Off {
			continue
		}
		r := newRunner(t, Options{Mode: mode, StageDir: small, Slots: 1})
		if _, err := r.stage(false); err != nil {
			t.Fatal(err)
		}
		r.stages[0].memory = true
		out, err := r.Run(context.Background(), sh(t, "dd if=/dev/zero of=big bs=1048576 count=40", func(s *exec.Spawn) {
			s.Outputs = []exec.Output{{Path: "big"}}
		}))
		if err != nil || out.ExitCode != 0 || !strings.HasPrefix(out.Outputs[0], r.opt.TmpDir) {
			t.Errorf("%s: %+v, %v", mode, out, err)
		}
		big := filepath.Join(t.TempDir(), "in")
		if err := os.WriteFile(big, make([]byte, 900<<10), 0o644); err != nil {
			t.Fatal(err)
		}
		var in []exec.Input
		for i := range 40 {
			in = append(in, exec.Input{Path: "in/" + string(rune('A'+i)), From: big, Size: 900 << 10})
		}
		out, err = r.Run(context.Background(), sh(t, "ls in | wc -l", func(s *exec.Spawn) { s.Inputs = in }))
		if err != nil || strings.TrimSpace(string(out.Stdout)) != "40" {
			t.Errorf("%s: inputs: %+v, %v", mode, out, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestUnprivileged runs the sandbox as a user who is not root.
func TestUnprivileged(t *testing.T) {
	if os.Getenv("CAIRN_TEST_NOBODY") != "" {
		r, err := New(Options{Mode: Require, TmpDir: os.Getenv("CAIRN_TEST_NOBODY")})
		if err != nil {
			t.Fatal(err)
		}
		out, err := r.Run(context.Background(), sh(t, "id -u; cat in; echo x >out", func(s *exec.Spawn) {
			s.Inputs = []exec.Input{{Path: "in", Data: []byte("data\n")}}
			s.Outputs = []exec.Output{{Path: "out"}}
		}))
		if err != nil || string(out.Stdout) != "1000\ndata\n" || out.Outputs[0] == "" {
			t.Errorf("%+v, %v", out, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		return
	}
	if os.Geteuid() != 0 || modes()[0] != Require {
		t.Skip("only root can become someone else, and namespaces must work")
	}
	dir, err := os.MkdirTemp("/tmp", "cairn-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	exe := filepath.Join(dir, "test")
	src, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	dst, err := os.OpenFile(exe, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(dst, src); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(dst.Close(), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	cmd := osexec.Command(exe, "-test.run=^TestUnprivileged$")
	cmd.Dir = dir
	cmd.Env = []string{"CAIRN_TEST_NOBODY=" + dir, "TMPDIR=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, b)
	}
}
