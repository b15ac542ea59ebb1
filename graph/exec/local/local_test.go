package local

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/exec/exectest"
	"github.com/cairn-build/cairn/graph/toolset"
)

func sh(t testing.TB, script string, edit ...func(*exec.Spawn)) *exec.Spawn {
	s := &exec.Spawn{Name: "//pkg:name", Argv: []string{"sh", "-c", script}, Tools: []toolset.Tool{exectest.Posix(t)}}
	for _, f := range edit {
		f(s)
	}
	return s
}

// capture gives a file for a command's stdout, and a function that reads it.
func capture(t *testing.T) (*os.File, func() string) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, func() string {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

func TestModes(t *testing.T) {
	if _, err := New(Options{Mode: "strict"}); err == nil {
		t.Error("an unknown mode is accepted")
	}
	if _, err := New(Options{Mode: Off, Workspace: "relative"}); err == nil {
		t.Error("a relative workspace is accepted")
	}
	r := newRunner(t, Options{})
	defer r.Close()
	switch got := r.Isolation(); {
	case got == exec.Namespaces && r.Why() != "", got == exec.Directory && r.Why() == "", got == exec.InPlace:
		t.Errorf("auto: %s, because %q", got, r.Why())
	}
	if c := Probe(t.TempDir()); c.Best != r.Isolation() || len(c.Checks) < 4 {
		t.Errorf("%+v", c)
	}
}

func TestKeep(t *testing.T) {
	for _, mode := range modes() {
		t.Run(mode, func(t *testing.T) {
			ws, keep := t.TempDir(), filepath.Join(t.TempDir(), "keep")
			t.Cleanup(func() { _ = os.Chmod(filepath.Join(ws, "sealed"), 0o700) })
			tree := t.TempDir()
			if err := os.WriteFile(filepath.Join(tree, "leaf"), []byte("leaf\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			if mode == Off {
				if err := os.WriteFile(filepath.Join(ws, "in"), []byte("input\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				if err := os.CopyFS(filepath.Join(ws, "tree"), os.DirFS(tree)); err != nil {
					t.Fatal(err)
				}
			}
			r := newRunner(t, Options{Mode: mode, Workspace: ws, KeepDir: keep})
			defer r.Close()
			s := sh(t, "echo said; echo half >half; chmod 200 half; mkdir sealed; touch sealed/x; chmod 0 sealed; exit 4", func(s *exec.Spawn) {
				s.KeepOnErr = true
				s.Env = []string{"COLOUR=blue"}
				s.Inputs = []exec.Input{{Path: "in", Data: []byte("input\n")}, {Path: "tree", From: tree, Tree: true}}
				s.Outputs = []exec.Output{{Path: "half"}, {Path: "never"}}
			})
			out, err := r.Run(context.Background(), s)
			if err != nil {
				t.Fatal(err)
			}
			out.Release()
			if out.Kept != filepath.Join(keep, KeptName("//pkg:name")) || out.ExitCode != 4 {
				t.Fatalf("%+v", out)
			}
			if _, err := os.Stat(out.Outputs[0]); err != nil {
				t.Error(err)
			}
			b, err := os.ReadFile(filepath.Join(out.Kept, "spawn.json"))
			if err != nil || !bytes.Contains(b, []byte(`"COLOUR=blue"`)) || !bytes.Contains(b, []byte(`"never"`)) {
				t.Errorf("spawn.json: %s, %v", b, err)
			}
			for _, want := range []string{"input\nleaf\nblue\nhalf\n", "input\nleaf\nblue\nhalf\nmore\n"} {
				f, said := capture(t)
				code, err := r.Enter(context.Background(), out.Kept, []string{"sh", "-c",
					`cat in tree/leaf; echo $COLOUR; chmod 644 half; cat half; echo more >>half; pwd >&2; exit 5`}, nil, f, nil)
				if err != nil || code != 5 || said() != want {
					t.Errorf("Enter: %d, %v, said %q", code, err, said())
				}
			}
			if out, err := r.Run(context.Background(), sh(t, "ls -A . | grep half; true")); err != nil || len(out.Stdout) > 0 && mode != Off {
				t.Errorf("the next action: %v", err)
			}
			// What fails next replaces what was kept.
			out, err = r.Run(context.Background(), sh(t, "true", func(s *exec.Spawn) {
				s.KeepOnErr, s.Outputs = true, []exec.Output{{Path: "never"}}
			}))
			if err != nil || out.Kept == "" {
				t.Fatalf("a missing output: %+v, %v", out, err)
			}
			if entries, _ := os.ReadDir(filepath.Join(out.Kept, "work")); len(entries) != 0 {
				t.Errorf("kept: %v", entries)
			}
			if _, err := r.Enter(context.Background(), t.TempDir(), []string{"true"}, nil, nil, nil); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a folder that is none: %v", err)
			}
		})
	}
}

func TestKeptName(t *testing.T) {
	for label, want := range map[string]string{
		"//a/b:c": "a-b-c-", "//:c": "c-", "//a:b@linux_arm64 [x/y.c]": "a-b-linux_arm64--x-y.c-", "//../..:..": "-",
		"//" + strings.Repeat("x", 300) + ":y": strings.Repeat("x", 100) + "-",
	} {
		got := KeptName(label)
		if got[:len(got)-8] != want || strings.ContainsAny(got, "/\x00") {
			t.Errorf("%s: %s", label, got)
		}
	}
	if KeptName("//a:b") == KeptName("//a-b") {
		t.Error("two labels, one name")
	}
}

func TestInteractive(t *testing.T) {
	for _, mode := range modes() {
		t.Run(mode, func(t *testing.T) {
			ws := t.TempDir()
			r := newRunner(t, Options{Mode: mode, Workspace: ws})
			defer r.Close()
			pr, pw, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer pr.Close()
			if _, err := io.WriteString(pw, "typed\n"); err != nil {
				t.Fatal(err)
			}
			pw.Close()
			f, said := capture(t)
			code, err := r.RunInteractive(context.Background(), sh(t, `read line; echo "$line" $X; test -d o || exit 9; exit 6`, func(s *exec.Spawn) {
				s.Env = []string{"X=y"}
				s.Outputs = []exec.Output{{Path: "o/out"}}
			}), pr, f, nil)
			if err != nil || code != 6 || said() != "typed y\n" {
				t.Errorf("%d, %v, %q", code, err, said())
			}
			code, err = r.RunInteractive(context.Background(), sh(t, "kill -INT $$"), nil, nil, nil)
			if err != nil || code != 130 {
				t.Errorf("%d, %v", code, err)
			}
		})
	}
}

func TestKillAndClose(t *testing.T) {
	r := newRunner(t, Options{Mode: Folder, Grace: time.Hour})
	dir := t.TempDir()
	s := sh(t, `trap "" TERM; echo x >$D/started; while :; do sleep 1000; done`, func(s *exec.Spawn) {
		s.Scratch = []exec.Scratch{{Env: "D", Dir: dir}}
	})
	if err := mkfifo(filepath.Join(dir, "started")); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := r.Run(ctx, s)
		done <- err
	}()
	if _, err := os.ReadFile(filepath.Join(dir, "started")); err != nil {
		t.Fatal(err)
	}
	stop() // the first ^C; the command has an hour
	r.Kill()
	if err := <-done; !errors.Is(err, ErrKill) {
		t.Errorf("Run gives %v", err)
	}
	if _, err := r.Run(context.Background(), sh(t, "true")); !errors.Is(err, ErrKill) {
		t.Errorf("Run afterwards gives %v", err)
	}
	base := r.stages[0].dir
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(base); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the stage after Close: %v", err)
	}
}

