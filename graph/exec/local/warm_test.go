package local

import (
	"context"
	"errors"
	"os"
	"testing"
)

// TestWarm says that a worker started ahead is the one that the first command uses, and that one which nobody asked for goes
// with the runner.
func TestWarm(t *testing.T) {
	for _, mode := range []string{Auto, Folder, Off} {
		t.Run(mode, func(t *testing.T) {
			r := newRunner(t, Options{Mode: mode, Workspace: t.TempDir()})
			r.Warm()
			r.Warm()
			for range 2 {
				out, err := r.Run(context.Background(), sh(t, "true"))
				if err != nil || out.ExitCode != 0 {
					t.Fatalf("%+v, %v", out, err)
				}
				out.Release()
				r.Warm() // there is an idle one now
			}
			if len(r.idle) != 1 || r.warm != nil {
				t.Errorf("%d idle workers, one on its way: %v", len(r.idle), r.warm != nil)
			}
			base := r.stages[0].dir
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			r.Warm() // too late, and no harm
			if _, err := os.Stat(base); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the stage after Close: %v", err)
			}
		})
	}
	r := newRunner(t, Options{Mode: Off, Workspace: t.TempDir()})
	r.Warm()
	if err := r.Close(); err != nil || r.stages[0] != nil || len(r.idle) != 0 {
		t.Errorf("Close with a worker that nobody used: %v", err)
	}
}
