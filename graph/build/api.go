// Package build joins loading, analysis and execution into one API for cmd: it decides whether the snapshot still holds,
// evaluates the workspace where it does not, runs what has changed and puts outputs where people use them. It prints
// nothing; what happens is told through Events.
package build

import (
	"time"

	"github.com/cairn-build/cairn/graph/action"
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/exec"
	"github.com/cairn-build/cairn/graph/fetch"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// Options is what holds for all that one Engine does. cmd fills it in.
type Options struct {
	Root        string // absolute path of the workspace
	Version     string // of cairn
	Kinds       []*rule.Rule
	Toolchains  []rule.Toolchain
	Fetchers    map[string]func() fetch.Fetcher // made when first needed
	CacheDir    string                          // opened when first needed
	Platform    rule.Platform                   // what targets are analysed for; the host's by default
	Vars        map[string]string
	Getenv      func(string) (string, bool)
	Now         func() time.Time
	Jobs        int // 0: the number of processors
	Sandbox     string
	KeepGoing   bool
	Force       bool // runs every wanted action, whatever the cache holds
	NoCacheRead bool
	NoCacheSave bool
	Offline     bool
	Locked      bool
	LastSeen    bool          // what follows and is not in the lock file is, with Locked, what it was when it was last asked for
	Grace       time.Duration // of a command that is stopped, from SIGTERM to SIGKILL; 0: what the runner thinks best
	Stream      bool          // tell what commands say while they run, as OutputEvents
	GitDescribe func(dir string) (string, error)
	Events      func(Event) // called from several goroutines; may be nil
	Command     string      // the command line, for logs and for other processes that wait
}

// Request is one thing to do.
type Request struct {
	Patterns []label.Pattern
	Tests    bool            // run the tests of the wanted targets as well
	Runs     int             // how often each test runs; >1 ignores cached passes
	Only     []TestID        // of the tests just these; none: all
	Among    map[string]bool // labels; of the targets that Patterns cover just these; nil: all
	// ShardIndex (from 1) of ShardCount takes a stable share of the tests; 0 of 0 is all.
	ShardIndex, ShardCount int
	// Follow, where all that is asked for are scripts, asks what branches are now of which BUILD.hcl does not say whether they are
	// followed. Elsewhere, and with Options.Locked, the lock file says what they are.
	Follow bool
	// Kept, where not "", also builds what the wanted targets keep in the source tree by that word (rule.OnWrite, rule.OnTest). With
	// OnTest that is all that is built.
	Kept string
	// Check builds, into the cache alone, just what the wanted targets keep and have checked.
	Check bool
	// Peek, where set and Patterns are of one target that can be run, is told of it before anything is resolved or executed.
	Peek func(Runnable)
}

// TestID names one test: a target's label, and the case where the target has several.
type TestID struct{ Label, Case string }

// String gives it for people: "//:t [hot day]".
func (t TestID) String() string { return action.Called(t.Label, t.Case) }

// Runnable says what kind of program a target starts.
type Runnable struct {
	Label  string
	Script *rule.Script // nil: the program takes cairn's place. Its paths are those of an action's tree.
}

// Status is what became of an action.
type Status uint8

const (
	Unchanged Status = iota // nothing it depends on changed
	Hit                     // its result was in the cache
	Ran                     // it ran and succeeded
	Failed                  // it ran and failed, or could not run
	Skipped                 // something it depends on failed, or the build was stopped
)

// String gives the word that logs and events use.
func (s Status) String() string {
	return [...]string{"unchanged", "hit", "ran", "failed", "skipped"}[s]
}

// Event is something that happened. Just one of the pointers is set.
type Event struct {
	Time     time.Time
	Phase    *PhaseEvent
	Start    *StartEvent
	Output   *OutputEvent
	Finish   *FinishEvent
	Waiting  *WaitingEvent
	Resolved *ResolvedEvent
	Fetch    *FetchEvent
	Piece    *PieceEvent
	Linked   *LinkedEvent
	Notice   *NoticeEvent
	Progress *ProgressEvent
}

// PhaseEvent says that a phase starts: "loading", "analysis", "execution".
type PhaseEvent struct{ Name string }

// StartEvent says that an action starts to run (hits start nothing).
type StartEvent struct {
	ID       int // of the action, unique in the run
	Label    string
	Kind     string // of the target
	Mnemonic string
	Subject  string // see rule.Action
	Case     string // of a test; see rule.Action
	Slot     int    // the lowest number that no other action at work had then, from 0
	Why      string // one line: which component changed, "first build"
}

// OutputEvent is what a command has said: whole lines but for the last ones before its end. Text is not to be kept.
type OutputEvent struct {
	Label  string // with the file's name in brackets where the command is one of many of an action
	Stderr bool
	Text   []byte
}

// FinishEvent says what became of an action that was looked at.
type FinishEvent struct {
	ID         int
	Label      string
	Kind       string // of the target
	Mnemonic   string
	Subject    string // see rule.Action
	Status     Status
	Test       bool
	Case       string // of a test; see rule.Action
	Wall       time.Duration
	Stdout     []byte // replayed for hits too
	Stderr     []byte
	Slot       int  // see StartEvent
	Told       bool // what it said was told by OutputEvents
	Failure    *Failure
	StartedAt  time.Time
	Key        string // hex
	Isolation  exec.Isolation
	OutputSame bool // it ran, and its outputs are what they were: dependants need not run
}

// WaitingEvent says that somebody else works on the same thing: another cairn process, or another engine of this one.
type WaitingEvent struct {
	Label    string
	Kind     string // of the target; "" where it is a part of an action that is waited for
	Mnemonic string
	PID      int
	Command  string
}

// ResolvedEvent says what the name that a source goes by means now: its question ("url", "ref") and the answer ("commit", "tree").
// Locked says that it was written into the lock file.
type ResolvedEvent struct {
	Label  string
	Entry  map[string]string
	Locked bool
}

// FetchEvent tells how far a fetch is. Total is -1 where unknown.
type FetchEvent struct {
	Label       string
	Done, Total int64
}

// PieceEvent says that one of several things that an action consists of is there: a file that it fetches, the command for one
// file of a tree. Pieces of an action whose result is known are not told.
type PieceEvent struct {
	Label    string
	Kind     string // of the target
	Mnemonic string
	Name     string
	How      string // "cached", "fetched", or "ran"
	N, Of    int    // N of them are there now
}

// LinkedEvent says that a tree was put where it is used, in the cache; those that are there are not told.
type LinkedEvent struct {
	Label    string // of what makes the tree
	Kind     string // of the target
	Mnemonic string
	Files    int
	Copies   int // of them are no hard links to the cache's own files
}

// NoticeEvent is one line that a person should see once: a damaged blob that was put aside, a sandbox that is not to be had.
type NoticeEvent struct{ Text string }

// ProgressEvent tells how much of the execution is over.
type ProgressEvent struct{ Done, Total, Running int }

// Failure is all that is known of a failed action, each thing once.
type Failure struct {
	Label   string
	Kind    string
	File    string // BUILD.hcl
	Line    int
	Summary string // "exit code 2", "timed out after 90s", "did not write cairn-out/a/b/c"
	Command string // collapsed
	Output  []byte // the end of stdout and stderr, together
	Repro   string // one line
	Log     string // path of the whole log
	Kept    string // the kept sandbox
	Env     bool   // the environment failed (cache, network, toolchain), not the work: exit code 3
	Case    string // of a test; see rule.Action
	// Problems are what a call found wrong; then Output is the same as text. Sources are the files that they are about.
	Problems diag.List
	Sources  map[string][]byte
	Hints    []string // "PYTHONPATH is set here and was not passed on; the output mentions it"
}

// Summary is what a Build came to.
type Summary struct {
	Targets  int
	Actions  int // looked at: cached + run + failed (+ remote)
	Cached   int
	Remote   int
	Run      int
	Failed   int
	Skipped  int
	Tests    []TestResult
	Wall     time.Duration
	NoOp     bool
	Failures []Failure
	RunID    string
}

// TestResult is one run of one test.
type TestResult struct {
	Label  string
	Case   string // what of the target it tests; "" where it has one test
	Status Status // Hit: passed before
	Wall   time.Duration
	Log    []byte
	Run    int
	Fail   *Failure
}