func TestKillByCause(t *testing.T) {
	r := newRunner(t, Options{Mode: Folder, Grace: time.Hour})
	defer r.Close()
	dir := t.TempDir()
	if err := mkfifo(filepath.Join(dir, "started")); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(context.Background())
	done := make(chan error)
	go func() {
		_, err := r.Run(ctx, sh(t, `trap "" TERM; echo x >$D/started; while :; do sleep 1000; done`, func(s *exec.Spawn) {
			s.Scratch = []exec.Scratch{{Env: "D", Dir: dir}}
		}))
		done <- err
	}()
	if _, err := os.ReadFile(filepath.Join(dir, "started")); err != nil {
		t.Fatal(err)
	}
	stop(ErrKill)
	if err := <-done; !errors.Is(err, ErrKill) {
		t.Errorf("Run gives %v", err)
	}
}

// TestDeadStages says that what killed processes left is swept, and what live ones use is not.
func TestDeadStages(t *testing.T) {
	base := t.TempDir()
	live, err := openStage(base)
	if err != nil {
		t.Fatal(err)
	}
	defer live.close()
	dead, err := openStage(base)
	if err != nil {
		t.Fatal(err)
	}
	sealed := filepath.Join(dead.dir, "slot", "sealed")
	if err := os.MkdirAll(filepath.Join(sealed, "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(sealed, 0); err != nil {
		t.Fatal(err)
	}
	dead.lock.Close() // as the kernel does
	third, err := openStage(base)
	if err != nil {
		t.Fatal(err)
	}
	defer third.close()
	if _, err := os.Stat(dead.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the dead stage: %v", err)
	}
	if _, err := os.Stat(live.dir); err != nil {
		t.Errorf("the live stage: %v", err)
	}
}

func TestWithoutNested(t *testing.T) {
	got := withoutNested([]string{"/a", "/a/b", "/ab", "/c/", "/c/d"})
	if strings.Join(got, " ") != "/a /ab /c" {
		t.Error(got)
	}
}

func TestToolsByName(t *testing.T) {
	one := toolset.Tool{Name: "cc", Path: "/x/gcc", Programs: map[string]string{"cc": "/x/gcc", "ld": "/x/ld"}}
	two := toolset.Tool{Name: "ld", Path: "/y/ld", Programs: map[string]string{"ld": "/y/ld"}}
	p := programs([]toolset.Tool{one, two})
	if p["ld"] != "/y/ld" || p["cc"] != "/x/gcc" || len(p) != 2 {
		t.Error(p)
	}
	r := &Runner{kits: map[string]*kit{}}
	one.Identity[0], two.Identity[0] = 1, 2
	if a, b := r.kitOf([]toolset.Tool{one, two}), r.kitOf([]toolset.Tool{one, two}); a != b || a.key == r.kitOf([]toolset.Tool{two}).key {
		t.Error("kits are not told apart, or not kept")
	}
}
