package local

import (
	"os"
	"testing"
	"time"

	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/exec/exectest"
)

func TestMain(m *testing.M) {
	exectest.Main()
	os.Exit(m.Run())
}

// modes are those that this machine can do.
func modes() []string {
	if r, err := New(Options{Mode: Require}); err == nil {
		r.Close()
		return []string{Require, Folder, Off}
	}
	return []string{Folder, Off}
}

func newRunner(t testing.TB, o Options) *Runner {
	t.Helper()
	if o.TmpDir == "" {
		o.TmpDir = t.TempDir()
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSuite(t *testing.T) {
	for _, mode := range modes() {
		t.Run(mode, func(t *testing.T) {
			exectest.Run(t, exectest.Config{New: func(t *testing.T, ws, keep string, slots int) exec.Runner {
				return newRunner(t, Options{Mode: mode, Workspace: ws, KeepDir: keep, Slots: slots, Grace: 200 * time.Millisecond})
			}})
		})
	}
}
