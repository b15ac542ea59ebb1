package main

import (
	"os"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// waitline FILE PATTERN [N]: goes on when N lines of the file (one, if no number is given) match the pattern.
func waitLine(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: waitline FILE PATTERN [N]")
	}
	want := 1
	if len(args) > 2 {
		want = number(ts, args, 2)
	}
	re, err := regexp.Compile(`(?m)` + args[1])
	ts.Check(err)
	limit := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && len(re.FindAll(b, -1)) >= want {
			return
		}
		if time.Now().After(limit) {
			ts.Fatalf("%s does not hold %d of %q:\n%s", args[0], want, args[1], b)
		}
	}
}
