package scriptserver

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/cairn-build/cairn/graph/procedure"
)

// ActivityRequest is the body of POST /activities. A scheduling block is a file, which SBDID names, or SBD, the document itself.
type ActivityRequest struct {
	Name        string          `json:"activity_name"`
	SBDID       string          `json:"sbd_id"`
	SBIID       string          `json:"sbi_id"` // of the instance; "": one is made up
	SBD         json.RawMessage `json:"sbd"`
	PrepareOnly bool            `json:"prepare_only"`
	CreateEnv   bool            `json:"create_env"`
	Args        scriptArgs      `json:"script_args"`
}

// Calls gives what the client wants the script's functions to be called with instead of what the block says; nil: that.
func (r ActivityRequest) Calls() (init, main *procedure.Call) {
	init = r.Args.Init
	if main = r.Args.Main; main == nil {
		main = r.Args.Run
	}
	return init, main
}

// Activity is what an activity of a scheduling block comes to.
type Activity struct {
	Script     Script
	Init, Main *procedure.Call
	SBDID      string // as the block says
	SBIID      string // of the instance, in main's arguments
	Forget     func() // removes what was made for it, when nobody needs it any more; may be nil
}

// activity is one that the service remembers, guarded by the server's lock.
type activity struct {
	id          int
	name        string
	sbdID       string
	sbiID       string
	prepareOnly bool
	entry       *entry
	states      []stamp
	cleanup     func()
}

// activityStates says how an activity stands by how its procedure does. Those not named leave it as it is.
var activityStates = map[procedure.State]string{
	procedure.Ready:    "PREPARED",
	procedure.Running:  "RUNNING",
	procedure.Complete: "COMPLETE",
	procedure.Stopped:  "STOPPED",
	procedure.Failed:   "FAILED",
	procedure.Unknown:  "UNKNOWN",
}

// follow notes that the activity's procedure entered a state.
func (a *activity) follow(to procedure.State, now time.Time) {
	word := activityStates[to]
	if word == "" || word == "PREPARED" && a.states[len(a.states)-1].state != "TODO" {
		return // READY comes after main, too
	}
	a.states = append(a.states, stamp{word, now})
}

func (a *activity) forget() {
	if a.cleanup != nil {
		a.cleanup()
	}
}

// activitySummary is an activity in the public API's form.
type activitySummary struct {
	ID          int     `json:"id"`
	URI         string  `json:"uri"`
	ProcedureID int     `json:"procedure_id"`
	SBDID       string  `json:"sbd_id"`
	SBIID       string  `json:"sbi_id"`
	Name        string  `json:"activity_name"`
	PrepareOnly bool    `json:"prepare_only"`
	Args        any     `json:"script_args"`
	States      []stamp `json:"activity_states"`
	State       string  `json:"state"`
}

// summary gives the activity as clients of d know it. The lock is held.
func (a *activity) summary(d dialect, root string) activitySummary {
	args := map[string]arguments{}
	for _, c := range a.entry.calls {
		args[c.fn] = argumentsOf(c.with)
	}
	if _, ok := args["main"]; !ok && a.entry.main != nil {
		args["main"] = argumentsOf(*a.entry.main)
	}
	return activitySummary{ID: a.id, URI: root + d.base + "/activities/" + strconv.Itoa(a.id), ProcedureID: a.entry.id, SBDID: a.sbdID, SBIID: a.sbiID,
		Name: a.name, PrepareOnly: a.prepareOnly, Args: args, States: append([]stamp{}, a.states...), State: a.states[len(a.states)-1].state}
}
