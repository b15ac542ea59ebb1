package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/procedure"
)

// activity is a script as a scheduling block definition of SKA's project data model names it (its JSON, "activities"). Of the
// two ways to write the commit, "commit" is the data model's.
type activity struct {
	Kind   string `json:"kind"` // "filesystem" or "git"
	Path   string `json:"path"` // file:///... or git://...
	Repo   string `json:"repo"`
	Branch string `json:"branch"`
	Commit string `json:"commit"`

	FunctionArgs map[string]struct {
		Args   []json.RawMessage          `json:"args"`
		Kwargs map[string]json.RawMessage `json:"kwargs"`
	} `json:"function_args"`
}

// maxSBD bounds the size of a scheduling block definition.
const maxSBD = 64 << 20

// readActivity gives one activity of a scheduling block definition.
func readActivity(file, name string) (*activity, error) {
	fi, err := os.Stat(file)
	if err != nil {
		return nil, &usageError{fmt.Sprintf("--sbd %s: %s", file, plainError(err)), ""}
	}
	if !fi.Mode().IsRegular() {
		return nil, usagef("--sbd %s: it is no file", file)
	}
	if fi.Size() > maxSBD {
		return nil, usagef("--sbd %s: it has %d bytes, which is more than any scheduling block definition", file, fi.Size())
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, &usageError{fmt.Sprintf("--sbd %s: %s", file, plainError(err)), ""}
	}
	return parseActivity(b, file, name)
}

func parseActivity(b []byte, file, name string) (*activity, error) {
	var sbd struct {
		Activities map[string]json.RawMessage `json:"activities"`
	}
	if err := json.Unmarshal(b, &sbd); err != nil {
		return nil, &usageError{fmt.Sprintf("--sbd %s: it is no scheduling block definition: %v", file, err), `It is the JSON of SKA's project data model, with an object "activities".`}
	}
	raw, ok := sbd.Activities[name]
	if !ok {
		names := slices.Sorted(maps.Keys(sbd.Activities))
		hint := diag.DidYouMean(name, names)
		if hint == "" && len(names) > 0 {
			hint = "It has " + strings.Join(names, ", ") + "."
		}
		return nil, &usageError{fmt.Sprintf("--sbd %s: there is no activity %q", file, name), hint}
	}
	a := &activity{}
	if err := json.Unmarshal(raw, a); err != nil {
		return nil, usagef("--sbd %s: the activity %q cannot be read: %v", file, name, err)
	}
	return a, nil
}

// call gives what a function of the activity is called with; nil for nothing.
func (a *activity) call(function string) *procedure.Call {
	f, ok := a.FunctionArgs[function]
	if !ok {
		return nil
	}
	return &procedure.Call{Args: f.Args, Kwargs: f.Kwargs}
}

// fill lays the activity under the flags: what they say wins. It gives the script's URI.
func (a *activity) fill(r *scriptRun, file, sbi string) (uri string, err error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", &environmentError{err}
	}
	main := &procedure.Call{Kwargs: map[string]json.RawMessage{"sb_json": jsonText(path)}}
	if sbi != "" {
		main.Kwargs["sbi_id"] = jsonText(sbi)
	}
	r.calls = true
	r.init, r.main = callOver(a.call("init"), r.init), callOver(callOver(a.call("main"), main), r.main)
	switch a.Kind {
	case "filesystem":
		return a.Path, nil
	case "git":
		if a.Repo == "" {
			return "", usagef("the activity names no repository (\"repo\")")
		}
		return a.Path, nil
	case "inline":
		return "", usagef("the activity is a script of kind \"inline\", whose text is in the scheduling block; cairn runs scripts of kind filesystem and git")
	}
	return "", usagef("the activity is a script of kind %q; cairn knows filesystem and git", a.Kind)
}

func jsonText(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage(`""`) // texts always marshal
	}
	return b
}
