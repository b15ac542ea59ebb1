// Package exectest is the suite that each runner passes. What a test asks for depends on the isolation that the runner
// claims: the sandbox owes more than a folder.
package exectest

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/toolset"
)

// Config says how a runner is made. Its grace must be at most a second.
type Config struct {
	// New gives a runner that runs slots commands at a time, for a workspace, and keeps failed trees in keep.
	New func(t *testing.T, workspace, keep string, slots int) exec.Runner
}

// Main must be called first in TestMain of a package that runs the suite: the test binary is also a program that the suite's
// commands start.
func Main() {
	if len(os.Args) > 1 && filepath.Base(os.Args[0]) == helperName {
		os.Exit(helper(os.Args[1:]))
	}
}

const helperName = "exectest-helper"

// helper is what sh cannot do.
func helper(args []string) int {
	switch args[0] {
	case "dial":
		c, err := net.DialTimeout("tcp", args[1], 2*time.Second)
		if err != nil {
			os.Stdout.WriteString("refused\n")
			return 0
		}
		c.Close()
		os.Stdout.WriteString("connected\n")
	case "loop":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			os.Stderr.WriteString(err.Error())
			return 1
		}
		return helper([]string{"dial", l.Addr().String()})
	case "shm":
		_, _, e := syscall.Syscall(sysShmget, 77, 4096, 0o1600) // IPC_CREAT
		if e != 0 {
			os.Stderr.WriteString(e.Error())
			return 1
		}
	case "shmfind":
		_, _, e := syscall.Syscall(sysShmget, 77, 4096, 0)
		if e == 0 {
			os.Stdout.WriteString("found\n")
		}
	}
	return 0
}

// Posix is a tool that brings the programs that the suite's commands use.
func Posix(t testing.TB) toolset.Tool {
	p := map[string]string{}
	for _, name := range strings.Fields("sh cat ls sleep ln mkdir mkfifo head touch env id chmod cp rm dd sort tr wc grep sed md5sum uname mv setsid") {
		for _, dir := range []string{"/usr/bin", "/bin"} {
			if at := filepath.Join(dir, name); exists(at) {
				p[name] = at
				break
			}
		}
		if p[name] == "" && name != "md5sum" && name != "setsid" {
			t.Fatalf("the suite needs %s", name)
		}
	}
	return toolset.Tool{Name: "posix", Programs: p, Identity: [32]byte{1}}
}

func exists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}

// bench is one runner with its folders.
type bench struct {
	*testing.T
	runner exec.Runner
	ws     string
	dir    string // for files that are no part of the workspace
	keep   string
}

func newBench(t *testing.T, c Config, slots int) *bench {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, ws: filepath.Join(top, "ws"), dir: filepath.Join(top, "dir"), keep: filepath.Join(top, "keep")}
	for _, d := range []string{b.ws, b.dir} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b.runner = c.New(t, b.ws, b.keep, slots)
	t.Cleanup(func() {
		if err := b.runner.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return b
}

// sh makes a Spawn of a shell script. For a runner that works in place, inputs are put there.
func (b *bench) sh(script string, edit ...func(*exec.Spawn)) *exec.Spawn {
	b.Helper()
	s := &exec.Spawn{Name: "//pkg:name", Argv: []string{"sh", "-c", script}, Tools: []toolset.Tool{Posix(b)}}
	for _, f := range edit {
		f(s)
	}
	if b.runner.Isolation() == exec.InPlace {
		for i := range s.Inputs {
			b.inPlace(&s.Inputs[i])
		}
	}
	return s
}

func (b *bench) inPlace(in *exec.Input) {
	b.Helper()
	to := filepath.Join(b.ws, in.Path)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		b.Fatal(err)
	}
	if in.Tree {
		if err := os.CopyFS(to, os.DirFS(in.From)); err != nil && !errors.Is(err, fs.ErrExist) {
			b.Fatal(err)
		}
		return
	}
	data := in.Data
	if in.From != "" {
		var err error
		if data, err = os.ReadFile(in.From); err != nil {
			b.Fatal(err)
		}
	}
	mode := fs.FileMode(0o644)
	if in.Exec {
		mode = 0o755
	}
	if err := os.WriteFile(to, data, mode); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) run(s *exec.Spawn) *exec.Outcome {
	b.Helper()
	out, err := b.runner.Run(context.Background(), s)
	if err != nil {
		b.Fatalf("Run: %v", err)
	}
	b.Cleanup(out.Release)
	return out
}

// ok runs s, which must end well, and gives what it said.
func (b *bench) ok(s *exec.Spawn) string {
	b.Helper()
	out := b.run(s)
	if out.ExitCode != 0 {
		b.Fatalf("exit code %d: %s%s", out.ExitCode, out.Stdout, out.Stderr)
	}
	return string(out.Stdout)
}

func (b *bench) file(name, content string) string {
	b.Helper()
	p := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
		b.Fatal(err)
	}
	return p
}

// fifo makes a named pipe in a scratch folder, $S/fifo for commands. Whoever opens it for writing meets Ready; reading it to
// its end tells that all who had it open are gone.
type fifo struct {
	b       *bench
	scratch exec.Scratch
	path    string
}

func (b *bench) fifo(name string) *fifo {
	b.Helper()
	dir := filepath.Join(b.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	f := &fifo{b: b, scratch: exec.Scratch{Env: "S", Dir: dir}, path: filepath.Join(dir, "fifo")}
	if err := syscall.Mkfifo(f.path, 0o600); err != nil {
		b.Fatal(err)
	}
	return f
}

func (f *fifo) use(s *exec.Spawn) { s.Scratch = append(s.Scratch, f.scratch) }

// ready waits until a command has written a line.
func (f *fifo) ready() *os.File {
	f.b.Helper()
	r, err := os.OpenFile(f.path, os.O_RDONLY, 0)
	if err != nil {
		f.b.Fatal(err)
	}
	var line [1]byte
	for line[0] != '\n' {
		if _, err := r.Read(line[:]); err != nil {
			f.b.Fatalf("the command did not say that it is ready: %v", err)
		}
	}
	f.b.Cleanup(func() { r.Close() })
	return r
}

// gone fails if a process still has the pipe open for writing.
func (f *fifo) gone(r *os.File) {
	f.b.Helper()
	if err := r.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		f.b.Fatal(err)
	}
	var rest [64]byte
	for {
		_, err := r.Read(rest[:])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			f.b.Fatal("a process that the command started is alive after Run")
		}
		if err != nil {
			return
		}
	}
}
