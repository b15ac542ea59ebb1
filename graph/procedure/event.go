package procedure

import (
	"encoding/json"
	"time"
)

// Kind is what an Event tells.
type Kind string

const (
	KindState      Kind = "state"      // State was entered
	KindPrep       Kind = "prep"       // Prep tells how the preparation goes
	KindStacktrace Kind = "stacktrace" // Text is the traceback, as Python writes it
	KindOutput     Kind = "output"     // Text is what the script wrote; only where Options gives its output no other place
	KindHeartbeat  Kind = "heartbeat"  // nothing happened for a while and State is at work; Text says at what
)

// Event is something that happened in the life of one procedure. Seq grows by one with each of its events, from 1. The JSON
// form is stable: new fields may come.
type Event struct {
	Seq       int       `json:"seq"`
	Time      time.Time `json:"time"`
	Procedure int       `json:"procedure"`
	Kind      Kind      `json:"kind"`
	State     State     `json:"state"`            // at the time of the event, whatever its kind
	Cached    *bool     `json:"cached,omitempty"` // with PREP_ENV: the environment was there already
	Prep      *Prep     `json:"prep,omitempty"`
	Text      string    `json:"text,omitempty"`   // of a state: why, or what with
	Stderr    bool      `json:"stderr,omitempty"` // of output
	Exit      *int      `json:"exit,omitempty"`   // with a state that is the last, where a process has ended: its exit code
}

// PrepStep is a word for a part of the preparation.
type PrepStep string

const (
	StepResolve PrepStep = "resolve_ref" // Ref is Commit
	StepFetch   PrepStep = "fetch"       // Bytes of Total came; Total is -1 where unknown
	StepKey     PrepStep = "key"         // Policy, ID, Hit, and Reason where it is a miss
	StepWheel   PrepStep = "wheel"       // N of Of is Name, which How
	StepLink    PrepStep = "link"        // Files are where they are used, as How
	StepCompile PrepStep = "compile"     // bytecode is made
	StepVerify  PrepStep = "verify"      // what lies there is compared with what it should be
	StepReady   PrepStep = "ready"       // Path, MS
	StepFailed  PrepStep = "failed"      // Stage, Error, Log
	StepWaiting PrepStep = "waiting"     // Builder is at work on the same thing
	StepNote    PrepStep = "note"        // Text
)

// Prep is one step of the preparation. Which fields are set hangs on Step.
type Prep struct {
	Step    PrepStep `json:"step"`
	Target  string   `json:"target,omitempty"` // what it is about, as a label
	Ref     string   `json:"ref,omitempty"`
	Commit  string   `json:"sha,omitempty"`
	Bytes   int64    `json:"bytes,omitempty"`
	Total   int64    `json:"total,omitempty"`
	Policy  string   `json:"policy,omitempty"` // "content" or "commit"
	ID      string   `json:"id,omitempty"`     // of the environment: hex
	Result  string   `json:"result,omitempty"` // "hit" or "miss"
	Reason  string   `json:"reason,omitempty"` // of a miss: which component changed
	N       int      `json:"n,omitempty"`
	Of      int      `json:"of,omitempty"`
	Name    string   `json:"name,omitempty"`
	How     string   `json:"how,omitempty"` // of a wheel: "cached", "fetched", "built"; of a link: how
	Files   int      `json:"files,omitempty"`
	Path    string   `json:"path,omitempty"`
	MS      float64  `json:"ms,omitempty"`
	Stage   string   `json:"stage,omitempty"`
	Error   string   `json:"error,omitempty"`
	Log     string   `json:"log,omitempty"` // the end of what the failed tool said
	Builder string   `json:"builder,omitempty"`
	Text    string   `json:"text,omitempty"`
}

// Hit and Miss are the words of Prep.Result.
const (
	Hit  = "hit"
	Miss = "miss"
)

// Call is what a function of the script is called with.
type Call struct {
	Args   []json.RawMessage          `json:"args,omitempty"`
	Kwargs map[string]json.RawMessage `json:"kwargs,omitempty"`
}
