package local

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/exec"
)

// TestSaid says that lines are told while a command runs, each once, and none of another command's.
func TestSaid(t *testing.T) {
	for _, mode := range []string{Auto, Folder} {
		r := newRunner(t, Options{Mode: mode, Slots: 1})
		for _, word := range []string{"one", "a longer word than before", "x"} {
			dir := t.TempDir()
			if err := mkfifo(filepath.Join(dir, "go")); err != nil {
				t.Fatal(err)
			}
			var said [2]strings.Builder
			first := make(chan bool, 1)
			long := strings.Repeat("l", 3*followLine)
			s := sh(t, `echo "$W"; read x <$D/go; echo "$W" again; echo "$L"; printf 'no end'; echo error >&2`, func(s *exec.Spawn) {
				s.Scratch = []exec.Scratch{{Env: "D", Dir: dir}}
				s.Env = []string{"W=" + word, "L=" + long[:followLine+7]}
				s.Said = func(stderr bool, text []byte) {
					i := 0
					if stderr {
						i = 1
					}
					if said[i].Write(text); i == 0 && said[0].Len() == len(text) {
						first <- true
					}
				}
			})
			done := make(chan error, 1)
			go func() {
				out, err := r.Run(context.Background(), s)
				if err == nil {
					defer out.Release()
					if said[0].String() != string(out.Stdout) || said[1].String() != string(out.Stderr) {
						t.Errorf("%v: told %.80q and %q, and it said %.80q and %q", mode, said[0].String(), said[1].String(), out.Stdout, out.Stderr)
					}
				}
				done <- err
			}()
			<-first // the command waits
			if err := os.WriteFile(filepath.Join(dir, "go"), []byte("\n"), 0); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if want := word + "\n" + word + " again\n" + long[:followLine+7] + "\nno end"; said[0].String() != want || said[1].String() != "error\n" {
				t.Errorf("%v: told %.80q, %q", mode, said[0].String(), said[1].String())
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
