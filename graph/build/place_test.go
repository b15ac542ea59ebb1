package build_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cairn-build/cairn/graph/build"
)

func newLayWorld(t *testing.T) *keepWorld {
	w := newKeepWorld(t)
	w.put("BUILD.hcl", "workspace \"w\" {}\nkeeping \"k\" {\n  file = \"f\"\n  lays = true\n}\n")
	return w
}

// TestTreeThatLiesThere builds in place twice, the second time with an empty state: a command of another build may be reading
// the tree, which therefore is not exchanged for its like. One that was changed is.
func TestTreeThatLiesThere(t *testing.T) {
	w := newLayWorld(t)
	w.sandbox = "off"
	w.put("f", "a/b text\n")
	at := filepath.Join(w.root, "cairn-out/k/tree")
	var was os.FileInfo
	for i, damage := range []bool{false, false, true} {
		if damage {
			w.put("cairn-out/k/tree/a/b", "other\n")
		}
		if err := os.RemoveAll(filepath.Join(w.root, "cairn-out/.state")); err != nil {
			t.Fatal(err)
		}
		if sum, _, err := w.do(build.Request{}, false); err != nil || len(sum.Failures) > 0 {
			t.Fatalf("%v, %+v", err, sum)
		}
		if b, err := os.ReadFile(at + "/a/b"); err != nil || string(b) != "text\n" {
			t.Fatalf("%q, %v", b, err)
		}
		is, err := os.Stat(at)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && os.SameFile(was, is) == damage {
			t.Errorf("build %d: the tree is the one of before: %v", i, !damage)
		}
		was = is
	}
}

// TestTreeThatIsTakenAway: another build puts the same tree there, three times, just when this one takes its facts.
func TestTreeThatIsTakenAway(t *testing.T) {
	w := newLayWorld(t)
	w.put("f", "a/b text\n")
	at := filepath.Join(w.root, "cairn-out/k/tree")
	done, taken := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for n < 3 {
			select {
			case <-done:
				taken <- n
				return
			default:
			}
			if os.Rename(at, filepath.Join(w.root, fmt.Sprint("taken", n))) == nil {
				n++
			}
			time.Sleep(time.Millisecond)
		}
		<-done
		taken <- n
	}()
	sum, _, err := w.do(build.Request{}, false)
	close(done)
	if n := <-taken; err != nil || len(sum.Failures) > 0 || n == 0 {
		t.Errorf("taken away %d times: %v, %+v", n, err, sum)
	}
}
