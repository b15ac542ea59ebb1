package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cairn-build/cairn/graph/procedure"
)

// states FILE STATE...: the events in the file are those of a procedure that went through just these states. They are numbered
// without a gap.
func states(ts *testscript.TestScript, neg bool, args []string) {
	var got []string
	seq := 0
	for line := range bytes.Lines([]byte(ts.ReadFile(args[0]))) {
		var e struct {
			procedure.Event
			Type string
		}
		if json.Unmarshal(line, &e) != nil || e.Type != "procedure" {
			continue
		}
		if seq++; e.Seq != seq {
			ts.Fatalf("event %d has number %d", seq, e.Seq)
		}
		if e.Kind == procedure.KindState {
			got = append(got, string(e.State))
		}
	}
	if is := strings.Join(got, " "); (is == strings.Join(args[1:], " ")) == neg {
		ts.Fatalf("the states were %s", is)
	}
}
