package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkWatch measures, beside a workspace's size, the time from an edit to the moment when the action that reads the
// file is at work: `date` in its script says so, so the sandbox and the shell's start are in it. It reports the least and
// the median of all edits: go test ./cmd/cairn -run '^$' -bench Watch -benchtime 20x
func BenchmarkWatch(b *testing.B) {
	for _, targets := range []int{1, 10_000} {
		b.Run(strconv.Itoa(targets), func(b *testing.B) { benchmarkWatch(b, targets) })
	}
}

func benchmarkWatch(b *testing.B, targets int) {
	dir := b.TempDir()
	file := func(name, text string) {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	file("BUILD.hcl", "workspace \"w\" {}\ncommand \"a\" {\n  srcs = [\"in.txt\"]\n  outs = [\"out\"]\n  script = \"date +%s%N > $OUT; cat $SRCS >> $OUT\"\n}\n")
	file("in.txt", "first\n")
	for p := 0; p < (targets-1)/20; p++ {
		var s strings.Builder
		for i := range 20 {
			fmt.Fprintf(&s, "write_file \"w%d\" {\n  lines = [\"%d %d\"]\n}\n", i, p, i)
		}
		file(fmt.Sprintf("p%d/BUILD.hcl", p), s.String())
	}
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	var stderr bytes.Buffer
	c := &exec.Cmd{Path: exe, Args: []string{"cairn", "watch"}, Dir: dir, Env: append(os.Environ(), "CAIRN_CACHE="+b.TempDir()), Stderr: &stderr}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := c.Process.Signal(os.Interrupt); err != nil {
			b.Error(err)
		}
		_ = c.Wait() // 130
	}()
	out := filepath.Join(dir, "cairn-out/a/out")
	await := func(content string) (at time.Time) {
		for limit := time.Now().Add(2 * time.Minute); time.Now().Before(limit); time.Sleep(time.Millisecond) {
			text, err := os.ReadFile(out)
			stamp, rest, _ := strings.Cut(string(text), "\n")
			if err != nil || rest != content {
				continue
			}
			ns, err := strconv.ParseInt(stamp, 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return time.Unix(0, ns)
		}
		b.Fatalf("the output never became %q", content)
		return at
	}
	await("first\n")
	time.Sleep(2 * time.Second) // the first round ends: other targets are built as well
	var took []time.Duration
	for b.Loop() {
		content := fmt.Sprintf("edit %d\n", len(took))
		began := time.Now()
		if err := os.WriteFile(filepath.Join(dir, "in.txt"), []byte(content), 0o644); err != nil {
			b.Fatal(err)
		}
		took = append(took, await(content).Sub(began))
		time.Sleep(50 * time.Millisecond) // the round ends
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[0].Microseconds())/1000, "min-ms")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
	b.ReportMetric(0, "ns/op")
}
