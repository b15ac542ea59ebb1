package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/label"
)

// TestSecondInterrupt says that what is killed ends at once: the command has an hour after the first ^C, and does not care for
// signals that can be ignored.
func TestSecondInterrupt(t *testing.T) {
	for _, sandbox := range []string{"auto", "off"} {
		t.Run(sandbox, func(t *testing.T) {
			root := t.TempDir()
			text := "workspace \"w\" {}\ncommand \"a\" {\n  outs   = [\"out\"]\n  script = \"trap '' TERM INT; echo started; while :; do sleep 1000; done\"\n}\n"
			if err := os.WriteFile(filepath.Join(root, "BUILD.hcl"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			cache := t.TempDir()
			started := make(chan bool, 1)
			o := wired(cache)
			o.Root, o.CacheDir, o.Platform, o.Sandbox, o.Grace, o.Stream = root, cache, build.HostPlatform(), sandbox, time.Hour, true
			o.Events = func(e build.Event) {
				if e.Output != nil {
					started <- true
				}
			}
			e, err := build.Open(o)
			if err != nil {
				t.Fatal(err)
			}
			var k kills
			k.add(e.Kill)
			ctx, cancel := context.WithCancelCause(context.Background())
			done := make(chan error, 1)
			go func() {
				_, err := e.Build(ctx, build.Request{Patterns: []label.Pattern{{Kind: label.Below}}})
				done <- err
			}()
			<-started
			cancel(errInterrupted)
			k.all()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("the build ends with %v", err)
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
