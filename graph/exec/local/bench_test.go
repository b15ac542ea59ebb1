package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/exec/exectest"
	"github.com/cairn-build/cairn/graph/toolset"
)

// The workload of the gates: a shell that starts one md5sum over three small inputs. Each benchmark runs it from 1 and from 2
// goroutines; ns/op is wall time per command.

const benchScript = "md5sum p/a/one p/b/two src/three > p/c/out"

func benchFiles(b *testing.B) (dir string, inputs []exec.Input) {
	dir = b.TempDir()
	for _, n := range []string{"p/a/one", "p/b/two", "src/three"} {
		p := filepath.Join(dir, n)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(p, make([]byte, 150), 0o644); err != nil {
			b.Fatal(err)
		}
		inputs = append(inputs, exec.Input{Path: n, From: p, Size: 150})
	}
	return dir, inputs
}

func parallel(b *testing.B, slots int, f func(n int)) {
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range slots {
		wg.Go(func() {
			for range b.N/slots + min(1, b.N%slots) {
				f(i)
			}
		})
	}
	wg.Wait()
}

// BenchmarkForkExec is the floor: no streams and no isolation. The output is removed before each run, as creating a file is
// what costs.
func BenchmarkForkExec(b *testing.B) {
	tool := exectest.Posix(b)
	bin := filepath.Join(b.TempDir(), "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		b.Fatal(err)
	}
	for n, p := range tool.Programs {
		if err := os.Symlink(p, filepath.Join(bin, n)); err != nil {
			b.Fatal(err)
		}
	}
	for _, slots := range []int{1, 2} {
		b.Run(fmt.Sprint(slots), func(b *testing.B) {
			var dirs []string
			for range slots {
				dir, _ := benchFiles(b)
				if err := os.MkdirAll(filepath.Join(dir, "p/c"), 0o755); err != nil {
					b.Fatal(err)
				}
				dirs = append(dirs, dir)
			}
			null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
			if err != nil {
				b.Fatal(err)
			}
			defer null.Close()
			parallel(b, slots, func(n int) {
				_ = os.Remove(dirs[n] + "/p/c/out")
				pid, err := syscall.ForkExec(tool.Programs["sh"], []string{"sh", "-c", benchScript}, &syscall.ProcAttr{Dir: dirs[n],
					Env: []string{"PATH=" + bin}, Files: []uintptr{null.Fd(), null.Fd(), null.Fd()}})
				if err != nil {
					b.Error(err)
					return
				}
				var ws syscall.WaitStatus
				if _, err := syscall.Wait4(pid, &ws, 0, nil); err != nil || ws.ExitStatus() != 0 {
					b.Error(ws, err)
				}
			})
		})
	}
}

func BenchmarkRun(b *testing.B) {
	for _, mode := range modes() {
		for _, slots := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/%d", mode, slots), func(b *testing.B) {
				dir, in := benchFiles(b)
				r := newRunner(b, Options{Mode: mode, Workspace: dir, Slots: slots})
				defer r.Close()
				tools := []toolset.Tool{exectest.Posix(b)}
				run := func(n int) {
					s := &exec.Spawn{Name: "//p:c", Argv: []string{"sh", "-c", benchScript}, Tools: tools, Inputs: in,
						Outputs: []exec.Output{{Path: "p/c/out"}}}
					if mode == Off && n == 1 {
						s.Argv = []string{"sh", "-c", "md5sum p/a/one p/b/two src/three > p/d/out"}
						s.Outputs = []exec.Output{{Path: "p/d/out"}}
					}
					out, err := r.Run(context.Background(), s)
					if err != nil || out.ExitCode != 0 || out.Outputs[0] == "" {
						b.Errorf("%v %+v", err, out)
						return
					}
					out.Release()
				}
				parallel(b, slots, run)
			})
		}
	}
}

// BenchmarkTree runs a command that sees one tree, mounted and taken away again.
func BenchmarkTree(b *testing.B) {
	dir, _ := benchFiles(b)
	for _, mode := range modes() {
		b.Run(mode, func(b *testing.B) {
			r := newRunner(b, Options{Mode: mode, Workspace: dir, Slots: 1})
			defer r.Close()
			s := &exec.Spawn{Name: "//p:c", Argv: []string{"true"}, Inputs: []exec.Input{{Path: "t", From: dir, Tree: true}},
				Tools: []toolset.Tool{{Name: "true", Path: "/usr/bin/true"}}}
			b.ResetTimer()
			for range b.N {
				out, err := r.Run(context.Background(), s)
				if err != nil || out.ExitCode != 0 {
					b.Fatal(err)
				}
				out.Release()
			}
		})
	}
}

// BenchmarkStart is what the first command of a build pays.
func BenchmarkStart(b *testing.B) {
	for _, mode := range modes() {
		b.Run(mode, func(b *testing.B) {
			for range b.N {
				r := newRunner(b, Options{Mode: mode, Workspace: b.TempDir(), Slots: 1})
				w, err := func() (*worker, error) { r.settle(); return r.take(kind{}, "") }()
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				w.close()
				r.Close()
				b.StartTimer()
			}
		})
	}
}
