package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptT lets a script be skipped. Where CAIRN_SKIPS names a file of reasons (.ci/skips.txt), one that is not in it is a failure:
// the last step of .ci/run is the plain `go test`, which says nothing of skips.
type scriptT struct{ *testing.T }

func (t scriptT) Run(name string, f func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { f(scriptT{t}) })
}

func (t scriptT) Verbose() bool { return testing.Verbose() }

func (t scriptT) Skip(args ...any) {
	if why := fmt.Sprint(args...); !maySkip(why) {
		t.Fatal("unexpected skip: " + why)
	}
	t.T.Skip(args...)
}

// maySkip says whether a reason holds one of the lines of the file that CAIRN_SKIPS names.
func maySkip(why string) bool {
	file := os.Getenv("CAIRN_SKIPS")
	if file == "" {
		return true
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && strings.Contains(why, line) {
			return true
		}
	}
	return false
}

func TestMaySkip(t *testing.T) {
	t.Setenv("CAIRN_SKIPS", "")
	if !maySkip("anything") {
		t.Error("without a list nothing may be skipped")
	}
	t.Setenv("CAIRN_SKIPS", "../../.ci/skips.txt")
	if !maySkip("there is no curl here") || maySkip("no time") || maySkip("") {
		t.Error("the list is not what counts")
	}
}
