package procedure

import "time"

// State is where a procedure stands. The words and their order are those of SKA's Observation Execution Tool:
//
//	CREATING -> IDLE -> [PREP_ENV -> IDLE] -> LOADING -> IDLE -> [INITIALISING] -> READY -> RUNNING -> READY -> COMPLETE
//
// STOPPED and FAILED follow on any of them but the last, UNKNOWN only where a process could not be ended.
type State string

const (
	Creating     State = "CREATING"     // which commit is meant is found out, and its source is brought
	Idle         State = "IDLE"         // nothing is at work
	PrepEnv      State = "PREP_ENV"     // the environment is made, or found; only where one is asked for
	Loading      State = "LOADING"      // the script is imported
	Initialising State = "INITIALISING" // its function init is at work; only where it has one
	Ready        State = "READY"        // it waits for Run, or is about to end after it
	Running      State = "RUNNING"      // its function main is at work
	Complete     State = "COMPLETE"     // it has ended well
	Stopped      State = "STOPPED"      // it was stopped
	Failed       State = "FAILED"       // it has ended, and not well
	Unknown      State = "UNKNOWN"      // it was stopped and cannot be killed
)

// Over says that no other state follows.
func (s State) Over() bool {
	return s == Complete || s == Stopped || s == Failed || s == Unknown
}

// Busy says that something is at work, so that there is an event at least once a second.
func (s State) Busy() bool {
	return s == Creating || s == PrepEnv || s == Loading || s == Initialising || s == Running
}

// Step is a state with the time at which it was entered.
type Step struct {
	State State     `json:"state"`
	Time  time.Time `json:"time"`
}
