package main

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// repeat FILE N TEXT: adds TEXT to the file N times, each as a line; in it {i} is the number of the turn, from 1, {h} the one
// before, \n a new line, and {250} so many letters n.
func repeat(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: repeat FILE N TEXT")
	}
	text := strings.ReplaceAll(args[2], `\n`, "\n")
	for {
		_, rest, ok := strings.Cut(text, "{2")
		end := strings.IndexByte(rest, '}')
		if !ok || end < 0 {
			break
		}
		n, err := strconv.Atoi("2" + rest[:end])
		ts.Check(err)
		text = strings.ReplaceAll(text, "{2"+rest[:end]+"}", strings.Repeat("n", n))
	}
	var b strings.Builder
	if old, err := os.ReadFile(ts.MkAbs(args[0])); err == nil {
		b.Write(old)
	}
	for i := 1; i <= number(ts, args, 1); i++ {
		b.WriteString(strings.NewReplacer("{i}", strconv.Itoa(i), "{h}", strconv.Itoa(i-1)).Replace(text))
		b.WriteByte('\n')
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
}

// hasMounts says whether `unshare -m` gives a process in which a small file system can be mounted.
var hasMounts = sync.OnceValue(func() bool {
	return exec.Command("unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt").Run() == nil
})
