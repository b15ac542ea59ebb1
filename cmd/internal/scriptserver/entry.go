package scriptserver

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/cairn-build/cairn/graph/procedure"
)

// entry is a procedure that the service remembers. All but id, script and p is guarded by the server's lock.
type entry struct {
	id     int
	script Script
	p      Procedure

	created  time.Time
	steps    []procedure.Step // as its events told them
	trace    string
	exit     *int
	ran      bool // main was called, or is about to be
	calls    []call
	main     *procedure.Call // what main is called with where the one who starts it says nothing
	activity *activity       // nil where it was not made by one
}

// call is a function of the script that was called.
type call struct {
	fn   string
	with procedure.Call
	at   time.Time
}

// state is where the events say that it stands.
func (e *entry) state() procedure.State {
	if len(e.steps) == 0 {
		return procedure.Creating
	}
	return e.steps[len(e.steps)-1].State
}

// summary is a procedure in the public API's form.
type summary struct {
	ID      int     `json:"id"`
	URI     string  `json:"uri"`
	Script  Script  `json:"script"`
	Args    any     `json:"script_args"`
	History history `json:"history"`
	State   string  `json:"state"`
	Exit    *int    `json:"exit_code,omitempty"`
}

type history struct {
	States     []stamp `json:"process_states"`
	Stacktrace *string `json:"stacktrace"`
}

// stamp is a state and the Unix time at which it was entered: ["READY", 1688310988.2942257].
type stamp struct {
	state string
	at    time.Time
}

// MarshalJSON gives the pair.
func (s stamp) MarshalJSON() ([]byte, error) {
	b := append([]byte{'['}, strconv.Quote(s.state)...)
	b = append(b, ',')
	b = strconv.AppendFloat(b, float64(s.at.UnixMicro())/1e6, 'f', 6, 64)
	return append(b, ']'), nil
}

// arguments is a call as JSON, with both members whatever is in it.
type arguments struct {
	Args   []json.RawMessage          `json:"args"`
	Kwargs map[string]json.RawMessage `json:"kwargs"`
}

func argumentsOf(c procedure.Call) arguments {
	a := arguments{c.Args, c.Kwargs}
	if a.Args == nil {
		a.Args = []json.RawMessage{}
	}
	if a.Kwargs == nil {
		a.Kwargs = map[string]json.RawMessage{}
	}
	return a
}

// capture is a call in the form of OET 7, which lists them; before, they were an object by the function's name.
type capture struct {
	Fn   string    `json:"fn"`
	Args arguments `json:"fn_args"`
	Time float64   `json:"time"`
}

// summary gives the procedure as clients of d know it; root is where they find the service. The lock is held.
func (e *entry) summary(d dialect, root string) summary {
	s := summary{ID: e.id, URI: root + d.base + "/procedures/" + strconv.Itoa(e.id), Script: e.script, State: string(e.state()), Exit: e.exit}
	if d.legacy {
		byName := map[string]arguments{}
		for _, c := range e.calls {
			byName[c.fn] = argumentsOf(c.with)
		}
		s.Args = byName
	} else {
		list := make([]capture, len(e.calls))
		for i, c := range e.calls {
			list[i] = capture{c.fn, argumentsOf(c.with), float64(c.at.UnixMicro()) / 1e6}
		}
		s.Args = list
	}
	s.History.States = []stamp{}
	if len(e.steps) == 0 {
		s.History.States = append(s.History.States, stamp{string(procedure.Creating), e.created})
	}
	for _, st := range e.steps {
		s.History.States = append(s.History.States, stamp{string(st.State), st.Time})
	}
	if e.trace != "" {
		trace := e.trace
		s.History.Stacktrace = &trace
	}
	return s
}
